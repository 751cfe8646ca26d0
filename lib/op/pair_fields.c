/*
 * The fields of two events side by side.
 *
 * Most events that are joined have the same names over and over, and those of
 * left and right differ but for the keys. So the lists of names that right events
 * have are kept, and a left event is searched for them in one go: where none of
 * them can be in it, right's fields are copied as they stand.
 */
#include "op/pair.h"

#include "base/mem.h"
#include "json/members.h"
#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

#define LISTS_MAX 64   /* of names that are kept */
#define NAMES_MAX 256  /* in a list */
#define BYTES_MAX 4096 /* of its names */

/* A name of an event: with its hash, for most comparisons fail. */
struct weir_pair_name {
	struct weir_str
	    name; /* what it stands for; in the arena or the event */
	uint32_t hash;
};

/* A list of names: each with its length before it. */
struct weir_pair_names {
	struct weir_pair_names *next;
	uint64_t ends; /* a bit for each two bytes that a quoted name ends in */
	size_t n, len;
	uint32_t hash;
	char text[];
};

/* --- names --- */

static uint32_t
hash_name(struct weir_str name)
{
	uint32_t h = (uint32_t)name.len;

	for (size_t i = 0; i < name.len; i++)
		h = h * 31 + (unsigned char)name.s[i];
	return h;
}

/* What a name stands for, good as long as the event and the arena. */
static struct weir_str
name_of(struct weir_pairs *p, const struct weir_member *m)
{
	struct weir_str name = weir_member_name(m, &p->room);
	char *copy;

	if (!m->escaped)
		return name;
	copy = weir_arena_alloc(&p->arena, name.len + 1);
	memcpy(copy, name.s, name.len);
	return (struct weir_str){copy, name.len};
}

static void
learn_name(struct weir_pairs *p, struct weir_str name)
{
	p->names =
	    weir_grow(p->names, &p->cap, p->nnames + 1, sizeof *p->names);
	p->names[p->nnames++] =
	    (struct weir_pair_name){.name = name, .hash = hash_name(name)};
}

static void
learn_names(struct weir_pairs *p, struct weir_str event)
{
	const char *at = weir_members(event.s);
	struct weir_member m;

	p->nnames = 0;
	while (weir_member_next(&at, &m))
		learn_name(p, name_of(p, &m));
}

static bool
is_taken(const struct weir_pairs *p, struct weir_str name)
{
	uint32_t hash = hash_name(name);

	for (size_t i = 0; i < p->nnames; i++)
		if (p->names[i].hash == hash &&
		    weir_str_same(p->names[i].name, name))
			return true;
	return false;
}

/* Is it a field that right is joined by? */
static bool
is_key(const struct weir_pairs *p, struct weir_str name)
{
	const struct weir_keyset *keys = p->c.right_keys;

	for (size_t i = 0; i < keys->n; i++) {
		const struct weir_ast *ast = keys->items.items[i].expr;

		if (ast->kind == WEIR_AST_NAME &&
		    weir_str_same(ast->name, name))
			return true;
	}
	return false;
}

/* --- lists of names --- */

/* Which bit stands for what comes before the last quote of a name. */
static inline unsigned
end_bit(char last, char before)
{
	return ((unsigned char)last * 7u + (unsigned char)before) & 63;
}

static bool
is_list(const struct weir_pairs *p, const struct weir_pair_names *l)
{
	const char *s = l->text;

	if (l->n != p->nnames)
		return false;
	for (size_t i = 0; i < l->n; i++) {
		struct weir_str name = p->names[i].name;
		uint32_t len;

		memcpy(&len, s, sizeof len);
		s += sizeof len;
		if (len != name.len || memcmp(s, name.s, len) != 0)
			return false;
		s += len;
	}
	return true;
}

static struct weir_pair_names *
add_list(struct weir_pairs *p, size_t len, uint32_t hash)
{
	struct weir_pair_names *l = weir_malloc(sizeof *l + len);
	char *s = l->text;

	*l = (struct weir_pair_names){
	    .next = p->lists, .n = p->nnames, .len = len, .hash = hash};
	for (size_t i = 0; i < p->nnames; i++) {
		struct weir_str name = p->names[i].name;
		uint32_t n = (uint32_t)name.len;

		memcpy(s, &n, sizeof n);
		memcpy(s + sizeof n, name.s, n);
		s += sizeof n + n;
		if (n == 0)
			l->ends = UINT64_MAX;
		else
			l->ends |= UINT64_C(1) << end_bit(name.s[n - 1],
				       n > 1 ? name.s[n - 2] : '"');
	}
	p->lists = l;
	p->nlists++;
	return l;
}

/* The list of the names in hand; NULL if there are too many. */
static const struct weir_pair_names *
find_list(struct weir_pairs *p)
{
	struct weir_pair_names *l, **at;
	uint32_t hash = 0;
	size_t len = 0;

	for (size_t i = 0; i < p->nnames; i++) {
		hash = hash * 31 + p->names[i].hash;
		len += sizeof(uint32_t) + p->names[i].name.len;
	}
	for (at = &p->lists; (l = *at) != NULL; at = &l->next)
		if (l->hash == hash && is_list(p, l)) {
			*at = l->next;
			l->next = p->lists;
			p->lists = l;
			return l;
		}
	if (p->nlists == LISTS_MAX || p->nnames > NAMES_MAX || len > BYTES_MAX)
		return NULL;
	return add_list(p, len, hash);
}

void
weir_pairs_forget(struct weir_pairs *p)
{
	struct weir_pair_names *l;

	while ((l = p->lists) != NULL) {
		p->lists = l->next;
		free(l);
	}
}

/* --- the right event --- */

static void
add_field(struct weir_buf *out, const struct weir_member *m, const char *suffix)
{
	weir_buf_puts(out, ",\"");
	weir_buf_add(out, m->name.s, m->name.len);
	weir_buf_puts(out, suffix);
	weir_buf_puts(out, "\":");
	weir_buf_add(out, m->value.s, m->value.len);
}

void
weir_pairs_open(
    struct weir_pairs *p, struct weir_str right, struct weir_pair_right *out)
{
	const char *at = weir_members(right.s);
	struct weir_member m;
	struct weir_str name;

	if (p->arena.total > 0)
		weir_arena_reset(&p->arena);
	p->fields.len = 0;
	p->nnames = 0;
	while (weir_member_next(&at, &m)) {
		name = name_of(p, &m);
		if (is_key(p, name))
			continue;
		add_field(&p->fields, &m, "");
		learn_name(p, name);
	}
	*out = (struct weir_pair_right){.text = right,
	    .fields = {p->fields.data, p->fields.len},
	    .names = find_list(p)};
}

/* --- both --- */

/* Is there one of the names, in quotes, before the colon at s? */
static __attribute__((noinline)) bool
is_there(const struct weir_pair_names *l, const char *begin, const char *s)
{
	const char *text = l->text;
	uint32_t len;

	for (size_t i = 0; i < l->n; i++, text += len) {
		memcpy(&len, text, sizeof len);
		text += sizeof len;
		if ((size_t)(s - begin) >= len + 2 &&
		    s[-2 - (ptrdiff_t)len] == '"' &&
		    memcmp(s - 1 - len, text, len) == 0)
			return true;
	}
	return false;
}

/*
 * May one of the names be among the left event's? A name is followed by a
 * colon; one with blanks between, or with escapes, is not looked at closely.
 */
static bool
may_clash(const struct weir_pair_names *l, struct weir_str left)
{
	const char *end = left.s + left.len, *s;
	struct weir_scan_odd odd = {0};
	uint64_t ends = l->ends;

	/* The first byte is no colon. */
	for (const char *from = left.s + 1; from < end; from += 16)
		for (uint32_t m = weir_scan_names(from, &odd); m != 0;
		     m &= m - 1) {
			s = from + __builtin_ctz(m);
			if ((ends >> end_bit(s[-2], s[-3]) & 1) && s < end &&
			    is_there(l, left.s, s))
				return true;
		}
	return weir_scan_is_odd(&odd);
}

/* Names that both have: right's get a suffix. */
static void
write_clashing(struct weir_pairs *p, struct weir_str left,
    struct weir_str right, struct weir_buf *out)
{
	const char *at = weir_members(right.s);
	struct weir_member m;
	struct weir_str name;

	learn_names(p, left);
	while (weir_member_next(&at, &m)) {
		name = name_of(p, &m);
		if (!is_key(p, name))
			add_field(out, &m, is_taken(p, name) ? "_right" : "");
	}
}

/* Is there nothing but blanks between the bracket and s? */
static bool
is_empty(const char *s)
{
	do
		s--;
	while (*s == ' ' || *s == '\t' || *s == '\r');
	return *s == '{';
}

void
weir_pairs_fields(struct weir_pairs *p, struct weir_str left,
    const struct weir_pair_right *right, struct weir_buf *out)
{
	size_t len = left.len, at;

	while (left.s[len - 1] != '}')
		len--;
	weir_buf_add(out, left.s, len - 1);
	at = out->len;
	if (right->names == NULL || may_clash(right->names, left))
		write_clashing(p, left, right->text, out);
	else if (right->fields.len > 0)
		weir_buf_add(out, right->fields.s, right->fields.len);
	if (out->len > at && is_empty(out->data + at)) {
		out->len--;
		memmove(out->data + at, out->data + at + 1, out->len - at);
	}
	weir_buf_putc(out, '}');
}
