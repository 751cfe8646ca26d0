/* snapread.c - reading a part back, line by line (snapshot.h). */
#include "base/mem.h"
#include "base/timetext.h"
#include "json/check.h"
#include "json/prover.h"
#include "json/value.h"
#include "state/lz4.h"
#include "state/part.h"
#include "state/record.h"
#include "state/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct weir_snapshot_reader {
	char *file;
	int fd;
	struct weir_lz4_reader *lz4;
	struct weir_snapshot_header header;
	struct weir_terms terms; /* of header */
	struct weir_prover *prover;
	struct weir_buf text; /* decompressed, from at on not yet given out */
	size_t at;
	uint64_t lines;
	int done; /* all is decompressed */
	struct weir_buf wrapped;
	/* looking for a key */
	bool seeks;
	struct weir_keyindex index;
	struct weir_buf index_bytes;
	uint64_t key;
	size_t block; /* the next one */
};

static int
damaged(struct weir_snapshot_reader *r, const char *why, struct weir_error *err)
{
	weir_fail(err, WEIR_STATE, "damaged: %s", why);
	return weir_part_blame(err, r->file);
}

/* The next block that may have the key, or in which a line goes on: 1, 0, -1. */
static int
read_block(struct weir_snapshot_reader *r, struct weir_error *err)
{
	bool goes_on = r->text.len > 0 && r->block < r->index.n;

	if (!goes_on && !weir_keyindex_find(&r->index, r->key, &r->block))
		return 0;
	return weir_lz4_block(
	    r->fd, weir_keyindex_place(&r->index, r->block++), &r->text, err);
}

/* More text behind what is there: 1, 0 at the end, -1. */
static int
more_text(struct weir_snapshot_reader *r, struct weir_error *err)
{
	int got;

	if (r->done)
		return 0;
	if (r->at > 0) {
		memmove(
		    r->text.data, r->text.data + r->at, r->text.len - r->at);
		r->text.len -= r->at;
		r->at = 0;
	}
	got = r->seeks ? read_block(r, err)
		       : weir_lz4_read(r->lz4, &r->text, err);
	if (got < 0)
		return weir_part_blame(err, r->file);
	r->done = got == 0;
	/* what proves a line looks ahead */
	memset(weir_buf_reserve(&r->text, WEIR_PAD), 0, WEIR_PAD);
	return got;
}

/* The next line, without its newline: 1, 0 at the end, -1. */
static int
next_line(struct weir_snapshot_reader *r, struct weir_str *line,
    struct weir_error *err)
{
	size_t seen = 0;

	*line = (struct weir_str){0};
	for (;;) {
		char *s = r->text.data + r->at, *nl = NULL;
		size_t have = r->text.len - r->at;
		int got;

		if (have > seen)
			nl = memchr(s + seen, '\n', have - seen);
		if (nl != NULL) {
			*line = (struct weir_str){s, (size_t)(nl - s)};
			r->at += line->len + 1;
			return 1;
		}
		if (have > WEIR_SNAPSHOT_LINE_MAX)
			return damaged(r, "a line is too long", err);
		seen = have;
		got = more_text(r, err);
		if (got < 0)
			return -1;
		if (got == 0 && have > 0)
			return damaged(r, "no newline at its end", err);
		if (got == 0)
			return 0;
	}
}

/* Is there nothing behind the line just given? 1 or 0, or -1. */
static int
at_end(struct weir_snapshot_reader *r, struct weir_str *line,
    struct weir_error *err)
{
	size_t start = (size_t)(line->s - r->text.data);
	int got = 1;

	if (r->at < r->text.len)
		return 0;
	if (r->done)
		return 1;
	r->at = start; /* keep the line while text moves */
	got = more_text(r, err);
	line->s = r->text.data + r->at;
	r->at += line->len + 1;
	return got < 0 ? -1 : got == 0;
}

/* Is text, up to its newline and with WEIR_PAD bytes behind, one object? */
static int
prove_object(struct weir_snapshot_reader *r, const char *s, size_t len)
{
	struct weir_slot none;
	char why[8];

	return weir_prover_line(r->prover, s, &none, NULL) == s + len ||
	    weir_check(s, len, why, sizeof why);
}

/* Is the line one JSON value of the kinds allowed? */
static int
prove(struct weir_snapshot_reader *r, struct weir_str line)
{
	struct weir_buf *b = &r->wrapped;

	if (line.len > 0 && *line.s == '{')
		return prove_object(r, line.s, line.len);
	if (line.len == 0 || *line.s != '[')
		return 0;
	/* what proves knows objects only: make it the value of one */
	b->len = 0;
	weir_buf_puts(b, "{\"\":");
	weir_buf_add(b, line.s, line.len);
	weir_buf_puts(b, "}\n");
	memset(weir_buf_reserve(b, WEIR_PAD), 0, WEIR_PAD);
	return prove_object(r, b->data, b->len - 1) &&
	    weir_json_skip(b->data + 4) == b->data + 4 + line.len;
}

static void
add_term(struct weir_terms *t, const struct weir_value *v)
{
	struct weir_buf b = {0};

	/* it must be a C string */
	weir_buf_add(&b, v->s, strnlen(v->s, v->aux));
	weir_terms_add(t, "", &b, 0);
	weir_buf_fini(&b);
}

/* Terms may be left out; what is no text is none. */
static void
read_terms(struct weir_record *rec, struct weir_terms *t)
{
	const struct weir_list *list;

	for (size_t i = 0; i < rec->map->n; i++) {
		struct weir_value v = rec->map->keys[i];

		if (!weir_str_eq((struct weir_str){v.s, v.aux}, "options"))
			continue;
		v = weir_value_open(rec->map->values[i], &rec->arena);
		list = v.kind == WEIR_LIST ? v.list : NULL;
		weir_terms_fini(t);
		for (size_t k = 0; list != NULL && k < list->n; k++)
			if (list->items[k].kind == WEIR_STRING)
				add_term(t, &list->items[k]);
	}
}

static int
read_header(struct weir_snapshot_reader *r, struct weir_error *err)
{
	struct weir_snapshot_header *h = &r->header;
	struct weir_record rec;
	struct weir_str line;
	char *magic = NULL;
	uint64_t version;
	int got = next_line(r, &line, err);

	if (got == 0)
		return damaged(r, "empty", err);
	if (got != 1 || weir_record_parse(&rec, r->file, line, err) < 0)
		return -1;
	got = -1;
	if (weir_record_str(&rec, rec.map, "weir", &magic) < 0 ||
	    weir_record_u64(&rec, rec.map, "version", &version) < 0)
		goto out;
	if (strcmp(magic, "snapshot") != 0 ||
	    version != WEIR_SNAPSHOT_VERSION) {
		damaged(r, "not a snapshot of this version", err);
		goto out;
	}
	if (weir_record_str(&rec, rec.map, "stage", &h->stage) == 1 &&
	    weir_record_str(&rec, rec.map, "kind", &h->kind) == 1 &&
	    weir_record_str(&rec, rec.map, "fingerprint", &h->fingerprint) ==
		1 &&
	    weir_record_i64(&rec, rec.map, "watermark", WEIR_TIME_NONE,
		&h->watermark) == 1 &&
	    weir_record_u64(&rec, rec.map, "checkpoint", &h->checkpoint) == 1 &&
	    weir_record_u64(&rec, rec.map, "epoch", &h->epoch) == 1)
		got = 1;
	read_terms(&rec, &r->terms);
	h->terms = &r->terms;
out:
	free(magic);
	weir_record_fini(&rec);
	return got;
}

/* Take up a part that is there, its trailer in t: 1 or -1. */
static int
begin(struct weir_snapshot_reader *r, int dirfd, struct weir_trailer *t,
    struct weir_error *err)
{
	uint64_t size;
	int got = weir_part_open(dirfd, r->file, &r->fd, &size, t, err);

	if (got == 0) {
		weir_fail(err, WEIR_STATE, "there is no such part");
		return weir_part_blame(err, r->file);
	}
	r->header.entries = t->entries;
	r->header.indexed = t->index > 0;
	r->prover = weir_prover_new();
	weir_buf_reserve(&r->text, WEIR_PAD);
	return got;
}

static struct weir_snapshot_reader *
new_reader(const char *file)
{
	struct weir_snapshot_reader *r = weir_calloc(1, sizeof *r);

	r->file = weir_strdup(file);
	r->fd = -1;
	return r;
}

/* Verify all of it, and read from its beginning. */
static int
read_all(struct weir_snapshot_reader *r, const struct weir_trailer *t,
    struct weir_error *err)
{
	if (weir_lz4_verify(r->fd, t, err) < 0 ||
	    (r->lz4 = weir_lz4_open(r->fd, t, err)) == NULL)
		return weir_part_blame(err, r->file);
	return read_header(r, err);
}

/* The header stands in the first block, whether or not the key does. */
static int
read_some(struct weir_snapshot_reader *r, const struct weir_trailer *t,
    struct weir_error *err)
{
	size_t first = 0;

	r->seeks = true;
	if (weir_lz4_index(r->fd, t, &r->index_bytes, &r->index, err) < 0 ||
	    weir_lz4_block(r->fd, weir_keyindex_place(&r->index, r->block++),
		&r->text, err) < 0)
		return weir_part_blame(err, r->file);
	memset(weir_buf_reserve(&r->text, WEIR_PAD), 0, WEIR_PAD);
	if (read_header(r, err) < 0)
		return -1;
	weir_keyindex_find(&r->index, r->key, &first);
	if (first > 0)
		r->at = r->text.len;
	return 1;
}

struct weir_snapshot_reader *
weir_snapshot_open(int dirfd, const char *file, struct weir_error *err)
{
	struct weir_snapshot_reader *r = new_reader(file);
	struct weir_trailer t;

	if (begin(r, dirfd, &t, err) == 1 && read_all(r, &t, err) == 1)
		return r;
	weir_snapshot_close(r);
	return NULL;
}

struct weir_snapshot_reader *
weir_snapshot_seek(
    int dirfd, const char *file, struct weir_str key, struct weir_error *err)
{
	struct weir_snapshot_reader *r = new_reader(file);
	struct weir_trailer t;

	r->key = weir_keyindex_hash(key);
	if (begin(r, dirfd, &t, err) == 1 &&
	    (t.index > 0 ? read_some(r, &t, err) : read_all(r, &t, err)) == 1)
		return r;
	weir_snapshot_close(r);
	return NULL;
}

const struct weir_snapshot_header *
weir_snapshot_header(const struct weir_snapshot_reader *r)
{
	return &r->header;
}

/* Is this the last line, and if so, the one that must be? 1, 0 or -1. */
static int
is_last(struct weir_snapshot_reader *r, struct weir_str *line,
    struct weir_error *err)
{
	char text[WEIR_END_TEXT];
	int last = at_end(r, line, err);
	size_t n;

	if (last <= 0)
		return last;
	n = weir_part_end_line(text, r->lines);
	if (r->lines != r->header.entries || n != line->len ||
	    memcmp(text, line->s, n) != 0)
		return damaged(r, "its last line is missing", err);
	r->lines++;
	return 1;
}

int
weir_snapshot_next(struct weir_snapshot_reader *r, struct weir_str *line,
    struct weir_error *err)
{
	int got = next_line(r, line, err), last;

	if (got < 0)
		return -1;
	if (got == 0) /* after the last line, or instead of it */
		return r->seeks || r->lines > r->header.entries
		    ? 0
		    : damaged(r, "no last line", err);
	last = r->seeks ? 0 : is_last(r, line, err);
	if (last != 0)
		return last < 0 ? -1 : 0;
	if (!prove(r, *line))
		return damaged(r, "a line is not JSON", err);
	r->lines++;
	return 1;
}

void
weir_snapshot_close(struct weir_snapshot_reader *r)
{
	if (r == NULL)
		return;
	if (r->fd >= 0)
		close(r->fd);
	weir_lz4_close(r->lz4);
	weir_prover_free(r->prover);
	weir_buf_fini(&r->text);
	weir_buf_fini(&r->wrapped);
	weir_buf_fini(&r->index_bytes);
	weir_terms_fini(&r->terms);
	free(r->header.stage);
	free(r->header.kind);
	free(r->header.fingerprint);
	free(r->file);
	free(r);
}
