/*
 * intern.h - the keys that a prover knows, each under its parent object.
 *
 * A key has a number that never changes. Wanted keys are always added; others
 * are learned from the text, within limits, so that a stream of ever new names
 * costs neither memory nor time: beyond them a name is just not known. Each
 * key remembers the text that it last had, quotes, colon and blanks included,
 * and which keys came after it: that is the prediction.
 */
#ifndef WEIR_JSON_INTERN_H
#define WEIR_JSON_INTERN_H

#include "base/buf.h"
#include "base/hash.h"
#include "json/scan.h"

#include <stddef.h>
#include <stdint.h>

#define WEIR_KEYS_LEARNED 1024 /* keys that are not wanted */
#define WEIR_KEY_CHILDREN 256  /* learned under one parent */
#define WEIR_KEY_LEN	  256  /* bytes of a learned name */

#define WEIR_KEY_NONE	  0 /* unknown keys; never has a segment */
#define WEIR_KEY_ROOT	  1 /* stands for the event itself */
#define WEIR_KEY_UNSET	  0xFFFF
#define WEIR_KEY_BARRED	  0xFFFE /* a column that must not be given */

/* Keys that came in this place: last time, and the last other one. */
struct weir_guess {
	uint16_t likely, other;
};

/*
 * What the prover's hot loop needs to know of a key. While it has no segment, a
 * newline stands there: where a name should begin, that ends the line too
 * early, and since nothing is stepped over, the prover sees it.
 */
struct weir_key {
	char segment[WEIR_SEGMENT]; /* its text up to the value's start */
	uint32_t mask;		    /* for weir_scan_same() */
	uint8_t len;		    /* bytes of segment */
	uint8_t step;		    /* the same, 0 if it is not set */
	uint16_t slot;		    /* or WEIR_KEY_UNSET */
	struct weir_guess next;	    /* behind it */
	struct weir_guess inside;   /* first inside its object */
	uint16_t column;	    /* in the index, or UNSET or BARRED */
	uint16_t below; /* first link to slots inside its value, 0 none */
};

struct weir_key_name {
	struct weir_str name;
	uint32_t hash;
	uint16_t parent;
	uint16_t children; /* learned ones */
};

struct weir_keys {
	struct weir_key *keys;
	struct weir_key_name *names;
	size_t n, cap; /* cap - n is enough for what may yet be learned */
	size_t learned;
	uint16_t *table; /* open addressing, 0 is empty */
	size_t mask;
	unsigned char secret[WEIR_HASH_SECRET];
};

void weir_keys_init(struct weir_keys *k);
void weir_keys_fini(struct weir_keys *k);

/* The key of that name under parent, or WEIR_KEY_NONE. */
unsigned weir_keys_find(
    const struct weir_keys *k, unsigned parent, struct weir_str name);
/* The same, but learns it if the limits allow; moves nothing. */
unsigned weir_keys_learn(
    struct weir_keys *k, unsigned parent, struct weir_str name);
/* The same, but adds it whatever the limits; keys may move. */
unsigned weir_keys_want(
    struct weir_keys *k, unsigned parent, struct weir_str name);

/* Remember proven text (len bytes, up to the value) as the key's segment. */
void weir_key_segment(struct weir_key *key, const char *s, size_t len);

#endif
