#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "event/convert.h"

#include <stdlib.h>

#define NAMES_MAX  1024 /* that are remembered */
#define NAME_LEN   256	/* bytes of a remembered one */
#define TABLE_SIZE 4096
#define NONE	   0xFFFF

/* A name as it stands in the text, and the one that came behind it last. */
struct name {
	struct weir_field field;
	char *text, *key;
	uint16_t len, next;
	uint32_t hash;
};

struct weir_logfmt {
	struct name names[NAMES_MAX];
	size_t n;
	uint16_t table[TABLE_SIZE]; /* a name's number plus 1 */
	uint16_t first;		    /* of the last line */
	unsigned char secret[WEIR_HASH_SECRET];
	/* For a name that is not remembered. */
	struct weir_field other;
	struct weir_buf key;
};

struct weir_logfmt *
weir_logfmt_new(void)
{
	struct weir_logfmt *l = weir_calloc(1, sizeof *l);

	l->first = NONE;
	weir_hash_secret(l->secret);
	return l;
}

void
weir_logfmt_free(struct weir_logfmt *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n; i++) {
		free(l->names[i].text);
		free(l->names[i].key);
	}
	weir_buf_fini(&l->key);
	free(l);
}

static void
bind(struct weir_field *f, struct weir_str name, struct weir_prover *p)
{
	int slot, column;

	weir_prover_key(p, name, &slot, &column);
	f->slot = (int16_t)slot;
	f->column = (int16_t)column;
}

void
weir_logfmt_bind(struct weir_logfmt *l, struct weir_prover *p)
{
	for (size_t i = 0; i < l->n; i++)
		bind(&l->names[i].field,
		    (struct weir_str){l->names[i].text, l->names[i].len}, p);
}

/* A name that is not remembered, for this once. */
static const struct weir_field *
other(struct weir_logfmt *l, struct weir_str name, struct weir_prover *p)
{
	l->key.len = 0;
	l->other.key = weir_buf_reserve(
	    &l->key, WEIR_EXPANSION * name.len + 4 + WEIR_KEY_ROOM);
	l->other.len = (uint32_t)weir_key_text(l->key.data, name);
	bind(&l->other, name, p);
	return &l->other;
}

static void
remember(struct weir_logfmt *l, struct weir_str name, uint32_t hash, size_t at,
    struct weir_prover *p)
{
	struct name *x = &l->names[l->n++];
	char *key =
	    weir_calloc(1, WEIR_EXPANSION * name.len + 4 + WEIR_KEY_ROOM);

	x->text = weir_strndup(name.s, name.len);
	x->len = (uint16_t)name.len;
	x->hash = hash;
	x->next = NONE;
	x->key = key;
	x->field.key = key;
	x->field.len = (uint32_t)weir_key_text(key, name);
	bind(&x->field, name, p);
	l->table[at] = (uint16_t)l->n;
}

/* The number of the name, remembered now if there is room; or NONE. */
static unsigned
look_up(struct weir_logfmt *l, struct weir_str name, struct weir_prover *p)
{
	uint64_t h = weir_hash64_keyed(name.s, name.len, l->secret);
	size_t at = h % TABLE_SIZE;

	for (; l->table[at] != 0; at = (at + 1) % TABLE_SIZE) {
		const struct name *x = &l->names[l->table[at] - 1];

		if (x->hash == (uint32_t)(h >> 32) && x->len == name.len &&
		    memcmp(x->text, name.s, name.len) == 0)
			return l->table[at] - 1u;
	}
	if (l->n == NAMES_MAX || name.len > NAME_LEN)
		return NONE;
	remember(l, name, (uint32_t)(h >> 32), at, p);
	return (unsigned)l->n - 1;
}

/*
 * The field of a name, or NULL if it is not UTF-8; *guess is what is expected,
 * and then what is next.
 */
static const struct weir_field *
find(struct weir_converter *k, struct weir_str name, uint16_t **guess)
{
	struct weir_logfmt *l = k->logfmt;
	unsigned i = **guess;

	if (i == NONE || l->names[i].len != name.len ||
	    memcmp(l->names[i].text, name.s, name.len) != 0) {
		if (weir_utf8_valid(name.s, name.len) != name.len)
			return NULL;
		i = look_up(l, name, k->prover);
		if (i == NONE)
			return other(l, name, k->prover);
		**guess = (uint16_t)i;
	}
	*guess = &l->names[i].next;
	return &l->names[i].field;
}

/* Where the name at s ends. */
static const char *
name_end(const char *s)
{
	while ((unsigned char)*s > ' ' && *s != '=' && *s != '"')
		s++;
	return s;
}

static void
put_unicode(struct weir_object *o, const char **s)
{
	memcpy(o->out, *s, 6);
	o->out += 6;
	*s += 6;
}

static bool
is_unicode(const char *s, const char *end)
{
	if (end - s < 6 || s[1] != 'u')
		return false;
	for (int i = 2; i < 6; i++)
		if (!((s[i] >= '0' && s[i] <= '9') ||
			((s[i] | 0x20) >= 'a' && (s[i] | 0x20) <= 'f')))
			return false;
	return true;
}

/* The string behind the quote before s; behind its end, or NULL. */
static const char *
put_quoted(struct weir_object *o, const char *s, const char *end)
{
	*o->out++ = '"';
	for (;;) {
		size_t n = weir_copy_plain(o->out, s, '"');

		if (n >= (size_t)(end - s))
			return NULL;
		s += n;
		o->out += n;
		if (*s == '"')
			break;
		if (*s != '\\') {
			s = weir_put_odd(o, s, end);
			continue;
		}
		if (is_unicode(s, end)) {
			put_unicode(o, &s);
		} else if (s + 1 < end && s[1] != '\0' &&
		    strchr("\"\\/bfnrt", s[1]) != NULL) {
			*o->out++ = '\\';
			*o->out++ = s[1];
			s += 2;
		} else {
			s = weir_put_odd(o, s, end);
		}
	}
	*o->out++ = '"';
	return s + 1;
}

/* Words that JSON has, too. */
static bool
put_word(struct weir_object *o, const char *s, size_t len)
{
	static const char *const words[] = {"true", "false", "null"};

	for (int i = 0; i < 3; i++)
		if (len == strlen(words[i]) && memcmp(s, words[i], len) == 0) {
			memcpy(o->out, s, len);
			o->out += len;
			return true;
		}
	return false;
}

/* The value at s, where its end is, or NULL. */
static const char *
put_value(struct weir_object *o, const struct weir_field *f, const char *s,
    const char *end)
{
	const char *p = s;

	if (*s == '"') {
		weir_member_begin(o, f);
		p = put_quoted(o, s + 1, end);
		if (p == NULL)
			return NULL;
		weir_member_end(o, f);
		return p;
	}
	while (p < end && *p != ' ' && *p != '\t' && *p != '"')
		p++;
	weir_member_begin(o, f);
	if (put_word(o, s, (size_t)(p - s)))
		weir_member_end(o, f);
	else {
		o->out = o->value - f->len;
		weir_put_scalar(o, f, s, p);
	}
	return p;
}

enum weir_verdict
weir_logfmt_line(struct weir_converter *k, struct weir_object *o, const char *s,
    const char *end)
{
	uint16_t *guess = &k->logfmt->first;

	for (;;) {
		const struct weir_field *f;
		const char *name;

		while (s < end && (*s == ' ' || *s == '\t'))
			s++;
		if (s == end)
			break;
		name = s;
		s = name_end(s);
		if (s == name)
			return weir_refuse(o, "no name where one is expected");
		f = find(
		    k, (struct weir_str){name, (size_t)(s - name)}, &guess);
		if (f == NULL)
			return weir_refuse(o, "invalid UTF-8");
		if (s < end && *s == '=') {
			s = put_value(o, f, s + 1, end);
			if (s == NULL)
				return weir_refuse(
				    o, "a quoted value is not closed");
		} else {
			weir_member_begin(o, f);
			memcpy(o->out, "true", 4);
			o->out += 4;
			weir_member_end(o, f);
		}
		if (s < end && *s != ' ' && *s != '\t')
			return weir_refuse(o, "no space between two fields");
	}
	return WEIR_CONVERTED;
}
