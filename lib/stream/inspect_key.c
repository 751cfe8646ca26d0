/*
 * One key's state (inspect.h).
 *
 * A line belongs to the key in its member "k", {NAME:value}. What the user calls
 * a key can mean several: the value of one -k, a list of the values of several,
 * or "k" itself; and if there is none of those, a plain string. Each is a text
 * that an index has (see op/group.h for it) and that a line must have, too.
 */
#include "stream/inspect.h"

#include "base/arena.h"
#include "base/text.h"
#include "json/check.h"
#include "json/prover.h"
#include "json/value.h"
#include "state/snapshot.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define SHOW  128
#define TRIES 4

/* What it is that a line's "k" has to be. */
enum form { VALUE, LIST, MAP };

struct search {
	struct weir_str key; /* as the user gave it */
	int cpfd;
	const struct weir_manifest_part *part;
	weir_inspect_fn *put;
	void *ctx;
	struct weir_prover *prover;	/* of lines: "k" */
	struct weir_arena arena, lines; /* lines: reset for each */
	struct weir_buf want;		/* the key's text in that form */
	struct weir_buf hashed;		/* and as an index has it */
	struct weir_buf text;		/* scratch */
	bool found, keyed;		/* lines: of the key, of any */
};

/* --- texts of keys --- */

static void
put_joined(struct weir_buf *out, const struct weir_value *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		weir_value_key(out, values[i]);
		if (n > 1)
			weir_buf_putc(out, ',');
	}
}

/* The text of a line's key in this form; empty if it has not this form. */
static void
put_form(struct weir_buf *out, enum form form, struct weir_value k,
    struct weir_arena *arena)
{
	struct weir_value open = weir_value_open(k, arena);

	if (open.kind != WEIR_MAP)
		return;
	if (form == MAP)
		weir_value_key(out, k);
	else if ((form == VALUE) == (open.map->n == 1))
		put_joined(out, open.map->values, open.map->n);
}

/* Make what is looked for of the user's key: 0 if it has not this form. */
static int
set_want(struct search *s, enum form form, struct weir_value key)
{
	struct weir_value open = weir_value_open(key, &s->arena);

	s->want.len = s->hashed.len = 0;
	switch (form) {
	case VALUE: weir_value_key(&s->want, key); break;
	case LIST:
		if (open.kind != WEIR_LIST || open.list->n < 2)
			return 0;
		put_joined(&s->want, open.list->items, open.list->n);
		break;
	case MAP:
		if (open.kind != WEIR_MAP)
			return 0;
		weir_value_key(&s->want, key);
		put_joined(&s->hashed, open.map->values, open.map->n);
		return 1;
	}
	weir_buf_add(&s->hashed, s->want.data, s->want.len);
	return 1;
}

/* --- lines --- */

static int
is_wanted(struct search *s, enum form form, struct weir_str line)
{
	struct weir_slot slot = {0, 0};

	if (line.len == 0 || *line.s != '{' ||
	    weir_prover_line(s->prover, line.s, &slot, NULL) == NULL ||
	    slot.len == 0 || line.s[slot.off] != '{')
		return 0;
	s->keyed = true;
	s->text.len = 0;
	put_form(&s->text, form,
	    weir_value_read(line.s + slot.off, slot.len, &s->lines), &s->lines);
	return s->text.len == s->want.len &&
	    (s->want.len == 0 ||
		memcmp(s->text.data, s->want.data, s->want.len) == 0);
}

/* Put all wanted lines out, and close r: 1 or -1. */
static int
put_lines(struct search *s, enum form form, struct weir_snapshot_reader *r,
    struct weir_error *err)
{
	struct weir_str line;
	int got;

	if (r == NULL)
		return -1;
	s->keyed |= weir_snapshot_header(r)->indexed;
	while ((got = weir_snapshot_next(r, &line, err)) == 1) {
		weir_arena_reset(&s->lines);
		if (!is_wanted(s, form, line))
			continue;
		s->found = true;
		if (s->put(s->ctx, line.s, line.len + 1) == -1) {
			got = -1;
			break;
		}
	}
	weir_snapshot_close(r);
	return got == -1 ? -1 : 1;
}

static int
look(struct search *s, enum form form, struct weir_value key,
    struct weir_error *err)
{
	int got;

	if (!set_want(s, form, key))
		return 1;
	got = put_lines(s, form,
	    weir_snapshot_seek(s->cpfd, s->part->file,
		(struct weir_str){s->hashed.data, s->hashed.len}, err),
	    err);
	/* Where parts of keys are absent, only the lines tell which. */
	if (got == 1 && form == MAP && !s->found)
		got = put_lines(s, form,
		    weir_snapshot_open(s->cpfd, s->part->file, err), err);
	return got;
}

/* --- keys --- */

/* Is the text one JSON value? Then it is in *v. */
static int
read_json(struct search *s, struct weir_str text, struct weir_value *v)
{
	static const char head[] = "{\"\":";
	size_t n = sizeof head - 1, len = n + text.len + 1;
	char *b = weir_arena_alloc(&s->arena, len + WEIR_PAD), why[8];

	/* What checks knows objects only: make it the value of one. */
	memcpy(b, head, n);
	memcpy(b + n, text.s, text.len);
	memset(b + n + text.len, '\n', 1 + WEIR_PAD);
	b[len - 1] = '}';
	if (text.len == 0 || !weir_check(b, len, why, sizeof why) ||
	    weir_json_skip(b + n) != b + n + text.len)
		return 0;
	*v = weir_value_read(b + n, text.len, &s->arena);
	return v->kind != WEIR_ERROR;
}

static int
look_for_key(struct search *s, struct weir_error *err)
{
	struct weir_value plain = {.kind = WEIR_STRING,
			      .aux = (uint32_t)s->key.len,
			      .s = s->key.s},
			  v;
	bool json = read_json(s, s->key, &v);

	for (enum form f = VALUE; json && f <= MAP; f++)
		if (look(s, f, v, err) == -1)
			return -1;
	if (s->found || (json && v.kind == WEIR_STRING))
		return 1;
	return look(s, VALUE, plain, err);
}

static int
none_found(const struct search *s, struct weir_error *err)
{
	const char *stage = s->part->stage;
	char a[SHOW], b[SHOW];

	weir_fail(err, WEIR_NO, "%s has no state of the key %s%s",
	    weir_show_into(a, sizeof a, stage, strlen(stage)),
	    weir_show_into(b, sizeof b, s->key.s, s->key.len),
	    s->keyed ? ""
		     : "; it keeps none by key, or was saved by a version "
		       "that did not");
	return 0;
}

/* Is it the part that the manifest lists? */
static int
check_part(const struct search *s, struct weir_error *err)
{
	const struct weir_manifest_part *p = s->part;
	struct weir_digest d;
	uint64_t len;
	int got = weir_snapshot_check(s->cpfd, p->file, &len, &d, err);

	if (got == 1 &&
	    (len != p->len || d.lo != p->digest.lo || d.hi != p->digest.hi))
		got = 0;
	return got != 0 ? got
			: weir_fail(err, WEIR_STATE,
			      "%s: damaged: not the part that the manifest "
			      "lists",
			      p->file);
}

static int
search_part(struct search *s, struct weir_error *err)
{
	struct weir_str name = {"k", 1};
	int got;

	s->prover = weir_prover_new();
	weir_prover_want(s->prover, &name, 1);
	got = check_part(s, err);
	if (got == 1)
		got = look_for_key(s, err);
	if (got == 1 && !s->found)
		got = none_found(s, err);
	weir_prover_free(s->prover);
	weir_arena_fini(&s->arena);
	weir_arena_fini(&s->lines);
	weir_buf_fini(&s->want);
	weir_buf_fini(&s->hashed);
	weir_buf_fini(&s->text);
	return got;
}

/* Search what was opened as m and s->cpfd. */
static int
search_stage(const struct weir_manifest *m, const char *stage, struct search *s,
    struct weir_error *err)
{
	size_t i = 0;

	while (i < m->nparts && strcmp(m->parts[i].stage, stage) != 0)
		i++;
	if (i < m->nparts) {
		s->part = &m->parts[i];
		return search_part(s, err);
	}
	weir_inspect_no_stage(stage, m, err);
	return 0;
}

int
weir_inspect_get(const struct weir_dir *d, const struct weir_inspect_from *from,
    const struct weir_inspect_key *what, weir_inspect_fn *put, void *ctx,
    struct weir_error *err)
{
	struct weir_manifest m;
	struct search s;
	int got = -1;

	/* A newer checkpoint may take its place meanwhile, more than once. */
	for (int i = 0; i < TRIES; i++) {
		s = (struct search){
		    .key = weir_str(what->key), .put = put, .ctx = ctx};
		got = weir_inspect_open(d, from, &m, &s.cpfd, err);
		if (got == 1) {
			got = search_stage(&m, what->stage, &s, err);
			weir_manifest_fini(&m);
			close(s.cpfd);
		}
		if (got != -1 || s.found)
			break;
	}
	return got;
}
