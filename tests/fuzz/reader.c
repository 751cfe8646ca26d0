/*
 * Goal: whatever comes, the reader gives the same events, bad lines and places
 * for every size of reads, and stays within its memory.
 * Method: the input goes through a pipe at once, byte by byte, and in pieces of
 * its first byte; all that comes out is written down and compared. Magic,
 * sequence and checksums of frames are repaired first, so that they are deep.
 */
#define _GNU_SOURCE
#include "event/reader.h"

#include "base/hash.h"
#include "base/mem.h"
#include "event/frame.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX 30000 /* fits into a pipe */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
on_bad(void *ctx, const struct weir_bad *bad, struct weir_error *err)
{
	(void)err;
	weir_buf_printf(ctx, "bad %llu@%llu %llu %s ",
	    (unsigned long long)bad->line, (unsigned long long)bad->offset,
	    (unsigned long long)bad->full_len, bad->error);
	weir_buf_add(ctx, bad->raw, bad->raw_len);
	weir_buf_putc(ctx, '\n');
	if (strstr(bad->error, "internal") != NULL)
		abort();
	return 1;
}

static void
log_block(struct weir_buf *log, const struct weir_block *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		const struct weir_event *e = &b->events[i];
		const char *text = b->text + e->off;

		weir_buf_printf(log, "%llu %lld %lld %u ",
		    (unsigned long long)(b->line + e->line), (long long)e->time,
		    (long long)e->watermark, e->flags);
		weir_buf_add(log, text, e->len + 1);
		if (text[e->len] != '\n')
			abort();
		for (uint32_t s = 0; s < b->nslots; s++) {
			struct weir_slot slot = weir_block_slots(b, i)[s];

			if (slot.off + slot.len > e->len)
				abort();
			weir_buf_add(log, text + slot.off, slot.len);
			weir_buf_putc(log, '|');
		}
	}
	if (b->watermark_after != WEIR_TIME_NONE)
		weir_buf_printf(
		    log, "after %lld\n", (long long)b->watermark_after);
}

static int
take(struct weir_reader *r, struct weir_buf *log)
{
	struct weir_read_item item;
	struct weir_error err;
	int got;

	while ((got = weir_reader_next(r, &item, &err)) == 1) {
		if (item.kind == WEIR_ITEM_EVENTS)
			log_block(log, &item.block);
		else
			weir_buf_printf(log, "item %d\n", item.kind);
	}
	if (got < 0)
		weir_buf_puts(log, err.text);
	return got;
}

static struct weir_buf
read_in_pieces(const char *data, size_t size, size_t piece, size_t max_line)
{
	struct weir_buf log = {0};
	struct weir_prover *p = weir_prover_new();
	struct weir_reader_config rc = {
	    .max_line = max_line, .prover = p, .bad = on_bad, .ctx = &log};
	struct weir_source_config sc = {0};
	struct weir_str path[] = {weir_str("a"), weir_str("b")};
	struct weir_source *source;
	struct weir_reader *r;
	struct weir_error err;
	uint64_t offset, line;
	size_t done = 0;
	int ends[2], got = 1;

	if (pipe2(ends, O_CLOEXEC) < 0) /* or an unpacking child holds it */
		abort();
	weir_prover_want(p, path, 1);
	weir_prover_want(p, path, 2);
	sc.fd = ends[0];
	source = weir_source_open(&sc, NULL);
	r = weir_reader_new(&rc, source);
	while (got >= 0 && !weir_reader_done(r)) {
		size_t n = size - done < piece ? size - done : piece;

		if (n > 0 && write(ends[1], data + done, n) != (ssize_t)n)
			abort();
		done += n;
		if (n == 0 && ends[1] >= 0) {
			close(ends[1]);
			ends[1] = -1;
		}
		got = weir_reader_fill(r, &err);
		if (got < 0)
			weir_buf_puts(&log, err.text);
		else
			got = take(r, &log);
	}
	weir_reader_place(r, &offset, &line);
	weir_buf_printf(&log, "end %llu %llu", (unsigned long long)offset,
	    (unsigned long long)line);
	weir_reader_free(r);
	weir_source_close(source);
	weir_prover_free(p);
	if (ends[1] >= 0)
		close(ends[1]);
	close(ends[0]);
	return log;
}

/* Make every frame's number and checksum right, as far as frames go. */
static void
repair(char *data, size_t size)
{
	uint64_t seq = 0;
	size_t at = 0;

	if (size < 4 || memcmp(data, "weir", 4) != 0)
		return;
	while (size - at >= WEIR_FRAME_HEADER) {
		char *h = data + at;
		uint32_t len, count;
		struct weir_piece payload;

		memcpy(&len, h + 8, 4);
		memcpy(&count, h + 12, 4);
		if (len > size - at - WEIR_FRAME_HEADER)
			len = (uint32_t)(size - at - WEIR_FRAME_HEADER);
		payload = (struct weir_piece){h + WEIR_FRAME_HEADER, len};
		weir_frame_write_header((unsigned char *)h,
		    seq == 0 ? WEIR_FRAME_HELLO
			     : (enum weir_frame_kind)(h[5] % 6),
		    count, seq, &payload, 1);
		seq++;
		at += WEIR_FRAME_HEADER + len;
	}
}

static void
same(const struct weir_buf *a, struct weir_buf *b, size_t piece)
{
	if (a->len != b->len || memcmp(a->data, b->data, a->len) != 0) {
		fprintf(stderr, "reader: at once:\n%.*s\n\nby %zu:\n%.*s\n",
		    (int)a->len, a->data, piece, (int)b->len, b->data);
		abort();
	}
	weir_buf_fini(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece, max_line;
	struct weir_buf all, some;
	char *copy;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	piece = 2 + data[0] % 60;
	max_line = data[1] < 128 ? WEIR_LINE_MAX : (size_t)2 + data[1] % 32;
	size -= 2;
	copy = weir_malloc(size);
	memcpy(copy, data + 2, size);
	repair(copy, size);
	all = read_in_pieces(copy, size, size, max_line);
	some = read_in_pieces(copy, size, 1, max_line);
	same(&all, &some, 1);
	some = read_in_pieces(copy, size, piece, max_line);
	same(&all, &some, piece);
	weir_buf_fini(&all);
	free(copy);
	return 0;
}
