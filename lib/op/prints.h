/*
 * prints.h - a set of fingerprints: which keys were seen, in a few bytes each.
 *
 * A key leaves a fingerprint of 16, 24 or 32 bits in a table of open addressing
 * with linear probing, and with it, if times count, how far into an age it was
 * seen. Cells behind a home are in order, which makes searches short. Tables are filled to three quarters; then one as large as all before
 * joins them, and nothing is ever moved, as in a scalable Bloom filter (Almeida
 * et al. 2007; that fingerprints take the place of a Bloom filter's bits is due
 * to Pagh, Pagh and Rao 2005). A key that was seen is always found; one that was
 * not is found by chance, at a rate that the width bounds. The hash is a fixed
 * one, so that chance is the same in every run.
 */
#ifndef WEIR_OP_PRINTS_H
#define WEIR_OP_PRINTS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR_PRINTS_TABLES   32
#define WEIR_PRINTS_RATE_MIN 1e-6

struct weir_prints_table {
	uint8_t *cells; /* and 8 bytes of padding */
	uint64_t size, used;
};

/* {0} is an empty set. */
struct weir_prints {
	struct weir_prints_table *table; /* the smallest first */
	unsigned n;
	size_t bytes; /* memory held */
	uint64_t count;
	size_t awaited; /* bytes of the last table that are still to be read */
};

/* How its cells look: the same for all calls on a set. */
struct weir_prints_form {
	unsigned width; /* bytes of a fingerprint: 2 to 4 */
	bool timed;	/* a cell has an offset, too */
};

/*
 * The narrowest form by which a key that was not seen is found at most at this
 * rate (WEIR_PRINTS_RATE_MIN to 0.5), looking into as many sets.
 */
struct weir_prints_form weir_prints_form(double rate, bool timed, int sets);

/* Is the key there, with an offset from..to (both included)? */
bool weir_prints_find(const struct weir_prints *p, struct weir_prints_form form,
    uint64_t hash, uint32_t from, uint32_t to);
/* Have the memory fetched that a search for it begins at. */
void weir_prints_prefetch(
    const struct weir_prints *p, struct weir_prints_form form, uint64_t hash);
/*
 * Add the key. 1, or 0 if that would take more than room bytes on top of what
 * is held.
 */
int weir_prints_add(struct weir_prints *p, struct weir_prints_form form,
    uint64_t hash, uint32_t offset, size_t room);
void weir_prints_fini(struct weir_prints *p);

/*
 * As lines of state, in pieces: {"g":number,"n":cells,"at":byte,"x":"hex"}.
 * The piece of table i at byte at goes behind out; returns where the next piece
 * begins, 0 behind the last.
 */
size_t weir_prints_piece(const struct weir_prints *p,
    struct weir_prints_form form, unsigned i, size_t at, struct weir_buf *out);
/*
 * Take a piece back, in order: table i has size cells, hex is its bytes from at
 * on. 1, or 0 if that cannot be; p->awaited must be 0 in the end.
 */
int weir_prints_take(struct weir_prints *p, struct weir_prints_form form,
    uint64_t size, size_t at, struct weir_str hex);
#endif
