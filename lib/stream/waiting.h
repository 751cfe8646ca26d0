/*
 * waiting.h - what a job waits for: nobody waits without a word.
 *
 * A slow job is healthy, so nothing ends because it takes long. But a checkpoint
 * that does not get through, or a stream that does not come to its sink, may be
 * the work of a command that holds frames back: after a while it is told, and
 * what it waits for.
 */
#ifndef WEIR_STREAM_WAITING_H
#define WEIR_STREAM_WAITING_H

#include "stream/incarnation.h"

#ifdef WEIR_PROBES
#define WEIR_PATIENCE_NS INT64_C(2000000000) /* tests do not wait for long */
#else
#define WEIR_PATIENCE_NS INT64_C(30000000000) /* until something is odd */
#endif

/* React to SIGINT and SIGTERM: drain once, then (false) end. */
bool weir_waiting_heed(struct weir_incarnation *j);
/* An incarnation begins: make its patience with commands that are sinks. */
void weir_waiting_begin(struct weir_incarnation *j);
/* Tell what is to be told by now. */
void weir_waiting_tell(struct weir_incarnation *j, int64_t now_ns);
/*
 * Has a stage gone long ago that the checkpoint in flight must have come by, or
 * stopped before the stream reached every sink? Then no end will ever come.
 */
bool weir_waiting_in_vain(const struct weir_incarnation *j, int64_t now_ns);
/* When to look again: INT64_MAX if there is nothing to wait for. */
int64_t weir_waiting_due(const struct weir_incarnation *j);

#endif
