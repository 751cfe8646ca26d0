/*
 * Goal: whatever comes in any format, events are valid JSON objects with the
 * slots and index that a prover would give, raw bytes and places are exact, and
 * all of that is the same for every size of reads.
 * Method: the first byte chooses the format (or FUZZ_FORMAT=csv, tsv, logfmt, clf,
 * combined, syslog, lines or regex in the environment does), the second the limit
 * and a header; the rest goes through a pipe at once, byte by byte, and in pieces.
 */
#define _GNU_SOURCE
#include "event/reader.h"

#include "base/mem.h"
#include "json/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX 30000 /* fits into a pipe */
#define REGEX	  "(?<word>\\w+)[ =](?<b>.*?(?<a>\\d+)?)(?<c>x|$)"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	const char *data;
	size_t size, max_line;
	struct weir_buf log;
	struct weir_prover *prover, *oracle;
};

static _Noreturn void
fault(const char *what, const char *text, size_t len)
{
	fprintf(stderr, "formats: %s: %.*s\n", what, (int)len, text);
	abort();
}

static void
check_raw(const struct run *run, uint64_t offset, const char *raw, size_t len)
{
	if (offset + len > run->size ||
	    memcmp(run->data + offset, raw, len) != 0)
		fault("not what was read", raw, len);
}

static int
on_bad(void *ctx, const struct weir_bad *bad, struct weir_error *err)
{
	struct run *run = ctx;

	(void)err;
	weir_buf_printf(&run->log, "bad %llu@%llu %llu %s\n",
	    (unsigned long long)bad->line, (unsigned long long)bad->offset,
	    (unsigned long long)bad->full_len, bad->error);
	check_raw(run, bad->offset, bad->raw, bad->raw_len);
	return 1;
}

/* What a prover says of the text must be what the converter said. */
static void
check_slots(struct run *run, const struct weir_block *b, uint32_t i)
{
	const struct weir_event *e = &b->events[i];
	const char *text = b->text + e->off;
	struct weir_slot slots[16];
	uint16_t index[WEIR_INDEX_MAX];
	char *copy = weir_calloc(1, e->len + 1 + WEIR_PAD);

	memcpy(copy, text, e->len + 1);
	if (weir_prover_line(run->oracle, copy, slots, index) != copy + e->len)
		fault("not proven", text, e->len);
	for (uint32_t s = 0; s < b->nslots; s++)
		if (memcmp(&slots[s], weir_block_slots(b, i) + s,
			sizeof *slots) != 0)
			fault("another slot", text, e->len);
	for (uint32_t c = 0; b->index != NULL && c < b->names->n; c++)
		for (size_t o = 0; o < weir_prover_index_count(run->oracle);
		     o++) {
			struct weir_str name =
			    weir_prover_index_name(run->oracle, o);

			if (name.len == b->names->name[c].len &&
			    memcmp(name.s, b->names->name[c].s, name.len) ==
				0 &&
			    index[o] != b->index[i * WEIR_INDEX_MAX + c])
				fault("another index", text, e->len);
		}
	free(copy);
}

static void
log_block(struct run *run, const struct weir_block *b)
{
	char why[200];

	for (uint32_t i = 0; i < b->n; i++) {
		const struct weir_event *e = &b->events[i];
		const char *text = b->text + e->off;
		struct weir_str raw;
		uint64_t offset;

		if (weir_check(text, e->len, why, sizeof why) != 1)
			fault(why, text, e->len);
		if (text[e->len] != '\n' || e->len > run->max_line)
			fault("no end", text, e->len);
		check_slots(run, b, i);
		raw = weir_block_raw(b, i, &offset);
		check_raw(run, offset, raw.s, raw.len);
		weir_buf_printf(&run->log, "%llu@%llu ",
		    (unsigned long long)(b->line + e->line),
		    (unsigned long long)offset);
		weir_buf_add(&run->log, text, e->len + 1);
	}
}

static int
take(struct weir_reader *r, struct run *run)
{
	struct weir_read_item item;
	struct weir_error err;
	int got;

	while ((got = weir_reader_next(r, &item, &err)) == 1)
		log_block(run, &item.block);
	if (got < 0)
		weir_buf_puts(&run->log, err.text);
	return got;
}

static struct weir_prover *
new_prover(void)
{
	static const char *const names[] = {
	    "a", "b", "time", "message", "line", "status", "level", "data"};
	struct weir_str path[2];
	struct weir_prover *p = weir_prover_new();

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		path[0] = weir_str(names[i]);
		path[1] = weir_str("x");
		weir_prover_want(p, path, 1);
		if (i > 4)
			weir_prover_want(p, path, 2);
	}
	return p;
}

static struct weir_buf
read_in_pieces(
    struct run *run, const struct weir_reader_config *c, size_t piece)
{
	struct weir_reader_config rc = *c;
	struct weir_source_config sc = {0};
	struct weir_source *source;
	struct weir_reader *r;
	struct weir_error err;
	uint64_t offset, line;
	size_t done = 0;
	int ends[2], got = 1;

	if (pipe(ends) < 0)
		abort();
	run->log = (struct weir_buf){0};
	rc.prover = run->prover = new_prover();
	run->oracle = new_prover();
	rc.ctx = run;
	sc.fd = ends[0];
	source = weir_source_open(&sc, NULL);
	r = weir_reader_new(&rc, source);
	while (got >= 0 && !weir_reader_done(r)) {
		size_t n = run->size - done < piece ? run->size - done : piece;

		if (n > 0 && write(ends[1], run->data + done, n) != (ssize_t)n)
			abort();
		done += n;
		if (n == 0 && ends[1] >= 0) {
			close(ends[1]);
			ends[1] = -1;
		}
		got = weir_reader_fill(r, &err);
		if (got < 0)
			weir_buf_puts(&run->log, err.text);
		else
			got = take(r, run);
	}
	weir_reader_place(r, &offset, &line);
	weir_buf_printf(&run->log, "end %llu %llu %llu",
	    (unsigned long long)offset, (unsigned long long)line,
	    (unsigned long long)weir_reader_counts(r).lines);
	if (got >= 0 && offset != run->size)
		fault("left behind", run->data, 0);
	weir_reader_free(r);
	weir_source_close(source);
	weir_prover_free(run->prover);
	weir_prover_free(run->oracle);
	if (ends[1] >= 0)
		close(ends[1]);
	close(ends[0]);
	return run->log;
}

static void
same(const struct weir_buf *a, struct weir_buf b, size_t piece)
{
	if (a->len != b.len || memcmp(a->data, b.data, a->len) != 0) {
		fprintf(stderr, "formats: at once:\n%.*s\n\nby %zu:\n%.*s\n",
		    (int)a->len, a->data, piece, (int)b.len, b.data);
		abort();
	}
	weir_buf_fini(&b);
}

/* Would the source take it for something compressed? */
static int
packed(const char *s, size_t len)
{
	return len > 0 && memchr("\x1f\x28\xfd\x04", s[0], 4) != NULL;
}

static enum weir_format
chosen(uint8_t byte)
{
	static const char *const names[] = {"csv", "tsv", "logfmt", "clf",
	    "combined", "syslog", "lines", "regex"};
	const char *want = getenv("FUZZ_FORMAT");
	unsigned i = byte % 8;

	for (unsigned k = 0; want != NULL && k < 8; k++)
		if (strcmp(names[k], want) == 0)
			i = k;
	return (enum weir_format)(WEIR_FORMAT_CSV + i);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weir_reader_config rc = {.bad = on_bad};
	struct run run = {0};
	struct weir_buf all;
	size_t piece;

	if (size < 3 || size > INPUT_MAX)
		return 0;
	rc.format = chosen(data[0]);
	rc.max_line = data[1] < 192 ? WEIR_LINE_MAX : 2u + data[1] % 64u;
	rc.index = (data[1] & 1) != 0;
	rc.convert.regex = REGEX;
	rc.convert.year = 2026;
	if ((data[1] & 2) != 0)
		rc.convert.header = "a,\"b \"\"c\",line";
	piece = 2 + data[2] % 60;
	run.data = (const char *)data + 3;
	run.size = size - 3;
	run.max_line = rc.max_line;
	if (run.size == 0 || packed(run.data, run.size))
		return 0;
	all = read_in_pieces(&run, &rc, run.size);
	same(&all, read_in_pieces(&run, &rc, 1), 1);
	same(&all, read_in_pieces(&run, &rc, piece), piece);
	weir_buf_fini(&all);
	return 0;
}
