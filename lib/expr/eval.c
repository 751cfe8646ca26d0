/*
 * The evaluator: one switch over instructions.
 */
#include "expr/code.h"

#include "base/num.h"
#include "expr/loop.h"
#include "expr/ops.h"
#include "expr/opt.h"

#include <string.h>

#define FRAME 64 /* values; a deeper frame goes into the arena */

/* Of a field's text as it stands in the event. */
static inline struct weir_str
field_text(const struct weir_env *env, const struct weir_field *f)
{
	const struct weir_slot *slot = &env->row->slots[f->slot];

	return (struct weir_str){env->row->text + slot->off, slot->len};
}

/*
 * What a field that is not there gives: absent, but where a value on the way to
 * it is neither a map nor null, that is an error.
 */
static struct weir_value
missing_field(
    struct weir_env *env, const struct weir_expr *x, const struct weir_field *f)
{
	const struct weir_field *up;
	struct weir_value v;
	struct weir_str s, type;

	if (env->row->len == 0 && f->type != WEIR_EXPR_NONE)
		return x->consts[f->type];
	if (env->row->slots == NULL)
		return (struct weir_value){.kind = WEIR_ABSENT};
	while (f->parent != WEIR_EXPR_NONE) {
		up = &x->fields[f->parent];
		s = field_text(env, up);
		if (s.len == 0) {
			f = up;
			continue;
		}
		if (*s.s == '{' || *s.s == 'n')
			break;
		v = weir_value_read(s.s, s.len, env->arena);
		type = weir_type_name(v);
		return v.kind == WEIR_ERROR
		    ? v
		    : weir_error_value(env,
			  "no such overload: field of %.*s (it is no map)",
			  (int)type.len, type.s);
	}
	return (struct weir_value){.kind = WEIR_ABSENT};
}

static inline struct weir_value
load_field(struct weir_env *env, const struct weir_expr *x, uint32_t index)
{
	const struct weir_field *f = &x->fields[index];
	const struct weir_dotted *d;
	struct weir_str s;
	int64_t i;

	if (env->row->slots == NULL)
		return missing_field(env, x, f);
	if (__builtin_expect(f->ndotted != 0, 0) &&
	    (d = weir_dotted_find(x, f, env->row->slots)) != NULL)
		return weir_dotted_load(env, x, d);
	s = field_text(env, f);
	if (s.len == 0)
		return missing_field(env, x, f);
	if ((unsigned char)*s.s <= '9' && *s.s != '"' &&
	    weir_value_small_int(s.s, s.len, &i))
		return weir_int(i);
	return weir_value_read(s.s, s.len, env->arena);
}

static inline bool
holds(enum weir_op op, int c)
{
	switch (op) {
	case WEIR_OP_EQ: return c == 0;
	case WEIR_OP_NE: return c != 0;
	case WEIR_OP_LT: return c < 0;
	case WEIR_OP_LE: return c <= 0;
	case WEIR_OP_GT: return c > 0;
	default: return c >= 0;
	}
}

/* A constant that a double can be compared with as a double: 1, else 0. */
static inline int
as_double(struct weir_value c, double *d)
{
	*d = c.kind == WEIR_DOUBLE ? c.d : (double)c.i;
	return (c.kind == WEIR_DOUBLE && c.d == c.d) ||
	    (c.kind == WEIR_INT && c.i > -(INT64_C(1) << 53) &&
		c.i < INT64_C(1) << 53);
}

/* A field against a number: most are small ints on both sides. */
static inline struct weir_value
field_number(
    struct weir_env *env, const struct weir_expr *x, const struct weir_insn *in)
{
	struct weir_value v = load_field(env, x, in->a), c = x->consts[in->b];
	double d, f;

	if (v.kind == WEIR_INT && c.kind == WEIR_INT)
		return weir_bool(
		    holds((enum weir_op)in->n, (v.i > c.i) - (v.i < c.i)));
	if ((v.kind != WEIR_INT && v.kind != WEIR_DOUBLE) || !as_double(c, &d))
		return weir_op_binary(env, (enum weir_op)in->n, v, c);
	f = v.kind == WEIR_INT ? (double)v.i : v.d;
	return weir_bool(holds((enum weir_op)in->n, (f > d) - (f < d)));
}

/*
 * A field == or != a string. The field's text is compared as it stands, if it
 * has no escapes.
 */
static inline struct weir_value
field_string(
    struct weir_env *env, const struct weir_expr *x, const struct weir_insn *in)
{
	struct weir_value c = x->consts[in->b], v;
	const struct weir_field *f = &x->fields[in->a];
	struct weir_str s = {0};
	bool same;

	if (env->row->slots != NULL &&
	    (f->ndotted == 0 ||
		weir_dotted_find(x, f, env->row->slots) == NULL))
		s = field_text(env, f);
	if (s.len != 0 && *s.s == '"' && memchr(s.s, '\\', s.len) == NULL) {
		same = s.len == (size_t)c.aux + 2 &&
		    memcmp(s.s + 1, c.s, c.aux) == 0;
		return weir_bool(same == (in->n == WEIR_OP_EQ));
	}
	v = load_field(env, x, in->a);
	return weir_op_binary(env, (enum weir_op)in->n, v, c);
}

static struct weir_value
has_field(
    struct weir_env *env, const struct weir_expr *x, const struct weir_insn *in)
{
	const struct weir_field *f = &x->fields[in->a];
	const struct weir_dotted *d;
	struct weir_value v;

	if (env->row->slots == NULL)
		return weir_bool(false);
	d = weir_dotted_find(x, f, env->row->slots);
	if (d == NULL && field_text(env, f).len != 0)
		return weir_bool(true);
	v = d != NULL ? weir_dotted_load(env, x, d) : missing_field(env, x, f);
	return v.kind == WEIR_ERROR ? v : weir_bool(v.kind != WEIR_ABSENT);
}

static struct weir_value
whole_event(struct weir_env *env)
{
	const char *s = env->row->text, *end = s + env->row->len;

	while (s < end && (*s == ' ' || *s == '\t' || *s == '\r'))
		s++;
	while (end > s && (unsigned char)end[-1] <= ' ')
		end--;
	return weir_value_read(s, (size_t)(end - s), env->arena);
}

/* Most arithmetic is on numbers. */
static inline struct weir_value
binary(struct weir_env *env, enum weir_op op, struct weir_value a,
    struct weir_value b)
{
	if (a.kind == WEIR_INT && b.kind == WEIR_INT) {
		if (op >= WEIR_OP_EQ && op <= WEIR_OP_GE)
			return weir_bool(holds(op, (a.i > b.i) - (a.i < b.i)));
		if (op <= WEIR_OP_MOD)
			return weir_arith(env, op, a, b);
	} else if (op <= WEIR_OP_MOD && a.kind >= WEIR_INT &&
	    a.kind <= WEIR_DOUBLE && b.kind >= WEIR_INT &&
	    b.kind <= WEIR_DOUBLE) {
		return weir_arith(env, op, a, b);
	}
	return weir_op_binary(env, op, a, b);
}

static struct weir_value
call(struct weir_env *env, const struct weir_expr *x,
    const struct weir_insn *in, const struct weir_value *args)
{
	const struct weir_func *f = x->funcs[in->a];
	struct weir_call c = {f, args, in->n, NULL};
	struct weir_value full;
	bool absent = false;
	size_t i, long_text = 0;

	for (i = 0; i < c.n && !(f->flags & WEIR_F_LAX); i++) {
		if (args[i].kind == WEIR_ERROR)
			return args[i];
		absent |= args[i].kind == WEIR_ABSENT;
		if (args[i].kind == WEIR_STRING)
			long_text += args[i].aux;
	}
	/* In a loop, going through long strings is work, too. */
	if (long_text > 1024 && !weir_spend(env, long_text / 1024, &full))
		return full;
	if (absent)
		return (struct weir_value){.kind = WEIR_ABSENT};
	if (in->b != WEIR_EXPR_NONE)
		c.regex = x->regexes[in->b];
	/* cppcheck-suppress returnDanglingLifetime ; a value, copied */
	return f->fn(env, &c);
}

static struct weir_value
run(struct weir_env *env, const struct weir_expr *x, struct weir_value *frame)
{
	struct weir_value *top = frame + x->locals; /* first free one */
	const struct weir_insn *in = x->code;

	for (;; in++) {
		switch ((enum weir_opcode)in->op) {
		case WEIR_I_RETURN: return top[-1];
		case WEIR_I_CONST: *top++ = x->consts[in->a]; break;
		case WEIR_I_FIELD: *top++ = load_field(env, x, in->a); break;
		case WEIR_I_EVENT: *top++ = whole_event(env); break;
		case WEIR_I_VAR: *top++ = env->row->vars[in->a]; break;
		case WEIR_I_LOCAL: *top++ = frame[in->a]; break;
		case WEIR_I_HAS_FIELD: *top++ = has_field(env, x, in); break;
		case WEIR_I_HAS:
			top[-1] = weir_op_has(env, top[-1], x->consts[in->a]);
			break;
		case WEIR_I_SELECT:
			top[-1] =
			    weir_op_select(env, top[-1], x->consts[in->a]);
			break;
		case WEIR_I_INDEX:
			top--;
			top[-1] = weir_op_index(env, top[-1], top[0]);
			break;
		case WEIR_I_UNARY:
			top[-1] =
			    weir_op_unary(env, (enum weir_op)in->n, top[-1]);
			break;
		case WEIR_I_BINARY:
			top--;
			top[-1] =
			    binary(env, (enum weir_op)in->n, top[-1], top[0]);
			break;
		case WEIR_I_FIELD_NUMBER:
			*top++ = field_number(env, x, in);
			break;
		case WEIR_I_FIELD_STRING:
			*top++ = field_string(env, x, in);
			break;
		case WEIR_I_AND_JUMP:
			if (top[-1].kind == WEIR_BOOL && !top[-1].b)
				in = x->code + in->a - 1;
			break;
		case WEIR_I_AND:
			top--;
			top[-1] = weir_op_and(env, top[-1], top[0]);
			break;
		case WEIR_I_OR_JUMP:
			if (top[-1].kind == WEIR_BOOL && top[-1].b)
				in = x->code + in->a - 1;
			break;
		case WEIR_I_OR:
			top--;
			top[-1] = weir_op_or(env, top[-1], top[0]);
			break;
		case WEIR_I_BRANCH:
			if (top[-1].kind != WEIR_BOOL) {
				top[-1] = weir_op_no_condition(env, top[-1]);
				in = x->code + in->b - 1;
			} else if (!(--top)->b) {
				in = x->code + in->a - 1;
			}
			break;
		case WEIR_I_JUMP: in = x->code + in->a - 1; break;
		case WEIR_I_CALL:
			top -= in->n;
			*top = call(env, x, in, top);
			top++;
			break;
		case WEIR_I_LIST:
			top -= in->n;
			*top = weir_op_list(env, top, in->n);
			top++;
			break;
		case WEIR_I_MAP:
			top -= 2 * in->n;
			*top = weir_op_map(env, top, in->n);
			top++;
			break;
		case WEIR_I_MAYBE:
			top[-1] = weir_opt_maybe(env, top[-1]);
			break;
		case WEIR_I_SET_LOCAL: frame[in->a] = *--top; break;
		case WEIR_I_LOOP_BEGIN:
			if (weir_loop_begin(env, top - 1, frame + in->a))
				top--;
			else
				in = x->code + in->b - 1;
			break;
		case WEIR_I_LOOP_NEXT:
			if (!weir_loop_next(env, in->n, frame + in->a))
				in = x->code + in->b - 1;
			break;
		case WEIR_I_LOOP_IF:
			if (!weir_loop_guard(env, frame + in->a, *--top))
				in = x->code + in->b - 1;
			break;
		case WEIR_I_LOOP_STEP:
			top--;
			if (weir_loop_step(env, in->n, frame + in->a, *top))
				in = x->code + in->b - 1;
			break;
		case WEIR_I_LOOP_END:
			*top++ = weir_loop_end(env, in->n, frame + in->a);
			break;
		case WEIR_I_OPT_SELECT:
			top[-1] =
			    weir_opt_select(env, top[-1], x->consts[in->a]);
			break;
		case WEIR_I_OPT_INDEX:
			top--;
			top[-1] = weir_opt_index(env, top[-1], top[0]);
			break;
		case WEIR_I_OPT_BEGIN:
			if (weir_opt_begin(env, top - 1, &frame[in->a]))
				top--;
			else
				in = x->code + in->b - 1;
			break;
		case WEIR_I_OPT_WRAP:
			top[-1] = weir_opt_of(env, top[-1]);
			break;
		}
	}
}

struct weir_value
weir_eval(const struct weir_expr *x, const struct weir_row *row,
    struct weir_arena *arena)
{
	struct weir_env env = {row, arena, WEIR_EVAL_STEPS, x->zones};
	struct weir_value small[FRAME], *frame = small;

	if (x->stack > FRAME)
		frame = weir_arena_alloc(arena, x->stack * sizeof *frame);
	return run(&env, x, frame);
}
