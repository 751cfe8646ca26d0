/*
 * cp.h - small checkpoints for tests to save, damage and restore.
 */
#ifndef WEIR_TESTS_UNIT_CP_H
#define WEIR_TESTS_UNIT_CP_H

#include "base/mem.h"
#include "state/dir.h"
#include "state/publish.h"
#include "state/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Exit loudly: a test that cannot set up proves nothing. */
static inline void
must(int r, const struct weir_error *err)
{
	if (r == 1)
		return;
	printf("Bail out! %s\n", err->text);
	exit(1);
}

/* Publish output as a pending file out/<file>. */
static inline struct weir_pending
pending(const struct weir_dir *d, const char *file, const char *text)
{
	struct weir_error err;
	struct weir_pending p = {.len = strlen(text),
	    .digest = weir_digest(text, strlen(text)),
	    .file = weir_strdup(file)};
	int out = weir_out_open(d, &err);

	must(out >= 0, &err);
	must(weir_publish(out, file, text, p.len, &err), &err);
	close(out);
	return p;
}

/* A part of one line in cp. */
static inline struct weir_manifest_part
part(const struct weir_dir *d, struct weir_cp cp, const char *stage)
{
	struct weir_error err;
	struct weir_manifest_part p = {
	    .stage = weir_strdup(stage), .file = weir_part_name(stage)};
	char kind[] = "stage", none[] = "";
	struct weir_snapshot_header h = {.stage = p.stage,
	    .kind = kind,
	    .fingerprint = none,
	    .checkpoint = cp.n,
	    .epoch = cp.epoch};
	struct weir_snapshot_writer *w;
	int dir = weir_cp_open(d, cp, &err);

	must(dir >= 0, &err);
	w = weir_snapshot_create(dir, p.file, &h, &err);
	must(w != NULL, &err);
	must(weir_snapshot_line(w, "{}", 2, &err), &err);
	must(weir_snapshot_commit(w, &p.len, &p.digest, &err), &err);
	weir_snapshot_abandon(w);
	close(dir);
	return p;
}

/*
 * Checkpoint n.1 with two parts and, unless text is NULL, text as pending output
 * of sink "out" behind base. Not committed yet.
 */
static inline struct weir_manifest
checkpoint(
    const struct weir_dir *d, uint64_t n, uint64_t base, const char *text)
{
	struct weir_error err;
	struct weir_manifest m = {.cp = {n, 1},
	    .time_ns = 1760000000000000000,
	    .duration_ns = 5000000,
	    .nparts = 2,
	    .nsinks = 1};
	char file[64];
	int dir = weir_cp_create(d, m.cp, &err);

	must(dir >= 0, &err);
	close(dir);
	m.parts = weir_calloc(2, sizeof *m.parts);
	m.parts[0] = part(d, m.cp, "in/source");
	m.parts[1] = part(d, m.cp, "in/swindow.1");
	m.sinks = weir_calloc(1, sizeof *m.sinks);
	m.sinks[0].name = weir_strdup("out");
	m.sinks[0].base = base;
	if (text != NULL) {
		snprintf(file, sizeof file, "out.%d.1", (int)n);
		m.sinks[0].files = weir_calloc(1, sizeof(struct weir_pending));
		m.sinks[0].files[0] = pending(d, file, text);
		m.sinks[0].nfiles = 1;
	}
	return m;
}

/* The same, committed. */
static inline void
commit(const struct weir_dir *d, uint64_t n, uint64_t base, const char *text)
{
	struct weir_error err;
	struct weir_manifest m = checkpoint(d, n, base, text);

	must(weir_manifest_save(d, &m, &err), &err);
	weir_manifest_fini(&m);
}

#endif
