/*
 * Keys: from events to canonical text, and from there into results.
 */
#include "op/group.h"

#include "base/mem.h"
#include "op/column.h"

#include <stdlib.h>
#include <string.h>

int
weir_keyset_parse(
    struct weir_keyset *keys, const char *text, struct weir_error *err)
{
	*keys = (struct weir_keyset){0};
	if (text == NULL)
		return 1;
	if (weir_items_parse(&keys->items, text, false, "-k", err) < 0)
		return -1;
	if (keys->items.n > WEIR_KEYSET_MAX)
		return weir_fail(
		    err, WEIR_USAGE, "-k: more than %d keys", WEIR_KEYSET_MAX);
	keys->n = keys->items.n;
	keys->fields = weir_calloc(keys->n, sizeof *keys->fields);
	for (size_t i = 0; i < keys->n; i++) {
		if (keys->items.items[i].depth != 1)
			return weir_fail(err, WEIR_USAGE,
			    "-k: a key's name is one word, not a path");
		keys->fields[i].name = keys->items.items[i].path[0];
		keys->fields[i].column = weir_column(keys->fields[i].name);
		keys->fields[i].column_len = strlen(keys->fields[i].column);
	}
	return 1;
}

int
weir_keyset_compile(struct weir_keyset *keys, struct weir_prover *prover,
    struct weir_error *err)
{
	struct weir_scope scope = {.prover = prover};

	for (size_t i = 0; i < keys->n; i++) {
		struct weir_key_field *f = &keys->fields[i];

		f->expr =
		    weir_expr_compile_ast(&scope, keys->items.items[i].expr,
			keys->items.text, keys->items.len, "-k", err);
		if (f->expr == NULL)
			return -1;
		f->slot = weir_expr_field(f->expr);
	}
	return 1;
}

void
weir_keyset_print(struct weir_buf *out, const struct weir_keyset *keys)
{
	for (size_t i = 0; i < keys->n; i++) {
		weir_buf_puts(out, i == 0 ? "-k " : ", ");
		weir_buf_add(
		    out, keys->fields[i].name.s, keys->fields[i].name.len);
		weir_buf_puts(out, " = ");
		weir_ast_print(keys->items.items[i].expr, out);
	}
}

void
weir_keyset_fini(struct weir_keyset *keys)
{
	for (size_t i = 0; keys->fields != NULL && i < keys->n; i++) {
		free(keys->fields[i].column);
		weir_expr_free(keys->fields[i].expr);
	}
	free(keys->fields);
	weir_items_fini(&keys->items);
	weir_buf_fini(&keys->canonical);
	weir_buf_fini(&keys->text);
	*keys = (struct weir_keyset){0};
}

static int
too_long(struct weir_error *err)
{
	return weir_fail(
	    err, WEIR_INPUT, "key: longer than %zu bytes", WEIR_KEY_MAX);
}

/*
 * The scratch buffers of a key being put together. While every part was
 * canonical as written, text is left empty (same is set).
 */
static void
begin_key(struct weir_keyset *keys)
{
	keys->canonical.len = 0;
	keys->text.len = 0;
	keys->same = true;
}

/* Append a part whose canonical form came to stand at byte `at`. */
static void
add_text(struct weir_keyset *keys, struct weir_str text, size_t at)
{
	struct weir_buf *c = &keys->canonical;

	if (keys->same && text.len == c->len - at &&
	    (text.len == 0 || memcmp(text.s, c->data + at, text.len) == 0))
		return;
	if (keys->same)
		weir_buf_add(&keys->text, c->data, at);
	weir_buf_add(&keys->text, text.s, text.len);
	keys->same = false;
}

/* Append a part that is JSON text, of an absent field if it is empty. */
static int
add_json(struct weir_keyset *keys, struct weir_str text,
    struct weir_arena *arena, struct weir_error *err)
{
	size_t at = keys->canonical.len;
	struct weir_value v;

	if (text.len > WEIR_KEY_MAX)
		return too_long(err);
	if (text.len == 0 || weir_value_is_key(text.s, text.len)) {
		weir_buf_add(&keys->canonical, text.s, text.len);
	} else {
		v = weir_value_read(text.s, text.len, arena);
		if (v.kind == WEIR_ERROR)
			return weir_fail(
			    err, WEIR_INPUT, "key: %.*s", (int)v.aux, v.s);
		weir_value_key(&keys->canonical, v);
	}
	add_text(keys, text, at);
	return 1;
}

/* Append a part that an expression gives. */
static int
add_computed(struct weir_keyset *keys, const struct weir_expr *expr,
    const struct weir_row *row, struct weir_arena *arena,
    struct weir_error *err)
{
	size_t at = keys->canonical.len;
	struct weir_buf text = {0};
	struct weir_value v;
	int rc = weir_expr_eval(expr, row, arena, &v, err);

	if (rc <= 0) {
		add_text(keys, (struct weir_str){"", 0}, at);
		return rc < 0 ? -1 : 1;
	}
	weir_value_key(&keys->canonical, v);
	weir_value_write(&text, v);
	add_text(keys, (struct weir_str){text.data, text.len}, at);
	weir_buf_fini(&text);
	return 1;
}

/* Several parts have a comma behind each, so that each one ends somewhere. */
static void
end_part(struct weir_keyset *keys)
{
	if (keys->n == 1)
		return;
	weir_buf_putc(&keys->canonical, ',');
	if (!keys->same)
		weir_buf_putc(&keys->text, ',');
}

static struct weir_str
copy(const struct weir_buf *b, struct weir_arena *arena)
{
	char *to = weir_arena_alloc(arena, b->len + 1);

	if (b->len > 0)
		memcpy(to, b->data, b->len);
	return (struct weir_str){to, b->len};
}

static int
end_key(struct weir_keyset *keys, struct weir_arena *arena,
    struct weir_key *out, struct weir_error *err)
{
	if (keys->canonical.len > WEIR_KEY_MAX || keys->text.len > WEIR_KEY_MAX)
		return too_long(err);
	out->canonical = copy(&keys->canonical, arena);
	out->text = keys->same ? out->canonical : copy(&keys->text, arena);
	return 1;
}

/*
 * The usual key: none, or one field that is canonical as it stands. The parts of *out
 * are set one by one, for copying whole structs just written stalls.
 */
static inline int
read_plain(const struct weir_keyset *keys, const struct weir_row *row,
    struct weir_key *out)
{
	struct weir_slot slot = {0, 0};
	const char *s;

	if (keys->n > 1 || (keys->n == 1 && keys->fields->slot == WEIR_NO_SLOT))
		return 0;
	if (keys->n == 1)
		slot = row->slots[keys->fields->slot];
	s = row->text + slot.off;
	if (slot.len > WEIR_KEY_MAX ||
	    (slot.len > 0 && !weir_value_is_key(s, slot.len)))
		return 0;
	out->canonical.s = out->text.s = s;
	out->canonical.len = out->text.len = slot.len;
	return 1;
}

int
weir_keyset_read(struct weir_keyset *keys, const struct weir_row *row,
    struct weir_arena *arena, struct weir_key *out, struct weir_error *err)
{
	const struct weir_key_field *f = keys->fields;
	struct weir_slot slot;
	struct weir_str text;
	int rc, at;

	if (read_plain(keys, row, out))
		return 1;
	begin_key(keys);
	for (size_t i = 0; i < keys->n; i++, f++) {
		at = f->slot;
		if (at == WEIR_NO_SLOT)
			at = weir_expr_slot(f->expr, row->slots);
		if (at == WEIR_NO_SLOT) {
			rc = add_computed(keys, f->expr, row, arena, err);
		} else {
			slot = row->slots[at];
			text.s = row->text + slot.off;
			text.len = slot.len;
			rc = add_json(keys, text, arena, err);
		}
		if (rc < 0)
			return -1;
		end_part(keys);
	}
	return end_key(keys, arena, out, err);
}

int
weir_keyset_join(struct weir_keyset *keys, const struct weir_str *parts,
    struct weir_arena *arena, struct weir_key *out, struct weir_error *err)
{
	begin_key(keys);
	for (size_t i = 0; i < keys->n; i++) {
		if (add_json(keys, parts[i], arena, err) < 0)
			return -1;
		end_part(keys);
	}
	return end_key(keys, arena, out, err);
}

static void
write_part(
    struct weir_buf *out, const struct weir_key_field *f, struct weir_str text)
{
	if (text.len == 0)
		return;
	weir_buf_add(out, f->column, f->column_len);
	weir_buf_add(out, text.s, text.len);
}

void
weir_keyset_split(
    struct weir_keyset *keys, struct weir_str text, struct weir_str *parts)
{
	const char *s, *end;

	if (keys->n == 1)
		parts[0] = text;
	if (keys->n <= 1)
		return;
	/* Skipping over JSON reads a little further than it goes. */
	keys->text.len = 0;
	weir_buf_add(&keys->text, text.s, text.len);
	memset(weir_buf_reserve(&keys->text, WEIR_PAD), '\n', WEIR_PAD);
	s = keys->text.data;
	for (size_t i = 0; i < keys->n; i++) {
		end = *s == ',' ? s : weir_json_skip(s);
		parts[i] = (struct weir_str){s, (size_t)(end - s)};
		s = end + 1;
	}
}

void
weir_keyset_write(
    struct weir_buf *out, struct weir_keyset *keys, struct weir_str text)
{
	struct weir_str parts[WEIR_KEYSET_MAX];

	weir_keyset_split(keys, text, parts);
	for (size_t i = 0; i < keys->n; i++)
		write_part(out, &keys->fields[i], parts[i]);
}

void
weir_keyset_save(
    struct weir_buf *out, struct weir_keyset *keys, struct weir_str text)
{
	size_t at = out->len;

	weir_keyset_write(out, keys, text);
	if (out->len == at)
		weir_buf_putc(out, '{');
	else
		out->data[at] = '{'; /* for the first comma */
	weir_buf_putc(out, '}');
}
