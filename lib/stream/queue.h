/*
 * queue.h - bytes that were read ahead of their turn.
 *
 * Up to a bound they stay in memory, in a ring. What its owner puts in beyond
 * that goes to a temporary file that has no name, and comes back from there in
 * order; once the file has been read to its end, memory serves again. The file
 * gives back its blocks as it is read.
 */
#ifndef WEIR_STREAM_QUEUE_H
#define WEIR_STREAM_QUEUE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_queue;

struct weir_queue *weir_queue_new(size_t bound);
void weir_queue_free(struct weir_queue *q);

uint64_t weir_queue_len(const struct weir_queue *q);
/* Are there some in the file? */
bool weir_queue_spilt(const struct weir_queue *q);
/* So many bytes more stay in memory; 0 while there are some in the file. */
size_t weir_queue_room(const struct weir_queue *q);
/*
 * Put in len bytes behind all there are; what has no room goes to a file in the
 * directory dir. 1, or -1 with *err (WEIR_SYSTEM) if that cannot be.
 */
int weir_queue_push(struct weir_queue *q, const char *s, size_t len,
    const char *dir, struct weir_error *err);
/* Take out the first bytes, at most cap: how many in *got. 1 or -1. */
int weir_queue_pop(struct weir_queue *q, char *buf, size_t cap, size_t *got,
    struct weir_error *err);
/* A file without a name in dir, open for reading and writing; -1 with errno. */
int weir_queue_file(const char *dir);
/* This is a forked copy: what is taken out here stays for the other. */
void weir_queue_detach(struct weir_queue *q);

#endif
