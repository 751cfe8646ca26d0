/*
 * What the kinds of aggregates share.
 */
#include "op/aggregate_impl.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/timetext.h"
#include "json/writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- checks --- */

int
weir_agg_check_number(const struct weir_value *v, struct weir_error *err)
{
	if (v->kind == WEIR_INT || v->kind == WEIR_UINT ||
	    (v->kind == WEIR_DOUBLE && !isnan(v->d)))
		return 1;
	return weir_fail(err, WEIR_INPUT, "%s is not a number",
	    v->kind == WEIR_DOUBLE     ? "NaN"
		: v->kind == WEIR_JSON ? "a list or map"
				       : weir_kind_name(v->kind));
}

int
weir_agg_compare(const struct weir_value *a, const struct weir_value *b)
{
	int c = weir_value_compare(*a, *b);
	weir_int128 i;

	if (c != 0 || a->kind == b->kind || a->kind < WEIR_INT ||
	    a->kind > WEIR_DOUBLE)
		return c;
	if (a->kind == WEIR_DOUBLE)
		return -weir_agg_compare(b, a);
	if (b->kind != WEIR_DOUBLE)
		return 0;
	i = (weir_int128)b->d; /* integral: it is equal to a's nearest double */
	return (weir_agg_whole(*a) > i) - (weir_agg_whole(*a) < i);
}

static const char *
name_of(uint32_t kind)
{
	return kind == WEIR_JSON ? "list or map" : weir_kind_name(kind);
}

int
weir_agg_check_order(const struct weir_value *s, const struct weir_value *v,
    struct weir_error *err)
{
	if (v->kind == WEIR_BYTES || !weir_value_ordered(*v, *v))
		return weir_fail(err, WEIR_INPUT,
		    "values of type %s have no order", name_of(v->kind));
	if (v->kind == WEIR_DOUBLE && isnan(v->d))
		return weir_fail(err, WEIR_INPUT, "NaN has no order");
	if (s->kind != WEIR_ABSENT && !weir_value_ordered(*s, *v))
		return weir_fail(err, WEIR_INPUT,
		    "%s and %s have no order among them", name_of(s->kind),
		    name_of(v->kind));
	return 1;
}

int
weir_agg_check_text(struct weir_str text, struct weir_error *err)
{
	if (text.len <= WEIR_AGG_TEXT_MAX)
		return 1;
	return weir_fail(err, WEIR_INPUT,
	    "a value of %zu bytes; up to %zu are kept", text.len,
	    WEIR_AGG_TEXT_MAX);
}

double
weir_agg_double(const struct weir_value *v)
{
	switch (v->kind) {
	case WEIR_INT: return (double)v->i;
	case WEIR_UINT: return (double)v->u;
	default: return v->d;
	}
}

int
weir_agg_bad_state(const char *name, struct weir_error *err)
{
	return weir_fail(
	    err, WEIR_STATE, "saved state: not what %s() saves", name);
}

int
weir_agg_never_added(struct weir_error *err)
{
	return weir_fail(
	    err, WEIR_INPUT, "what is to be taken back was never added");
}

/* --- writing and saving --- */

void
weir_agg_put_uint(struct weir_buf *out, uint64_t u)
{
	out->len += weir_num_print_uint(weir_buf_reserve(out, WEIR_NUM_MAX), u);
}

void
weir_agg_put_int(struct weir_buf *out, int64_t i)
{
	out->len += weir_num_print_int(weir_buf_reserve(out, WEIR_NUM_MAX), i);
}

void
weir_agg_put_whole(struct weir_buf *out, weir_int128 i)
{
	unsigned __int128 u =
	    i < 0 ? -(unsigned __int128)i : (unsigned __int128)i;
	const uint64_t ten19 = UINT64_C(10000000000000000000);

	if (i < 0)
		weir_buf_putc(out, '-');
	if (u > UINT64_MAX)
		weir_buf_printf(out, "%ju%019ju", (uintmax_t)(u / ten19),
		    (uintmax_t)(u % ten19));
	else
		weir_agg_put_uint(out, (uint64_t)u);
}

void
weir_agg_save_double(struct weir_buf *out, double d)
{
	if (isfinite(d))
		out->len += weir_num_print_double(
		    weir_buf_reserve(out, WEIR_NUM_MAX), d, 1);
	else
		weir_json_double(out, d);
}

int
weir_agg_load_double(struct weir_value v, double *d)
{
	if (v.kind == WEIR_DOUBLE)
		*d = v.d;
	else if (v.kind != WEIR_STRING)
		return 0;
	else if (v.aux == 3 && memcmp(v.s, "NaN", 3) == 0)
		*d = NAN;
	else if (v.aux == 8 && memcmp(v.s, "Infinity", 8) == 0)
		*d = INFINITY;
	else if (v.aux == 9 && memcmp(v.s, "-Infinity", 9) == 0)
		*d = -INFINITY;
	else
		return 0;
	return 1;
}

int
weir_agg_load_uint(struct weir_value v, uint64_t *u)
{
	*u = v.u;
	return v.kind == WEIR_INT && v.i >= 0;
}

void
weir_agg_save_text(struct weir_buf *out, struct weir_str json)
{
	weir_buf_putc(out, '[');
	weir_buf_add(out, json.s, json.len);
	weir_buf_putc(out, ']');
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int
weir_agg_load_text(
    struct weir_value v, struct weir_arena *arena, struct weir_str *json)
{
	struct weir_value list = weir_value_open(v, arena);

	if (v.kind != WEIR_JSON || list.kind != WEIR_LIST ||
	    list.list->n != 1 || list.list->items[0].kind <= WEIR_NULL)
		return 0;
	*json = (struct weir_str){v.s + 1, v.aux - 2};
	while (is_blank(*json->s)) {
		json->s++;
		json->len--;
	}
	while (is_blank(json->s[json->len - 1]))
		json->len--;
	return json->len <= WEIR_AGG_TEXT_MAX;
}

/* --- values that are kept --- */

void
weir_agg_drop_value(struct weir_value *s, size_t *owned)
{
	if (s->kind == WEIR_STRING) {
		*owned -= weir_held(s->aux + (size_t)1);
		free((char *)(uintptr_t)s->s);
	}
	s->kind = WEIR_ABSENT;
}

void
weir_agg_set_value(
    struct weir_value *s, const struct weir_value *v, size_t *owned)
{
	weir_agg_drop_value(s, owned);
	*s = *v;
	if (v->kind != WEIR_STRING)
		return;
	s->s = weir_strndup(v->s, v->aux);
	*owned += weir_held(v->aux + (size_t)1);
}

/*
 * null, a bool, a string, an integer or a double; [kind, seconds, nanoseconds]
 * for times; [kind, text] for an infinity.
 */
void
weir_agg_save_value(struct weir_buf *out, const struct weir_value *v)
{
	switch (v->kind) {
	case WEIR_ABSENT: weir_buf_puts(out, "null"); break;
	case WEIR_DOUBLE:
		if (isfinite(v->d)) {
			weir_agg_save_double(out, v->d);
			break;
		}
		weir_buf_puts(out, "[\"double\",");
		weir_agg_save_double(out, v->d);
		weir_buf_putc(out, ']');
		break;
	case WEIR_TIMESTAMP:
	case WEIR_DURATION:
		weir_buf_printf(out, "[\"%s\",%jd,%d]",
		    v->kind == WEIR_TIMESTAMP ? "timestamp" : "duration",
		    (intmax_t)v->i, (int)(int32_t)v->aux);
		break;
	default: weir_value_write(out, *v);
	}
}

/* What was saved as a list; a kind that has an order. */
static int
load_special(struct weir_value *s, const struct weir_list *list)
{
	const struct weir_value *v = list->items;
	struct weir_str kind;

	if (list->n < 2 || v[0].kind != WEIR_STRING)
		return 0;
	kind = (struct weir_str){v[0].s, v[0].aux};
	if (list->n == 2 && weir_str_eq(kind, "double")) {
		s->kind = WEIR_DOUBLE;
		return weir_agg_load_double(v[1], &s->d) && !isnan(s->d);
	}
	if (list->n != 3 || v[1].kind != WEIR_INT || v[2].kind != WEIR_INT ||
	    v[2].i <= -1000000000 || v[2].i >= 1000000000)
		return 0;
	s->i = v[1].i;
	s->aux = (uint32_t)v[2].i;
	if (weir_str_eq(kind, "timestamp")) {
		s->kind = WEIR_TIMESTAMP;
		return v[2].i >= 0 && s->i >= WEIR_TIMESTAMP_MIN_S &&
		    s->i <= WEIR_TIMESTAMP_MAX_S;
	}
	s->kind = WEIR_DURATION;
	return weir_str_eq(kind, "duration") &&
	    s->i >= -WEIR_CEL_DURATION_MAX_S && s->i <= WEIR_CEL_DURATION_MAX_S;
}

int
weir_agg_load_value(struct weir_value saved, struct weir_value *v)
{
	*v = (struct weir_value){.kind = WEIR_ABSENT};
	switch (saved.kind) {
	case WEIR_NULL: return 1;
	case WEIR_BOOL:
	case WEIR_INT:
	case WEIR_UINT:
	case WEIR_DOUBLE:
	case WEIR_STRING: *v = saved; return 1;
	case WEIR_LIST: return load_special(v, saved.list);
	default: return 0;
	}
}

/* --- texts that are kept --- */

struct weir_str
weir_kept_text(const struct weir_kept *k)
{
	return (struct weir_str){k->cap > 0 ? k->p : k->here, k->len};
}

void
weir_kept_fini(struct weir_kept *k, size_t *owned)
{
	if (k->cap > 0) {
		*owned -= weir_held(k->cap);
		free(k->p);
	}
	*k = (struct weir_kept){0};
}

void
weir_kept_set(struct weir_kept *k, struct weir_str text, size_t *owned)
{
	size_t cap = k->cap > 0 ? k->cap : sizeof k->here;

	if (text.len > cap) {
		weir_kept_fini(k, owned);
		k->cap = ((uint32_t)text.len + 31) & ~(uint32_t)31;
		k->p = weir_malloc(k->cap);
		*owned += weir_held(k->cap);
	}
	memcpy(k->cap > 0 ? k->p : k->here, text.s, text.len);
	k->len = (uint32_t)text.len;
}
