/*
 * part.h - what writing and reading a part share (snapshot.h).
 */
#ifndef WEIR_STATE_PART_H
#define WEIR_STATE_PART_H

#include "base/error.h"
#include "state/lz4.h"

#include <stddef.h>
#include <stdint.h>

#define WEIR_END_TEXT 64 /* bytes of the last line, NUL included */

/* Put the file's name in front of what *err says (NULL is fine): -1. */
int weir_part_blame(struct weir_error *err, const char *file);
/* The last line of a part: its length. */
size_t weir_part_end_line(char out[WEIR_END_TEXT], uint64_t entries);
/* Open a part and take its trailer: 1, 0 if there is none, -1. */
int weir_part_open(int dirfd, const char *file, int *fd, uint64_t *size,
    struct weir_trailer *t, struct weir_error *err);

#endif
