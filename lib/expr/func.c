#include "expr/func.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAMES_MAX 200

static const struct weir_func *const tables[] = {weir_funcs_basic,
    weir_funcs_convert, weir_funcs_string, weir_funcs_time, weir_funcs_optional,
    weir_funcs_math, weir_funcs_text, weir_funcs_format, weir_funcs_list,
    weir_funcs_sets, weir_funcs_regex, weir_funcs_clock, weir_funcs_data,
    weir_funcs_net};

#define TABLES (sizeof tables / sizeof *tables)

const struct weir_func *
weir_func_find(struct weir_str name, unsigned how)
{
	const struct weir_func *f;
	size_t i;

	for (i = 0; i < TABLES; i++)
		for (f = tables[i]; f->name != NULL; f++)
			if ((f->flags & how) && weir_str_eq(name, f->name))
				return f;
	return NULL;
}

const char *
weir_func_suggest(struct weir_str name, unsigned how)
{
	const char *names[NAMES_MAX];
	const struct weir_func *f;
	size_t i, n = 0;
	int best;

	for (i = 0; i < TABLES; i++)
		for (f = tables[i]; f->name != NULL && n < NAMES_MAX; f++)
			if (f->flags & how)
				names[n++] = f->name;
	best = weir_nearest(name.s, name.len, names, n);
	return best >= 0 ? names[best] : NULL;
}

struct weir_value
weir_error_value(struct weir_env *env, const char *fmt, ...)
{
	struct weir_value v = {.kind = WEIR_ERROR};
	char text[300], *copy;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof text)
		n = (int)sizeof text - 1;
	copy = weir_arena_alloc(env->arena, (size_t)n + 1);
	memcpy(copy, text, (size_t)n + 1);
	v.s = copy;
	v.aux = (uint32_t)n;
	return v;
}

bool
weir_room(struct weir_env *env, size_t bytes, struct weir_value *error)
{
	if (bytes <= WEIR_EVAL_MEMORY &&
	    env->arena->total <= WEIR_EVAL_MEMORY - bytes)
		return true;
	*error = weir_error_value(
	    env, "the expression needs over %zu MiB", WEIR_EVAL_MEMORY >> 20);
	return false;
}

struct weir_value
weir_text_of(struct weir_env *env, struct weir_buf *b)
{
	struct weir_value v;
	char *copy;

	if (weir_room(env, b->len, &v)) {
		copy = weir_arena_alloc(env->arena, b->len);
		if (b->len != 0)
			memcpy(copy, b->data, b->len);
		v = weir_text(copy, b->len);
	}
	weir_buf_fini(b);
	return v;
}

const char *
weir_cstr(struct weir_env *env, struct weir_value s)
{
	char *copy;

	if (s.aux != 0 && memchr(s.s, '\0', s.aux) != NULL)
		return NULL;
	copy = weir_arena_alloc(env->arena, (size_t)s.aux + 1);
	memcpy(copy, s.s, s.aux);
	copy[s.aux] = '\0';
	return copy;
}

struct weir_str
weir_type_name(struct weir_value v)
{
	if (v.kind == WEIR_JSON)
		return weir_str(*v.s == '[' ? "list" : "map");
	return weir_str(weir_kind_name((enum weir_kind)v.kind));
}

int
weir_type_named(struct weir_str name, struct weir_value *v)
{
	static const char *const names[] = {"bool", "int", "uint", "double",
	    "string", "bytes", "list", "map", "null_type", "type",
	    "google.protobuf.Timestamp", "google.protobuf.Duration",
	    "optional_type"};
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++) {
		if (!weir_str_eq(name, names[i]))
			continue;
		*v = weir_text(names[i], name.len);
		v->kind = WEIR_TYPE;
		return 1;
	}
	return 0;
}

struct weir_value
weir_no_overload(struct weir_env *env, const struct weir_call *c)
{
	bool method = c->n > 0 && !(c->func->flags & WEIR_F_GLOBAL);
	struct weir_buf b = {0};
	struct weir_value v;
	struct weir_str type;
	size_t i;

	if (method) {
		type = weir_type_name(c->args[0]);
		weir_buf_add(&b, type.s, type.len);
		weir_buf_putc(&b, '.');
	}
	weir_buf_printf(&b, "%s(", c->func->name);
	for (i = method; i < c->n; i++) {
		type = weir_type_name(c->args[i]);
		if (i > (size_t)method)
			weir_buf_puts(&b, ", ");
		weir_buf_add(&b, type.s, type.len);
	}
	weir_buf_putc(&b, ')');
	v = weir_error_value(env, "no such overload: %s", weir_buf_cstr(&b));
	weir_buf_fini(&b);
	return v;
}
