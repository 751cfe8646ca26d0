/*
 * tool_progress.h - the line that --progress shows.
 */
#ifndef WEIR_CMD_TOOL_PROGRESS_H
#define WEIR_CMD_TOOL_PROGRESS_H

#include "base/buf.h"

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

#endif
