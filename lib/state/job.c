/* job.c - the job file: what belongs together in a state directory (dir.h). */
#include "base/mem.h"
#include "state/dir.h"
#include "state/inside.h"
#include "state/publish.h"

#include <stdlib.h>
#include <string.h>

#define FILE_NAME "job"

/* --- what all our records begin with --- */

void
weir_record_begin(struct weir_buf *out, const char *kind)
{
	weir_buf_putc(out, '{');
	weir_record_put_str(out, "weir", kind);
	weir_record_put_u64(out, "version", WEIR_JSON_VERSION);
}

int
weir_record_kind(struct weir_record *r, const char *kind)
{
	char *magic = NULL;
	uint64_t version;
	int ret = -1;

	if (weir_record_str(r, r->map, "weir", &magic) < 0 ||
	    weir_record_u64(r, r->map, "version", &version) < 0)
		goto out;
	if (strcmp(magic, kind) != 0)
		weir_fail(r->err, WEIR_STATE,
		    "%s: not what its name says (\"weir\" is not \"%s\")",
		    r->file, kind);
	else if (version != WEIR_JSON_VERSION)
		weir_fail(r->err, WEIR_STATE,
		    "%s: version %llu; this weir reads version %d", r->file,
		    (unsigned long long)version, WEIR_JSON_VERSION);
	else
		ret = 1;
out:
	free(magic);
	return ret;
}

/* --- reading --- */

static int
read_sources(struct weir_record *r, struct weir_job *job)
{
	const struct weir_list *list;
	const struct weir_map *map;

	if (weir_record_list(r, "sources", WEIR_SINKS_MAX, &list) < 0)
		return -1;
	job->source_names = weir_calloc(list->n, sizeof(char *));
	job->source_paths = weir_calloc(list->n, sizeof(char *));
	job->nsources = list->n;
	for (size_t i = 0; i < list->n; i++)
		if (weir_record_item(r, list, i, &map) < 0 ||
		    weir_record_str(r, map, "name", &job->source_names[i]) <
			0 ||
		    weir_record_maybe_str(
			r, map, "path", &job->source_paths[i]) < 0)
			return -1;
	return 1;
}

static int
read_sinks(struct weir_record *r, struct weir_job *job)
{
	const struct weir_list *list;
	const struct weir_map *map;

	if (weir_record_list(r, "sinks", WEIR_SINKS_MAX, &list) < 0)
		return -1;
	job->sinks = weir_calloc(list->n, sizeof *job->sinks);
	job->nsinks = list->n;
	for (size_t i = 0; i < list->n; i++)
		if (weir_record_item(r, list, i, &map) < 0 ||
		    weir_record_str(r, map, "name", &job->sinks[i].name) < 0 ||
		    weir_record_maybe_str(r, map, "path", &job->sinks[i].path) <
			0 ||
		    weir_record_u64(r, map, "base", &job->sinks[i].base) < 0)
			return -1;
	return 1;
}

int
weir_job_load(
    const struct weir_dir *d, struct weir_job *job, struct weir_error *err)
{
	struct weir_record r;
	int got;

	*job = (struct weir_job){0};
	got = weir_record_load(&r, d->fd, FILE_NAME, WEIR_JOB_MAX, err);
	if (got == 0)
		return 0;
	if (got < 0)
		return weir_dir_blame(d, "/", err);
	if (weir_record_kind(&r, "job") < 0 ||
	    weir_record_str(&r, r.map, "id", &job->id) < 0 ||
	    read_sources(&r, job) < 0 || read_sinks(&r, job) < 0)
		got = -1;
	weir_record_fini(&r);
	if (got == 1)
		return 1;
	weir_job_fini(job);
	return weir_dir_blame(d, "/", err);
}

void
weir_job_fini(struct weir_job *job)
{
	for (size_t i = 0; i < job->nsources; i++) {
		free(job->source_names[i]);
		free(job->source_paths[i]);
	}
	for (size_t i = 0; i < job->nsinks; i++) {
		free(job->sinks[i].name);
		free(job->sinks[i].path);
	}
	free(job->source_names);
	free(job->source_paths);
	free(job->sinks);
	free(job->id);
	*job = (struct weir_job){0};
}

/* --- writing --- */

int
weir_job_save(const struct weir_dir *d, const struct weir_job *job,
    struct weir_error *err)
{
	struct weir_buf b = {0};
	int r;

	weir_record_begin(&b, "job");
	weir_record_put_str(&b, "id", job->id);
	weir_buf_puts(&b, ",\"sources\":[");
	for (size_t i = 0; i < job->nsources; i++) {
		weir_buf_puts(&b, i > 0 ? ",{" : "{");
		weir_record_put_str(&b, "name", job->source_names[i]);
		weir_record_put_str(&b, "path", job->source_paths[i]);
		weir_buf_putc(&b, '}');
	}
	weir_buf_puts(&b, "],\"sinks\":[");
	for (size_t i = 0; i < job->nsinks; i++) {
		weir_buf_puts(&b, i > 0 ? ",{" : "{");
		weir_record_put_str(&b, "name", job->sinks[i].name);
		weir_record_put_str(&b, "path", job->sinks[i].path);
		weir_record_put_u64(&b, "base", job->sinks[i].base);
		weir_buf_putc(&b, '}');
	}
	weir_buf_puts(&b, "]}");
	weir_record_seal(&b);
	r = weir_publish_over(d->fd, FILE_NAME, b.data, b.len, err);
	weir_buf_fini(&b);
	return r < 0 ? weir_dir_blame(d, "/", err) : 1;
}
