#include "op/sjoin_bound.h"

#include "expr/ast.h"

#include <stdlib.h>
#include <string.h>

static const char *const sides[] = {"left", "right"};

/* While the condition is taken apart. */
struct reading {
	struct weir_bounds *b;
	const struct weir_sjoin_config *c;
	struct weir_buf field[2]; /* "left.ts", as text; empty: no field */
	struct weir_buf text;	  /* scratch */
	struct weir_error *err;
};

/* --- terms --- */

/* Of which side alone a term tells; -1: of both, or none. */
static int
note_side(void *arg, struct weir_str name)
{
	bool *seen = arg;

	for (int side = WEIR_LEFT; side <= WEIR_RIGHT; side++)
		if (weir_str_eq(name, sides[side]))
			seen[side] = true;
	return 0;
}

static int
side_of(const struct weir_ast *ast)
{
	bool seen[2] = {false, false};

	weir_ast_names(ast, note_side, seen);
	if (seen[WEIR_LEFT] == seen[WEIR_RIGHT])
		return -1;
	return seen[WEIR_LEFT] ? WEIR_LEFT : WEIR_RIGHT;
}

/* Whose time field it is, as it stands or as timestamp(it); -1: nobody's. */
static int
time_of(struct reading *r, const struct weir_ast *ast)
{
	struct weir_str name;
	size_t nargs;

	if (weir_ast_is_call(ast, &name, &nargs) && nargs == 1 &&
	    weir_str_eq(name, "timestamp"))
		ast = weir_ast_arg(ast, 0);
	r->text.len = 0;
	weir_ast_print(ast, &r->text);
	for (int side = WEIR_LEFT; side <= WEIR_RIGHT; side++)
		if (r->field[side].len > 0 &&
		    weir_str_same((struct weir_str){r->text.data, r->text.len},
			(struct weir_str){
			    r->field[side].data, r->field[side].len}))
			return side;
	return -1;
}

/* duration("5m"), or of a time that is a number, one: 1 with it in *ns. */
static int
length_of(const struct reading *r, const struct weir_ast *ast, int64_t *ns)
{
	struct weir_value v;
	struct weir_str name;
	size_t nargs;
	int64_t sec;
	int32_t nanos;

	if (weir_ast_is_call(ast, &name, &nargs) && nargs == 1 &&
	    weir_str_eq(name, "duration"))
		return weir_ast_is_const(weir_ast_arg(ast, 0), &v) &&
		    v.kind == WEIR_STRING &&
		    weir_cel_duration_read(v.s, v.aux, &sec, &nanos) &&
		    !__builtin_mul_overflow(sec, INT64_C(1000000000), ns) &&
		    !__builtin_add_overflow(*ns, nanos, ns);
	return weir_ast_is_const(ast, &v) && v.kind == WEIR_INT &&
	    r->c->time_unit >= 0 &&
	    weir_time_from_int(v.i, (enum weir_time_unit)r->c->time_unit, ns);
}

/* Is it that side's time and a constant on top? 1 with that in *ns. */
static int
offset_of(struct reading *r, const struct weir_ast *ast, int side, int64_t *ns)
{
	bool minus = ast->kind == WEIR_AST_BINARY && ast->op == WEIR_OP_SUB;

	*ns = 0;
	if (time_of(r, ast) == side)
		return 1;
	if (ast->kind != WEIR_AST_BINARY || (ast->op != WEIR_OP_ADD && !minus))
		return 0;
	if (time_of(r, ast->kids[0]) == side && length_of(r, ast->kids[1], ns))
		*ns = minus ? -*ns : *ns;
	else if (minus || time_of(r, ast->kids[1]) != side ||
	    !length_of(r, ast->kids[0], ns))
		return 0;
	return *ns > -WEIR_TIME_MAX && *ns < WEIR_TIME_MAX;
}

/* --- bounds --- */

/* right.time - left.time is at least (most) by. */
static void
narrow(struct weir_bounds *b, bool least, int64_t by)
{
	if (least && by > b->lo)
		b->lo = by;
	if (!least && by < b->hi)
		b->hi = by;
}

/* The time of a side is at least (most) what the term gives. */
static int
bound(struct reading *r, int side, bool least, const struct weir_ast *term)
{
	const struct weir_scope scope = {
	    .vars = sides, .nvars = 2, .no_fields = true};
	struct weir_bounds *b = r->b;
	const char *where = r->c->where;
	struct weir_expr *x;
	int64_t by;

	if (side_of(term) != !side)
		return 1;
	if (offset_of(r, term, !side, &by)) {
		if (side == WEIR_RIGHT)
			narrow(b, least, by);
		else
			narrow(b, !least, -by);
		return 1;
	}
	if (least || b->n[!side] == WEIR_BOUNDS_MAX)
		return 1;
	x = weir_expr_compile_ast(
	    &scope, term, where, strlen(where), "--where", r->err);
	if (x == NULL)
		return -1;
	b->until[!side][b->n[!side]++] = x;
	return 1;
}

static int
read_part(struct reading *r, const struct weir_ast *ast)
{
	const struct weir_ast *low, *high;
	int side;

	if (ast->kind == WEIR_AST_AND) {
		for (uint32_t i = 0; i < ast->n; i++)
			if (read_part(r, ast->kids[i]) < 0)
				return -1;
		return 1;
	}
	if (ast->kind != WEIR_AST_BINARY || ast->op < WEIR_OP_LT ||
	    ast->op > WEIR_OP_GE)
		return 1;
	low = ast->kids[ast->op == WEIR_OP_GT || ast->op == WEIR_OP_GE];
	high = ast->kids[ast->op == WEIR_OP_LT || ast->op == WEIR_OP_LE];
	side = time_of(r, low);
	if (side >= 0 && bound(r, side, false, high) < 0)
		return -1;
	side = time_of(r, high);
	return side >= 0 ? bound(r, side, true, low) : 1;
}

/* The time field of a side, as --where would name it. */
static int
read_field(struct reading *r, int side)
{
	const struct weir_scope scope = {
	    .vars = sides, .nvars = 2, .no_fields = true};
	const char *time = r->c->time[side];
	struct weir_buf *field = &r->field[side];
	const struct weir_ast *ast, *at;

	if (time == NULL)
		return 1;
	ast = at =
	    weir_ast_parse(&r->b->tree, time, strlen(time), "-t", r->err);
	if (ast == NULL)
		return -1;
	while (at->kind == WEIR_AST_SELECT)
		at = at->kids[0];
	if (at->kind != WEIR_AST_NAME)
		return 1;
	weir_buf_printf(field, "%s.", sides[side]);
	weir_ast_print(ast, field);
	r->b->time[side] =
	    weir_expr_compile(&scope, field->data, field->len, "-t", r->err);
	return r->b->time[side] != NULL ? 1 : -1;
}

int
weir_bounds_init(struct weir_bounds *b, const struct weir_sjoin_config *c,
    struct weir_error *err)
{
	struct reading r = {.b = b, .c = c, .err = err};
	const struct weir_ast *ast;
	int rc = 1;

	b->lo = -WEIR_TIME_MAX;
	b->hi = WEIR_TIME_MAX;
	b->unit = c->time_unit;
	b->format = c->time_format;
	if (c->where == NULL)
		return 1;
	if (read_field(&r, WEIR_LEFT) < 0 || read_field(&r, WEIR_RIGHT) < 0)
		rc = -1;
	ast = rc > 0 ? weir_ast_parse(
			   &b->tree, c->where, strlen(c->where), "--where", err)
		     : NULL;
	if (ast == NULL || read_part(&r, ast) < 0)
		rc = -1;
	weir_buf_fini(&r.field[WEIR_LEFT]);
	weir_buf_fini(&r.field[WEIR_RIGHT]);
	weir_buf_fini(&r.text);
	return rc;
}

void
weir_bounds_fini(struct weir_bounds *b)
{
	for (int side = WEIR_LEFT; side <= WEIR_RIGHT; side++) {
		for (size_t i = 0; i < b->n[side]; i++)
			weir_expr_free(b->until[side][i]);
		weir_expr_free(b->time[side]);
	}
	weir_arena_fini(&b->tree);
	weir_arena_fini(&b->arena);
	*b = (struct weir_bounds){.lo = 0};
}

/* --- times of events --- */

/*
 * Text that is a time but for its year: the ends of time. What says "for ever"
 * says it with a year like 9999.
 */
static int
read_far(const char *s, size_t len, int64_t *ns)
{
	struct weir_time_cache cache = {.base_s = 0};
	char text[WEIR_TIME_TEXT * 2];
	bool future = s[0] >= '2';

	if (len < 10 || len > sizeof text)
		return 0;
	memcpy(text, s, len);
	memcpy(text, "2000", 4);
	if (s[4] != '-' || strspn(s, "0123456789") != 4 ||
	    !weir_time_read(&cache, text, len, ns))
		return 0;
	*ns = future ? WEIR_TIME_MAX : WEIR_TIME_NONE;
	return 1;
}

static int
read_text(struct weir_bounds *b, const char *s, size_t len, int64_t *ns)
{
	int local;

	if (b->format != NULL)
		return weir_time_read_format(b->format, s, len, &local, ns);
	return weir_time_read(&b->cache, s, len, ns) || read_far(s, len, ns);
}

static int
from_number(const struct weir_value *v, enum weir_time_unit unit, int64_t *ns)
{
	double d = v->kind == WEIR_INT ? (double)v->i
	    : v->kind == WEIR_UINT     ? (double)v->u
				       : v->d;

	if (v->kind == WEIR_INT ? weir_time_from_int(v->i, unit, ns)
				: weir_time_from_double(d, unit, ns))
		return 1;
	*ns = d > 0 ? WEIR_TIME_MAX : WEIR_TIME_NONE;
	return d == d;
}

/* Numbers count what the event's own time does. */
static enum weir_time_unit
find_unit(struct weir_bounds *b, const struct weir_value *own, int64_t time,
    const struct weir_value *v)
{
	int64_t ns;

	for (int unit = WEIR_S; b->unit < 0 && unit <= WEIR_NS; unit++)
		if (time != 0 &&
		    (own->kind == WEIR_INT || own->kind == WEIR_DOUBLE) &&
		    from_number(own, (enum weir_time_unit)unit, &ns) &&
		    ns == time)
			b->unit = unit;
	if (b->unit >= 0)
		return (enum weir_time_unit)b->unit;
	return weir_time_guess_unit(v->kind == WEIR_INT ? (double)v->i : v->d);
}

static int
eval(struct weir_bounds *b, const struct weir_expr *x, int side,
    struct weir_str event, struct weir_value *v, struct weir_error *err)
{
	struct weir_value vars[2] = {
	    {.kind = WEIR_ABSENT}, {.kind = WEIR_ABSENT}};
	struct weir_row row = {.vars = vars};

	v->kind = WEIR_ABSENT;
	vars[side] = (struct weir_value){
	    .kind = WEIR_JSON, .aux = (uint32_t)event.len, .s = event.s};
	return weir_expr_eval(x, &row, &b->arena, v, err);
}

static int
time_from(struct weir_bounds *b, int side, struct weir_str event, int64_t time,
    const struct weir_value *v, int64_t *ns, struct weir_error *err)
{
	struct weir_value own = {.kind = WEIR_ABSENT};
	struct weir_error unused;

	switch ((enum weir_kind)v->kind) {
	case WEIR_ABSENT:
	case WEIR_NULL: *ns = WEIR_TIME_NONE; return 1;
	case WEIR_TIMESTAMP:
		if (!weir_time_join(v->i, v->aux, ns))
			*ns = v->i > 0 ? WEIR_TIME_MAX : WEIR_TIME_NONE;
		return 1;
	case WEIR_STRING:
		if (read_text(b, v->s, v->aux, ns))
			return 1;
		break;
	case WEIR_INT:
	case WEIR_UINT:
	case WEIR_DOUBLE:
		if (b->unit < 0 && b->time[side] != NULL)
			eval(b, b->time[side], side, event, &own, &unused);
		if (from_number(v, find_unit(b, &own, time, v), ns))
			return 1;
		break;
	default: break;
	}
	return weir_fail(err, WEIR_INPUT,
	    "--where: what bounds the time of a match is not a time");
}

int
weir_bounds_until(struct weir_bounds *b, int side, struct weir_str event,
    int64_t time, int64_t *last, struct weir_error *err)
{
	struct weir_value v;
	int64_t ns;

	for (size_t i = 0; i < b->n[side]; i++) {
		if (b->arena.total > 0)
			weir_arena_reset(&b->arena);
		if (eval(b, b->until[side][i], side, event, &v, err) < 0 ||
		    time_from(b, side, event, time, &v, &ns, err) < 0)
			return -1;
		if (ns < *last)
			*last = ns;
	}
	return 1;
}
