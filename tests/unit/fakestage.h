/*
 * fakestage.h - a stage runtime in memory, for the unit tests of operators.
 *
 * It stands in for lib/stream: the linker takes these functions and leaves the
 * library's alone. A test feeds events with their times; watermarks follow the
 * newest time at a distance, as --max-delay has it; runs are cut where the due
 * point says, and every so many events besides.
 */
#ifndef WEIR_TESTS_UNIT_FAKESTAGE_H
#define WEIR_TESTS_UNIT_FAKESTAGE_H

#include "base/mem.h"
#include "stream/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A result: where its line is in out. */
struct fake_result {
	size_t off, len;
	int64_t time, release;
	uint32_t flags;
};

/* An operand, of stages that tell two apart (fakeinputs.h). */
struct fake_input {
	int64_t delay, newest, watermark; /* behind what was fed */
	int64_t reached;		  /* behind what was handed over */
	bool ended, over;		  /* no more is fed, or left */
	/* in hand, from event `at` on; and what comes next */
	struct weir_block block, next;
	struct weir_buf text, next_text;
	size_t cap, next_cap;
	uint32_t at;
};

struct weir_stage {
	const struct weir_stage_ops *ops;
	void *self;
	struct weir_prover *prover;
	struct weir_metrics metrics;
	int64_t due, delay, newest, watermark;
	int64_t alarm_ns;   /* as set; the test rings it itself */
	size_t operand;	    /* of what the test feeds */
	bool skips_tables;  /* as set */
	bool retracts;	    /* what the input may hold, said by the test */
	bool changes;	    /* as set */
	int64_t hold;	    /* as set */
	uint32_t put_flags; /* of the newest result */
	size_t cut;	    /* events of a run at most, 0: no limit */
	struct weir_buf out, late, bad; /* a line each */
	struct fake_result *results;	/* since it was made */
	size_t nresults, results_cap;
	int64_t sent; /* release points must not go back */
	int disorder;
	int stale;	  /* results that are late for whoever reads them */
	int64_t promised; /* the watermark behind what went out */
	int belated;	  /* a result was older than that */
	/* the block being filled */
	struct weir_block block;
	struct weir_buf text;
	size_t cap;
	struct fake_input in[2];
	bool two; /* those are used */
};

struct weir_snapshot_writer {
	struct weir_buf lines;
};

struct weir_prover *
weir_stage_prover(struct weir_stage *st)
{
	return st->prover;
}

struct weir_metrics *
weir_stage_metrics(struct weir_stage *st)
{
	return &st->metrics;
}

void
weir_stage_set_due(struct weir_stage *st, int64_t due)
{
	st->due = due;
}

void
weir_stage_set_hold(struct weir_stage *st, int64_t hold_ns)
{
	st->hold = hold_ns;
}

void
weir_stage_set_alarm(struct weir_stage *st, int64_t in_ns)
{
	st->alarm_ns = in_ns;
}

size_t
weir_stage_operand(const struct weir_stage *st)
{
	return st->operand;
}

int64_t
weir_stage_input_watermark(const struct weir_stage *st, size_t operand)
{
	if (!st->two)
		return st->watermark;
	return st->in[operand].over ? WEIR_TIME_MAX : st->in[operand].reached;
}

void
weir_stage_skip_tables(struct weir_stage *st)
{
	st->skips_tables = true;
}

bool
weir_stage_retracts(const struct weir_stage *st)
{
	return st->retracts;
}

void
weir_stage_set_changes(struct weir_stage *st, bool retract)
{
	st->changes = retract;
}

static inline void
fake_promise(struct weir_stage *st, int64_t w)
{
	if (st->hold == WEIR_TIME_MAX || w == WEIR_TIME_MAX)
		return;
	w = weir_time_add(w, -st->hold);
	if (w > st->promised)
		st->promised = w;
}

int
weir_stage_pass(struct weir_stage *st, const struct weir_block *b, uint32_t i,
    uint32_t n, struct weir_error *err)
{
	(void)err;
	for (; n > 0; i++, n--) {
		fake_promise(st, b->events[i].watermark);
		weir_buf_add(
		    &st->out, b->text + b->events[i].off, b->events[i].len + 1);
		st->metrics.out++;
	}
	return 1;
}

/* A side file is the stage itself. */
struct weir_side *
weir_stage_side(struct weir_stage *st, const char *path)
{
	(void)path;
	return (struct weir_side *)(void *)st;
}

int
weir_side_event(struct weir_side *s, const struct weir_block *b, uint32_t i,
    struct weir_error *err)
{
	struct weir_stage *st = (struct weir_stage *)(void *)s;

	(void)err;
	weir_buf_add(
	    &st->late, b->text + b->events[i].off, b->events[i].len + 1);
	return 1;
}

int
weir_stage_put(struct weir_stage *st, const char *text, size_t len,
    int64_t time, int64_t release, uint32_t flags, struct weir_error *err)
{
	(void)err;
	st->stale |= time != WEIR_TIME_NONE && release > WEIR_TIME_NONE + 1 &&
	    time < weir_time_add(release, -1 - st->hold);
	st->disorder |= release < st->sent;
	st->put_flags = flags;
	st->sent = release;
	st->results = weir_grow(st->results, &st->results_cap, st->nresults + 1,
	    sizeof *st->results);
	st->results[st->nresults++] =
	    (struct fake_result){st->out.len, len, time, release, flags};
	fake_promise(st, weir_time_add(release, -1));
	st->belated |= time < st->promised;
	weir_buf_add(&st->out, text, len);
	weir_buf_putc(&st->out, '\n');
	st->metrics.out++;
	return 1;
}

int
weir_stage_bad(struct weir_stage *st, const struct weir_block *b, uint32_t i,
    const char *why, struct weir_error *err)
{
	(void)b;
	(void)i;
	(void)err;
	st->metrics.bad++;
	weir_buf_puts(&st->bad, why);
	weir_buf_putc(&st->bad, '\n');
	return 1;
}

int
weir_stage_failed(struct weir_stage *st, const char *text, size_t len,
    const char *why, struct weir_error *err)
{
	(void)text;
	(void)len;
	return weir_stage_bad(st, NULL, 0, why, err);
}

int
weir_snapshot_line(struct weir_snapshot_writer *w, const char *s, size_t len,
    struct weir_error *err)
{
	(void)err;
	weir_buf_add(&w->lines, s, len);
	weir_buf_putc(&w->lines, '\n');
	return 1;
}

/* What is found by its key must show it. */
int
weir_snapshot_keyed_line(struct weir_snapshot_writer *w, struct weir_str key,
    const char *s, size_t len, struct weir_error *err)
{
	size_t at = w->lines.len;

	weir_snapshot_line(w, s, len, err);
	if (key.s != NULL && strstr(weir_buf_cstr(&w->lines) + at, "\"k\":{"))
		return 1;
	return weir_fail(err, WEIR_SYSTEM, "a key that is not shown");
}

static inline void
fake_init(struct weir_stage *st, const struct weir_stage_ops *ops, void *self)
{
	*st = (struct weir_stage){.ops = ops, .self = self};
	st->prover = weir_prover_new();
	st->due = WEIR_TIME_MAX;
	st->newest = st->watermark = st->sent = WEIR_TIME_NONE;
	st->promised = WEIR_TIME_NONE;
	st->metrics.watermark = WEIR_TIME_NONE;
	st->block.source = "test";
}

static inline void
fake_fini(struct weir_stage *st)
{
	weir_prover_free(st->prover);
	weir_buf_fini(&st->out);
	weir_buf_fini(&st->late);
	weir_buf_fini(&st->bad);
	weir_buf_fini(&st->text);
	free(st->results);
	free(st->block.events);
	free(st->block.slots);
	for (int i = 0; i < 2; i++) {
		weir_buf_fini(&st->in[i].text);
		weir_buf_fini(&st->in[i].next_text);
		free(st->in[i].block.events);
		free(st->in[i].block.slots);
		free(st->in[i].next.events);
		free(st->in[i].next.slots);
	}
}

/* One more event in the block, judged under the watermark so far. */
static inline void
fake_event(struct weir_stage *st, const char *json, int64_t time)
{
	struct weir_block *b = &st->block;
	struct weir_event *ev;

	b->events =
	    weir_grow(b->events, &st->cap, b->n + 1u, sizeof *b->events);
	ev = &b->events[b->n++];
	*ev = (struct weir_event){.off = (uint32_t)st->text.len,
	    .len = (uint32_t)strlen(json),
	    .time = time,
	    .watermark = st->watermark};
	weir_buf_puts(&st->text, json);
	weir_buf_putc(&st->text, '\n');
	if (time > st->newest)
		st->newest = time;
	if (weir_time_add(st->newest, -st->delay) > st->watermark)
		st->watermark = weir_time_add(st->newest, -st->delay);
}

static inline int
fake_advance(struct weir_stage *st, int64_t w, struct weir_error *err)
{
	int rc;

	st->metrics.watermark = w;
	rc = w >= st->due ? st->ops->advance(st->self, st, w, err) : 1;
	fake_promise(st, w);
	return rc;
}

/* Hand over the block. 1, or -1 with *err. */
static inline int
fake_flush(struct weir_stage *st, struct weir_error *err)
{
	struct weir_block *b = &st->block;
	uint32_t i, end;
	int rc = 1;

	memset(weir_buf_reserve(&st->text, WEIR_PAD), 0, WEIR_PAD);
	b->text = st->text.data;
	b->nslots = (uint32_t)weir_prover_slots(st->prover);
	free(b->slots);
	b->slots = weir_calloc((size_t)b->n * b->nslots, sizeof *b->slots);
	for (i = 0; i < b->n; i++)
		if (weir_prover_line(st->prover, b->text + b->events[i].off,
			weir_block_slots(b, i), NULL) == NULL)
			abort(); /* the test's own events are JSON */
	for (i = 0; i < b->n && rc > 0; i = end) {
		rc = fake_advance(st, b->events[i].watermark, err);
		end = i + 1;
		while (end < b->n && b->events[end].watermark < st->due &&
		    (st->cut == 0 || end - i < st->cut))
			end++;
		if (rc > 0)
			rc = st->ops->events(st->self, st, b, i, end - i, err);
	}
	b->n = 0;
	st->text.len = 0;
	return rc > 0 ? fake_advance(st, st->watermark, err) : rc;
}

/* The stream is complete. */
static inline int
fake_end(struct weir_stage *st, struct weir_error *err)
{
	if (fake_flush(st, err) < 0 ||
	    st->ops->advance(st->self, st, WEIR_TIME_MAX, err) < 0)
		return -1;
	return st->ops->finish != NULL ? st->ops->finish(st->self, st, err) : 1;
}

/* Feed saved lines to another operator. */
static inline int
fake_load(
    struct weir_stage *st, const struct weir_buf *saved, struct weir_error *err)
{
	struct weir_buf line = {0};
	const char *s = saved->data, *nl;
	int rc = 1;

	for (; rc > 0 && s < saved->data + saved->len; s = nl + 1) {
		nl = strchr(s, '\n');
		line.len = 0;
		weir_buf_add(&line, s, (size_t)(nl - s) + 1);
		memset(weir_buf_reserve(&line, WEIR_PAD), 0, WEIR_PAD);
		rc = st->ops->load(st->self, st,
		    (struct weir_str){line.data, line.len - 1}, err);
	}
	weir_buf_fini(&line);
	return rc;
}

#endif
