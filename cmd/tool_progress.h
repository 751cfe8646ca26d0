/*
 * tool_progress.h - the line that --progress shows.
 */
#ifndef WEIR_CMD_TOOL_PROGRESS_H
#define WEIR_CMD_TOOL_PROGRESS_H

#include "base/buf.h"
#include "stream/status.h"

#include <stdint.h>

#define PROGRESS_CLEAR	  "\r\033[K" /* back to an empty line */
#define PROGRESS_AFTER_NS 2000000000 /* not before, unless asked for */
#define PROGRESS_EVERY_NS 1000000000 /* if standard error is no terminal */

/*
 * Append "sfilter: 42 %, 1.2 GB of 2.9 GB, 5.1 M events/s, 3 s left", without
 * what is not known: size 0 is a pipe.
 */
void progress_write(struct weir_buf *out, const char *tool, uint64_t done,
    uint64_t size, int64_t elapsed_ns, uint64_t events);

/*
 * Append "scheckpoint: 5.1 M events/s, 1.2 MB behind, watermark …, checkpoint
 * 12 (34 kB in 12 ms), 1 restart", as far as it is known.
 */
void progress_job_write(
    struct weir_buf *out, const char *tool, const struct weir_job_status *s);

/* Is standard error a terminal on which a line can be replaced? */
bool progress_terminal(void);
/* Cut a line so that it does not wrap there. */
void progress_cut(struct weir_buf *line);

#endif
