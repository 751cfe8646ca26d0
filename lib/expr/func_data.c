/*
 * Beyond CEL: JSON inside strings, and hashes.
 */
#include "base/hash.h"
#include "expr/func.h"
#include "json/proof.h"
#include "json/prover.h"

#include <string.h>

static void
replace(char *s, size_t len, char from, char to)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] == from)
			s[i] = to;
}

/*
 * A copy that can be proven: a newline behind it and room for vector loads.
 * Newlines inside become carriage returns: JSON takes both between values, and
 * neither in strings.
 */
static char *
copy_line(struct weir_env *env, struct weir_value s)
{
	char *copy = weir_arena_alloc(env->arena, s.aux + 1 + WEIR_PAD);

	if (s.aux != 0)
		memcpy(copy, s.s, s.aux);
	memset(copy + s.aux, 0, 1 + WEIR_PAD);
	replace(copy, s.aux, '\n', '\r');
	copy[s.aux] = '\n';
	return copy;
}

/* parse_json(s): any value */
static struct weir_value
fn_parse_json(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value s = c->args[0], error;
	const char *begin, *end;
	char *copy;

	if (s.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	if (!weir_room(env, (size_t)s.aux + WEIR_PAD, &error))
		return error;
	copy = copy_line(env, s);
	begin = weir_scan_blanks(copy);
	end = weir_proof_value(begin, 0);
	if (end == NULL || *weir_scan_blanks(end) != '\n')
		return weir_error_value(
		    env, "parse_json: the string is not valid JSON");
	replace(copy, s.aux, '\r', ' '); /* a line stays one */
	return weir_value_read(begin, (size_t)(end - begin), env->arena);
}

/* to_json(x) */
static struct weir_value
fn_to_json(struct weir_env *env, const struct weir_call *c)
{
	struct weir_buf out = {0};

	if (weir_value_write(&out, c->args[0]) == 0)
		weir_buf_puts(&out, "null");
	return weir_text_of(env, &out);
}

/*
 * hash(x): equal values have equal ones, on any machine. It has 53 bits, so
 * that every reader of JSON gets all of it.
 */
static struct weir_value
fn_hash(struct weir_env *env, const struct weir_call *c)
{
	struct weir_buf key = {0};
	uint64_t h;

	(void)env;
	weir_value_key(&key, c->args[0]);
	h = weir_hash64(key.data, key.len) >> 11;
	weir_buf_fini(&key);
	return weir_int((int64_t)h);
}

/* clang-format off */
const struct weir_func weir_funcs_data[] = {
	{"parse_json", fn_parse_json, 1, 1, WEIR_F_GLOBAL, 0},
	{"to_json",    fn_to_json,    1, 1, WEIR_F_GLOBAL, 0},
	{"hash",       fn_hash,       1, 1, WEIR_F_GLOBAL, 0},
	{0}
};
/* clang-format on */
