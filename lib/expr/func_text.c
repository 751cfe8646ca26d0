/*
 * The strings extension: positions count code points.
 */
#define _GNU_SOURCE /* memmem */

#include "base/utf8.h"
#include "expr/func.h"
#include "expr/loop.h"

#include <string.h>

static struct weir_value
slice(struct weir_value v, size_t from, size_t to)
{
	return weir_text(v.s + from, to - from);
}

/* Argument i as a position from 0 to max: 1, or 0 with *error. */
static int
position(struct weir_env *env, const struct weir_call *c, size_t i, size_t max,
    size_t *out, struct weir_value *error)
{
	struct weir_value v = c->args[i];

	if (v.kind != WEIR_INT) {
		*error = weir_no_overload(env, c);
		return 0;
	}
	if (v.i < 0 || (uint64_t)v.i > max) {
		*error = weir_error_value(env, "%s: %lld is out of range",
		    c->func->name, (long long)v.i);
		return 0;
	}
	*out = (size_t)v.i;
	return 1;
}

static struct weir_value
fn_char_at(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value s = c->args[0], error;
	size_t i, at;

	if (s.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	if (!position(env, c, 1, weir_utf8_count(s.s, s.aux), &i, &error))
		return error;
	at = weir_utf8_offset(s.s, s.aux, i);
	return slice(s, at, at + weir_utf8_offset(s.s + at, s.aux - at, 1));
}

static struct weir_value
fn_substring(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value s = c->args[0], error;
	size_t n, from, to;

	if (s.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	n = to = weir_utf8_count(s.s, s.aux);
	if (!position(env, c, 1, n, &from, &error) ||
	    (c->n == 3 && !position(env, c, 2, n, &to, &error)))
		return error;
	if (from > to)
		return weir_error_value(
		    env, "substring: the end is before the start");
	return slice(s, weir_utf8_offset(s.s, s.aux, from),
	    weir_utf8_offset(s.s, s.aux, to));
}

static struct weir_value
fn_index_of(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value s = c->args[0], sub = c->args[1], error;
	const char *p;
	size_t from = 0, at;

	if (s.kind != WEIR_STRING || sub.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	if (c->n == 3 &&
	    !position(env, c, 2, weir_utf8_count(s.s, s.aux), &from, &error))
		return error;
	at = weir_utf8_offset(s.s, s.aux, from);
	if (sub.aux == 0)
		return weir_int((int64_t)from);
	p = memmem(s.s + at, s.aux - at, sub.s, sub.aux);
	return weir_int(
	    p != NULL ? (int64_t)weir_utf8_count(s.s, (size_t)(p - s.s)) : -1);
}

static struct weir_value
fn_last_index_of(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value s = c->args[0], sub = c->args[1], error;
	size_t n, from, at;

	if (s.kind != WEIR_STRING || sub.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	n = from = weir_utf8_count(s.s, s.aux);
	if (c->n == 3 && !position(env, c, 2, n, &from, &error))
		return error;
	if (sub.aux == 0)
		return weir_int((int64_t)from);
	if (sub.aux > s.aux)
		return weir_int(-1);
	at = weir_utf8_offset(s.s, s.aux, from);
	if (at > s.aux - sub.aux)
		at = s.aux - sub.aux;
	if (!weir_spend(env, at / 64, &error))
		return error;
	while (memcmp(s.s + at, sub.s, sub.aux) != 0)
		if (at-- == 0)
			return weir_int(-1);
	return weir_int((int64_t)weir_utf8_count(s.s, at));
}

/* Unicode's white space. */
static bool
is_space(uint32_t c)
{
	return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 ||
	    c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
	    c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static struct weir_value
fn_trim(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value s = c->args[0];
	size_t from = 0, to, last;

	if (s.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	to = s.aux;
	while (from < to && is_space(weir_utf8_get(s.s + from)))
		from += weir_utf8_len(s.s[from]);
	while (to > from) {
		last = to - 1;
		while (last > from && (s.s[last] & 0xC0) == 0x80)
			last--;
		if (!is_space(weir_utf8_get(s.s + last)))
			break;
		to = last;
	}
	return slice(s, from, to);
}

static struct weir_value
reverse_list(struct weir_env *env, const struct weir_list *in)
{
	struct weir_list *list = weir_arena_alloc(env->arena, sizeof *list);
	struct weir_value *v, error;
	size_t i;

	if (!weir_room(env, in->n * sizeof *v, &error))
		return error;
	v = weir_arena_alloc(env->arena, in->n * sizeof *v);
	for (i = 0; i < in->n; i++)
		v[i] = in->items[in->n - 1 - i];
	*list = (struct weir_list){in->n, v};
	return (struct weir_value){.kind = WEIR_LIST, .list = list};
}

static struct weir_value
fn_reverse(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value s = weir_value_open(c->args[0], env->arena), error;
	size_t i = 0, n;
	char *out;

	if (s.kind == WEIR_LIST)
		return reverse_list(env, s.list);
	if (s.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	if (!weir_room(env, s.aux, &error))
		return error;
	out = weir_arena_alloc(env->arena, s.aux);
	for (; i < s.aux; i += n) {
		n = weir_utf8_len(s.s[i]);
		memcpy(out + s.aux - i - n, s.s + i, n);
	}
	return weir_text(out, s.aux);
}

/* What a limit argument says: -1 for no limit; 0 with *error if it is none. */
static int
read_limit(struct weir_env *env, const struct weir_call *c, size_t i,
    int64_t *limit, struct weir_value *error)
{
	*limit = -1;
	if (c->n <= i)
		return 1;
	if (c->args[i].kind != WEIR_INT) {
		*error = weir_no_overload(env, c);
		return 0;
	}
	*limit = c->args[i].i;
	return 1;
}

/*
 * The next place of sub at or after *at: 1 with its start in *from and its end
 * in *at. An empty sub is between code points.
 */
static int
next_match(struct weir_value s, struct weir_value sub, size_t *at, size_t *from)
{
	const char *p;

	if (sub.aux == 0) {
		if (*at >= s.aux)
			return 0;
		*from = *at += weir_utf8_len(s.s[*at]);
		return 1;
	}
	p = memmem(s.s + *at, s.aux - *at, sub.s, sub.aux);
	if (p == NULL)
		return 0;
	*from = (size_t)(p - s.s);
	*at = *from + sub.aux;
	return 1;
}

static struct weir_value
fn_replace(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value s = c->args[0], sub = c->args[1], by = c->args[2];
	struct weir_value error;
	struct weir_buf out = {0};
	size_t at = 0, from = 0, done = 0;
	int64_t limit;

	if (s.kind != WEIR_STRING || sub.kind != WEIR_STRING ||
	    by.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	if (!read_limit(env, c, 3, &limit, &error))
		return error;
	if (sub.aux == 0 && limit != 0) {
		weir_buf_add(&out, by.s, by.aux);
		limit--;
	}
	for (; limit != 0 && next_match(s, sub, &at, &from); limit--) {
		if (!weir_room(env, out.len + by.aux, &error)) {
			weir_buf_fini(&out);
			return error;
		}
		weir_buf_add(&out, s.s + done, from - done);
		weir_buf_add(&out, by.s, by.aux);
		done = at;
	}
	weir_buf_add(&out, s.s + done, s.aux - done);
	return weir_text_of(env, &out);
}

static struct weir_value
fn_split(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value s = c->args[0], sep = c->args[1], error, *items;
	size_t at = 0, from = 0, done = 0, n = 0, most = 1;
	struct weir_list *list;
	int64_t limit;

	if (s.kind != WEIR_STRING || sep.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	if (!read_limit(env, c, 2, &limit, &error))
		return error;
	while (next_match(s, sep, &at, &from))
		most++;
	if (limit >= 0 && (uint64_t)limit < most)
		most = (size_t)limit;
	if (!weir_room(env, most * sizeof *items, &error))
		return error;
	list = weir_arena_alloc(env->arena, sizeof *list);
	items = weir_arena_alloc(env->arena, most * sizeof *items);
	for (at = 0; n + 1 < most && next_match(s, sep, &at, &from); n++) {
		items[n] = slice(s, done, from);
		done = at;
	}
	if (n < most && (sep.aux != 0 || done < s.aux))
		items[n++] = slice(s, done, s.aux);
	*list = (struct weir_list){n, items};
	return (struct weir_value){.kind = WEIR_LIST, .list = list};
}

static struct weir_value
fn_join(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value list = weir_value_open(c->args[0], env->arena), v;
	struct weir_value sep = c->n == 2 ? c->args[1] : weir_text("", 0);
	struct weir_buf out = {0};
	size_t i;

	if (list.kind != WEIR_LIST || sep.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	for (i = 0; i < list.list->n; i++) {
		v = list.list->items[i];
		if (v.kind != WEIR_STRING)
			v = weir_error_value(env, "join: not all are strings");
		if (v.kind == WEIR_ERROR ||
		    !weir_room(env, out.len + sep.aux + v.aux, &v)) {
			weir_buf_fini(&out);
			return v;
		}
		if (i > 0)
			weir_buf_add(&out, sep.s, sep.aux);
		weir_buf_add(&out, v.s, v.aux);
	}
	return weir_text_of(env, &out);
}

static struct weir_value
fn_quote(struct weir_env *env, const struct weir_call *c)
{
	static const char from[] = "\a\b\f\n\r\t\v\\\"", to[] = "abfnrtv\\\"";
	struct weir_value s = c->args[0];
	struct weir_buf out = {0};
	const char *p;
	size_t i;

	if (s.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	weir_buf_putc(&out, '"');
	for (i = 0; i < s.aux; i++) {
		p = s.s[i] != '\0' ? strchr(from, s.s[i]) : NULL;
		if (p != NULL)
			weir_buf_putc(&out, '\\');
		weir_buf_putc(&out, p != NULL ? to[p - from] : s.s[i]);
	}
	weir_buf_putc(&out, '"');
	return weir_text_of(env, &out);
}

/* clang-format off */
const struct weir_func weir_funcs_text[] = {
	{"charAt",        fn_char_at,       2, 2, WEIR_F_METHOD, 0},
	{"indexOf",       fn_index_of,      2, 3, WEIR_F_METHOD, 0},
	{"lastIndexOf",   fn_last_index_of, 2, 3, WEIR_F_METHOD, 0},
	{"substring",     fn_substring,     2, 3, WEIR_F_METHOD, 0},
	{"replace",       fn_replace,       3, 4, WEIR_F_METHOD, 0},
	{"split",         fn_split,         2, 3, WEIR_F_METHOD, 0},
	{"join",          fn_join,          1, 2, WEIR_F_METHOD, 0},
	{"trim",          fn_trim,          1, 1, WEIR_F_METHOD, 0},
	{"reverse",       fn_reverse,       1, 1, WEIR_F_METHOD, 0},
	{"strings.quote", fn_quote,         1, 1, WEIR_F_GLOBAL, 0},
	{0}
};
/* clang-format on */
