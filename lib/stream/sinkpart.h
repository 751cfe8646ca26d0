/*
 * sinkpart.h - what a sink's part says: its pending output and who came before.
 *
 * A part of kind "sink" holds, behind the runtime's own line, one line for the
 * visible file, one for each pending file that is not known to be visible yet,
 * in order, and one for each part that the barrier listed: from these the
 * committer makes the manifest.
 *
 *     {"path":"/abs/alerts.json","base":0}
 *     {"pending":"out.3.1","len":1234,"digest":"..."}
 *     {"part":"in/swindow.1","file":"in%2Fswindow.1.part"}
 *
 * A sink that writes the visible file itself has no pending files: it says how
 * long that was at the barrier.
 *
 *     {"path":"/abs/alerts.json","base":0,"end":1234}
 */
#ifndef WEIR_STREAM_SINKPART_H
#define WEIR_STREAM_SINKPART_H

#include "event/control.h"
#include "state/dir.h"
#include "state/snapshot.h"

struct weir_sinkpart {
	char *path;    /* of the visible file, absolute */
	uint64_t base; /* bytes it had when the sink first opened it */
	bool now;      /* output is visible before it is committed */
	uint64_t end;  /* then: of the visible file, at the barrier */
	size_t nfiles, cap;
	struct weir_pending *files;
	struct weir_parts parts;
};

/* Takes a copy of the name. */
void weir_sinkpart_add(struct weir_sinkpart *p, const char *file, uint64_t len,
    struct weir_digest digest);
int weir_sinkpart_save(const struct weir_sinkpart *p,
    struct weir_snapshot_writer *w, struct weir_error *err);
/* Read a part whole: 1, or -1 with *err (WEIR_STATE) and nothing to free. */
int weir_sinkpart_load(struct weir_sinkpart *p, int dirfd, const char *file,
    struct weir_error *err);
void weir_sinkpart_fini(struct weir_sinkpart *p);

#endif
