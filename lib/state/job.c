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
read_sources(
    struct weir_record *r, const struct weir_map *in, struct weir_job *job)
{
	const struct weir_list *list;
	const struct weir_map *map;

	if (weir_record_sublist(r, in, "sources", WEIR_SINKS_MAX, &list) < 0)
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
read_sinks(
    struct weir_record *r, const struct weir_map *in, struct weir_job *job)
{
	const struct weir_list *list;
	const struct weir_map *map;

	if (weir_record_sublist(r, in, "sinks", WEIR_SINKS_MAX, &list) < 0)
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

static const char *const writes[] = {
    [WEIR_WRITES_NOW] = "now", [WEIR_WRITES_REPEATS] = "repeats"};

static int
read_writes(
    struct weir_record *r, const struct weir_map *map, struct weir_job *job)
{
	char *said = NULL;
	int ret = -1;

	if (weir_record_maybe_str(r, map, "visible", &said) < 0)
		return -1;
	for (int i = WEIR_WRITES_NOW; said != NULL && i <= WEIR_WRITES_REPEATS;
	     i++)
		if (strcmp(said, writes[i]) == 0)
			job->writes = (enum weir_writes)i;
	if (said == NULL || job->writes != WEIR_WRITES_COMMITTED)
		ret = 1;
	else
		weir_fail(r->err, WEIR_STATE,
		    "%s: \"visible\" is neither \"now\" nor \"repeats\"",
		    r->file);
	free(said);
	return ret;
}

int
weir_job_take(
    struct weir_record *r, const struct weir_map *map, struct weir_job *job)
{
	if (weir_record_str(r, map, "id", &job->id) < 0 ||
	    weir_record_maybe_str(r, map, "branch", &job->branch) < 0 ||
	    weir_record_maybe_str(r, map, "from", &job->from) < 0 ||
	    read_writes(r, map, job) < 0 || read_sources(r, map, job) < 0 ||
	    read_sinks(r, map, job) < 0)
		return -1;
	job->rewinds = weir_record_has(map, "rewind");
	return !job->rewinds
	    ? 1
	    : weir_record_i64(r, map, "rewind", 0, &job->rewind_ns);
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
	    weir_job_take(&r, r.map, job) < 0)
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
	free(job->branch);
	free(job->from);
	free(job->id);
	*job = (struct weir_job){0};
}

/* --- writing --- */

void
weir_job_put(struct weir_buf *b, const struct weir_job *job)
{
	weir_record_put_str(b, "id", job->id);
	if (job->branch != NULL)
		weir_record_put_str(b, "branch", job->branch);
	if (job->from != NULL)
		weir_record_put_str(b, "from", job->from);
	if (job->rewinds)
		weir_record_put_i64(b, "rewind", job->rewind_ns);
	if (job->writes != WEIR_WRITES_COMMITTED)
		weir_record_put_str(b, "visible", writes[job->writes]);
	weir_buf_puts(b, ",\"sources\":[");
	for (size_t i = 0; i < job->nsources; i++) {
		weir_buf_puts(b, i > 0 ? ",{" : "{");
		weir_record_put_str(b, "name", job->source_names[i]);
		weir_record_put_str(b, "path", job->source_paths[i]);
		weir_buf_putc(b, '}');
	}
	weir_buf_puts(b, "],\"sinks\":[");
	for (size_t i = 0; i < job->nsinks; i++) {
		weir_buf_puts(b, i > 0 ? ",{" : "{");
		weir_record_put_str(b, "name", job->sinks[i].name);
		weir_record_put_str(b, "path", job->sinks[i].path);
		weir_record_put_u64(b, "base", job->sinks[i].base);
		weir_buf_putc(b, '}');
	}
	weir_buf_puts(b, "]}");
}

int
weir_job_save(const struct weir_dir *d, const struct weir_job *job,
    struct weir_error *err)
{
	struct weir_buf b = {0};
	int r;

	weir_record_begin(&b, "job");
	weir_job_put(&b, job);
	weir_record_seal(&b);
	r = weir_publish_over(d->fd, FILE_NAME, b.data, b.len, err);
	weir_buf_fini(&b);
	return r < 0 ? weir_dir_blame(d, "/", err) : 1;
}

bool
weir_job_equal(const struct weir_job *a, const struct weir_job *b)
{
	struct weir_job other = *b;
	struct weir_buf x = {0}, y = {0};
	bool equal;

	other.writes = a->writes;
	weir_job_put(&x, a);
	weir_job_put(&y, &other);
	equal = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
	weir_buf_fini(&x);
	weir_buf_fini(&y);
	return equal;
}

bool
weir_branch_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}
