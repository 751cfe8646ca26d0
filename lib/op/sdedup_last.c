/*
 * The sdedup operator with --keep=last. A run begins with an event that belongs
 * to no other, and takes the events of its key that are less than DUR from that
 * one; with --refresh from any of its own, and what one event would belong to
 * becomes one run. When the watermark is DUR past it, its newest event comes
 * out; the run is remembered as long as events may come that belong to it.
 * Without DUR a run ends with the stream.
 */
#include "op/sdedup_impl.h"

/* --- time --- */

/* When a run comes out. */
static int64_t
end_of(const struct weir_sdedup *sd, const struct weir_run *run)
{
	return weir_time_add(run->node.turn, sd->within_ns);
}

/* When a run that is out need not be remembered any more. */
static int64_t
last_of(const struct weir_sdedup *sd, const struct weir_run *run)
{
	return weir_time_add(end_of(sd, run), sd->within_ns);
}

void
weir_runs_set_due(struct weir_sdedup *sd, struct weir_stage *st)
{
	const struct weir_run *first = weir_heap_first(&sd->runs.heap);
	int64_t due = WEIR_TIME_MAX;

	if (first != NULL)
		due = end_of(sd, first);
	if (sd->runs.gone != NULL && last_of(sd, sd->runs.gone) < due)
		due = last_of(sd, sd->runs.gone);
	weir_sdedup_set_due(sd, st, due);
}

/*
 * The newest event of a run comes out. It is not older than hi, and that is what
 * the hold leaves of the release point. Only the end of the stream ends a run
 * whose end is past all time.
 */
static int
release(struct weir_sdedup *sd, struct weir_stage *st, struct weir_run *run,
    struct weir_error *err)
{
	int64_t end = end_of(sd, run);

	weir_runs_pull(&sd->runs, run);
	if (weir_stage_put(st, run->text, run->len, run->newest,
		end == WEIR_TIME_MAX ? end - 1 : end, 0, err) < 0)
		return -1;
	weir_runs_retire(&sd->runs, run);
	return 1;
}

static int
last_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	struct weir_sdedup *sd = self;
	struct weir_runs *runs = &sd->runs;
	struct weir_run *run;

	while ((run = weir_heap_first(&runs->heap)) != NULL &&
	    end_of(sd, run) <= w) {
		if (run->node.turn < run->hi) { /* it was extended meanwhile */
			weir_runs_pull(runs, run);
			weir_runs_push(runs, run);
		} else if (release(sd, st, run, err) < 0) {
			return -1;
		}
	}
	while (runs->gone != NULL && last_of(sd, runs->gone) <= w) {
		run = runs->gone;
		runs->gone = run->after;
		if (runs->gone == NULL)
			runs->gone_end = &runs->gone;
		weir_runs_drop(sd, run);
	}
	if (w > sd->closed)
		sd->closed = w;
	weir_runs_set_due(sd, st);
	weir_sdedup_count(sd, st);
	return 1;
}

/* Runs that end with the stream, in the order of their first events. */
static int
last_finish(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct weir_sdedup *sd = self;
	struct weir_key_runs *of;
	uint64_t at = 0;
	const char *key;
	size_t len;

	if (sd->within_ns > 0 || sd->runs.table == NULL)
		return 1;
	while ((of = weir_table_next(sd->runs.table, &at, &key, &len)) != NULL)
		if (weir_stage_put(st, of->newest->text, of->newest->len,
			of->newest->newest, WEIR_TIME_NONE, 0, err) < 0)
			return -1;
	return 1;
}

/* --- events --- */

/* Is t less than DUR from what draws others into the run? */
static bool
draws(const struct weir_sdedup *sd, const struct weir_run *run, int64_t t)
{
	uint64_t within = (uint64_t)sd->within_ns;

	if (sd->within_ns == 0)
		return true;
	if (t < run->lo)
		return weir_sdedup_apart(run->lo, t) < within;
	return t <= run->hi || weir_sdedup_apart(t, run->hi) < within;
}

/*
 * The run that an event at t belongs to, of those that are not out: that which
 * began last before it; if there is none, the first one after it. *over: it
 * belongs to one that is out.
 */
static struct weir_run *
find_run(const struct weir_sdedup *sd, const struct weir_key_runs *of,
    int64_t t, bool *over)
{
	struct weir_run *best = NULL, *run;

	*over = false;
	run = of != NULL ? of->newest : NULL;
	for (; run != NULL; run = run->older) {
		if (!draws(sd, run, t)) {
			if (run->hi < t)
				break; /* older ones are further off */
			continue;
		}
		if (run->out) {
			*over = true;
			continue;
		}
		best = run;
		if (run->lo <= t)
			break;
	}
	return best;
}

static bool
newer(int64_t time, uint64_t arrival, const struct weir_run *run)
{
	return time != run->newest ? time > run->newest
				   : arrival > run->arrival;
}

static void
swap_texts(struct weir_run *a, struct weir_run *b)
{
	struct weir_run was = *a;

	a->text = b->text;
	a->len = b->len;
	a->cap = b->cap;
	a->newest = b->newest;
	a->arrival = b->arrival;
	b->text = was.text;
	b->len = was.len;
	b->cap = was.cap;
}

/* One run out of two. */
static void
join(struct weir_sdedup *sd, struct weir_run *run, struct weir_run *other)
{
	weir_runs_pull(&sd->runs, other);
	weir_runs_pull(&sd->runs, run);
	run->lo = other->lo < run->lo ? other->lo : run->lo;
	run->hi = other->hi > run->hi ? other->hi : run->hi;
	run->seq = other->seq < run->seq ? other->seq : run->seq;
	if (newer(other->newest, other->arrival, run))
		swap_texts(run, other);
	weir_runs_drop(sd, other);
	weir_runs_push(&sd->runs, run);
}

/* With --refresh: what t belongs to, too, becomes one with run. */
static void
bridge(struct weir_sdedup *sd, struct weir_run *run, int64_t t)
{
	struct weir_run *newer_one = run->newer, *older = run->older;

	if (newer_one != NULL && !newer_one->out && draws(sd, newer_one, t))
		join(sd, run, newer_one);
	if (older != NULL && !older->out && draws(sd, older, t))
		join(sd, run, older);
}

static struct weir_run *
begin_run(struct weir_sdedup *sd, const struct weir_key *key, int64_t t)
{
	struct weir_run *run;

	if (sd->within_ns == 0)
		t = 0; /* it draws whatever the time */
	run = weir_runs_add(sd, key, t, t);

	run->seq = sd->seq;
	if (sd->within_ns > 0)
		weir_runs_push(&sd->runs, run);
	return run;
}

/* The event is in the run: is it its newest? */
static bool
enter_run(struct weir_sdedup *sd, struct weir_run *run, int64_t t)
{
	if (sd->config.refresh) {
		bridge(sd, run, t);
		if (t < run->lo)
			run->lo = t;
		if (t > run->hi)
			run->hi = t; /* the heap learns it in time */
	}
	if (run->text != NULL && !newer(t, sd->seq, run))
		return false;
	run->newest = t;
	run->arrival = sd->seq;
	return true;
}

static int
late(struct weir_sdedup *sd, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, struct weir_error *err)
{
	if (!sd->late_pass)
		return weir_sdedup_late(sd, st, b, i, err);
	weir_stage_metrics(st)->late++;
	return weir_sdedup_keep(sd, st, b, i, err);
}

static int
judge(struct weir_sdedup *sd, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, const struct weir_key *key, struct weir_error *err)
{
	const struct weir_event *ev = &b->events[i];
	struct weir_run *run;
	bool over;

	run = find_run(sd, weir_runs_of(sd, key->canonical), ev->time, &over);
	if (run == NULL && over)
		return late(sd, st, b, i, err);
	sd->seq++;
	if (run == NULL)
		run = begin_run(sd, key, ev->time);
	else
		weir_stage_metrics(st)->dropped++;
	if (enter_run(sd, run, ev->time))
		weir_runs_text(&sd->runs, run, b->text + ev->off, ev->len);
	weir_runs_set_due(sd, st);
	return weir_sdedup_check(sd, err);
}

/* Results are due: what passed before them goes out before them. */
static int
step(struct weir_sdedup *sd, struct weir_stage *st, const struct weir_block *b,
    struct weir_error *err)
{
	if (sd->closed < sd->due)
		return 1;
	return weir_sdedup_flush(sd, st, b, err) < 0
	    ? -1
	    : last_advance(sd, st, sd->closed, err);
}

int
weir_sdedup_apply_last(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, const struct weir_sdedup_item *item,
    struct weir_error *err)
{
	const struct weir_event *ev = &b->events[i];

	if (ev->watermark > sd->closed) {
		sd->closed = ev->watermark;
		if (step(sd, st, b, err) < 0)
			return -1;
	}
	if (sd->within_ns > 0 &&
	    ev->time < weir_time_add(sd->closed, -sd->within_ns))
		return late(sd, st, b, i, err);
	if (item->bad)
		return weir_sdedup_refuse(sd, st, b, i, err);
	if (judge(sd, st, b, i, &item->key, err) < 0)
		return -1;
	/* One that is exactly DUR behind comes out at once. */
	return sd->within_ns > 0 ? step(sd, st, b, err) : 1;
}

const struct weir_stage_ops weir_sdedup_last_ops = {
    .open = weir_sdedup_open,
    .events = weir_sdedup_events,
    .advance = last_advance,
    .finish = last_finish,
    .save = weir_sdedup_save,
    .load = weir_sdedup_load,
};
