/*
 * convert.h - reads a text in a format, in pieces of 1, 7 and all bytes, and
 * holds what comes out against what is wanted: a line for each event, `LINE@OFFSET
 * JSON`, and for each bad line, `LINE@OFFSET bad LENGTH why`.
 */
#ifndef WEIR_TESTS_UNIT_CONVERT_H
#define WEIR_TESTS_UNIT_CONVERT_H

#include "event/reader.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <unistd.h>

struct text {
	const char *s;
	size_t len;
	size_t max_line;
	struct weir_convert_options options;
};

static inline int
on_bad(void *ctx, const struct weir_bad *bad, struct weir_error *err)
{
	(void)err;
	weir_buf_printf(ctx, "%llu@%llu bad %llu %s\n",
	    (unsigned long long)bad->line, (unsigned long long)bad->offset,
	    (unsigned long long)bad->full_len, bad->error);
	return 1;
}

static inline int
take_items(struct weir_reader *r, struct weir_buf *log, struct weir_error *err)
{
	struct weir_read_item item;
	struct weir_block *b = &item.block;
	uint64_t offset;
	int got;

	while ((got = weir_reader_next(r, &item, err)) == 1)
		for (uint32_t i = 0; i < b->n; i++) {
			weir_block_raw(b, i, &offset);
			weir_buf_printf(log, "%llu@%llu ",
			    (unsigned long long)(b->line + b->events[i].line),
			    (unsigned long long)offset);
			weir_buf_add(log, b->text + b->events[i].off,
			    b->events[i].len + 1);
		}
	return got;
}

static inline struct weir_buf
read_text(enum weir_format format, const struct text *t, size_t piece)
{
	struct weir_buf log = {0};
	struct weir_reader_config rc = {.format = format,
	    .convert = t->options,
	    .max_line = t->max_line ? t->max_line : WEIR_LINE_MAX,
	    .prover = weir_prover_new(),
	    .bad = on_bad,
	    .ctx = &log};
	struct weir_source_config sc = {0};
	struct weir_source *source;
	struct weir_reader *r;
	struct weir_error err = {0};
	uint64_t offset, line;
	size_t done = 0;
	int ends[2], got = 1;

	if (pipe(ends) < 0)
		abort();
	sc.fd = ends[0];
	source = weir_source_open(&sc, NULL);
	r = weir_reader_new(&rc, source);
	while (got >= 0 && !weir_reader_done(r)) {
		size_t n = t->len - done < piece ? t->len - done : piece;

		if (n > 0 && write(ends[1], t->s + done, n) != (ssize_t)n)
			abort();
		done += n;
		if (n == 0 && ends[1] >= 0) {
			close(ends[1]);
			ends[1] = -1;
		}
		got = weir_reader_fill(r, &err);
		if (got >= 0)
			got = take_items(r, &log, &err);
	}
	weir_reader_place(r, &offset, &line);
	if (got < 0)
		weir_buf_printf(&log, "error %d %s", err.status, err.text);
	else
		weir_buf_printf(&log, "end %llu@%llu", (unsigned long long)line,
		    (unsigned long long)offset);
	weir_reader_free(r);
	weir_source_close(source);
	weir_prover_free(rc.prover);
	if (ends[1] >= 0)
		close(ends[1]);
	close(ends[0]);
	return log;
}

static inline void
gives_with(enum weir_format format, const struct text *t, const char *want)
{
	static const size_t pieces[] = {1, 7, 60000};

	for (size_t i = 0; i < 3; i++) {
		struct weir_buf log = read_text(format, t, pieces[i]);

		is_text(log.data, log.len, want);
		weir_buf_fini(&log);
	}
}

static inline void
gives(enum weir_format format, const char *s, const char *want)
{
	struct text t = {.s = s, .len = strlen(s)};

	gives_with(format, &t, want);
}

/* A line between two good ones is bad, and costs itself alone. */
static inline void
refuses(enum weir_format format, const char *good, const char *json,
    const char *line, const char *why)
{
	struct weir_buf s = {0}, want = {0};
	size_t n = strlen(good) + 1, bad = strlen(line);
	struct text t;

	weir_buf_printf(&s, "%s\n%s\n%s\n", good, line, good);
	weir_buf_printf(&want, "1@0 %s\n2@%zu bad %zu %s\n3@%zu %s\nend 3@%zu",
	    json, n, bad, why, n + bad + 1, json, s.len);
	t = (struct text){.s = s.data, .len = s.len, .options.year = 2026};
	gives_with(format, &t, weir_buf_cstr(&want));
	weir_buf_fini(&s);
	weir_buf_fini(&want);
}

#endif
