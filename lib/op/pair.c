#include "op/pair.h"

#include <string.h>

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
	weir_pairs_learn(p);
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
	weir_buf_fini(&p->fields);
	weir_pairs_forget(p);
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
	struct weir_pair_right r = {.text = right};

	return weir_pairs_write_open(p, left, &r, out, err);
}

int
weir_pairs_write_open(struct weir_pairs *p, struct weir_str left,
    const struct weir_pair_right *right, struct weir_buf *out,
    struct weir_error *err)
{
	if (p->arena.total > 0)
		weir_arena_reset(&p->arena);
	if (p->assign != NULL)
		return project(p, left, right->text, out, err);
	if (p->c.nest) {
		write_side(out, "{\"left\":", left);
		write_side(out, ",\"right\":", right->text);
		weir_buf_putc(out, '}');
	} else if (left.s == NULL || right->text.s == NULL) {
		left = left.s == NULL ? right->text : left;
		weir_buf_add(out, left.s, left.len);
	} else {
		weir_pairs_fields(p, left, right, out);
	}
	return 1;
}
