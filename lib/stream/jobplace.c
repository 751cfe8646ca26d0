#include "stream/jobplace.h"

#include "base/text.h"
#include "event/source.h"
#include "state/snapshot.h"
#include "state/spool.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOW 256

/* Where the source named so was when m was committed: 1, 0 or -1. */
static int
saved_place(const struct weir_dir *d, const struct weir_manifest *m,
    const char *source, struct weir_place *place, struct weir_error *err)
{
	struct weir_snapshot_reader *r = NULL;
	struct weir_str line;
	int fd, got = 0;

	fd = weir_cp_open(d, m->cp, err);
	if (fd == -1)
		return -1;
	for (size_t i = 0; i < m->nparts; i++) {
		if (strcmp(m->parts[i].stage, source) != 0)
			continue;
		r = weir_snapshot_open(fd, m->parts[i].file, err);
		got = r == NULL ? -1 : weir_snapshot_next(r, &line, err);
		if (got == 1) /* the runtime's own line comes first */
			got = weir_snapshot_next(r, &line, err);
		if (got == 1)
			got = weir_place_read(place, line.s, line.len, err);
		break;
	}
	weir_snapshot_close(r);
	close(fd);
	return got;
}

/* 1, 0 or -1. */
static int
grown(const struct weir_dir *d, const struct weir_job *job, size_t i,
    const struct weir_pipe *pipe, const struct weir_place *place,
    struct weir_error *err)
{
	int got;

	if (pipe == NULL)
		return weir_source_grown(job->source_paths[i], place, err);
	got = weir_spool_grown(d, job->source_names[i], place, err);
	return got == 0 ? weir_pipe_speaks(pipe) : got;
}

int
weir_jobplace_grown(const struct weir_dir *d, const struct weir_job *job,
    const struct weir_manifest *m, const struct weir_pipes *pipes,
    struct weir_error *err)
{
	for (size_t i = 0; i < job->nsources; i++) {
		const char *name = job->source_names[i];
		const char *path = job->source_paths[i];
		struct weir_place place = {0};
		char shown[SHOW];
		int got = saved_place(d, m, name, &place, err);

		if (got == 1) {
			got = grown(d, job, i, weir_pipes_find(pipes, name),
			    &place, err);
			weir_place_fini(&place);
		}
		if (got == -1)
			return -1;
		if (got == 0)
			continue;
		if (strcmp(path, "-") == 0)
			path = "standard input";
		return weir_fail(err, WEIR_STATE,
		    "%s has grown since this job finished and closed its "
		    "windows: begin another job with another -d and -o (a "
		    "run with --once leaves the windows open for the next)",
		    weir_show_into(shown, sizeof shown, path, strlen(path)));
	}
	return 0;
}

/* The oldest that is committed: 1, 0 if there is none, -1. */
static int
oldest(
    const struct weir_dir *d, struct weir_manifest *m, struct weir_error *err)
{
	struct weir_cp *cps;
	size_t n;
	int got = weir_cp_list(d, &cps, &n, err) == -1 ? -1 : 0;

	for (size_t i = 0; got == 0 && i < n; i++)
		got = weir_manifest_load(d, cps[i], m, err);
	free(cps);
	return got;
}

int
weir_jobplace_trim(const struct weir_dir *d, const struct weir_job *job,
    struct weir_error *err)
{
	struct weir_manifest m;
	int got = oldest(d, &m, err);

	if (got != 1)
		return got == 0 ? 1 : -1;
	for (size_t i = 0; got >= 0 && i < job->nsources; i++) {
		struct weir_place place = {0};

		if (!weir_spool_is(d, job->source_names[i]))
			continue;
		got = saved_place(d, &m, job->source_names[i], &place, err);
		if (got == 1)
			got = weir_spool_trim(
			    d, job->source_names[i], &place, err);
		weir_place_fini(&place);
	}
	weir_manifest_fini(&m);
	return got == -1 ? -1 : 1;
}
