/*
 * retract.h - what says of an event that it takes an earlier one back.
 *
 * In memory and in frames that is a flag. In text it is the member
 * "retract":true, so an event with the flag that goes out as text gets it.
 */
#ifndef WEIR_EVENT_RETRACT_H
#define WEIR_EVENT_RETRACT_H

#include "base/buf.h"
#include "event/block.h"

#include <stdbool.h>

#define WEIR_RETRACT_FIELD "retract"

/* Is there a retraction among n events? */
bool weir_retract_any(const struct weir_event *ev, uint32_t n);
/*
 * Append the object at text (proven, len bytes, WEIR_PAD readable behind it)
 * with "retract":true in it: where the member was, else last.
 */
void weir_retract_write(struct weir_buf *out, const char *text, size_t len);

#endif
