/*
 * The join of two tables: the current pair of a key comes out whenever one of
 * its rows changes.
 *
 * What stands of a key is one result or two: the pair if both rows are there
 * and match, else each row that the type keeps alone. A change makes other
 * results stand. What stands no more is replaced by what is new; where nothing
 * is new it is taken back, and with --mode=retract always.
 */
#include "op/sjoin_changes.h"

#include <string.h>

struct tables {
	struct weir_changes c;
	bool retract; /* --mode */
};

/* What stands of a key: rows side by side, NULL where one is alone. */
struct standing {
	const struct weir_change *of[2][2];
	int n;
};

static void
stands(const struct tables *p, struct weir_change *const *row, bool pair,
    struct standing *s)
{
	enum weir_join_type type = p->c.sj.type;

	*s = (struct standing){.n = 0};
	if (pair) {
		s->of[s->n][WEIR_LEFT] = row[WEIR_LEFT];
		s->of[s->n++][WEIR_RIGHT] = row[WEIR_RIGHT];
		return;
	}
	if (row[WEIR_LEFT] != NULL &&
	    (type == WEIR_LEFT_OUTER || type == WEIR_FULL_OUTER))
		s->of[s->n++][WEIR_LEFT] = row[WEIR_LEFT];
	if (row[WEIR_RIGHT] != NULL &&
	    (type == WEIR_RIGHT_OUTER || type == WEIR_FULL_OUTER))
		s->of[s->n++][WEIR_RIGHT] = row[WEIR_RIGHT];
}

static bool
is_among(const struct weir_change *const *result, const struct standing *s)
{
	for (int i = 0; i < s->n; i++)
		if (s->of[i][WEIR_LEFT] == result[WEIR_LEFT] &&
		    s->of[i][WEIR_RIGHT] == result[WEIR_RIGHT])
			return true;
	return false;
}

/* Put out those of s that are not among others; or only count them. */
static int
tell(struct tables *p, struct weir_stage *st, const struct standing *s,
    const struct standing *others, struct weir_sjoin_result r,
    struct weir_error *err)
{
	for (int i = 0; i < s->n; i++) {
		const struct weir_change *const *of = s->of[i];
		struct weir_str none = {NULL, 0};

		if (is_among(of, others))
			continue;
		r.left = of[WEIR_LEFT] != NULL ? weir_change_text(of[WEIR_LEFT])
					       : none;
		r.right = of[WEIR_RIGHT] != NULL
		    ? weir_change_text(of[WEIR_RIGHT])
		    : none;
		if (weir_sjoin_put(&p->c.sj, st, &r, err) < 0)
			return -1;
	}
	return 1;
}

static bool
has_news(const struct standing *now, const struct standing *before)
{
	for (int i = 0; i < now->n; i++)
		if (!is_among(now->of[i], before))
			return true;
	return false;
}

/* Do the rows of a key match now? */
static int
match(struct tables *p, struct weir_stage *st,
    const struct weir_change_key *key, struct weir_error *err)
{
	if (key->row[WEIR_LEFT] == NULL || key->row[WEIR_RIGHT] == NULL)
		return 0;
	if (p->c.sj.config.where == NULL)
		return 1;
	return weir_sjoin_test(&p->c.sj, st,
	    weir_change_text(key->row[WEIR_LEFT]),
	    weir_change_text(key->row[WEIR_RIGHT]), err);
}

/* A key's row changes at r's time to this one, NULL: to none. */
static int
change(struct tables *p, struct weir_stage *st, struct weir_change_key *key,
    int side, struct weir_change *row, struct weir_sjoin_result r,
    struct weir_error *err)
{
	struct standing before, now;
	struct weir_change *old;
	int rc;

	stands(p, key->row, key->pair, &before);
	old = weir_changes_set(&p->c, key, side, row);
	rc = match(p, st, key, err);
	key->pair = rc > 0;
	stands(p, key->row, key->pair, &now);
	if (rc >= 0 && (p->retract || !has_news(&now, &before))) {
		r.flags = WEIR_RETRACT;
		rc = tell(p, st, &before, &now, r, err);
		r.flags = 0;
	}
	if (rc >= 0)
		rc = tell(p, st, &now, &before, r, err);
	weir_changes_let_go(&p->c, old);
	return rc;
}

static int
apply(struct weir_changes *c, struct weir_stage *st, struct weir_change *e,
    struct weir_error *err)
{
	struct weir_sjoin_result r = {.time = e->time, .release = e->time + 1};

	return change((struct tables *)c, st, e->key, e->side,
	    e->deletes ? NULL : e, r, err);
}

static int
expire(struct weir_changes *c, struct weir_stage *st,
    struct weir_change_key *key, int side, int64_t t, struct weir_error *err)
{
	struct weir_sjoin_result r = {.time = t, .release = t};

	return change((struct tables *)c, st, key, side, NULL, r, err);
}

static const struct weir_changes_ops changes_ops = {.apply = apply,
    .expire = expire,
    .rows = {true, true},
    .goes_first = WEIR_LEFT};

/* --- the kind --- */

static int
open_stage(void *self, struct weir_stage *st, struct weir_error *err)
{
	const struct tables *p = self;

	(void)err;
	weir_stage_set_changes(st,
	    p->retract || p->c.delete_if != NULL || p->c.ttl != WEIR_TIME_MAX ||
		p->c.sj.config.where != NULL || weir_stage_retracts(st));
	return 1;
}

static int
parse(struct weir_sjoin *sj, struct weir_error *err)
{
	struct tables *p = (struct tables *)sj;
	const char *mode = sj->config.mode;

	if (sj->type == WEIR_SEMI || sj->type == WEIR_ANTI)
		return weir_fail(err, WEIR_USAGE,
		    "--table-table: a row that meets one is told with it; "
		    "--type is inner, left, right or outer");
	if (mode != NULL && strcmp(mode, "accumulate") != 0 &&
	    strcmp(mode, "retract") != 0)
		return weir_fail(
		    err, WEIR_USAGE, "--mode: one of accumulate and retract");
	p->retract = mode != NULL && strcmp(mode, "retract") == 0;
	return weir_changes_parse(&p->c, &changes_ops, err);
}

static void
print(struct weir_buf *out, const struct weir_sjoin *sj)
{
	weir_buf_puts(out, "--table-table");
	weir_changes_print(out, (const struct weir_changes *)sj);
}

static const struct weir_stage_ops ops = {.open = open_stage,
    .events = weir_changes_events,
    .advance = weir_changes_advance,
    .save = weir_changes_save,
    .load = weir_changes_load};

const struct weir_sjoin_kind weir_sjoin_tables_kind = {
    .size = sizeof(struct tables),
    .ops = &ops,
    .parse = parse,
    .attach = weir_changes_attach,
    .fini = weir_changes_fini,
    .print = print};
