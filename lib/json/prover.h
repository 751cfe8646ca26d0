/*
 * prover.h - proves that lines are JSON objects, fast, and finds fields.
 *
 * One vectorised pass over a line proves it a valid RFC 8259 object (escapes,
 * UTF-8 and white space included) and fills the slots of the wanted paths. It
 * predicts: keys are interned per parent object, each remembers which key
 * followed it last time, and the expected `"key":` is checked with one vector
 * comparison. A line that is rejected goes to weir_check() (json/check.h),
 * whose verdict and message stand; the two must never disagree.
 *
 * Text must be followed by WEIR_PAD readable bytes, and every line must end
 * with '\n': it stops every scan, so the scans need no bounds.
 */
#ifndef WEIR_JSON_PROVER_H
#define WEIR_JSON_PROVER_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

#define WEIR_PAD	64  /* readable bytes behind any text to be proven */
#define WEIR_DEPTH_MAX	512 /* nesting of a line, the event itself is 1 */
#define WEIR_PATHS_MAX	256 /* wanted paths of one prover */
#define WEIR_PATH_DEPTH 32  /* names in a wanted path */
#define WEIR_INDEX_MAX	32  /* top-level keys in a frame's index */
#define WEIR_NO_SLOT	(-1)

/* Where a value's text is, from the start of its event. len 0: absent. */
struct weir_slot {
	uint32_t off, len;
};

struct weir_prover;

struct weir_prover *weir_prover_new(void);
void weir_prover_free(struct weir_prover *p);

/*
 * Want the value at a path of unescaped names: its slot number (counted from
 * 0; the same path gives the same slot), or WEIR_NO_SLOT beyond the limits
 * above. May be called between lines: the slots of earlier lines do not hold
 * the new path.
 */
int weir_prover_want(
    struct weir_prover *p, const struct weir_str *path, size_t depth);
size_t weir_prover_slots(const struct weir_prover *p);

/*
 * Prove the line at s. Returns where its '\n' is if the line is one valid
 * object (blanks around it allowed), with slots[0..weir_prover_slots) filled;
 * the last of duplicate keys wins, at every level of a path. Returns NULL if
 * it is rejected (slots are then undefined). With index not NULL,
 * index[0..WEIR_INDEX_MAX) gets the offset of the last value of each learned
 * top-level key (0 absent, 0xFFFF beyond 16 bits), in the order of
 * weir_prover_index_name(). Keys beyond the first WEIR_INDEX_MAX learned, and
 * events before a key was learned, have no entry there: an event proven before
 * name i was learned has 0 in column i, which is right, as it lacked the key.
 */
const char *weir_prover_line(struct weir_prover *p, const char *s,
    struct weir_slot *slots, uint16_t *index);
size_t weir_prover_index_count(const struct weir_prover *p);
struct weir_str weir_prover_index_name(const struct weir_prover *p, size_t i);

/*
 * For those who make an event's text themselves: the slot and the index column
 * of a top-level name, which is learned as if a line had shown it. Each may be
 * WEIR_NO_SLOT. Slots hold until a further path is wanted, columns for ever.
 */
void weir_prover_key(
    struct weir_prover *p, struct weir_str name, int *slot, int *column);

/*
 * For readers of an index: the wanted top-level name that slot stands for
 * (depth 1 paths), or the first name of its path with *nested set.
 */
struct weir_str weir_prover_slot_name(
    const struct weir_prover *p, size_t slot, int *nested);

/*
 * The end of the JSON value that begins at s, in text already proven, with
 * WEIR_PAD readable bytes behind it.
 */
const char *weir_json_skip(const char *s);

#endif
