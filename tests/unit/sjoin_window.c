/*
 * Goal: joins of two streams in windows give what their definition says, however
 * the two arrive. Method: as sjoin.c does it, against a model that goes through
 * every window.
 */
#include "joins.h"

static const char *const types[] = {
    "inner", "left", "right", "outer", "semi", "anti"};

/* --- the model: nested loops, and each window by itself --- */

/* The first start of a window that holds t. */
static int64_t
first_start(const struct joins *j, int64_t t)
{
	int64_t start = t / j->slide * j->slide;

	while (start - j->slide + j->size > t)
		start -= j->slide;
	return start;
}

static bool
in_window(const struct joins *j, const struct event *e, int64_t start)
{
	return start <= e->time && e->time < start + j->size;
}

static bool *
hit(const struct joins *j, struct event *e, int64_t start)
{
	return &e->hit[start / j->slide % 64];
}

static bool
match(const struct joins *j, const struct event *l, const struct event *r)
{
	return l->accepted && r->accepted && forms[l->form].class >= 0 &&
	    forms[l->form].class == forms[r->form].class &&
	    (!j->where || l->v < r->v);
}

/* Unmatched events in windows that end by w, in order. */
static void
model_due(const struct joins *j, int64_t w, struct weir_buf *out)
{
	struct event *e, *next;
	int64_t start, end;

	for (;;) {
		next = NULL;
		end = 0;
		for (int i = 0; i < j->n; i++) {
			e = j->order[i];
			if (!e->waits)
				continue;
			start = first_start(j, e->time);
			while (start + j->size <= e->told)
				start += j->slide;
			if (!in_window(j, e, start) || start + j->size > w)
				continue;
			if (next == NULL || start + j->size < end ||
			    (start + j->size == end && e->side < next->side)) {
				next = e;
				end = start + j->size;
			}
		}
		if (next == NULL)
			return;
		next->told = end;
		if (!*hit(j, next, end - j->size) && tells(j, next->side))
			write_one(j, next, out);
	}
}

static void
model_pair(const struct joins *j, struct event *e, struct event *o,
    struct weir_buf *out)
{
	struct event *l = e->side == WEIR_LEFT ? e : o, *r = l == e ? o : e;
	int64_t start = first_start(j, e->time);

	for (; start <= e->time; start += j->slide) {
		if (!in_window(j, e, start) || !in_window(j, o, start) ||
		    start + j->size <= e->closed)
			continue;
		if (j->type <= 3)
			write_pair(l, r, out);
		else if (j->type == 4 && !*hit(j, l, start))
			write_one(j, l, out);
		*hit(j, l, start) = *hit(j, r, start) = true;
	}
}

/* The others that e matches, of those before it, in order. */
static void
model_matches(const struct joins *j, int at, struct weir_buf *out)
{
	struct event *e = j->order[at], *o, *next, *l;
	int64_t done = INT64_MIN;
	int done_at = -1;

	for (;;) {
		next = NULL;
		for (int i = 0; i < at; i++) {
			o = j->order[i];
			l = e->side == WEIR_LEFT ? e : o;
			if (o->side == e->side ||
			    !match(j, l, l == e ? o : e) || o->time < done ||
			    (o->time == done && o->at <= done_at))
				continue;
			if (next == NULL || o->time < next->time)
				next = o;
		}
		if (next == NULL)
			return;
		done = next->time;
		done_at = next->at;
		model_pair(j, e, next, out);
	}
}

static void
model(struct joins *j, struct weir_buf *out)
{
	int64_t closed = WEIR_TIME_NONE, start;

	for (int at = 0; at < j->n; at++) {
		struct event *e = j->order[at];

		if (e->watermark > closed)
			closed = e->watermark;
		model_due(j, closed, out);
		e->closed = closed;
		start = e->time / j->slide * j->slide; /* of the last one */
		e->late = in_window(j, e, start) && start + j->size <= closed;
		e->accepted = in_window(j, e, start) && !e->late;
		if (!e->accepted)
			continue;
		e->told = closed;
		model_matches(j, at, out);
		e->waits = forms[e->form].class >= 0;
		start = first_start(j, e->time);
		for (; !e->waits && start <= e->time; start += j->slide)
			if (in_window(j, e, start) &&
			    start + j->size > closed && tells(j, e->side))
				write_one(j, e, out);
	}
	model_due(j, WEIR_TIME_MAX, out);
}

/* --- streams --- */

static void
make(struct joins *j, int most)
{
	make_streams(j, most, 1 + below(60));
	j->slide = 1 + below(20);
	j->size = below(2) == 0 ? j->slide
				: 1 + (int64_t)below((unsigned)j->slide * 5);
	j->type = (int)below(6);
	j->where = below(3) == 0;
	snprintf(j->within, sizeof j->within, "%jdns/%jdns", (intmax_t)j->size,
	    (intmax_t)j->slide);
	j->config = (struct weir_sjoin_config){.keys = "k",
	    .window = j->within,
	    .type = types[j->type],
	    .where = j->where ? "left.v < right.v" : NULL,
	    .late = "late",
	    .nest = j->type <= 3};
}

static void
test_random(void)
{
	int n = streams(3000), bad = 0, shown = 0;
	struct weir_buf want = {0};
	struct joins j;

	for (int s = 0; s < n; s++) {
		make(&j, 30);
		want.len = 0;
		model(&j, &want);
		for (int run = 0; run < 3; run++)
			if (!run_joins(&j, &want, run)) {
				bad++;
				if (shown++ < 3)
					show_joins(&j);
			}
	}
	ok(bad == 0, "%d pairs of streams, %d runs differ", n, bad);
	weir_buf_fini(&want);
}

static void
test_all_interleavings(void)
{
	struct weir_buf want = {0};
	struct joins j;
	int bad = 0, runs = 0;

	for (int s = 0; s < streams(3000) / 30; s++) {
		make(&j, 5);
		want.len = 0;
		model(&j, &want);
		for (unsigned bits = 0; bits < 1U << j.n; bits++) {
			if (__builtin_popcount(bits) != j.nside[WEIR_RIGHT])
				continue;
			runs++;
			bad += !run_interleaved(&j, &want, bits);
		}
	}
	ok(bad == 0, "%d interleavings, %d differ", runs, bad);
	weir_buf_fini(&want);
}

int
main(void)
{
	test_random();
	test_all_interleavings();
	return done();
}
