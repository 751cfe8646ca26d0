/*
 * object.h - the JSON object that a converter writes, member by member.
 *
 * Text, slots and index are filled at once. The caller sees to the room: with
 * WEIR_EXPANSION bytes for each of the record, the keys of the fields, and
 * WEIR_OBJECT_ROOM, nothing here needs a bound; text is copied in whole vectors,
 * so that bytes behind out may be overwritten.
 */
#ifndef WEIR_EVENT_OBJECT_H
#define WEIR_EVENT_OBJECT_H

#include "base/error.h"
#include "event/copy.h"
#include "json/prover.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WEIR_KEY_ROOM	 32 /* bytes that are copied of any key at once */
#define WEIR_FIELDS_MAX	 16384
#define WEIR_NAME_MAX	 4096 /* bytes of a field's name */
#define WEIR_OBJECT_ROOM 512  /* beyond the fields: what is overwritten */
#define WEIR_EXPANSION	 6    /* bytes of JSON at most for one of input */

/* A member that a converter writes. */
struct weir_field {
	const char *key; /* `,"name":`, then WEIR_KEY_ROOM readable bytes */
	uint32_t len;	 /* of key */
	int16_t slot, column; /* or WEIR_NO_SLOT */
};

struct weir_fields {
	struct weir_field *f;
	size_t n;
	struct weir_str *names;
	char *text; /* the keys */
	size_t keys_len;
};

/* The JSON object that is being written; the caller sees to the room. */
struct weir_object {
	char *text;  /* its beginning */
	char *out;   /* the next byte */
	char *value; /* of the member in hand */
	struct weir_slot *slots;
	uint16_t *index;
	const char *why; /* what is wrong with the record, or NULL */
};

/* Fields by name (borrowed); 1, or -1 with *err if two are the same. */
int weir_fields_init(struct weir_fields *f, const struct weir_str *names,
    size_t n, struct weir_error *err);
void weir_fields_fini(struct weir_fields *f);
void weir_fields_bind(struct weir_fields *f, struct weir_prover *p);
/* `,"name":` into out; its length. */
size_t weir_key_text(char *out, struct weir_str name);

/* Begin the member f: its value goes to o->out. */
static inline void
weir_member_begin(struct weir_object *o, const struct weir_field *f)
{
	if (f->len <= WEIR_KEY_ROOM)
		memcpy(o->out, f->key, WEIR_KEY_ROOM);
	else
		memcpy(o->out, f->key, f->len);
	o->out += f->len;
	o->value = o->out;
}

static inline void
weir_member_end(struct weir_object *o, const struct weir_field *f)
{
	size_t off = (size_t)(o->value - o->text);

	if (f->slot >= 0)
		o->slots[f->slot] = (struct weir_slot){
		    (uint32_t)off, (uint32_t)(o->out - o->value)};
	if (o->index != NULL && f->column >= 0)
		o->index[f->column] =
		    off < UINT16_MAX ? (uint16_t)off : UINT16_MAX;
}

/*
 * One byte at s that a JSON string spells differently, or a run of non-ASCII
 * characters that ends before end. Invalid UTF-8 is left out, and why is set.
 * Returns what follows.
 */
const char *weir_put_odd(struct weir_object *o, const char *s, const char *end);

/* The bytes [s, end) as they stand in a JSON string; end may be text, too. */
static inline void
weir_put_chars(struct weir_object *o, const char *s, const char *end)
{
	for (;;) {
		size_t n = weir_copy_plain(o->out, s, '"');

		if (n >= (size_t)(end - s)) {
			o->out += end - s;
			return;
		}
		o->out += n;
		s = weir_put_odd(o, s + n, end);
		if (s == end)
			return;
	}
}

static inline void
weir_put_string(struct weir_object *o, const struct weir_field *f,
    const char *s, const char *end)
{
	weir_member_begin(o, f);
	*o->out++ = '"';
	weir_put_chars(o, s, end);
	*o->out++ = '"';
	weir_member_end(o, f);
}

/* Bytes as they are; WEIR_KEY_ROOM of them can be read. */
static inline void
weir_put_raw(struct weir_object *o, const char *s, size_t len)
{
	if (len <= WEIR_KEY_ROOM)
		memcpy(o->out, s, WEIR_KEY_ROOM);
	else
		memcpy(o->out, s, len);
	o->out += len;
}

/* Text that is JSON already. */
static inline void
weir_put_json(struct weir_object *o, const struct weir_field *f, const char *s,
    size_t len)
{
	weir_member_begin(o, f);
	weir_put_raw(o, s, len);
	weir_member_end(o, f);
}

/* Is the text [s, end) exactly a JSON number? */
bool weir_is_number(const char *s, const char *end);

/* A number if it is one to the letter, else a string. */
static inline void
weir_put_scalar(struct weir_object *o, const struct weir_field *f,
    const char *s, const char *end)
{
	if (s < end && (*s == '-' || (unsigned char)(*s - '0') < 10) &&
	    weir_is_number(s, end))
		weir_put_json(o, f, s, (size_t)(end - s));
	else
		weir_put_string(o, f, s, end);
}

#endif
