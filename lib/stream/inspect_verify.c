/* inspect_verify.c - is what is kept whole (inspect.h)? */
#include "base/text.h"
#include "state/save.h"
#include "stream/inspect.h"
#include "stream/visible.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOW 128

static bool
is_listed(const struct weir_dir *d, struct weir_cp cp)
{
	struct weir_cp *cps = NULL;
	size_t n = 0;
	bool is = weir_cp_list(d, &cps, &n, NULL) == -1;

	while (n-- > 0)
		is = is || (cps[n].n == cp.n && cps[n].epoch == cp.epoch);
	free(cps);
	return is;
}

/* It was there; is it no longer, as it is too old to keep? */
bool
weir_inspect_gone(const struct weir_dir *d, struct weir_cp cp)
{
	struct weir_manifest m;
	int got = weir_manifest_load(d, cp, &m, NULL);

	if (got == 1)
		weir_manifest_fini(&m);
	return got == 0 || (got == -1 && !is_listed(d, cp));
}

bool
weir_inspect_unsaved(const struct weir_dir *d, const char *name)
{
	struct weir_error why = {0};
	int fd = weir_save_open(d, name, &why);

	if (fd != -1)
		close(fd);
	return fd == -1 && why.status == WEIR_USAGE;
}

struct verdict {
	weir_inspect_fn *put;
	void *ctx;
	bool damaged;
};

static int
tell(struct verdict *v, const char *what, const char *why)
{
	struct weir_buf out = {0};
	int got;

	weir_buf_printf(&out, "%s: ", what);
	if (why == NULL)
		why = "whole";
	else
		v->damaged = true;
	weir_show_lines(&out, why, strlen(why));
	weir_buf_putc(&out, '\n');
	got = v->put(v->ctx, out.data, out.len);
	weir_buf_fini(&out);
	return got;
}

static int
verify_one(const struct weir_dir *d, struct weir_cp cp, struct verdict *v)
{
	char name[WEIR_CP_TEXT], what[WEIR_CP_TEXT + 16];
	struct weir_manifest m;
	struct weir_error why;
	int got = weir_manifest_load(d, cp, &m, &why);

	if (got == 0)
		return 1; /* never committed */
	if (got == 1) {
		got = weir_manifest_verify(d, &m, &why);
		weir_manifest_fini(&m);
	}
	if (got == -1 && weir_inspect_gone(d, cp))
		return 1;
	weir_cp_print(cp, name);
	snprintf(what, sizeof what, "checkpoint %s", name);
	return tell(v, what, got == -1 ? why.text : NULL);
}

static int
verify_save(const struct weir_dir *d, const char *name, struct verdict *v)
{
	char what[WEIR_SAVE_NAME + 16];
	struct weir_error why;
	struct weir_manifest m;
	int fd = weir_save_open(d, name, &why), got = -1;

	if (fd != -1)
		got = weir_save_load(d, name, fd, &m, &why);
	if (got == 1) {
		got = weir_save_verify(d, name, fd, &m, &why);
		weir_manifest_fini(&m);
	}
	if (fd != -1)
		close(fd);
	if (got == -1 && weir_inspect_unsaved(d, name))
		return 1;
	snprintf(what, sizeof what, "savepoint %s", name);
	return tell(v, what, got == -1 ? why.text : NULL);
}

static int
verify_saves(
    const struct weir_dir *d, struct verdict *v, struct weir_error *err)
{
	struct weir_saves all;
	int got = weir_save_list(d, &all, err);

	for (size_t i = 0; got == 1 && i < all.n; i++)
		got = verify_save(d, all.name[i], v);
	weir_saves_fini(&all);
	return got;
}

/* What is visible must reach as far as the newest checkpoint says. */
static int
verify_sinks(const struct weir_dir *d, const struct weir_manifest *m,
    struct verdict *v, struct weir_error *err)
{
	struct weir_job job = {0};
	int got = weir_job_load(d, &job, err);

	if (got != 1)
		return tell(v, "job", got == 0 ? "is missing" : err->text);
	for (size_t i = 0; got == 1 && i < job.nsinks; i++) {
		const struct weir_job_sink *s = &job.sinks[i];
		struct weir_manifest_sink none = {.base = s->base};
		const struct weir_manifest_sink *ms = &none;
		char what[SHOW + 16], shown[SHOW];
		struct weir_visible_config c = {
		    d, job.id, s->name, s->path, NULL};
		struct weir_error why;

		if (s->path == NULL)
			continue;
		/* pending output counts: the next start appends it */
		for (size_t k = 0; k < m->nsinks; k++)
			if (strcmp(m->sinks[k].name, s->name) == 0)
				ms = &m->sinks[k];
		weir_show_into(shown, sizeof shown, s->path, strlen(s->path));
		snprintf(what, sizeof what, "sink %s", shown);
		got = tell(v, what,
		    weir_visible_verify(&c, ms, &why) == 1 ? NULL : why.text);
	}
	weir_job_fini(&job);
	return got;
}

int
weir_inspect_verify(const struct weir_dir *d, weir_inspect_fn *put, void *ctx,
    struct weir_error *err)
{
	struct verdict v = {.put = put, .ctx = ctx};
	const struct weir_inspect_from newest = {0};
	struct weir_manifest m = {0};
	struct weir_cp *cps = NULL;
	size_t n = 0;
	int fd, got = 1;

	if (weir_cp_list(d, &cps, &n, err) == -1)
		return -1;
	for (size_t i = 0; got == 1 && i < n; i++)
		got = verify_one(d, cps[i], &v);
	free(cps);
	if (got == 1)
		got = verify_saves(d, &v, err);
	if (got == 1 && weir_inspect_open(d, &newest, &m, &fd, err) == 1)
		close(fd); /* else it was said above */
	if (got == 1)
		got = verify_sinks(d, &m, &v, err);
	weir_manifest_fini(&m);
	return got == -1 ? -1 : !v.damaged;
}
