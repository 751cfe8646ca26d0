#include "op/prints.h"

#include "base/mem.h"
#include "event/wire.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FIRST	  256  /* cells of the first table */
#define CHAIN_MAX 4096 /* cells in a row: longer, and the next table is due */
#define PAD	  8
#define PIECE	  ((size_t)24 << 10) /* bytes of a line of state */
/* Fingerprints that a search in a table compares on average, at most. */
#define COMPARED 2.5

struct weir_prints_form
weir_prints_form(double rate, bool timed, int sets)
{
	double values = 65536, compared = COMPARED * WEIR_PRINTS_TABLES * sets;
	unsigned width = 2;

	for (; width < 4 && compared / values > rate; width++)
		values *= 256;
	return (struct weir_prints_form){width, timed};
}

static inline size_t
cell_size(struct weir_prints_form form)
{
	return form.width + (form.timed ? 4 : 0);
}

static inline uint64_t
mask_of(struct weir_prints_form form)
{
	return (UINT64_C(1) << 8 * form.width) - 1;
}

/* 0 is no fingerprint: it is an empty cell. */
static inline uint64_t
print_of(struct weir_prints_form form, uint64_t hash)
{
	uint64_t print = hash >> (64 - 8 * form.width);

	return print + (print == 0);
}

static inline uint64_t
home_of(const struct weir_prints_table *t, uint64_t hash)
{
	return (hash & UINT32_MAX) * t->size >> 32;
}

/*
 * Behind its home a print lies among larger ones (ordered hashing: Amble and
 * Knuth 1974), so the first smaller one ends a search, as an empty cell does.
 */
static bool
find_in(const struct weir_prints_table *t, struct weir_prints_form form,
    uint64_t hash, uint32_t from, uint32_t to)
{
	uint64_t mask = mask_of(form), print = print_of(form, hash), cell;
	uint64_t i = home_of(t, hash);
	size_t size = cell_size(form);
	uint32_t offset;

	for (;;) {
		cell = weir_get64(t->cells + i * size);
		if ((cell & mask) < print)
			return false;
		offset = (uint32_t)(cell >> 8 * form.width);
		if ((cell & mask) == print &&
		    (!form.timed || (offset >= from && offset <= to)))
			return true;
		if (++i == t->size)
			i = 0;
	}
}

void
weir_prints_prefetch(
    const struct weir_prints *p, struct weir_prints_form form, uint64_t hash)
{
	for (unsigned i = p->n; i > 0; i--)
		__builtin_prefetch(p->table[i - 1].cells +
		    home_of(&p->table[i - 1], hash) * cell_size(form));
}

bool
weir_prints_find(const struct weir_prints *p, struct weir_prints_form form,
    uint64_t hash, uint32_t from, uint32_t to)
{
	for (unsigned i = p->n; i > 0; i--) /* most are in the largest */
		if (find_in(&p->table[i - 1], form, hash, from, to))
			return true;
	return false;
}

/* Is there an empty cell not too far behind i? */
static bool
has_room(
    const struct weir_prints_table *t, struct weir_prints_form form, uint64_t i)
{
	size_t size = cell_size(form);

	if (t->used >= t->size / 4 * 3)
		return false;
	for (unsigned n = 0; n < CHAIN_MAX; n++) {
		if ((weir_get64(t->cells + i * size) & mask_of(form)) == 0)
			return true;
		if (++i == t->size)
			i = 0;
	}
	return false;
}

static bool
add_in(struct weir_prints_table *t, struct weir_prints_form form, uint64_t hash,
    uint32_t offset)
{
	uint64_t mask = mask_of(form), i = home_of(t, hash), there;
	uint64_t cell =
	    print_of(form, hash) | (uint64_t)offset << 8 * form.width;
	size_t size = cell_size(form);
	uint8_t bytes[8];

	if (!has_room(t, form, i))
		return false;
	for (;;) {
		there = weir_get64(t->cells + i * size);
		if ((there & mask) < (cell & mask)) { /* in its place */
			weir_put64(bytes, cell);
			memcpy(t->cells + i * size, bytes, size);
			cell = there;
			if ((there & mask) == 0)
				break;
		}
		if (++i == t->size)
			i = 0;
	}
	t->used++;
	return true;
}

static uint64_t
cells_of(const struct weir_prints *p)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < p->n; i++)
		n += p->table[i].size;
	return n;
}

static size_t
table_bytes(uint64_t size, struct weir_prints_form form)
{
	return size * cell_size(form) + PAD + sizeof(struct weir_prints_table);
}

static void
open_table(struct weir_prints *p, struct weir_prints_form form, uint64_t size)
{
	p->table = weir_realloc(p->table, (p->n + 1) * sizeof *p->table);
	p->table[p->n++] = (struct weir_prints_table){
	    .cells = weir_calloc(size * cell_size(form) + PAD, 1),
	    .size = size};
	p->bytes += table_bytes(size, form);
}

/*
 * Double; or take the room that is left if it is worth a table. 0 if it is not.
 */
static int
grow(struct weir_prints *p, struct weir_prints_form form, size_t room)
{
	uint64_t all = cells_of(p), size = p->n == 0 ? FIRST : all;

	while (
	    size >= FIRST && size >= all / 16 && table_bytes(size, form) > room)
		size -= size / 8;
	if (size < FIRST || size < all / 16 || p->n == WEIR_PRINTS_TABLES ||
	    size > UINT32_MAX)
		return 0;
	open_table(p, form, size);
	return 1;
}

int
weir_prints_add(struct weir_prints *p, struct weir_prints_form form,
    uint64_t hash, uint32_t offset, size_t room)
{
	while (p->n == 0 || !add_in(&p->table[p->n - 1], form, hash, offset))
		if (!grow(p, form, room))
			return 0;
	p->count++;
	return 1;
}

void
weir_prints_fini(struct weir_prints *p)
{
	for (unsigned i = 0; i < p->n; i++)
		free(p->table[i].cells);
	free(p->table);
	*p = (struct weir_prints){0};
}

/* --- as state --- */

size_t
weir_prints_piece(const struct weir_prints *p, struct weir_prints_form form,
    unsigned i, size_t at, struct weir_buf *out)
{
	static const char digits[] = "0123456789abcdef";
	const struct weir_prints_table *t = &p->table[i];
	size_t all = t->size * cell_size(form);
	size_t n = all - at < PIECE ? all - at : PIECE;
	char *to = weir_buf_reserve(out, 2 * n);

	for (size_t k = 0; k < n; k++) {
		*to++ = digits[t->cells[at + k] >> 4];
		*to++ = digits[t->cells[at + k] & 15];
	}
	out->len += 2 * n;
	return at + n < all ? at + n : 0;
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
read_hex(uint8_t *to, struct weir_str hex)
{
	for (size_t i = 0; i < hex.len; i += 2) {
		int hi = digit(hex.s[i]), lo = digit(hex.s[i + 1]);

		if (hi < 0 || lo < 0)
			return 0;
		*to++ = (uint8_t)(hi << 4 | lo);
	}
	return 1;
}

static uint64_t
count_used(const struct weir_prints_table *t, struct weir_prints_form form)
{
	uint64_t used = 0;

	for (uint64_t i = 0; i < t->size; i++)
		used += (weir_get64(t->cells + i * cell_size(form)) &
			    mask_of(form)) != 0;
	return used;
}

int
weir_prints_take(struct weir_prints *p, struct weir_prints_form form,
    uint64_t size, size_t at, struct weir_str hex)
{
	struct weir_prints_table *t;
	size_t n = hex.len / 2, all;

	if (at == 0) {
		/* No more than the pieces before make believable. */
		if (p->n == WEIR_PRINTS_TABLES || size < FIRST ||
		    size > (p->n == 0 ? FIRST : cells_of(p)) || p->awaited > 0)
			return 0;
		open_table(p, form, size);
		p->awaited = size * cell_size(form);
	}
	if (p->awaited == 0)
		return 0;
	t = &p->table[p->n - 1];
	all = t->size * cell_size(form);
	if (at != all - p->awaited || hex.len % 2 != 0 ||
	    n != (p->awaited < PIECE ? p->awaited : PIECE) ||
	    !read_hex(t->cells + at, hex))
		return 0;
	p->awaited -= n;
	if (p->awaited > 0)
		return 1;
	t->used = count_used(t, form);
	p->count += t->used;
	return t->used <= t->size / 4 * 3;
}
