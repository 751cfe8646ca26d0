/*
 * matches, and the regex extension.
 */
#include "base/utf8.h"
#include "expr/func.h"
#include "expr/loop.h"
#include "expr/opt.h"
#include "expr/regex.h"

#include <string.h>

/* One search through a string, match by match. */
struct search {
	struct weir_env *env;
	const struct weir_regex *re;
	struct weir_regex *own; /* made for this call alone */
	struct weir_str s;
	size_t at, size;
	struct weir_str groups[WEIR_REGEX_GROUPS];
	struct weir_value error;
};

/* Begin: 0 with the error if the arguments are no strings, or no pattern. */
static int
begin(struct search *f, struct weir_env *env, const struct weir_call *c)
{
	char why[WEIR_REGEX_ERROR];
	size_t at;

	f->env = env;
	f->re = c->regex;
	f->own = NULL;
	f->at = 0;
	f->groups[0] = f->groups[1] = (struct weir_str){0};
	if (c->args[0].kind != WEIR_STRING || c->args[1].kind != WEIR_STRING) {
		f->error = weir_no_overload(env, c);
		return 0;
	}
	f->s = (struct weir_str){c->args[0].s, c->args[0].aux};
	if (f->re != NULL)
		return 1;
	f->re = f->own = weir_regex_new(c->args[1].s, c->args[1].aux, why, &at);
	if (f->own == NULL)
		f->error = weir_error_value(
		    env, "%s: bad pattern: %s", c->func->name, why);
	return f->own != NULL;
}

/* The next match: 1, 0, or -1 with the error. */
static int
next(struct search *f, const struct weir_call *c, struct weir_str *groups)
{
	char why[WEIR_REGEX_ERROR];
	const char *end;
	int rc;

	if (f->at > f->s.len)
		return 0;
	if (f->s.len > 64 && !weir_spend(f->env, f->s.len / 64, &f->error))
		return -1;
	rc = weir_regex_find(f->re, f->s, f->at, groups, why);
	if (rc < 0)
		f->error =
		    weir_error_value(f->env, "%s: %s", c->func->name, why);
	if (rc <= 0 || groups == NULL)
		return rc;
	end = groups[0].s + groups[0].len;
	f->at = (size_t)(end - f->s.s);
	if (groups[0].len == 0)
		f->at += f->at < f->s.len ? weir_utf8_len(*end) : 1;
	return 1;
}

static struct weir_value
fn_matches(struct weir_env *env, const struct weir_call *c)
{
	struct search f;
	int rc;

	if (!begin(&f, env, c))
		return f.error;
	rc = next(&f, c, NULL);
	weir_regex_free(f.own);
	return rc < 0 ? f.error : weir_bool(rc);
}

/* What a match stands for: its one group, or all of it. */
static struct weir_str
caught(const struct search *f)
{
	return f->groups[weir_regex_groups(f->re) == 1 ? 1 : 0];
}

static int
check_groups(struct search *f, const struct weir_call *c)
{
	if (weir_regex_groups(f->re) <= 1)
		return 1;
	f->error = weir_error_value(
	    f->env, "%s: the pattern has over one group", c->func->name);
	return 0;
}

static struct weir_value
fn_extract(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value v = weir_opt_none();
	struct weir_str s;
	struct search f;
	int rc = -1;

	if (!begin(&f, env, c))
		return f.error;
	if (check_groups(&f, c))
		rc = next(&f, c, f.groups);
	s = caught(&f);
	if (rc > 0 && s.s != NULL)
		v = weir_opt_of(env, weir_text(s.s, s.len));
	weir_regex_free(f.own);
	return rc < 0 ? f.error : v;
}

/* Room for one more in a list that grows. */
static struct weir_value *
grow(struct weir_env *env, struct weir_value *items, size_t n, size_t *cap)
{
	struct weir_value *more;

	if (n < *cap)
		return items;
	*cap = *cap != 0 ? 2 * *cap : 8;
	more = weir_arena_alloc(env->arena, *cap * sizeof *more);
	if (n != 0)
		memcpy(more, items, n * sizeof *more);
	return more;
}

static struct weir_value
fn_extract_all(struct weir_env *env, const struct weir_call *c)
{
	struct weir_list *list = weir_arena_alloc(env->arena, sizeof *list);
	struct weir_value *items = NULL;
	size_t n = 0, cap = 0;
	struct search f;
	struct weir_str s;
	int rc = -1;

	if (!begin(&f, env, c))
		return f.error;
	if (check_groups(&f, c)) {
		while ((rc = next(&f, c, f.groups)) > 0) {
			s = caught(&f);
			if (s.s == NULL)
				continue;
			items = grow(env, items, n, &cap);
			items[n++] = weir_text(s.s, s.len);
		}
	}
	weir_regex_free(f.own);
	*list = (struct weir_list){n, items};
	return rc < 0 ? f.error
		      : (struct weir_value){.kind = WEIR_LIST, .list = list};
}

/* The replacement, with \1 and such as what they caught: 1, or 0. */
static int
put_replacement(struct search *f, struct weir_value by, struct weir_buf *out)
{
	struct weir_str g;
	size_t i;

	for (i = 0; i < by.aux; i++) {
		if (by.s[i] != '\\') {
			weir_buf_putc(out, by.s[i]);
			continue;
		}
		i++;
		if (i < by.aux && by.s[i] == '\\') {
			weir_buf_putc(out, '\\');
			continue;
		}
		if (i == by.aux || by.s[i] < '0' || by.s[i] > '9' ||
		    (size_t)(by.s[i] - '0') > weir_regex_groups(f->re)) {
			f->error = weir_error_value(f->env,
			    "regex.replace: no such group in the replacement");
			return 0;
		}
		g = f->groups[by.s[i] - '0'];
		weir_buf_add(out, g.s, g.len);
	}
	return weir_room(f->env, out->len, &f->error);
}

static int
replace(struct search *f, const struct weir_call *c, int64_t limit,
    struct weir_buf *out)
{
	size_t done = 0, start;
	int rc = 0;

	while (limit-- != 0 && (rc = next(f, c, f->groups)) > 0) {
		start = (size_t)(f->groups[0].s - f->s.s);
		weir_buf_add(out, f->s.s + done, start - done);
		if (!put_replacement(f, c->args[2], out))
			return -1;
		done = start + f->groups[0].len;
	}
	weir_buf_add(out, f->s.s + done, f->s.len - done);
	return rc;
}

static struct weir_value
fn_replace(struct weir_env *env, const struct weir_call *c)
{
	struct weir_buf out = {0};
	struct weir_value v;
	struct search f;
	char *copy;
	int rc;

	if (c->args[2].kind != WEIR_STRING ||
	    (c->n == 4 && c->args[3].kind != WEIR_INT))
		return weir_no_overload(env, c);
	if (!begin(&f, env, c))
		return f.error;
	rc = replace(&f, c, c->n == 4 ? c->args[3].i : -1, &out);
	weir_regex_free(f.own);
	v = f.error;
	if (rc >= 0 && weir_room(env, out.len, &v)) {
		copy = weir_arena_alloc(env->arena, out.len);
		if (out.len != 0)
			memcpy(copy, out.data, out.len);
		v = weir_text(copy, out.len);
	}
	weir_buf_fini(&out);
	return v;
}

#define GLOBAL (WEIR_F_GLOBAL | WEIR_F_PATTERN)

/* clang-format off */
const struct weir_func weir_funcs_regex[] = {
	{"matches",          fn_matches,     2, 2, GLOBAL | WEIR_F_METHOD, 0},
	{"regex.extract",    fn_extract,     2, 2, GLOBAL, 0},
	{"regex.extractAll", fn_extract_all, 2, 2, GLOBAL, 0},
	{"regex.replace",    fn_replace,     3, 4, GLOBAL, 0},
	{0}
};
/* clang-format on */
