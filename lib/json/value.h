/*
 * value.h - a value that expressions compute with: 16 bytes and a tag.
 *
 * Values from an event are read from their text when they are first needed;
 * strings without escapes and all containers then still point into that text.
 * What a value points to lives as long as its event or its arena.
 */
#ifndef WEIR_JSON_VALUE_H
#define WEIR_JSON_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum weir_kind {
	WEIR_ABSENT, /* a field that is not there */
	WEIR_ERROR,  /* an evaluation error; s is its message */
	WEIR_NULL,
	WEIR_BOOL,
	WEIR_INT,
	WEIR_UINT,
	WEIR_DOUBLE,
	WEIR_STRING,	/* s, aux bytes of UTF-8 */
	WEIR_BYTES,	/* s, aux bytes */
	WEIR_TIMESTAMP, /* i seconds since 1970, aux nanoseconds */
	WEIR_DURATION,	/* i seconds, aux nanoseconds of the same sign, cast */
	WEIR_LIST,	/* list */
	WEIR_MAP,	/* map */
	WEIR_JSON,	/* s, aux bytes: list or map not yet taken apart */
	WEIR_TYPE,	/* s, aux bytes: its name */
	WEIR_OPTIONAL	/* opt: the value inside, or NULL */
};

struct weir_value {
	uint32_t kind; /* enum weir_kind */
	uint32_t aux;
	union {
		bool b;
		int64_t i;
		uint64_t u;
		double d;
		const char *s;
		const struct weir_list *list;
		const struct weir_map *map;
		const struct weir_value *opt;
	};
};
_Static_assert(sizeof(struct weir_value) == 16, "value size");

struct weir_list {
	size_t n;
	const struct weir_value *items;
};

/* Entries in insertion order, keys unique. */
struct weir_map {
	size_t n;
	const struct weir_value *keys, *values;
};

/*
 * The value of JSON text (proven; surrounding blanks not included). Objects and
 * arrays stay WEIR_JSON until weir_value_open(); strings are unescaped into
 * the arena if need be (a lone surrogate gives WEIR_ERROR).
 */
struct weir_value weir_value_read(
    const char *s, size_t len, struct weir_arena *arena);
/*
 * The value of JSON number text that is an integer of up to 18 digits: 1 with
 * it in *i, 0 for any other number. Inline, for it is what most numbers are.
 */
static inline int
weir_value_small_int(const char *s, size_t len, int64_t *i)
{
	size_t at = *s == '-';
	int64_t v = 0;
	unsigned digit;

	if (len - at > 18)
		return 0;
	for (; at < len; at++) {
		digit = (unsigned char)s[at] - (unsigned)'0';
		if (digit > 9)
			return 0;
		v = v * 10 + digit;
	}
	if (v == 0 && *s == '-')
		return 0; /* -0 is a double */
	*i = *s == '-' ? -v : v;
	return 1;
}

/*
 * WEIR_JSON to WEIR_LIST or WEIR_MAP, one level (WEIR_ERROR if a string in it
 * has a lone surrogate); others unchanged.
 */
struct weir_value weir_value_open(
    struct weir_value v, struct weir_arena *arena);

/*
 * Append a value as JSON: values not taken apart as their text was, timestamps
 * as RFC 3339 UTC, durations as "1.5s", bytes base64, types their name, NaN
 * and infinities as the strings "NaN", "Infinity", "-Infinity", map keys as
 * strings, an integral double without ".0" beyond what it had. Nothing for
 * WEIR_ABSENT and WEIR_ERROR (returns 0; otherwise 1).
 */
int weir_value_write(struct weir_buf *out, struct weir_value v);
/* Append s as a JSON string, quotes included; only what must be is escaped. */
void weir_json_string(struct weir_buf *out, const char *s, size_t len);

/*
 * Append bytes that are the same for equal keys and different for others: the
 * canonical form of a value as a group or join key. 1, 1.0 and 1u are equal;
 * map order does not matter. It is itself JSON (so a snapshot can hold it and
 * a result can show it): the text of the first form seen need not survive.
 */
void weir_value_key(struct weir_buf *out, struct weir_value v);
/*
 * Is the JSON text of a value (len > 0) its key as it stands? 0 if a glance does
 * not tell.
 */
static inline int
weir_value_is_key(const char *s, size_t len)
{
	int64_t i;

	switch (*s) {
	case '"': return memchr(s + 1, '\\', len - 2) == NULL;
	case 't':
	case 'f':
	case 'n': return 1;
	case '{':
	case '[': return 0;
	default: return weir_value_small_int(s, len, &i);
	}
}

/*
 * Order as expressions see it: -1, 0, 1, or WEIR_UNORDERED for kinds that have
 * no order together, and for NaN. Numbers of all kinds have one order; so have
 * strings, bytes, bools, timestamps and durations, each among themselves.
 */
#define WEIR_UNORDERED 2
int weir_value_compare(struct weir_value a, struct weir_value b);
/* Can the two be compared (the kinds, NaN does not matter)? */
bool weir_value_ordered(struct weir_value a, struct weir_value b);
/*
 * Equality as expressions see it: 1u == 1.0 is, lists and maps element by
 * element, different kinds are not, NaN is not even equal to itself.
 */
bool weir_value_equal(
    struct weir_value a, struct weir_value b, struct weir_arena *arena);
/* The entry of a map, NULL if it has none. 1, 1u and 1.0 are one key. */
const struct weir_value *weir_map_get(
    const struct weir_map *map, struct weir_value key);

const char *weir_kind_name(enum weir_kind kind); /* CEL's type names */

#endif
