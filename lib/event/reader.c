#include "event/reader.h"

#include "base/mem.h"
#include "event/decode.h"
#include "json/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RS	   0x1e
#define LINE_TOP   ((size_t)1 << 30) /* offsets in a block have 32 bits */
#define ROWS_MIN   64
#define BLANKS_MAX 4096	  /* before a sequence */
#define SLOTS_MAX  131072 /* slots of a block: 1 MiB */

static const char magic[] = "weir";

struct weir_reader *
weir_reader_new(const struct weir_reader_config *c, struct weir_source *source)
{
	struct weir_reader *r = weir_calloc(1, sizeof *r);

	r->c = *c;
	if (r->c.max_line == 0 || r->c.max_line > LINE_TOP)
		r->c.max_line = LINE_TOP;
	r->source = source;
	r->format = c->format;
	r->recognised = c->format != WEIR_FORMAT_AUTO;
	r->fresh = true;
	if (weir_convert_is(c->format))
		r->conv.k =
		    weir_converter_new(c->format, &c->convert, c->prover, NULL);
	weir_reader_resize(r, WEIR_READ_SIZE);
	return r;
}

void
weir_reader_free(struct weir_reader *r)
{
	if (r == NULL)
		return;
	weir_frames_fini(r);
	weir_converter_free(r->conv.k);
	weir_buf_fini(&r->conv.text);
	free(r->from);
	weir_reader_resize(r, 0);
	free(r->events);
	free(r->slots);
	free(r->index);
	free(r);
}

void
weir_reader_rows(struct weir_reader *r)
{
	uint32_t nslots = (uint32_t)weir_prover_slots(r->c.prover);
	uint32_t rows = WEIR_BLOCK_EVENTS;

	if (r->rows > 0 && r->nslots == nslots)
		return;
	if (nslots > 0 && SLOTS_MAX / nslots < rows)
		rows = SLOTS_MAX / nslots;
	if (rows < ROWS_MIN)
		rows = ROWS_MIN;
	free(r->slots);
	r->slots = weir_malloc((size_t)rows * nslots * sizeof *r->slots);
	if (r->rows == 0) {
		r->events = weir_malloc(WEIR_BLOCK_EVENTS * sizeof *r->events);
		if (r->c.index)
			r->index = weir_malloc(WEIR_BLOCK_EVENTS *
			    WEIR_INDEX_MAX * sizeof *r->index);
		if (r->conv.k != NULL)
			r->from =
			    weir_malloc(WEIR_BLOCK_EVENTS * sizeof *r->from);
	}
	r->rows = rows;
	r->nslots = nslots;
}

void
weir_reader_names(struct weir_reader *r)
{
	struct weir_names *names = &r->names;

	if (names->n == weir_prover_index_count(r->c.prover))
		return;
	names->n = (uint32_t)weir_prover_index_count(r->c.prover);
	for (uint32_t i = 0; i < names->n; i++)
		names->name[i] = weir_prover_index_name(r->c.prover, i);
	names->id = weir_names_id(names);
}

void
weir_reader_block(
    const struct weir_reader *r, struct weir_block *b, size_t start, uint32_t n)
{
	*b = (struct weir_block){
	    .text = r->buf + start,
	    .n = n,
	    .events = r->events,
	    .slots = r->slots,
	    .nslots = r->nslots,
	    .watermark_after = WEIR_TIME_NONE,
	    .source = weir_source_name(r->source),
	    .line = r->line + 1,
	    .offset = r->offset,
	};
	if (r->index != NULL) {
		b->index = r->index;
		b->names = &r->names;
	}
}

void
weir_reader_consume(struct weir_reader *r, size_t to, uint64_t n)
{
	r->offset += to - r->pos;
	r->line += n;
	r->pos = to;
	if (r->added && to == r->end) {
		r->offset--;
		r->added = false;
	}
}

int
weir_reader_bad(struct weir_reader *r, const char *why, const char *raw,
    size_t len, uint64_t full_len, struct weir_error *err)
{
	const struct weir_bad bad = {
	    .error = why,
	    .source = weir_source_name(r->source),
	    .line = r->line + 1,
	    .offset = r->offset,
	    .raw = raw,
	    .raw_len = len,
	    .full_len = full_len,
	};

	r->counts.bad++;
	r->counts.lines++;
	return r->c.bad ? r->c.bad(r->c.ctx, &bad, err) : 1;
}

int
weir_reader_over(struct weir_reader *r, const char *raw, size_t len,
    uint64_t full_len, struct weir_error *err)
{
	char why[96];

	snprintf(why, sizeof why, "%s of %llu bytes is over the limit of %zu",
	    r->format == WEIR_FORMAT_SEQ ? "record" : "line",
	    (unsigned long long)full_len, r->c.max_line);
	if (len > WEIR_BAD_RAW_MAX)
		len = WEIR_BAD_RAW_MAX;
	return weir_reader_bad(r, why, raw, len, full_len, err);
}

int
weir_reader_judge(
    struct weir_reader *r, const char *raw, size_t len, struct weir_error *err)
{
	char why[256];

	/* The two never disagree; if they did, it would not go unnoticed. */
	if (weir_check(raw, len, why, sizeof why) == 1)
		return weir_reader_bad(r,
		    "internal: the prover refused a valid event", raw, len, len,
		    err);
	return weir_reader_bad(r, why, raw, len, len, err);
}

/*
 * What do the first bytes s say? AUTO: more are needed. Blanks may stand before
 * the first record of a sequence: where reading goes on after another one.
 */
static enum weir_format
guess(const char *s, size_t n)
{
	size_t i = 0;

	if (memcmp(s, magic, n < 4 ? n : 4) == 0)
		return n < 4 ? WEIR_FORMAT_AUTO : WEIR_FORMAT_FRAMES;
	while (i < n && i < BLANKS_MAX && strchr(" \t\r\n", s[i]) && s[i])
		i++;
	if (i == n && i < BLANKS_MAX)
		return WEIR_FORMAT_AUTO;
	return i < n && s[i] == RS ? WEIR_FORMAT_SEQ : WEIR_FORMAT_JSON;
}

/* Find out the format of this file; last: no more bytes of it come. 1 or -1. */
static int
recognise(struct weir_reader *r, bool last, struct weir_error *err)
{
	enum weir_format format = guess(r->buf + r->pos, r->end - r->pos);
	char shown[WEIR_SOURCE_SHOWN];

	if (format == WEIR_FORMAT_AUTO && (!last || r->end == r->pos))
		return 1;
	if (format == WEIR_FORMAT_AUTO)
		format = WEIR_FORMAT_JSON;
	if (r->format != WEIR_FORMAT_AUTO && format != r->format &&
	    (format == WEIR_FORMAT_FRAMES || r->format == WEIR_FORMAT_FRAMES))
		return weir_fail(err, WEIR_INPUT,
		    "%s: frames and other formats in one input",
		    weir_source_shown(r->source, shown));
	r->format = format;
	r->recognised = true;
	return 1;
}

/* The next file: places count from its beginning. */
static void
turn(struct weir_reader *r)
{
	r->boundary = r->last = false;
	r->fresh = true;
	r->offset = r->line = 0;
	r->recognised = r->c.format != WEIR_FORMAT_AUTO;
	/* From here on a place is in the new file, whose header is not read. */
	if (r->conv.k != NULL)
		weir_converter_begin(r->conv.k, 0);
	r->conv.begun = false;
}

static void
arrived(struct weir_reader *r)
{
	if (r->format == WEIR_FORMAT_JSON)
		weir_lines_arrived(r);
	else if (r->format == WEIR_FORMAT_SEQ)
		weir_seq_arrived(r);
	else if (r->conv.k != NULL)
		weir_convert_arrived(r);
}

/* The file has ended. */
static int
finish(struct weir_reader *r, int got, struct weir_error *err)
{
	if (got == WEIR_GOT_BOUNDARY)
		r->boundary = true;
	else
		r->ended = got + 1;
	if (!r->recognised) {
		if (recognise(r, true, err) < 0)
			return -1;
		arrived(r);
	}
	if (r->format == WEIR_FORMAT_FRAMES)
		return weir_frames_end(r, err);
	/* What cannot be read again is not left behind. */
	if (got == WEIR_GOT_PAUSE && weir_source_regular(r->source))
		return 1;
	if (r->format == WEIR_FORMAT_JSON)
		weir_lines_end(r);
	else if (r->format == WEIR_FORMAT_SEQ)
		weir_seq_end(r);
	else if (r->conv.k != NULL)
		weir_convert_end(r);
	return 1;
}

int
weir_reader_fill(struct weir_reader *r, struct weir_error *err)
{
	size_t n, room;
	int got;

	if (r->ended)
		return r->ended - 1;
	if (r->boundary)
		turn(r);
	room = r->recognised && r->format == WEIR_FORMAT_FRAMES
	    ? weir_frames_room(r)
	    : weir_reader_room(r);
	got = weir_source_read(r->source, r->buf + r->end, room, &n, err);
	if (got < 0 || got == WEIR_GOT_NOTHING)
		return got;
	if (got != WEIR_GOT_DATA)
		return finish(r, got, err) < 0 ? -1 : got;
	r->end += n;
	r->counts.bytes += n;
	memset(r->buf + r->end, 0, WEIR_PAD);
	if (!r->recognised && recognise(r, false, err) < 0)
		return -1;
	if (r->recognised)
		arrived(r);
	return got;
}

int
weir_reader_next(
    struct weir_reader *r, struct weir_read_item *item, struct weir_error *err)
{
	int ret = 0;

	if (!r->recognised)
		return 0;
	if (r->format == WEIR_FORMAT_FRAMES)
		return weir_frames_next(r, item, err);
	*item = (struct weir_read_item){0};
	if (r->format == WEIR_FORMAT_JSON)
		ret = weir_lines_next(r, item, err);
	else if (r->conv.k != NULL)
		ret = weir_convert_next(r, item, err);
	else
		ret = weir_seq_next(r, item, err);
	if (ret == 1 && r->index != NULL)
		weir_reader_names(r);
	return ret;
}

bool
weir_reader_drained(const struct weir_reader *r)
{
	if (!r->recognised)
		return true;
	if (r->format == WEIR_FORMAT_FRAMES)
		return !weir_frames_ready(r);
	return r->pos >= r->ready && !r->tail.done;
}

bool
weir_reader_done(const struct weir_reader *r)
{
	return r->ended && weir_reader_drained(r);
}

enum weir_format
weir_reader_format(const struct weir_reader *r)
{
	return r->format;
}

void
weir_reader_place(const struct weir_reader *r, uint64_t *offset, uint64_t *line)
{
	*offset = r->offset;
	*line = r->line;
}

void
weir_reader_set_place(struct weir_reader *r, uint64_t offset, uint64_t line)
{
	r->offset = offset;
	r->line = line;
}

struct weir_str
weir_reader_context(struct weir_reader *r)
{
	if (r->conv.k == NULL)
		return (struct weir_str){NULL, 0};
	return weir_converter_context(r->conv.k);
}

int
weir_reader_resume(
    struct weir_reader *r, struct weir_str context, struct weir_error *err)
{
	if (r->conv.k == NULL)
		return 1;
	r->conv.begun = context.len > 0;
	return weir_converter_resume(r->conv.k, context, err);
}

struct weir_reader_counts
weir_reader_counts(const struct weir_reader *r)
{
	return r->counts;
}
