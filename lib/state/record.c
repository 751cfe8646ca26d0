#include "state/record.h"

#include "base/mem.h"
#include "base/text.h"
#include "json/check.h"
#include "json/prover.h"
#include "state/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHY  256
#define SHOW 256

/* Bytes of the second line. */
#define SEAL (sizeof "{\"digest\":\"\"}\n" - 1 + 32)

/* --- reading --- */

static int
fail(struct weir_record *r, const char *name, const char *what)
{
	char shown[SHOW];

	return weir_fail(r->err, WEIR_STATE, "%s: \"%s\" %s",
	    weir_show_into(shown, sizeof shown, r->file, strlen(r->file)), name,
	    what);
}

static int
damaged(struct weir_record *r, const char *why)
{
	char shown[SHOW];

	return weir_fail(r->err, WEIR_STATE, "%s: damaged: %s",
	    weir_show_into(shown, sizeof shown, r->file, strlen(r->file)), why);
}

/* The text in r, len bytes of it. */
static int
take_apart(struct weir_record *r, size_t len)
{
	struct weir_value v;
	char why[WHY];

	/* what reads JSON looks WEIR_PAD ahead, and a newline stops it */
	memset(weir_buf_reserve(&r->text, WEIR_PAD), 0, WEIR_PAD);
	r->text.data[len] = '\n';
	if (!weir_check(r->text.data, len, why, sizeof why))
		return damaged(r, why);
	v = weir_value_read(r->text.data, len, &r->arena);
	if (v.kind == WEIR_JSON) /* not so if blanks come first */
		v = weir_value_open(v, &r->arena);
	if (v.kind != WEIR_MAP)
		return damaged(r, "not an object");
	r->map = v.map;
	return 1;
}

int
weir_record_parse(struct weir_record *r, const char *file, struct weir_str text,
    struct weir_error *err)
{
	*r = (struct weir_record){.file = file, .err = err};
	weir_buf_add(&r->text, text.s, text.len);
	if (take_apart(r, text.len) == 1)
		return 1;
	weir_record_fini(r);
	return -1;
}

static void
seal_text(const char *line, size_t len, char out[SEAL + 1])
{
	char hex[33];

	weir_digest_print(weir_digest(line, len), hex);
	snprintf(out, SEAL + 1, "{\"digest\":\"%s\"}\n", hex);
}

int
weir_record_load(struct weir_record *r, int dirfd, const char *file, size_t max,
    struct weir_error *err)
{
	char seal[SEAL + 1];
	size_t len;
	int got;

	*r = (struct weir_record){.file = file, .err = err};
	got = weir_slurp(dirfd, file, max, &r->text, err);
	if (got != 1) {
		weir_record_fini(r);
		return got;
	}
	len = r->text.len;
	if (len < SEAL + 3 || r->text.data[len - SEAL - 1] != '\n') {
		damaged(r, "cut short");
		goto bad;
	}
	len -= SEAL;
	seal_text(r->text.data, len, seal);
	if (memcmp(r->text.data + len, seal, SEAL) != 0) {
		damaged(r, "its digest does not match");
		goto bad;
	}
	if (take_apart(r, len - 1) == 1)
		return 1;
bad:
	weir_record_fini(r);
	return -1;
}

void
weir_record_fini(struct weir_record *r)
{
	weir_arena_fini(&r->arena);
	weir_buf_fini(&r->text);
	r->map = NULL;
}

static const struct weir_value *
get(const struct weir_map *map, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < map->n; i++)
		if (map->keys[i].kind == WEIR_STRING &&
		    map->keys[i].aux == len &&
		    memcmp(map->keys[i].s, name, len) == 0)
			return &map->values[i];
	return NULL;
}

int
weir_record_str(struct weir_record *r, const struct weir_map *map,
    const char *name, char **out)
{
	const struct weir_value *v = get(map, name);

	if (v == NULL || v->kind != WEIR_STRING)
		return fail(r, name, "is not a string");
	if (v->aux > WEIR_RECORD_TEXT)
		return fail(r, name, "is too long");
	if (v->aux > 0 && memchr(v->s, '\0', v->aux) != NULL)
		return fail(r, name, "holds a NUL");
	*out = weir_strndup(v->s, v->aux);
	return 1;
}

int
weir_record_maybe_str(struct weir_record *r, const struct weir_map *map,
    const char *name, char **out)
{
	const struct weir_value *v = get(map, name);

	if (v == NULL || v->kind == WEIR_NULL)
		return 1;
	return weir_record_str(r, map, name, out);
}

int
weir_record_u64(struct weir_record *r, const struct weir_map *map,
    const char *name, uint64_t *out)
{
	const struct weir_value *v = get(map, name);

	if (v != NULL && v->kind == WEIR_INT && v->i >= 0)
		*out = (uint64_t)v->i;
	else if (v != NULL && v->kind == WEIR_UINT)
		*out = v->u;
	else
		return fail(r, name, "is not a number that counts");
	return 1;
}

int
weir_record_i64(struct weir_record *r, const struct weir_map *map,
    const char *name, int64_t none, int64_t *out)
{
	const struct weir_value *v = get(map, name);

	if (v != NULL && v->kind == WEIR_INT)
		*out = v->i;
	else if (v != NULL && v->kind == WEIR_NULL)
		*out = none;
	else
		return fail(r, name, "is not a whole number");
	return 1;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
weir_record_digest(struct weir_record *r, const struct weir_map *map,
    const char *name, struct weir_digest *out)
{
	const struct weir_value *v = get(map, name);
	uint64_t half[2] = {0, 0};

	if (v == NULL || v->kind != WEIR_STRING || v->aux != 32)
		return fail(r, name, "is not a digest");
	for (int i = 0; i < 32; i++) {
		int d = hex_digit(v->s[i]);

		if (d < 0)
			return fail(r, name, "is not a digest");
		half[i / 16] = half[i / 16] << 4 | (uint64_t)d;
	}
	*out = (struct weir_digest){.hi = half[0], .lo = half[1]};
	return 1;
}

bool
weir_record_has(const struct weir_map *map, const char *name)
{
	return get(map, name) != NULL;
}

int
weir_record_map(struct weir_record *r, const struct weir_map *map,
    const char *name, const struct weir_map **out)
{
	const struct weir_value *found = get(map, name);
	struct weir_value v = {.kind = WEIR_ABSENT};

	if (found != NULL && found->kind == WEIR_JSON)
		v = weir_value_open(*found, &r->arena);
	if (v.kind != WEIR_MAP)
		return fail(r, name, "is not an object");
	*out = v.map;
	return 1;
}

int
weir_record_sublist(struct weir_record *r, const struct weir_map *map,
    const char *name, size_t max, const struct weir_list **out)
{
	const struct weir_value *found = get(map, name);
	struct weir_value v;

	if (found == NULL || found->kind != WEIR_JSON)
		return fail(r, name, "is not a list");
	v = weir_value_open(*found, &r->arena);
	if (v.kind != WEIR_LIST)
		return fail(r, name, "is not a list");
	if (v.list->n > max)
		return fail(r, name, "has too many items");
	*out = v.list;
	return 1;
}

int
weir_record_list(struct weir_record *r, const char *name, size_t max,
    const struct weir_list **out)
{
	return weir_record_sublist(r, r->map, name, max, out);
}

int
weir_record_item(struct weir_record *r, const struct weir_list *list, size_t i,
    const struct weir_map **out)
{
	struct weir_value v = list->items[i];

	if (v.kind == WEIR_JSON)
		v = weir_value_open(v, &r->arena);
	if (v.kind != WEIR_MAP)
		return damaged(r, "an item of a list is not an object");
	*out = v.map;
	return 1;
}

/* --- writing --- */

void
weir_record_seal(struct weir_buf *line)
{
	char seal[SEAL + 1];

	weir_buf_putc(line, '\n');
	seal_text(line->data, line->len, seal);
	weir_buf_add(line, seal, SEAL);
}

static void
put_name(struct weir_buf *out, const char *name)
{
	char last = out->len > 0 ? out->data[out->len - 1] : '{';

	if (last != '{')
		weir_buf_putc(out, ',');
	weir_json_string(out, name, strlen(name));
	weir_buf_putc(out, ':');
}

void
weir_record_put_str(struct weir_buf *out, const char *name, const char *value)
{
	put_name(out, name);
	if (value != NULL)
		weir_json_string(out, value, strlen(value));
	else
		weir_buf_puts(out, "null");
}

void
weir_record_put_u64(struct weir_buf *out, const char *name, uint64_t value)
{
	put_name(out, name);
	weir_buf_printf(out, "%llu", (unsigned long long)value);
}

void
weir_record_put_i64(struct weir_buf *out, const char *name, int64_t value)
{
	put_name(out, name);
	weir_buf_printf(out, "%lld", (long long)value);
}

void
weir_record_put_digest(
    struct weir_buf *out, const char *name, struct weir_digest d)
{
	char hex[33];

	weir_digest_print(d, hex);
	weir_record_put_str(out, name, hex);
}
