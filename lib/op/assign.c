#include "op/assign.h"

#include "json/members.h"
#include "op/assign_impl.h"

#include <string.h>

/* A value as it comes out: optionals are what they hold. */
static struct weir_value
plain(struct weir_value v)
{
	while (v.kind == WEIR_OPTIONAL) {
		if (v.opt == NULL)
			return (struct weir_value){.kind = WEIR_ABSENT};
		v = *v.opt;
	}
	return v;
}

/* The text of a field of the event, as a value that is written as it stands. */
static inline struct weir_value
slot_text(const struct weir_row *row, int slot)
{
	const struct weir_slot *s;

	if (row->slots == NULL || slot == WEIR_NO_SLOT)
		return (struct weir_value){.kind = WEIR_ABSENT};
	s = &row->slots[slot];
	return (struct weir_value){.kind = s->len > 0 ? WEIR_JSON : WEIR_ABSENT,
	    .aux = s->len,
	    .s = row->text + s->off};
}

/* Such text as expressions see it. */
static struct weir_value
read_text(struct weir_value v, struct weir_arena *arena)
{
	return v.kind == WEIR_JSON ? weir_value_read(v.s, v.aux, arena) : v;
}

/* What is in a->inner, in the arena, with what skipping needs behind it. */
static struct weir_value
keep_inner(struct weir_assign *a, struct weir_arena *arena)
{
	size_t len = a->inner.len;
	char *p = weir_arena_alloc(arena, len + WEIR_PAD);

	memcpy(p, a->inner.data, len);
	memset(p + len, 0, WEIR_PAD);
	return (struct weir_value){
	    .kind = WEIR_JSON, .aux = (uint32_t)len, .s = p};
}

/* A value, perhaps absent, as text in the arena. */
static struct weir_value
write_text(struct weir_assign *a, struct weir_value v, struct weir_arena *arena)
{
	v = plain(v);
	if (v.kind == WEIR_ABSENT)
		return v;
	a->inner.len = 0;
	weir_value_write(&a->inner, v);
	return keep_inner(a, arena);
}

/* The last member of that name in the object at text. */
static struct weir_value
find_member(struct weir_assign *a, const char *text, struct weir_str name)
{
	struct weir_value v = {.kind = WEIR_ABSENT};
	const char *at = weir_members(text);
	struct weir_member m;
	struct weir_str is;

	while (weir_member_next(&at, &m)) {
		is = weir_member_name(&m, &a->room);
		if (is.len == name.len && memcmp(is.s, name.s, is.len) == 0)
			v = (struct weir_value){.kind = WEIR_JSON,
			    .aux = (uint32_t)m.value.len,
			    .s = m.value.s};
	}
	return v;
}

/* An assignment inside a field, or a removal there. */
struct inside {
	struct weir_assign *a;
	const struct weir_step *step;
	struct weir_arena *arena;
	struct weir_value v; /* absent: remove */
	struct weir_error *err;
};

static int
no_object(const struct inside *in, size_t i)
{
	const char *target = in->a->targets[in->step->target].name;
	struct weir_str name = in->step->path[i], outer = weir_str(target);

	if (i > 0)
		outer = in->step->path[i - 1];
	return weir_fail(in->err, WEIR_INPUT,
	    "cannot set %.*s in %.*s: that is no object", (int)name.len, name.s,
	    (int)outer.len, outer.s);
}

/*
 * What becomes of old (text, or absent) when the path from its name i on is
 * set or removed in it: text in the arena; absent if nothing changes. Recursion
 * goes as deep as the path.
 */
static int
set_inside(const struct inside *in, struct weir_value old, size_t i,
    struct weir_value *out)
{
	const struct weir_step *step = in->step;
	struct weir_edit edit = {
	    .name = step->path[i], .key = step->keys[i], .value = in->v};
	bool remove = in->v.kind == WEIR_ABSENT;

	*out = (struct weir_value){.kind = WEIR_ABSENT};
	if (old.kind != WEIR_JSON || *old.s != '{') {
		if (remove)
			return 1;
		if (old.kind == WEIR_JSON && *old.s != 'n')
			return no_object(in, i);
		old.s = "{}";
	}
	if (i + 1 < step->depth || remove)
		edit.value = find_member(in->a, old.s, edit.name);
	if (i + 1 < step->depth) {
		old.kind = WEIR_JSON;
		if (set_inside(in, edit.value, i + 1, &edit.value) < 0)
			return -1;
	}
	if (edit.value.kind == WEIR_ABSENT)
		return 1;
	if (i + 1 == step->depth)
		edit.value = in->v;
	in->a->inner.len = 0;
	weir_json_edit(&in->a->inner, old.s, &edit, 1, &in->a->room);
	*out = keep_inner(in->a, in->arena);
	return 1;
}

/* A step that changes something inside of its target. */
static int
change(const struct inside *in, const struct weir_row *row)
{
	struct weir_assign *a = in->a;
	const struct weir_target *t = &a->targets[in->step->target];
	struct weir_value *value = &a->edits[in->step->target].value;
	struct weir_value *var = &a->vars[a->nvars + in->step->target], now;

	if (value->kind != WEIR_ABSENT)
		now = write_text(a, *value, in->arena);
	else if (a->project)
		now = *value;
	else
		now = slot_text(row, t->slot);
	if (set_inside(in, now, 0, &now) < 0)
		return -1;
	if (now.kind == WEIR_ABSENT)
		return 1;
	*value = now;
	if (!t->seen)
		return 1;
	/* Others see what the event's field has beside, even if projecting. */
	now = write_text(a, *var, in->arena);
	if (set_inside(in, now, 0, &now) < 0)
		return -1;
	*var = now;
	return 1;
}

/* A value for what is inside a target. */
static int
assign_inside(struct weir_assign *a, const struct weir_step *step,
    const struct weir_row *row, struct weir_value v, struct weir_arena *arena,
    struct weir_error *err)
{
	struct inside in = {a, step, arena, plain(v), err};

	return in.v.kind == WEIR_ABSENT ? 1 : change(&in, row);
}

/* An expression's value for its target. */
static inline int
evaluate(struct weir_assign *a, const struct weir_step *step,
    const struct weir_row *row, struct weir_arena *arena,
    struct weir_error *err)
{
	struct weir_value v;
	int rc = weir_expr_eval(step->expr, row, arena, &v, err);

	if (rc <= 0)
		return rc < 0 ? -1 : 1;
	if (step->depth > 0)
		return assign_inside(a, step, row, v, arena, err);
	if (a->targets[step->target].seen)
		a->vars[a->nvars + step->target] = v;
	a->edits[step->target].value = plain(v);
	return 1;
}

/* Most fields that are assigned as they are need not be read. */
static inline int
run_step(struct weir_assign *a, const struct weir_step *step,
    const struct weir_row *row, struct weir_arena *arena,
    struct weir_error *err)
{
	struct weir_value v;
	int slot = step->field;

	if (slot == WEIR_NO_SLOT && step->path_field && row->slots != NULL)
		slot = weir_expr_slot(step->expr, row->slots);
	v = slot_text(row, slot);
	if (v.kind == WEIR_ABSENT)
		return evaluate(a, step, row, arena, err);
	if (step->depth > 0)
		return assign_inside(a, step, row, v, arena, err);
	a->edits[step->target].value = v;
	if (a->targets[step->target].seen)
		a->vars[a->nvars + step->target] = read_text(v, arena);
	return 1;
}

/* Variables as they are before the first assignment. */
static inline void
begin(
    struct weir_assign *a, const struct weir_row *row, struct weir_arena *arena)
{
	const struct weir_target *t;
	size_t i;

	for (i = 0; i < a->nvars; i++)
		a->vars[i] = row->vars[i];
	for (i = 0; i < a->ntargets; i++) {
		t = &a->targets[i];
		a->edits[i].value.kind = WEIR_ABSENT;
		if (!t->seen)
			continue;
		a->vars[a->nvars + i] = t->declared >= 0
		    ? row->vars[t->declared]
		    : read_text(slot_text(row, t->slot), arena);
	}
}

static void
project(const struct weir_assign *a, struct weir_buf *out)
{
	const struct weir_edit *e = a->edits, *end = e + a->ntargets;
	size_t start = out->len, need;
	char *p;

	for (; e < end; e++) {
		if (e->value.kind == WEIR_ABSENT)
			continue;
		need = e->key.len + 1;
		need += e->value.kind == WEIR_JSON ? e->value.aux : 0;
		p = out->data + out->len;
		if (need > out->cap - out->len)
			p = weir_buf_reserve(out, need);
		*p++ = out->len == start ? '{' : ',';
		memcpy(p, e->key.s, e->key.len);
		out->len += need;
		if (e->value.kind == WEIR_JSON)
			memcpy(p + e->key.len, e->value.s, e->value.aux);
		else
			weir_value_write(out, e->value);
	}
	if (out->len == start)
		weir_buf_putc(out, '{');
	weir_buf_putc(out, '}');
}

/* The event with the edits that have an effect. */
static void
edit(struct weir_assign *a, const struct weir_row *row, struct weir_buf *out)
{
	const char *text = row->slots != NULL ? row->text : "{}";
	size_t len = row->slots != NULL ? row->len : 2, i, n = 0;
	const struct weir_target *t;
	bool there = false;

	for (i = 0; i < a->ntargets; i++) {
		t = &a->targets[i];
		if (a->edits[i].value.kind == WEIR_ABSENT && !t->dropped)
			continue;
		a->made[n++] = a->edits[i];
		there |= slot_text(row, t->slot).kind != WEIR_ABSENT;
	}
	if (there)
		weir_json_edit(out, text, a->made, n, &a->room);
	else
		weir_json_append(out, text, len, a->made, n);
}

static int
run_steps(struct weir_assign *a, const struct weir_row *row,
    struct weir_arena *arena, struct weir_error *err)
{
	const struct weir_step *step = a->steps, *end = step + a->nsteps;
	struct inside in = {.a = a, .arena = arena, .err = err};

	for (; step < end; step++) {
		if (step->expr != NULL) {
			if (run_step(a, step, row, arena, err) < 0)
				return -1;
		} else if (step->depth > 0) {
			in.step = step;
			if (change(&in, row) < 0)
				return -1;
		}
	}
	return 1;
}

int
weir_assign_apply(struct weir_assign *a, struct weir_row *row,
    struct weir_arena *arena, struct weir_buf *out, struct weir_error *err)
{
	const struct weir_value *declared = row->vars;
	int rc;

	begin(a, row, arena);
	row->vars = a->vars;
	rc = run_steps(a, row, arena, err);
	row->vars = declared;
	if (rc < 0)
		return -1;
	if (a->project)
		project(a, out);
	else
		edit(a, row, out);
	return 1;
}
