/*
 * record.h - small JSON files that say themselves whether they are whole.
 *
 * A record is one JSON object on a line, then a second line with the XXH3-128
 * of the first, newline included: {"digest":"<32 hex digits>"}. Reading
 * is strict: a field that is missing, of another type or out of bounds is an
 * error that names the file and the field; fields not asked for are ignored.
 */
#ifndef WEIR_STATE_RECORD_H
#define WEIR_STATE_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "json/value.h"

#include <stdbool.h>
#include <stdint.h>

#define WEIR_RECORD_TEXT ((size_t)1 << 20) /* bytes of a text field */

struct weir_record {
	const struct weir_map *map; /* the object */
	struct weir_arena arena;    /* holds all that map leads to */
	struct weir_buf text;
	const char *file;	/* for messages; borrowed */
	struct weir_error *err; /* what the getters below fill; borrowed */
};

/* Take one JSON object apart, for example a snapshot's header: 1 or -1. */
int weir_record_parse(struct weir_record *r, const char *file,
    struct weir_str text, struct weir_error *err);
/* Load and check a sealed file of at most max bytes: 1, 0 if none, -1. */
int weir_record_load(struct weir_record *r, int dirfd, const char *file,
    size_t max, struct weir_error *err);
void weir_record_fini(struct weir_record *r);

/* Finish a line of JSON: append the newline and the second line. */
void weir_record_seal(struct weir_buf *line);

/*
 * Getters: 1, or -1 with *r->err (WEIR_STATE). Text is malloc'd, holds no NUL,
 * and *out must be NULL before; with maybe it is NULL for null, and so is a
 * missing field. A number that is null is given as none.
 */
int weir_record_str(struct weir_record *r, const struct weir_map *map,
    const char *name, char **out);
int weir_record_maybe_str(struct weir_record *r, const struct weir_map *map,
    const char *name, char **out);
int weir_record_u64(struct weir_record *r, const struct weir_map *map,
    const char *name, uint64_t *out);
int weir_record_i64(struct weir_record *r, const struct weir_map *map,
    const char *name, int64_t none, int64_t *out);
int weir_record_digest(struct weir_record *r, const struct weir_map *map,
    const char *name, struct weir_digest *out);
/* An object, not to be missing. */
int weir_record_map(struct weir_record *r, const struct weir_map *map,
    const char *name, const struct weir_map **out);
/* Is there a field of this name? */
bool weir_record_has(const struct weir_map *map, const char *name);
/* A list (of r->map, of map) of at most max objects: weir_record_item(). */
int weir_record_list(struct weir_record *r, const char *name, size_t max,
    const struct weir_list **out);
int weir_record_sublist(struct weir_record *r, const struct weir_map *map,
    const char *name, size_t max, const struct weir_list **out);
int weir_record_item(struct weir_record *r, const struct weir_list *list,
    size_t i, const struct weir_map **out);

/* Writing: ,"name":value with the comma unless first in its object. */
void weir_record_put_str(
    struct weir_buf *out, const char *name, const char *value);
void weir_record_put_u64(
    struct weir_buf *out, const char *name, uint64_t value);
void weir_record_put_i64(struct weir_buf *out, const char *name, int64_t value);
void weir_record_put_digest(
    struct weir_buf *out, const char *name, struct weir_digest d);

#endif
