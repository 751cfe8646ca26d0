/*
 * foreign.h - what the text of a pipeline tells: which command does not pass
 * frames on, and whether streams meet without event time.
 */
#ifndef WEIR_STREAM_FOREIGN_H
#define WEIR_STREAM_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

#define WEIR_FOREIGN_SHOW 256

/* The last command of a pipeline that is none of ours, shown; else "". */
char *weir_foreign_stage(const char *pipeline, char out[WEIR_FOREIGN_SHOW]);

/*
 * Does a command name several of these sources, and nothing in the pipeline look
 * as if it gave events a time? Then two of those are in meet. When in doubt: no.
 */
bool weir_foreign_untimed(const char *pipeline, const char *const *names,
    size_t n, const char *meet[2]);

#endif
