/*
 * The fields of two events side by side.
 *
 * Most events that are joined have the same names over and over. So for an
 * outline of left events and one of right events (json/outline.h) it is found
 * out once which of right's fields come out and under which names; and of two
 * such events pieces are copied. Others are taken apart name by name.
 */
#include "op/pair.h"

#include "base/mem.h"
#include "json/members.h"

#include <stdlib.h>
#include <string.h>

#define PLANS 64 /* a power of two */

enum { LEFT, RIGHT };

/* A name of an event: with its hash, for most comparisons fail. */
struct weir_pair_name {
	struct weir_str
	    name; /* what it stands for; in the arena or the event */
	uint32_t hash;
};

/* Text, and then a part of the right event: the values from first to last. */
struct piece {
	uint32_t text, len; /* of the plan's */
	uint32_t first, last;
};

/* What right events of an outline give beside left ones of another. */
struct weir_pair_plan {
	const struct weir_outline *left, *right; /* left NULL: beside nobody */
	bool clashes;				 /* with a name of left's */
	uint32_t n;
	struct piece piece[WEIR_OUTLINE_MAX];
	struct weir_buf text;
};

void
weir_pairs_learn(struct weir_pairs *p)
{
	p->outlines[LEFT] = weir_outlines_new();
	p->outlines[RIGHT] = weir_outlines_new();
}

void
weir_pairs_forget(struct weir_pairs *p)
{
	weir_outlines_free(p->outlines[LEFT]);
	weir_outlines_free(p->outlines[RIGHT]);
	for (size_t i = 0; p->plans != NULL && i < PLANS; i++)
		weir_buf_fini(&p->plans[i].text);
	free(p->plans);
	free(p->names);
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

static void
add_name(struct weir_buf *out, struct weir_str name, const char *suffix)
{
	weir_buf_puts(out, ",\"");
	weir_buf_add(out, name.s, name.len);
	weir_buf_puts(out, suffix);
	weir_buf_puts(out, "\":");
}

/* --- plans --- */

static bool
has_name(const struct weir_outline *o, struct weir_str name)
{
	for (; o != NULL; o = o->prev)
		if (weir_str_same(o->name, name))
			return true;
	return false;
}

/* What a member of right's gives. */
static void
plan_member(const struct weir_pairs *p, struct weir_pair_plan *plan,
    const struct weir_outline *m)
{
	bool clashes = has_name(plan->left, m->name);
	struct piece *last = plan->n > 0 ? &plan->piece[plan->n - 1] : NULL;
	struct piece *next = &plan->piece[plan->n];
	uint32_t i = m->n - 1;

	if (is_key(p, m->name))
		return;
	plan->clashes |= clashes;
	if (last != NULL && last->last + 1 == i && m->tight && !clashes) {
		last->last = i; /* as it stands */
		return;
	}
	*next = (struct piece){
	    .text = (uint32_t)plan->text.len, .first = i, .last = i};
	add_name(&plan->text, m->name, clashes ? "_right" : "");
	next->len = (uint32_t)plan->text.len - next->text;
	plan->n++;
}

static void
make_plan(const struct weir_pairs *p, struct weir_pair_plan *plan,
    const struct weir_outline *left, const struct weir_outline *right)
{
	const struct weir_outline *member[WEIR_OUTLINE_MAX];
	const struct weir_outline *m = right;

	plan->left = left;
	plan->right = right;
	plan->clashes = false;
	plan->n = 0;
	plan->text.len = 0;
	for (uint32_t i = right->n; i-- > 0; m = m->prev)
		member[i] = m;
	for (uint32_t i = 0; i < right->n; i++)
		plan_member(p, plan, member[i]);
}

static const struct weir_pair_plan *
find_plan(struct weir_pairs *p, const struct weir_outline *left,
    const struct weir_outline *right)
{
	uint32_t i = right->number + (left != NULL ? left->number * 7 : 0);
	struct weir_pair_plan *plan;

	if (p->plans == NULL)
		p->plans = weir_calloc(PLANS, sizeof *p->plans);
	plan = &p->plans[i & (PLANS - 1)];
	if (plan->left != left || plan->right != right)
		make_plan(p, plan, left, right);
	return plan;
}

/* Append the fields of the right event whose values' places are in hand. */
static void
write_planned(const struct weir_pairs *p, const struct weir_pair_plan *plan,
    size_t right_len, struct weir_buf *out)
{
	char *to = weir_buf_reserve(out, plan->text.len + right_len);

	for (uint32_t i = 0; i < plan->n; i++) {
		const struct piece *piece = &plan->piece[i];
		const char *begin = p->places[piece->first].begin;
		size_t len = (size_t)(p->places[piece->last].end - begin);

		memcpy(to, plan->text.data + piece->text, piece->len);
		memcpy(to + piece->len, begin, len);
		to += piece->len + len;
	}
	out->len = (size_t)(to - out->data);
}

/* --- name by name --- */

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
learn_names(struct weir_pairs *p, struct weir_str event)
{
	const char *at = weir_members(event.s);
	struct weir_member m;

	p->nnames = 0;
	while (weir_member_next(&at, &m)) {
		struct weir_str name = name_of(p, &m);

		p->names = weir_grow(
		    p->names, &p->cap, p->nnames + 1, sizeof *p->names);
		p->names[p->nnames++] = (struct weir_pair_name){
		    .name = name, .hash = hash_name(name)};
	}
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

/* Append right's fields; a name that is among those in hand gets a suffix. */
static void
write_each(struct weir_pairs *p, struct weir_str right, struct weir_buf *out)
{
	const char *at = weir_members(right.s);
	struct weir_member m;
	struct weir_str name;

	while (weir_member_next(&at, &m)) {
		name = name_of(p, &m);
		if (is_key(p, name))
			continue;
		add_name(out, m.name, is_taken(p, name) ? "_right" : "");
		weir_buf_add(out, m.value.s, m.value.len);
	}
}

/* --- the right event --- */

void
weir_pairs_open(
    struct weir_pairs *p, struct weir_str right, struct weir_pair_right *out)
{
	const struct weir_outline *r;

	if (p->arena.total > 0)
		weir_arena_reset(&p->arena);
	p->fields.len = 0;
	p->nnames = 0;
	r = weir_outline_read(p->outlines[RIGHT], right.s, p->places);
	if (r != NULL)
		write_planned(p, find_plan(p, NULL, r), right.len, &p->fields);
	else
		write_each(p, right, &p->fields);
	*out = (struct weir_pair_right){.text = right,
	    .fields = {p->fields.data, p->fields.len},
	    .outline = r};
}

/* One name of its fields. */
static void
want_name(struct weir_prover *prover, struct weir_str name,
    struct weir_pair_wanted *wanted)
{
	int slot = weir_prover_want(prover, &name, 1);
	uint32_t i;

	for (i = 0; i < wanted->n; i++)
		if (wanted->slot[i] == slot)
			return;
	if (slot == WEIR_NO_SLOT || wanted->n == WEIR_PAIR_NAMES)
		wanted->unknown = true;
	else
		wanted->slot[wanted->n++] = slot;
}

void
weir_pairs_want(const struct weir_pairs *p, const struct weir_pair_right *right,
    struct weir_prover *prover, struct weir_pair_wanted *wanted)
{
	const struct weir_outline *m = right->outline;

	wanted->unknown |= p->assign != NULL || p->c.nest ||
	    (m == NULL && right->fields.len > 0);
	if (m == wanted->last)
		return;
	wanted->last = m;
	for (; m != NULL && !wanted->unknown; m = m->prev)
		if (!is_key(p, m->name))
			want_name(prover, m->name, wanted);
}

/* --- both --- */

/* Append right's fields as they are beside a left event. */
static void
write_fields(struct weir_pairs *p, struct weir_str left,
    const struct weir_pair_right *right, struct weir_buf *out)
{
	const struct weir_outline *l, *r = right->outline;
	const struct weir_pair_plan *plan;

	l = weir_outline_read(p->outlines[LEFT], left.s, p->places);
	if (l != NULL && r != NULL && !find_plan(p, l, r)->clashes) {
		if (right->fields.len > 0)
			weir_buf_add(out, right->fields.s, right->fields.len);
		return;
	}
	if (l != NULL)
		r = weir_outline_read(
		    p->outlines[RIGHT], right->text.s, p->places);
	if (l != NULL && r != NULL) {
		plan = find_plan(p, l, r);
		write_planned(p, plan, right->text.len, out);
		return;
	}
	learn_names(p, left);
	write_each(p, right->text, out);
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

/* The left event without its end; returns where what follows begins. */
static size_t
begin_result(struct weir_str left, struct weir_buf *out)
{
	size_t len = left.len;

	while (left.s[len - 1] != '}')
		len--;
	weir_buf_add(out, left.s, len - 1);
	return out->len;
}

static void
end_result(struct weir_buf *out, size_t at)
{
	if (out->len > at && is_empty(out->data + at)) {
		out->len--;
		memmove(out->data + at, out->data + at + 1, out->len - at);
	}
	weir_buf_putc(out, '}');
}

void
weir_pairs_fields(struct weir_pairs *p, struct weir_str left,
    const struct weir_pair_right *right, struct weir_buf *out)
{
	size_t at = begin_result(left, out);

	write_fields(p, left, right, out);
	end_result(out, at);
}

void
weir_pairs_write_apart(struct weir_str left,
    const struct weir_pair_right *right, struct weir_buf *out)
{
	size_t at = begin_result(left, out);

	if (right->fields.len > 0)
		weir_buf_add(out, right->fields.s, right->fields.len);
	end_result(out, at);
}
