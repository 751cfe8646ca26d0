/*
 * Methods of strings.
 */
#define _GNU_SOURCE /* memmem */

#include "expr/func.h"

#include <string.h>

enum which { CONTAINS, STARTS, ENDS, LOWER, UPPER };

static struct weir_value
fn_find(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value a = c->args[0], b = c->args[1];

	if (a.kind != WEIR_STRING || b.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	if (b.aux == 0 || b.aux > a.aux)
		return weir_bool(b.aux == 0);
	switch (c->func->which) {
	case STARTS: return weir_bool(memcmp(a.s, b.s, b.aux) == 0);
	case ENDS:
		return weir_bool(memcmp(a.s + a.aux - b.aux, b.s, b.aux) == 0);
	default: return weir_bool(memmem(a.s, a.aux, b.s, b.aux) != NULL);
	}
}

static struct weir_value
fn_case(struct weir_env *env, const struct weir_call *c)
{
	char first = c->func->which == LOWER ? 'A' : 'a';
	struct weir_value a = c->args[0], full;
	size_t i;
	char *s;

	if (a.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	if (!weir_room(env, a.aux, &full))
		return full;
	s = weir_arena_alloc(env->arena, a.aux);
	for (i = 0; i < a.aux; i++)
		s[i] = a.s[i] >= first && a.s[i] < first + 26
		    ? (char)(a.s[i] ^ 0x20)
		    : a.s[i];
	return weir_text(s, a.aux);
}

/* clang-format off */
const struct weir_func weir_funcs_string[] = {
	{"contains",   fn_find, 2, 2, WEIR_F_METHOD, CONTAINS},
	{"startsWith", fn_find, 2, 2, WEIR_F_METHOD, STARTS},
	{"endsWith",   fn_find, 2, 2, WEIR_F_METHOD, ENDS},
	{"lowerAscii", fn_case, 1, 1, WEIR_F_METHOD, LOWER},
	{"upperAscii", fn_case, 1, 1, WEIR_F_METHOD, UPPER},
	{0}
};
/* clang-format on */
