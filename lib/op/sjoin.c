/*
 * The sjoin operator: making it, and what the kinds of joins share.
 */
#include "op/sjoin_impl.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char *const types[] = {
    "inner", "left", "right", "outer", "semi", "anti"};
#define NTYPES (sizeof types / sizeof *types)

/* In the order of enum weir_join_how. */
static const struct weir_sjoin_kind *const kinds[] = {&weir_sjoin_interval_kind,
    &weir_sjoin_window_kind, &weir_sjoin_table_kind, &weir_sjoin_static_kind,
    &weir_sjoin_tables_kind};

/* --- what the options say --- */

static int
parse_how(const struct weir_sjoin_config *c, enum weir_join_how *how,
    struct weir_error *err)
{
	*how = c->tables	? WEIR_JOIN_TABLES
	    : c->fixed		? WEIR_JOIN_STATIC
	    : c->table		? WEIR_JOIN_TABLE
	    : c->window != NULL ? WEIR_JOIN_WINDOW
				: WEIR_JOIN_INTERVAL;
	if ((c->within != NULL) + (c->window != NULL) + c->table + c->fixed +
		c->tables >
	    1)
		return weir_fail(err, WEIR_USAGE,
		    "give one of --within, --window, --table, --static and "
		    "--table-table");
	if (*how == WEIR_JOIN_INTERVAL && c->within == NULL && c->where == NULL)
		return weir_fail(err, WEIR_USAGE,
		    "how do the two meet? Say --within=15m for events at most "
		    "that far apart, --window=5m, --table for the newest row "
		    "as of an event's time, or --static for a lookup file");
	return 1;
}

static int
parse_type(struct weir_sjoin *sj, struct weir_error *err)
{
	const char *text = sj->config.type;
	char shown[60];

	if (text == NULL)
		return 1;
	for (size_t i = 0; i < NTYPES; i++)
		if (strcmp(text, types[i]) == 0) {
			sj->type = (enum weir_join_type)i;
			return 1;
		}
	return weir_fail(err, WEIR_USAGE,
	    "--type=%s: one of inner, left, right, outer, semi and anti",
	    weir_show_into(shown, sizeof shown, text, strlen(text)));
}

static int
parse_keys(struct weir_sjoin *sj, struct weir_error *err)
{
	const struct weir_sjoin_config *c = &sj->config;
	const char *left = c->left_keys != NULL ? c->left_keys : c->keys,
		   *right = c->right_keys != NULL ? c->right_keys : c->keys;

	if (c->keys != NULL && c->left_keys != NULL && c->right_keys != NULL)
		return weir_fail(err, WEIR_USAGE,
		    "-k stands for --left-key and --right-key: give it, or "
		    "them");
	if (left == NULL || right == NULL)
		return weir_fail(err, WEIR_USAGE,
		    "what do the two have in common? Say -k, as in -k "
		    "order_id, or --left-key and --right-key");
	if (weir_keyset_parse(&sj->keys[WEIR_LEFT], left, err) < 0 ||
	    weir_keyset_parse(&sj->keys[WEIR_RIGHT], right, err) < 0)
		return -1;
	if (sj->keys[WEIR_LEFT].n != sj->keys[WEIR_RIGHT].n)
		return weir_fail(err, WEIR_USAGE,
		    "left has %zu keys and right %zu: they pair up, so give "
		    "both the same number",
		    sj->keys[WEIR_LEFT].n, sj->keys[WEIR_RIGHT].n);
	return 1;
}

static int
parse_form(struct weir_sjoin *sj, struct weir_error *err)
{
	const struct weir_sjoin_config *c = &sj->config;
	struct weir_pairs_config pairs = {.project = c->project,
	    .nest = c->nest,
	    .where = c->where,
	    .right_keys = &sj->keys[WEIR_RIGHT]};

	if (c->nest && c->project != NULL)
		return weir_fail(err, WEIR_USAGE,
		    "--nest and --project both shape the result: give one");
	if (sj->type >= WEIR_SEMI && (c->nest || c->project != NULL))
		return weir_fail(err, WEIR_USAGE,
		    "--type=%s gives the left events as they are: there is "
		    "nothing to shape",
		    types[sj->type]);
	return weir_pairs_init(&sj->pairs, &pairs, err);
}

static void
make_fingerprint(struct weir_sjoin *sj)
{
	struct weir_buf *b = &sj->fingerprint;

	size_t at;

	weir_buf_puts(b, "sjoin ");
	at = b->len;
	weir_buf_printf(b, "--type=%s", types[sj->type]);
	weir_terms_add(&sj->terms, "", b, at);
	for (int side = WEIR_LEFT; side <= WEIR_RIGHT; side++) {
		weir_buf_puts(b, side == WEIR_RIGHT ? " right " : " left ");
		at = b->len;
		weir_keyset_print(b, &sj->keys[side]);
		weir_terms_add(&sj->terms,
		    side == WEIR_RIGHT ? "--right-key: " : "--left-key: ", b,
		    at);
	}
	at = b->len;
	if (sj->config.where != NULL)
		weir_buf_printf(b, " --where=%s", sj->config.where);
	weir_terms_add(&sj->terms, "", b, at);
	weir_buf_putc(b, ' ');
	at = b->len;
	sj->kind->print(b, sj);
	weir_terms_add(&sj->terms, "", b, at);
	weir_buf_cstr(b);
}

struct weir_sjoin *
weir_sjoin_new(const struct weir_sjoin_config *config, struct weir_error *err)
{
	enum weir_join_how how;
	struct weir_sjoin *sj;

	if (parse_how(config, &how, err) < 0)
		return NULL;
	sj = weir_calloc(1, kinds[how]->size);
	sj->kind = kinds[how];
	sj->config = *config;
	sj->how = how;
	if (parse_type(sj, err) < 0 || parse_keys(sj, err) < 0 ||
	    parse_form(sj, err) < 0 || sj->kind->parse(sj, err) < 0) {
		weir_sjoin_free(sj);
		return NULL;
	}
	make_fingerprint(sj);
	return sj;
}

void
weir_sjoin_free(struct weir_sjoin *sj)
{
	if (sj == NULL)
		return;
	sj->kind->fini(sj);
	weir_pairs_fini(&sj->pairs);
	weir_keyset_fini(&sj->keys[WEIR_LEFT]);
	weir_keyset_fini(&sj->keys[WEIR_RIGHT]);
	weir_buf_fini(&sj->fingerprint);
	weir_terms_fini(&sj->terms);
	weir_buf_fini(&sj->out);
	weir_arena_fini(&sj->keys_arena);
	weir_arena_fini(&sj->arena);
	weir_prover_free(sj->lines);
	free(sj->slots);
	free(sj->event_slots);
	free(sj);
}

enum weir_join_how
weir_sjoin_how(const struct weir_sjoin *sj)
{
	return sj->how;
}

const struct weir_stage_ops *
weir_sjoin_ops(const struct weir_sjoin *sj)
{
	return sj->kind->ops;
}

const char *
weir_sjoin_fingerprint(const struct weir_sjoin *sj)
{
	return sj->fingerprint.data;
}

const struct weir_terms *
weir_sjoin_terms(const struct weir_sjoin *sj)
{
	return &sj->terms;
}

int
weir_sjoin_attach(
    struct weir_sjoin *sj, struct weir_stage *st, struct weir_error *err)
{
	struct weir_prover *prover = weir_stage_prover(st);

	if (sj->config.late != NULL)
		sj->late = weir_stage_side(st, sj->config.late);
	if (weir_keyset_compile(&sj->keys[WEIR_LEFT], prover, err) < 0 ||
	    weir_keyset_compile(&sj->keys[WEIR_RIGHT], prover, err) < 0)
		return -1;
	return sj->kind->attach != NULL ? sj->kind->attach(sj, st, err) : 1;
}

/* --- what the kinds share --- */

int
weir_sjoin_key(struct weir_sjoin *sj, int side, const struct weir_row *row,
    struct weir_key *key, struct weir_error *err)
{
	struct weir_keyset *keys = &sj->keys[side];
	struct weir_str parts[WEIR_KEYSET_MAX];

	if (weir_keyset_read(keys, row, &sj->keys_arena, key, err) < 0)
		return -1;
	weir_keyset_split(keys, key->canonical, parts);
	for (size_t i = 0; i < keys->n; i++)
		if (parts[i].len == 0 || weir_str_eq(parts[i], "null"))
			return 0;
	return 1;
}

int
weir_sjoin_late(struct weir_sjoin *sj, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, struct weir_error *err)
{
	weir_stage_metrics(st)->late++;
	return sj->late != NULL ? weir_side_event(sj->late, b, i, err) : 1;
}

int
weir_sjoin_limit(const struct weir_sjoin *sj, size_t bytes, size_t events,
    struct weir_error *err)
{
	if (sj->config.max_state == 0 || bytes <= sj->config.max_state)
		return 1;
	return weir_fail(err, WEIR_STATE,
	    "the state has outgrown --max-state: %zu events take %zu bytes, "
	    "%ju are allowed; allow more, or need less with closer bounds "
	    "or a smaller --max-delay",
	    events, bytes, (uintmax_t)sj->config.max_state);
}

static int
failed(struct weir_stage *st, struct weir_str left, struct weir_str right,
    const struct weir_error *why, struct weir_error *err)
{
	struct weir_str shown = left.s != NULL ? left : right;

	return weir_stage_failed(st, shown.s, shown.len, why->text, err);
}

/* Its text in sj->out. */
static int
write_result(struct weir_sjoin *sj, const struct weir_sjoin_result *r,
    struct weir_error *why)
{
	sj->out.len = 0;
	if (r->open == NULL)
		return weir_pairs_write(
		    &sj->pairs, r->left, r->right, &sj->out, why);
	if (!r->apart)
		return weir_pairs_write_open(
		    &sj->pairs, r->left, r->open, &sj->out, why);
	weir_pairs_write_apart(r->left, r->open, &sj->out);
	return 1;
}

int
weir_sjoin_put(struct weir_sjoin *sj, struct weir_stage *st,
    const struct weir_sjoin_result *r, struct weir_error *err)
{
	static const char mark[] = ",\"retract\":true}";
	struct weir_error why;

	if (write_result(sj, r, &why) < 0)
		return failed(st, r->left, r->right, &why, err);
	if (r->flags & WEIR_RETRACT) {
		while (sj->out.data[sj->out.len - 1] != '}')
			sj->out.len--;
		sj->out.len--;
		weir_buf_puts(&sj->out, sj->out.len == 1 ? mark + 1 : mark);
	}
	return weir_stage_put(
	    st, sj->out.data, sj->out.len, r->time, r->release, r->flags, err);
}

int
weir_sjoin_test(struct weir_sjoin *sj, struct weir_stage *st,
    struct weir_str left, struct weir_str right, struct weir_error *err)
{
	struct weir_error why;
	int rc = weir_pairs_test(&sj->pairs, left, right, &why);

	if (rc >= 0)
		return rc;
	return failed(st, left, right, &why, err) < 0 ? -1 : 0;
}
