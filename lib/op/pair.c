#include "op/pair.h"

#include "base/mem.h"
#include "json/members.h"

#include <stdlib.h>
#include <string.h>

/* A name of the left event: with its hash, for most comparisons fail. */
struct weir_pair_name {
	struct weir_str
	    name; /* what it stands for; in the arena or the event */
	uint32_t hash;
};

static const char *const sides[] = {"left", "right"};

int
weir_pairs_init(struct weir_pairs *p, const struct weir_pairs_config *c,
    struct weir_error *err)
{
	struct weir_scope scope = {
	    .vars = sides, .nvars = 2, .no_fields = true};
	struct weir_assign_config assign = {.text = c->project,
	    .what = "--project",
	    .project = true,
	    .scope = scope};

	*p = (struct weir_pairs){.c = *c};
	if (c->project != NULL) {
		p->assign = weir_assign_new(&assign, err);
		if (p->assign == NULL)
			return -1;
	}
	if (c->where != NULL) {
		p->where = weir_expr_compile(
		    &scope, c->where, strlen(c->where), "--where", err);
		if (p->where == NULL)
			return -1;
	}
	return 1;
}

void
weir_pairs_fini(struct weir_pairs *p)
{
	weir_assign_free(p->assign);
	weir_expr_free(p->where);
	weir_arena_fini(&p->arena);
	weir_buf_fini(&p->room);
	free(p->names);
	*p = (struct weir_pairs){0};
}

static struct weir_value
event_value(struct weir_str event)
{
	if (event.s == NULL)
		return (struct weir_value){.kind = WEIR_ABSENT};
	return (struct weir_value){
	    .kind = WEIR_JSON, .aux = (uint32_t)event.len, .s = event.s};
}

int
weir_pairs_test(struct weir_pairs *p, struct weir_str left,
    struct weir_str right, struct weir_error *err)
{
	struct weir_value vars[2] = {event_value(left), event_value(right)};
	struct weir_row row = {.vars = vars};

	if (p->where == NULL)
		return 1;
	if (p->arena.total > 0)
		weir_arena_reset(&p->arena);
	return weir_expr_test(p->where, &row, &p->arena, err);
}

/* --- the fields of both --- */

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
learn_names(struct weir_pairs *p, struct weir_str left)
{
	const char *at = weir_members(left.s);
	struct weir_member m;
	struct weir_pair_name *n;

	p->nnames = 0;
	while (weir_member_next(&at, &m)) {
		p->names = weir_grow(
		    p->names, &p->cap, p->nnames + 1, sizeof *p->names);
		n = &p->names[p->nnames++];
		n->name = name_of(p, &m);
		n->hash = hash_name(n->name);
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
add_right(struct weir_pairs *p, const struct weir_member *m,
    struct weir_buf *out, bool first)
{
	struct weir_str name = name_of(p, m);
	static const char suffix[] = "_right";

	if (is_key(p, name))
		return;
	if (!first)
		weir_buf_putc(out, ',');
	weir_buf_putc(out, '"');
	weir_buf_add(out, m->name.s, m->name.len);
	if (is_taken(p, name))
		weir_buf_add(out, suffix, sizeof suffix - 1);
	weir_buf_puts(out, "\":");
	weir_buf_add(out, m->value.s, m->value.len);
}

static void
write_fields(struct weir_pairs *p, struct weir_str left, struct weir_str right,
    struct weir_buf *out)
{
	const char *at = weir_members(right.s);
	struct weir_member m;
	size_t len = left.len;

	learn_names(p, left);
	while (left.s[len - 1] != '}')
		len--;
	weir_buf_add(out, left.s, len - 1);
	while (weir_member_next(&at, &m))
		add_right(p, &m, out,
		    p->nnames == 0 && out->data[out->len - 1] == '{');
	weir_buf_putc(out, '}');
}

/* --- the forms of results --- */

static void
write_side(struct weir_buf *out, const char *name, struct weir_str event)
{
	weir_buf_puts(out, name);
	if (event.s == NULL)
		weir_buf_puts(out, "null");
	else
		weir_buf_add(out, event.s, event.len);
}

static int
project(struct weir_pairs *p, struct weir_str left, struct weir_str right,
    struct weir_buf *out, struct weir_error *err)
{
	struct weir_value vars[2] = {event_value(left), event_value(right)};
	struct weir_row row = {.vars = vars};

	return weir_assign_apply(p->assign, &row, &p->arena, out, err);
}

int
weir_pairs_write(struct weir_pairs *p, struct weir_str left,
    struct weir_str right, struct weir_buf *out, struct weir_error *err)
{
	if (p->arena.total > 0)
		weir_arena_reset(&p->arena);
	if (p->assign != NULL)
		return project(p, left, right, out, err);
	if (p->c.nest) {
		write_side(out, "{\"left\":", left);
		write_side(out, ",\"right\":", right);
		weir_buf_putc(out, '}');
	} else if (left.s == NULL || right.s == NULL) {
		left = left.s == NULL ? right : left;
		weir_buf_add(out, left.s, left.len);
	} else {
		write_fields(p, left, right, out);
	}
	return 1;
}
