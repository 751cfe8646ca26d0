#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "event/source.h"
#include "json/prover.h"
#include "json/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACE_TEXT_MAX ((size_t)8 << 20) /* a csv header's escapes */

enum {
	NAME,
	NAME_HEX,
	DEV,
	INO,
	PRINT,
	PRINT_LEN,
	OFFSET,
	LINE,
	CONTEXT,
	FIELDS
};

static const char *const fields[FIELDS] = {"name", "name_hex", "dev", "ino",
    "print", "print_len", "offset", "line", "context"};

void
weir_place_write(struct weir_buf *out, const struct weir_place *place)
{
	size_t len = strlen(place->name);

	/* A file's name is bytes; JSON can hold it if it is UTF-8. */
	if (weir_utf8_valid(place->name, len) == len) {
		weir_buf_puts(out, "{\"name\":");
		weir_json_string(out, place->name, len);
	} else {
		weir_buf_puts(out, "{\"name_hex\":\"");
		for (const char *s = place->name; *s != '\0'; s++)
			weir_buf_printf(out, "%02x", (unsigned char)*s);
		weir_buf_putc(out, '"');
	}
	weir_buf_printf(out,
	    ",\"dev\":%llu,\"ino\":%llu,\"print\":\"%016llx\""
	    ",\"print_len\":%lu,\"offset\":%llu,\"line\":%llu",
	    (unsigned long long)place->dev, (unsigned long long)place->ino,
	    (unsigned long long)place->print, (unsigned long)place->print_len,
	    (unsigned long long)place->offset, (unsigned long long)place->line);
	if (place->context != NULL) {
		weir_buf_puts(out, ",\"context\":");
		weir_json_string(out, place->context, strlen(place->context));
	}
	weir_buf_putc(out, '}');
}

static int
bad(const char *field, struct weir_error *err)
{
	return weir_fail(
	    err, WEIR_STATE, "place in a source: bad or missing %s", field);
}

static int
read_uint(struct weir_str text, uint64_t *out)
{
	struct weir_num n;

	if (text.len == 0 || text.s[0] < '0' || text.s[0] > '9')
		return 0;
	weir_num_read(text.s, text.len, &n);
	*out = n.kind == WEIR_NUM_INT ? (uint64_t)n.i : n.u;
	return n.kind != WEIR_NUM_DOUBLE;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 16 hex digits in quotes. */
static int
read_print(struct weir_str text, uint64_t *out)
{
	*out = 0;
	if (text.len != 18 || text.s[0] != '"')
		return 0;
	for (size_t i = 1; i < 17; i++) {
		int digit = hex(text.s[i]);

		if (digit < 0)
			return 0;
		*out = *out << 4 | (uint64_t)digit;
	}
	return 1;
}

static char *
read_hex_name(struct weir_str text)
{
	char *name;

	if (text.len < 4 || text.len % 2 != 0 || text.s[0] != '"')
		return NULL;
	name = weir_calloc(1, text.len / 2);
	for (size_t i = 0; i < text.len / 2 - 1; i++) {
		int hi = hex(text.s[1 + 2 * i]), lo = hex(text.s[2 + 2 * i]);

		if (hi < 0 || lo < 0 || (hi == 0 && lo == 0)) {
			free(name);
			return NULL;
		}
		name[i] = (char)(hi << 4 | lo);
	}
	return name;
}

/* A string that is not empty and has no NUL in it, or NULL. */
static char *
read_string(struct weir_str text)
{
	struct weir_arena arena = {0};
	struct weir_value v;
	char *name = NULL;

	if (text.len == 0)
		return NULL;
	v = weir_value_read(text.s, text.len, &arena);
	if (v.kind == WEIR_STRING && v.aux > 0 && !memchr(v.s, '\0', v.aux))
		name = weir_strndup(v.s, v.aux);
	weir_arena_fini(&arena);
	return name;
}

static int
read_fields(
    struct weir_place *p, const struct weir_str *f, struct weir_error *err)
{
	uint64_t print_len;

	p->name =
	    f[NAME].len ? read_string(f[NAME]) : read_hex_name(f[NAME_HEX]);
	if (p->name == NULL)
		return bad(fields[NAME], err);
	if (!read_uint(f[DEV], &p->dev))
		return bad(fields[DEV], err);
	if (!read_uint(f[INO], &p->ino))
		return bad(fields[INO], err);
	if (!read_print(f[PRINT], &p->print))
		return bad(fields[PRINT], err);
	if (!read_uint(f[OFFSET], &p->offset) || p->offset > INT64_MAX)
		return bad(fields[OFFSET], err);
	if (!read_uint(f[LINE], &p->line))
		return bad(fields[LINE], err);
	if (!read_uint(f[PRINT_LEN], &print_len) ||
	    print_len > WEIR_PRINT_MAX || print_len > p->offset)
		return bad(fields[PRINT_LEN], err);
	p->print_len = (uint32_t)print_len;
	p->context = read_string(f[CONTEXT]);
	if (p->context == NULL && f[CONTEXT].len > 0)
		return bad(fields[CONTEXT], err);
	return 1;
}

int
weir_place_read(
    struct weir_place *place, const char *s, size_t len, struct weir_error *err)
{
	struct weir_slot slots[FIELDS];
	struct weir_str text[FIELDS];
	struct weir_prover *p;
	char *line;
	int r;

	*place = (struct weir_place){0};
	if (len > PLACE_TEXT_MAX)
		return weir_fail(
		    err, WEIR_STATE, "place in a source: too long");
	line = weir_calloc(1, len + 1 + WEIR_PAD);
	memcpy(line, s, len);
	line[len] = '\n';
	p = weir_prover_new();
	for (size_t i = 0; i < FIELDS; i++) {
		struct weir_str path = weir_str(fields[i]);

		weir_prover_want(p, &path, 1);
	}
	if (weir_prover_line(p, line, slots, NULL) == line + len) {
		for (size_t i = 0; i < FIELDS; i++)
			text[i] = (struct weir_str){
			    line + slots[i].off, slots[i].len};
		r = read_fields(place, text, err);
	} else {
		r = bad("JSON text", err);
	}
	if (r < 0)
		weir_place_fini(place);
	weir_prover_free(p);
	free(line);
	return r;
}

void
weir_place_fini(struct weir_place *place)
{
	free(place->name);
	free(place->context);
	*place = (struct weir_place){0};
}
