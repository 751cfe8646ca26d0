/*
 * jobfile.h - what a job is: its sources and its sinks, fixed when it begins.
 */
#ifndef WEIR_STREAM_JOBFILE_H
#define WEIR_STREAM_JOBFILE_H

#include "state/dir.h"
#include "stream/spawn.h"

/* A path as it is the same from everywhere: malloc'd, or NULL with *err. */
char *weir_absolute(const char *path, struct weir_error *err);

/*
 * Load the job of a directory that is led, or begin one with the sources and
 * sinks of r. 1, or -1 with *err: WEIR_STATE if the directory belongs to a job
 * with others, WEIR_USAGE if they cannot be read again or cut back.
 */
int weir_jobfile_open(const struct weir_dir *d, const struct weir_roles *r,
    struct weir_job *job, struct weir_error *err);
/* Are the sources and sinks of r those of the job? 1, or -1 with *err. */
int weir_jobfile_same(const struct weir_roles *r, const struct weir_job *job,
    struct weir_error *err);

/*
 * The steps of beginning one. make: a job of the sources and sinks of r, which
 * are made and looked at; it is not saved. sink: make s->path, and say its base.
 * differ, apart: are sinks different files, and no sources? id: a new one,
 * malloc'd.
 */
int weir_jobfile_make(const struct weir_dir *d, const struct weir_roles *r,
    struct weir_job *job, struct weir_error *err);
int weir_jobfile_sink(const struct weir_dir *d, const char *id,
    struct weir_job_sink *s, struct weir_error *err);
int weir_jobfile_differ(const struct weir_job *job, struct weir_error *err);
int weir_jobfile_apart(const struct weir_roles *r, struct weir_error *err);
char *weir_jobfile_id(void);

#endif
