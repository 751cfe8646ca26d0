/*
 * Goal: no payload, however hostile, makes a reader of frames step outside it,
 * and what is accepted is what it says.
 * Method: the input is taken as frames whose magic, version, length and
 * checksum are repaired. Accepted events must lie within their text; accepted
 * control payloads must survive being written and read again.
 */
#include "event/frame.h"

#include "base/mem.h"
#include "event/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "frame: %s\n", what);
	abort();
}

static void
check_events(const struct weir_frame *f, const char *payload,
    struct weir_frame_rows *rows)
{
	struct weir_block b;
	const char *next, *end = payload + f->len;

	if (weir_frame_read_events(f, payload, rows, &b, NULL) < 0)
		return;
	must(b.n == f->count, "as many rows as events");
	must(b.text >= payload && b.text <= end, "text inside");
	next = b.text;
	for (uint32_t i = 0; i < b.n; i++) {
		const struct weir_event *ev = &b.events[i];

		must(b.text + ev->off == next, "no gaps");
		must(ev->len < (size_t)(end - next), "event inside");
		next += ev->len + 1;
		must(next[-1] == '\n', "newline at the end");
		must(i == 0 || ev->watermark >= ev[-1].watermark, "rising");
		for (uint32_t j = 0; b.index != NULL && j < b.names->n; j++) {
			uint16_t at = b.index[(size_t)i * WEIR_INDEX_MAX + j];

			must(at < ev->len || at == WEIR_INDEX_UNKNOWN,
			    "index inside");
		}
	}
	must(next == end, "all of the text");
}

static void
check_hello(const char *payload, size_t len)
{
	struct weir_hello h, copy, again;
	struct weir_buf a = {0}, b = {0};

	if (weir_hello_read(&h, payload, len, NULL) < 0)
		return;
	weir_hello_copy(&copy, &h);
	weir_hello_write(&a, &copy);
	must(weir_hello_read(&again, a.data, a.len, NULL) == 1, "HELLO again");
	weir_hello_write(&b, &again);
	must(a.len == b.len && memcmp(a.data, b.data, a.len) == 0,
	    "the same HELLO");
	free(weir_hello_identity(&h, "t", weir_hello_count(&h, "t")));
	weir_hello_fini(&h);
	weir_hello_fini(&copy);
	weir_hello_fini(&again);
	weir_buf_fini(&a);
	weir_buf_fini(&b);
}

static void
check_barrier(const char *payload, size_t len)
{
	struct weir_barrier b, again;
	struct weir_buf out = {0};

	if (weir_barrier_read(&b, payload, len, NULL) < 0)
		return;
	weir_barrier_write(&out, &b);
	must(weir_barrier_read(&again, out.data, out.len, NULL) == 1 &&
		again.checkpoint == b.checkpoint && again.parts.n == b.parts.n,
	    "the same BARRIER");
	weir_barrier_fini(&b);
	weir_barrier_fini(&again);
	weir_buf_fini(&out);
}

static void
check_end(const char *payload, size_t len)
{
	struct weir_end e, again;
	struct weir_buf out = {0};

	if (weir_end_read(&e, payload, len, NULL) < 0)
		return;
	weir_end_write(&out, &e);
	must(weir_end_read(&again, out.data, out.len, NULL) == 1 &&
		again.reason == e.reason && again.events == e.events &&
		again.parts.n == e.parts.n,
	    "the same END");
	weir_end_fini(&e);
	weir_end_fini(&again);
	weir_buf_fini(&out);
}

static void
check_frame(const struct weir_frame *f, const char *payload,
    struct weir_frame_rows *rows)
{
	int64_t t;
	bool idle;

	switch (f->kind) {
	case WEIR_FRAME_HELLO: check_hello(payload, f->len); break;
	case WEIR_FRAME_EVENTS: check_events(f, payload, rows); break;
	case WEIR_FRAME_WATERMARK:
		weir_frame_read_watermark(payload, f->len, &t, &idle, NULL);
		break;
	case WEIR_FRAME_BARRIER: check_barrier(payload, f->len); break;
	case WEIR_FRAME_END: check_end(payload, f->len); break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weir_frame_rows rows = {0};
	unsigned char header[WEIR_FRAME_HEADER];
	struct weir_frame f;

	while (size >= WEIR_FRAME_HEADER) {
		struct weir_piece payload;
		char *copy;
		uint32_t len, count;

		memcpy(&len, data + 8, sizeof len);
		memcpy(&count, data + 12, sizeof count);
		payload.len = size - WEIR_FRAME_HEADER;
		if (payload.len > len)
			payload.len = len;
		/* No larger than it is, so that reading on is seen. */
		copy = weir_malloc(payload.len > 0 ? payload.len : 1);
		memcpy(copy, data + WEIR_FRAME_HEADER, payload.len);
		payload.p = copy;
		weir_frame_write_header(header,
		    (enum weir_frame_kind)(data[5] % 6), count, 0, &payload, 1);
		if (weir_frame_read_header(&f, header, size, NULL) == 1) {
			must(weir_frame_verify(&f, header, copy, NULL) == 1,
			    "its own checksum");
			check_frame(&f, copy, &rows);
		}
		free(copy);
		data += WEIR_FRAME_HEADER + payload.len;
		size -= WEIR_FRAME_HEADER + payload.len;
	}
	weir_frame_rows_fini(&rows);
	return 0;
}
