#include "stream/inspect.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/timetext.h"
#include "event/control.h"
#include "event/source.h"
#include "json/value.h"
#include "state/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOW 128

/* One source of a checkpoint: where it was. */
struct position {
	char *name;
	struct weir_place place;
};

struct info {
	struct weir_manifest m;
	uint64_t bytes; /* of all parts */
	int64_t watermark;
	size_t n;
	struct position *sources;
};

static void
info_fini(struct info *in)
{
	for (size_t i = 0; i < in->n; i++) {
		free(in->sources[i].name);
		weir_place_fini(&in->sources[i].place);
	}
	free(in->sources);
	weir_manifest_fini(&in->m);
}

/* The place in the part of a source. */
static int
read_place(struct weir_snapshot_reader *r, const char *name, struct info *in,
    struct weir_error *err)
{
	struct position *pos = &in->sources[in->n];
	struct weir_str line;
	/* the runtime's own line comes first */
	int got = weir_snapshot_next(r, &line, err);

	if (got == 1)
		got = weir_snapshot_next(r, &line, err);
	if (got == 1)
		got = weir_place_read(&pos->place, line.s, line.len, err);
	if (got != 1)
		return got;
	pos->name = weir_strdup(name);
	in->n++;
	return 1;
}

/*
 * Time comes from where it was given: a source, or a stage's -t. The stream is
 * as far as the slowest of them.
 */
static int
read_part(int cpfd, const struct weir_manifest_part *p, struct info *in,
    struct weir_error *err)
{
	const struct weir_snapshot_header *h;
	struct weir_snapshot_reader *r;
	int got = 1;

	r = weir_snapshot_open(cpfd, p->file, err);
	if (r == NULL)
		return -1;
	h = weir_snapshot_header(r);
	if (strcmp(h->kind, "source") == 0)
		got = read_place(r, p->stage, in, err);
	if (strcmp(h->kind, "sink") != 0 && h->watermark != WEIR_TIME_NONE &&
	    (in->watermark == WEIR_TIME_NONE || h->watermark < in->watermark))
		in->watermark = h->watermark;
	weir_snapshot_close(r);
	return got;
}

/* Only parts that are known to be small are opened. */
static bool
is_small(const char *stage)
{
	return strchr(stage, '/') == NULL || strstr(stage, "/time.") != NULL;
}

static int
info_load(const struct weir_dir *d, struct weir_cp cp, struct info *in,
    struct weir_error *err)
{
	int fd, got;

	*in = (struct info){.watermark = WEIR_TIME_NONE};
	got = weir_manifest_load(d, cp, &in->m, err);
	if (got != 1)
		return got;
	fd = weir_cp_open(d, cp, err);
	if (fd == -1) {
		weir_manifest_fini(&in->m);
		return -1;
	}
	in->sources = weir_calloc(in->m.nparts + 1, sizeof *in->sources);
	for (size_t i = 0; i < in->m.nparts && got != -1; i++) {
		in->bytes += in->m.parts[i].len;
		if (is_small(in->m.parts[i].stage))
			got = read_part(fd, &in->m.parts[i], in, err);
	}
	close(fd);
	if (got == -1) {
		info_fini(in);
		return -1;
	}
	return 1;
}

static const char *
final_name(int final)
{
	if (final == 0)
		return NULL;
	return final == 1 + WEIR_COMPLETE ? "complete" : "suspended";
}

static void
add_time(struct weir_buf *out, int64_t ns, const char *quote)
{
	if (ns == WEIR_TIME_NONE || ns == WEIR_TIME_MAX) {
		weir_buf_puts(out, *quote ? "null" : "-");
		return;
	}
	weir_buf_puts(out, quote);
	out->len += weir_time_print(weir_buf_reserve(out, WEIR_TIME_TEXT), ns);
	weir_buf_puts(out, quote);
}

static void
json_row(struct weir_buf *out, const struct info *in)
{
	const char *end = final_name(in->m.final);

	weir_buf_printf(out,
	    "{\"checkpoint\":%" PRIu64 ",\"epoch\":%" PRIu64 ",\"time\":",
	    in->m.cp.n, in->m.cp.epoch);
	add_time(out, in->m.time_ns, "\"");
	weir_buf_printf(out,
	    ",\"bytes\":%" PRIu64 ",\"duration_ms\":%.3f,\"sources\":{",
	    in->bytes, (double)in->m.duration_ns / 1e6);
	for (size_t i = 0; i < in->n; i++) {
		const struct position *p = &in->sources[i];

		weir_buf_puts(out, i > 0 ? "," : "");
		weir_json_string(out, p->name, strlen(p->name));
		weir_buf_puts(out, ":{\"file\":");
		weir_json_string(out, p->place.name, strlen(p->place.name));
		weir_buf_printf(out,
		    ",\"line\":%" PRIu64 ",\"offset\":%" PRIu64 "}",
		    p->place.line, p->place.offset);
	}
	weir_buf_puts(out, "},\"watermark\":");
	add_time(out, in->watermark, "\"");
	weir_buf_printf(out, ",\"end\":%s%s%s}\n", end ? "\"" : "",
	    end ? end : "null", end ? "\"" : "");
}

static void
pad(struct weir_buf *out, size_t begin, size_t width)
{
	do
		weir_buf_putc(out, ' ');
	while (out->len < begin + width);
}

static void
table_row(struct weir_buf *out, const struct info *in)
{
	const char *end = final_name(in->m.final);
	size_t at = out->len;
	char shown[SHOW];

	weir_buf_printf(out, "%10" PRIu64 "  ", in->m.cp.n);
	add_time(out, in->m.time_ns / 1000000 * 1000000, "");
	pad(out, at, 38);
	weir_buf_printf(out, "%9" PRIu64 "  %7.1f ms  ", in->bytes,
	    (double)in->m.duration_ns / 1e6);
	at = out->len;
	add_time(out, in->watermark, "");
	pad(out, at, 26);
	for (size_t i = 0; i < in->n; i++) {
		const struct weir_place *p = &in->sources[i].place;
		const char *slash = strrchr(p->name, '/');
		const char *name = slash ? slash + 1 : p->name;

		weir_buf_printf(out, "%s:%" PRIu64 " ",
		    weir_show_into(shown, sizeof shown, name, strlen(name)),
		    p->line);
	}
	weir_buf_printf(out, "%s\n", end ? end : "");
}

static const char table_head[] =
    "checkpoint  time                          bytes         took  "
    "watermark                 source\n";

/* It was there; is it no longer, as it is too old to keep? */
static bool
gone(const struct weir_dir *d, struct weir_cp cp)
{
	struct weir_manifest m;
	int got = weir_manifest_load(d, cp, &m, NULL);

	if (got == 1)
		weir_manifest_fini(&m);
	return got == 0;
}

int
weir_inspect_list(const struct weir_dir *d, bool table, weir_inspect_fn *put,
    void *ctx, struct weir_error *err)
{
	struct weir_cp *cps = NULL;
	struct weir_buf out = {0};
	size_t n = 0;
	int got = 1;

	if (weir_cp_list(d, &cps, &n, err) == -1)
		return -1;
	if (table)
		weir_buf_puts(&out, table_head);
	for (size_t i = 0; i < n && got != -1; i++) {
		struct info in;

		got = info_load(d, cps[i], &in, err);
		if (got == -1 && gone(d, cps[i]))
			got = 0;
		if (got != 1)
			continue;
		if (table)
			table_row(&out, &in);
		else
			json_row(&out, &in);
		info_fini(&in);
	}
	free(cps);
	if (out.len > 0 && put(ctx, out.data, out.len) == -1)
		got = -1;
	weir_buf_fini(&out);
	return got == -1 ? -1 : 1;
}

/* --- show --- */

static int
show_part(int cpfd, const struct weir_manifest_part *p, bool wrap,
    weir_inspect_fn *put, void *ctx, struct weir_error *err)
{
	struct weir_snapshot_reader *r;
	struct weir_buf out = {0};
	struct weir_str line;
	int got;

	r = weir_snapshot_open(cpfd, p->file, err);
	if (r == NULL)
		return -1;
	while ((got = weir_snapshot_next(r, &line, err)) == 1) {
		out.len = 0;
		if (wrap) {
			weir_buf_puts(&out, "{\"stage\":");
			weir_json_string(&out, p->stage, strlen(p->stage));
			weir_buf_puts(&out, ",\"state\":");
		}
		weir_buf_add(&out, line.s, line.len);
		weir_buf_puts(&out, wrap ? "}\n" : "\n");
		got = put(ctx, out.data, out.len);
		if (got == -1)
			break;
	}
	weir_buf_fini(&out);
	weir_snapshot_close(r);
	return got == -1 ? -1 : 1;
}

/* The newest committed checkpoint of number n, or of any if n is 0. */
static int
find(const struct weir_dir *d, uint64_t n, struct weir_manifest *m,
    struct weir_error *err)
{
	struct weir_cp *cps = NULL;
	size_t ncps = 0;
	int got = 0;

	if (weir_cp_list(d, &cps, &ncps, err) == -1)
		return -1;
	while (got == 0 && ncps-- > 0)
		if (n == 0 || cps[ncps].n == n)
			got = weir_manifest_load(d, cps[ncps], m, err);
	free(cps);
	if (got == 0 && n == 0)
		weir_fail(err, WEIR_USAGE, "there is no checkpoint yet");
	else if (got == 0)
		weir_fail(err, WEIR_USAGE,
		    "there is no checkpoint %" PRIu64
		    ": `scheckpoint list` shows what is kept",
		    n);
	return got;
}

static void
no_stage(
    const char *stage, const struct weir_manifest *m, struct weir_error *err)
{
	struct weir_buf names = {0};
	char shown[SHOW];

	for (size_t i = 0; i < m->nparts; i++) {
		weir_buf_puts(&names, i > 0 ? ", " : "");
		weir_show(
		    &names, m->parts[i].stage, strlen(m->parts[i].stage), SHOW);
	}
	weir_fail(err, WEIR_USAGE,
	    "checkpoint %" PRIu64 " holds no state of %s; it holds %s", m->cp.n,
	    weir_show_into(shown, sizeof shown, stage, strlen(stage)),
	    weir_buf_cstr(&names));
	weir_buf_fini(&names);
}

int
weir_inspect_show(const struct weir_dir *d, uint64_t n, const char *stage,
    weir_inspect_fn *put, void *ctx, struct weir_error *err)
{
	struct weir_manifest m = {0};
	int fd, got = find(d, n, &m, err);
	size_t shown = 0;

	if (got != 1)
		return got;
	fd = weir_cp_open(d, m.cp, err);
	if (fd == -1)
		got = -1;
	for (size_t i = 0; got == 1 && i < m.nparts; i++) {
		if (stage != NULL && strcmp(m.parts[i].stage, stage) != 0)
			continue;
		got = show_part(fd, &m.parts[i], stage == NULL, put, ctx, err);
		shown++;
	}
	if (fd != -1)
		close(fd);
	if (got == 1 && shown == 0) {
		no_stage(stage, &m, err);
		got = 0;
	}
	weir_manifest_fini(&m);
	return got;
}

/* --- verify --- */

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
	if (got == -1 && gone(d, cp))
		return 1;
	weir_cp_print(cp, name);
	snprintf(what, sizeof what, "checkpoint %s", name);
	return tell(v, what, got == -1 ? why.text : NULL);
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
		uint64_t least = s->base;
		char what[SHOW + 16], shown[SHOW];
		struct stat st;
		const char *why = NULL;

		if (s->path == NULL)
			continue;
		/* pending output counts: the next start appends it */
		for (size_t k = 0; k < m->nsinks; k++)
			if (strcmp(m->sinks[k].name, s->name) == 0)
				least = m->sinks[k].base;
		if (stat(s->path, &st) == -1)
			why = "is missing";
		else if ((uint64_t)st.st_size < least)
			why = "is shorter than what was committed";
		weir_show_into(shown, sizeof shown, s->path, strlen(s->path));
		snprintf(what, sizeof what, "sink %s", shown);
		got = tell(v, what, why);
	}
	weir_job_fini(&job);
	return got;
}

int
weir_inspect_verify(const struct weir_dir *d, weir_inspect_fn *put, void *ctx,
    struct weir_error *err)
{
	struct verdict v = {.put = put, .ctx = ctx};
	struct weir_manifest m = {0};
	struct weir_cp *cps = NULL;
	size_t n = 0;
	int got = 1;

	if (weir_cp_list(d, &cps, &n, err) == -1)
		return -1;
	for (size_t i = 0; got == 1 && i < n; i++)
		got = verify_one(d, cps[i], &v);
	free(cps);
	if (got == 1 && find(d, 0, &m, err) == -1)
		m = (struct weir_manifest){0}; /* said above */
	if (got == 1)
		got = verify_sinks(d, &m, &v, err);
	weir_manifest_fini(&m);
	return got == -1 ? -1 : !v.damaged;
}
