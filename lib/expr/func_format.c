/*
 * string.format(list): %s %d %f %e %x %X %o %b %%.
 */
#include "base/num.h"
#include "base/timetext.h"
#include "base/utf8.h"
#include "expr/func.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRECISION_MAX 100
#define DEPTH_MAX     600 /* of lists in lists: a line's depth, and then some */

/* One clause and where it writes. */
struct clause {
	struct weir_env *env;
	struct weir_buf *out;
	int precision;
	char verb;
	int depth;
};

static int put_text(struct clause *f, struct weir_value v);

/* What an error says of infinities and NaN; 0 for other numbers. */
static int
put_special(struct weir_buf *out, double d)
{
	if (isfinite(d))
		return 0;
	weir_buf_puts(out, isnan(d) ? "NaN" : d < 0 ? "-Infinity" : "Infinity");
	return 1;
}

static void
put_bytes(struct weir_buf *out, struct weir_value v)
{
	bool bad = false;
	size_t i = 0, n;

	while (i < v.aux) {
		n = weir_utf8_valid(v.s + i, v.aux - i);
		weir_buf_add(out, v.s + i, n);
		i += n;
		if (i < v.aux && (n > 0 || !bad))
			weir_buf_puts(out, "\xEF\xBF\xBD");
		bad = true;
		i++;
	}
}

static void
put_duration(struct weir_buf *out, struct weir_value v)
{
	char text[WEIR_TIME_TEXT];
	size_t n = weir_cel_duration_print(text, v.i, (int32_t)v.aux) - 1;

	if (memchr(text, '.', n) != NULL)
		while (text[n - 1] == '0')
			n--;
	weir_buf_add(out, text, n);
	weir_buf_putc(out, 's');
}

static int
put_list(struct clause *f, const struct weir_list *list)
{
	size_t i;

	weir_buf_putc(f->out, '[');
	for (i = 0; i < list->n; i++) {
		if (i > 0)
			weir_buf_puts(f->out, ", ");
		if (!put_text(f, list->items[i]))
			return 0;
	}
	weir_buf_putc(f->out, ']');
	return 1;
}

static int
compare_entries(const void *a, const void *b)
{
	const struct weir_buf *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int c = n != 0 ? memcmp(x->data, y->data, n) : 0;

	return c != 0 ? c : (x->len > y->len) - (x->len < y->len);
}

/* Entries in the order of their keys' text: key and value, made apart. */
static int
put_map(struct clause *f, const struct weir_map *map)
{
	struct weir_buf *out = f->out, *text;
	int good = 1;
	size_t i;

	text = weir_arena_alloc(f->env->arena, (map->n + 1) * sizeof *text);
	memset(text, 0, (map->n + 1) * sizeof *text);
	for (i = 0; i < map->n; i++) {
		f->out = &text[i];
		good = good && put_text(f, map->keys[i]);
		weir_buf_puts(f->out, ": ");
		good = good && put_text(f, map->values[i]);
	}
	f->out = out;
	if (map->n > 1)
		qsort(text, map->n, sizeof *text, compare_entries);
	weir_buf_putc(out, '{');
	for (i = 0; i < map->n; i++) {
		if (i > 0)
			weir_buf_puts(out, ", ");
		weir_buf_add(out, text[i].data, text[i].len);
		weir_buf_fini(&text[i]);
	}
	weir_buf_putc(out, '}');
	return good;
}

static int
put_container(struct clause *f, struct weir_value v)
{
	int good = 0;

	v = weir_value_open(v, f->env->arena);
	if (f->depth++ < DEPTH_MAX && v.kind == WEIR_LIST)
		good = put_list(f, v.list);
	else if (f->depth < DEPTH_MAX && v.kind == WEIR_MAP)
		good = put_map(f, v.map);
	f->depth--;
	return good;
}

/* %s; 0 for what has no text. */
static int
put_text(struct clause *f, struct weir_value v)
{
	char text[WEIR_TIME_TEXT + WEIR_NUM_MAX];
	size_t n = 0;

	switch (v.kind) {
	case WEIR_NULL: weir_buf_puts(f->out, "null"); return 1;
	case WEIR_BOOL: weir_buf_puts(f->out, v.b ? "true" : "false"); return 1;
	case WEIR_INT: n = weir_num_print_int(text, v.i); break;
	case WEIR_UINT: n = weir_num_print_uint(text, v.u); break;
	case WEIR_DOUBLE:
		if (put_special(f->out, v.d))
			return 1;
		if (v.d == 0 && signbit(v.d))
			weir_buf_putc(f->out, '-'); /* -0, and not -0.0 */
		n = weir_num_print_double(text, v.d == 0 ? 0 : v.d, 0);
		break;
	case WEIR_TIMESTAMP: n = weir_timestamp_print(text, v.i, v.aux); break;
	case WEIR_DURATION: put_duration(f->out, v); return 1;
	case WEIR_BYTES: put_bytes(f->out, v); return 1;
	case WEIR_STRING:
	case WEIR_TYPE: weir_buf_add(f->out, v.s, v.aux); return 1;
	default: return put_container(f, v);
	}
	weir_buf_add(f->out, text, n);
	return 1;
}

/* %d */
static int
put_decimal(struct clause *f, struct weir_value v)
{
	if (v.kind < WEIR_INT || v.kind > WEIR_DOUBLE)
		return 0;
	return put_text(f, v);
}

/* %f and %e */
static int
put_real(struct clause *f, struct weir_value v)
{
	char text[330 + PRECISION_MAX];
	double d;

	if (v.kind < WEIR_INT || v.kind > WEIR_DOUBLE)
		return 0;
	d = v.kind == WEIR_DOUBLE ? v.d
	    : v.kind == WEIR_INT  ? (double)v.i
				  : (double)v.u;
	if (put_special(f->out, d))
		return 1;
	if (f->verb == 'f')
		snprintf(text, sizeof text, "%.*f", f->precision, d);
	else
		snprintf(text, sizeof text, "%.*e", f->precision, d);
	weir_buf_puts(f->out, text);
	return 1;
}

/* %x %X %o %b of an integer (or a bool, for %b). */
static int
put_base(struct clause *f, struct weir_value v)
{
	const char *digits =
	    f->verb == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned bits = f->verb == 'b' ? 1 : f->verb == 'o' ? 3 : 4;
	char text[66], *p = text + sizeof text;
	uint64_t u = v.u;

	if (v.kind == WEIR_BOOL && f->verb == 'b')
		u = v.b;
	else if (v.kind != WEIR_INT && v.kind != WEIR_UINT)
		return 0;
	if (v.kind == WEIR_INT && v.i < 0)
		u = -u;
	do {
		*--p = digits[u & ((1u << bits) - 1)];
		u >>= bits;
	} while (u != 0);
	if (v.kind == WEIR_INT && v.i < 0)
		*--p = '-';
	weir_buf_add(f->out, p, (size_t)(text + sizeof text - p));
	return 1;
}

static int
put_hex(struct clause *f, struct weir_value v)
{
	size_t i;

	if (v.kind != WEIR_STRING && v.kind != WEIR_BYTES)
		return put_base(f, v);
	for (i = 0; i < v.aux; i++)
		weir_buf_printf(f->out, f->verb == 'x' ? "%02x" : "%02X",
		    (unsigned char)v.s[i]);
	return 1;
}

static int
put(struct clause *f, struct weir_value v)
{
	switch (f->verb) {
	case 's': return put_text(f, v);
	case 'd': return put_decimal(f, v);
	case 'f':
	case 'e': return put_real(f, v);
	case 'x':
	case 'X': return put_hex(f, v);
	default: return put_base(f, v);
	}
}

/*
 * Read the clause behind a %: where it ends, or NULL with *error.
 */
static const char *
read_clause(
    struct clause *f, const char *s, const char *end, struct weir_value *error)
{
	f->precision = 6;
	if (s < end && *s == '.') {
		f->precision = 0;
		for (s++; s < end && *s >= '0' && *s <= '9' &&
		     f->precision <= PRECISION_MAX;
		     s++)
			f->precision = f->precision * 10 + *s - '0';
	}
	if (s == end || strchr("sdfexXob", *s) == NULL || *s == '\0' ||
	    f->precision > PRECISION_MAX) {
		*error = weir_error_value(f->env,
		    s == end			       ? "format: lone %%"
			: f->precision > PRECISION_MAX ? "format: precision "
							 "is over 100"
						       : "format: unknown "
							 "clause");
		return NULL;
	}
	f->verb = *s;
	return s + 1;
}

/* The whole of it: 1, or 0 with *error. */
static int
format(struct clause *f, struct weir_value s, const struct weir_list *args,
    struct weir_value *error)
{
	const char *p = s.s, *end = s.s + s.aux, *mark;
	struct weir_str type;
	size_t i = 0;

	for (; p < end; p = mark) {
		mark = memchr(p, '%', (size_t)(end - p));
		if (mark == NULL)
			mark = end;
		weir_buf_add(f->out, p, (size_t)(mark - p));
		if (mark == end)
			break;
		mark++;
		if (mark < end && *mark == '%') {
			weir_buf_putc(f->out, *mark++);
			continue;
		}
		mark = read_clause(f, mark, end, error);
		if (mark == NULL)
			return 0;
		if (i == args->n) {
			*error = weir_error_value(
			    f->env, "format: too few arguments");
			return 0;
		}
		if (!put(f, args->items[i])) {
			type = weir_type_name(args->items[i]);
			*error = weir_error_value(f->env,
			    "format: %%%c cannot take a %.*s", f->verb,
			    (int)type.len, type.s);
			return 0;
		}
		if (!weir_room(f->env, f->out->len, error))
			return 0;
		i++;
	}
	return 1;
}

static struct weir_value
fn_format(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value list = weir_value_open(c->args[1], env->arena), v;
	struct weir_buf out = {0};
	struct clause f = {.env = env, .out = &out};
	char *copy;

	if (c->args[0].kind != WEIR_STRING || list.kind != WEIR_LIST)
		return weir_no_overload(env, c);
	if (format(&f, c->args[0], list.list, &v)) {
		copy = weir_arena_alloc(env->arena, out.len);
		if (out.len != 0)
			memcpy(copy, out.data, out.len);
		v = weir_text(copy, out.len);
	}
	weir_buf_fini(&out);
	return v;
}

/* clang-format off */
const struct weir_func weir_funcs_format[] = {
	{"format", fn_format, 2, 2, WEIR_F_METHOD, 0},
	{0}
};
/* clang-format on */
