/*
 * Goal: whatever way events come into states, the results are those of the plain
 * definitions. Method: random events go into several states, which are saved and
 * loaded at random and merged in a random order; others are added and taken back
 * again. The results are held against sums and searches over the list of what
 * is left, numbers up to rounding.
 */
#include "op/aggregate.h"

#include "base/mem.h"
#include "tap.h"

#include <math.h>
#include <stdlib.h>

#define EVENTS 60
#define STATES 5
#define ROUNDS 400

struct event {
	int64_t time;
	int x, y; /* y in eighths */
	bool has_x, b;
	char text[100];
};

/* What is left, in the order of arrival. */
static struct event left[EVENTS];
static size_t nleft;
/* Values of x for list, and for set with how often each is there. */
static int listed[EVENTS], seen[EVENTS], times[EVENTS];
static size_t nlisted, nseen;

/* --- numbers that are the same at every run --- */

static uint64_t seed = 1;

static size_t
below(size_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t)((seed >> 11) % n);
}

/* --- the plain definitions --- */

static void
forget(int *list, size_t *n, size_t i)
{
	memmove(list + i, list + i + 1, (--*n - i) * sizeof *list);
}

static void
model_add(const struct event *e)
{
	size_t i = 0;

	left[nleft++] = *e;
	if (!e->has_x)
		return;
	listed[nlisted++] = e->x;
	while (i < nseen && seen[i] != e->x)
		i++;
	if (i == nseen) {
		times[nseen] = 0;
		seen[nseen++] = e->x;
	}
	times[i]++;
}

/* Forget event i; of equal values the newest leaves the list. */
static void
model_undo(size_t i)
{
	struct event e = left[i];
	size_t k = nlisted, n = nseen;

	memmove(left + i, left + i + 1, (--nleft - i) * sizeof *left);
	if (!e.has_x)
		return;
	while (listed[--k] != e.x)
		;
	forget(listed, &nlisted, k);
	for (k = 0; seen[k] != e.x; k++)
		;
	if (--times[k] > 0)
		return;
	forget(seen, &nseen, k);
	forget(times, &n, k);
}

static void
put(struct weir_buf *out, const char *name, bool is, double d)
{
	weir_buf_printf(out, ",\"%s\":", name);
	if (is)
		weir_buf_printf(out, "%.17g", d);
	else
		weir_buf_puts(out, "null");
}

static void
put_list(struct weir_buf *out, const char *name, const int *list, size_t n)
{
	weir_buf_printf(out, ",\"%s\":[", name);
	for (size_t i = 0; i < n; i++)
		weir_buf_printf(out, "%s%d", i > 0 ? "," : "", list[i]);
	weir_buf_putc(out, ']');
}

static double
value_of(const struct event *e, bool y)
{
	return y ? e->y / 8.0 : e->x;
}

static double
mean(bool y, bool with_x)
{
	double sum = 0, n = 0;

	for (size_t i = 0; i < nleft; i++)
		if (!with_x || left[i].has_x) {
			sum += value_of(&left[i], y);
			n++;
		}
	return sum / n;
}

/* The sum of the products of the distances from the means. */
static double
products(bool p, bool q, bool with_x)
{
	double sum = 0, mp = mean(p, with_x), mq = mean(q, with_x);

	for (size_t i = 0; i < nleft; i++)
		if (!with_x || left[i].has_x)
			sum += (value_of(&left[i], p) - mp) *
			    (value_of(&left[i], q) - mq);
	return sum;
}

static void
put_moments(struct weir_buf *out)
{
	double xx = products(0, 0, 1), yy = products(1, 1, 1);
	double n = (double)nleft, nx = (double)nlisted;

	put(out, "a", n > 0, mean(1, 0));
	put(out, "v", n > 1, products(1, 1, 0) / (n - 1));
	put(out, "d", nx > 1, sqrt(xx / (nx - 1)));
	put(out, "c", nx > 1 && xx > 1e-9 && yy > 1e-9,
	    products(0, 1, 1) / sqrt(xx * yy));
}

static void
put_histogram(struct weir_buf *out)
{
	static const char *const edges[] = {"null", "-1", "0", "1.5", "null"};
	static const int eighths[] = {-1000, -8, 0, 12, 1000};

	for (size_t k = 0; k < 4; k++) {
		size_t n = 0;

		for (size_t i = 0; i < nleft; i++)
			n += left[i].y >= eighths[k] &&
			    left[i].y < eighths[k + 1];
		weir_buf_printf(out, "%s{\"from\":%s,\"to\":%s,\"count\":%zu}",
		    k == 0 ? ",\"h\":[" : ",", edges[k], edges[k + 1], n);
	}
	weir_buf_putc(out, ']');
}

#define UNDOABLE                                                               \
	"n = count(), nx = count(x), s = sum(x), sy = sum(y), a = avg(y), "    \
	"v = var(y), d = stddev(x), c = corr(x, y), o = any(b), l = all(b), "  \
	"q = distinct(x), m = mode(x), li = list(x), se = set(x), "            \
	"h = histogram(y, [-1, 0, 1.5]), r = rate() if b"

static void
put_undoable(struct weir_buf *out)
{
	double x = 0, y = 0;
	size_t nb = 0, most = 0;

	for (size_t i = 0; i < nleft; i++) {
		x += left[i].has_x ? left[i].x : 0;
		y += left[i].y / 8.0;
		nb += left[i].b;
	}
	for (size_t i = 1; i < nseen; i++)
		if (times[i] > times[most])
			most = i;
	put(out, "n", true, (double)nleft);
	put(out, "nx", true, (double)nlisted);
	put(out, "s", nlisted > 0, x);
	put(out, "sy", nleft > 0, y);
	put_moments(out);
	weir_buf_printf(out, ",\"o\":%s,\"l\":%s",
	    nleft == 0	 ? "null"
		: nb > 0 ? "true"
			 : "false",
	    nleft == 0	     ? "null"
		: nb < nleft ? "false"
			     : "true");
	put(out, "q", true, (double)nseen);
	put(out, "m", nseen > 0, seen[most]);
	put_list(out, "li", listed, nlisted);
	put_list(out, "se", seen, nseen);
	put_histogram(out);
	put(out, "r", true, (double)nb / 4);
}

#define ORDERED                                                                \
	"lo = min(y), hi = max(x), f = first(x), e = last(x), "                \
	"i = argmin(x, y), j = argmax(t, x), de = delta(x), "                  \
	"ew = ewma(y, 0.3), e1 = ewma(x, 1)"

static int
by_time(const void *a, const void *b)
{
	const struct event *const *p = a, *const *q = b;

	if ((*p)->time != (*q)->time)
		return (*p)->time < (*q)->time ? -1 : 1;
	return *p < *q ? -1 : 1; /* in the order of arrival */
}

static void
put_ordered(struct weir_buf *out)
{
	const struct event *all[EVENTS], *first = NULL, *last = NULL;
	const struct event *low = NULL, *high = NULL, *where = NULL;
	double ewma = 0;

	for (size_t i = 0; i < nleft; i++) {
		const struct event *e = all[i] = &left[i];

		if (low == NULL || e->y < low->y)
			low = e;
		if (e->has_x && (where == NULL || e->y < where->y))
			where = e;
		if (e->has_x && (high == NULL || e->x > high->x))
			high = e;
	}
	qsort(all, nleft, sizeof *all, by_time);
	for (size_t i = 0; i < nleft; i++) {
		ewma = i == 0 ? all[i]->y / 8.0
			      : 0.3 * (all[i]->y / 8.0) + 0.7 * ewma;
		if (all[i]->has_x && first == NULL)
			first = all[i];
		if (all[i]->has_x)
			last = all[i];
	}
	put(out, "lo", nleft > 0, nleft > 0 ? low->y / 8.0 : 0);
	put(out, "hi", first != NULL, first != NULL ? high->x : 0);
	put(out, "f", first != NULL, first != NULL ? first->x : 0);
	put(out, "e", first != NULL, first != NULL ? last->x : 0);
	put(out, "i", first != NULL, first != NULL ? where->x : 0);
	put(out, "j", first != NULL, first != NULL ? (double)high->time : 0);
	put(out, "de", first != NULL, first != NULL ? last->x - first->x : 0);
	put(out, "ew", nleft > 0, ewma);
	put(out, "e1", first != NULL, first != NULL ? last->x : 0);
}

/* --- the aggregates --- */

static struct weir_aggs aggs;
static struct weir_prover *prover;
static struct weir_slot *slots;
static struct weir_arena arena;
static struct weir_buf line;

static void
begin(const char *list)
{
	struct weir_error err;

	prover = weir_prover_new();
	if (weir_aggs_parse(&aggs, NULL, list, &err) < 0 ||
	    weir_aggs_compile(&aggs, prover, &err) < 0) {
		ok(0, "%s: %s", list, err.text);
		exit(1);
	}
	slots = weir_calloc(weir_prover_slots(prover) + 1, sizeof *slots);
}

static void
end(void)
{
	weir_aggs_fini(&aggs);
	weir_prover_free(prover);
	free(slots);
	weir_buf_fini(&line);
	weir_arena_fini(&arena);
}

static void
read_event(const struct event *e)
{
	struct weir_row row;
	struct weir_error err;

	line.len = 0;
	weir_buf_puts(&line, e->text);
	memset(weir_buf_reserve(&line, WEIR_PAD), 0, WEIR_PAD);
	weir_arena_reset(&arena);
	if (weir_prover_line(prover, line.data, slots, NULL) == NULL)
		abort();
	row = (struct weir_row){
	    .text = line.data, .len = (uint32_t)line.len - 1, .slots = slots};
	if (weir_aggs_read(&aggs, &row, &arena, &err) < 0) {
		ok(0, "%s: %s", e->text, err.text);
		exit(1);
	}
}

static void
add(const struct event *e, void *states, size_t *owned)
{
	struct weir_error err;

	read_event(e);
	if (weir_aggs_check(&aggs, states, &err) < 0) {
		ok(0, "%s: %s", e->text, err.text);
		exit(1);
	}
	weir_aggs_add(&aggs, states, e->time, owned);
}

static void *
reload(void *states, size_t *owned)
{
	struct weir_error err;
	struct weir_buf saved = {0};
	void *again = weir_calloc(1, aggs.size);

	weir_aggs_save(&saved, &aggs, states);
	weir_aggs_drop(&aggs, states, owned);
	free(states);
	memset(weir_buf_reserve(&saved, WEIR_PAD), '\n', WEIR_PAD);
	if (weir_aggs_load(&aggs, again,
		weir_value_read(saved.data, saved.len, &arena), &arena, owned,
		&err) < 0)
		ok(0, "load %.*s: %s", (int)saved.len, saved.data, err.text);
	weir_buf_fini(&saved);
	return again;
}

/* --- rounds --- */

static void
make_event(struct event *e)
{
	char x[20] = "";

	e->time = (int64_t)below(30) - 10;
	e->x = (int)below(9) - 4;
	e->y = (int)below(40) - 20;
	e->has_x = below(5) > 0;
	e->b = below(4) > 0;
	if (e->has_x)
		snprintf(x, sizeof x, "\"x\":%d,", e->x);
	else if (below(2) > 0)
		snprintf(x, sizeof x, "\"x\":null,");
	snprintf(e->text, sizeof e->text, "{%s\"y\":%.3f,\"b\":%s,\"t\":%d}\n",
	    x, e->y / 8.0, e->b ? "true" : "false", (int)e->time);
}

/* Is the same text, with numbers that are the same up to rounding? */
static bool
same(const char *a, const char *b)
{
	char *a_end, *b_end;
	double p, q;

	while (*a != '\0' && *b != '\0') {
		p = strtod(a, &a_end);
		q = strtod(b, &b_end);
		if ((a_end == a) != (b_end == b))
			return false;
		if (a_end == a) {
			if (*a++ != *b++)
				return false;
			continue;
		}
		if (!(fabs(p - q) <= 1e-12 * (1 + fabs(p))))
			return false;
		a = a_end;
		b = b_end;
	}
	return *a == *b;
}

/* Are the results of these states the plain ones? Frees them. */
static bool
right(void *states, size_t *owned, void (*plain)(struct weir_buf *))
{
	struct weir_buf got = {0}, want = {0};
	struct weir_span span = {0, INT64_C(4000000000)};
	bool good;

	weir_aggs_write(&got, &aggs, states, span);
	plain(&want);
	good = same(weir_buf_cstr(&got), weir_buf_cstr(&want));
	if (!good)
		printf("# got  %s\n# want %s\n", got.data, want.data);
	weir_aggs_drop(&aggs, states, owned);
	free(states);
	if (*owned != 0)
		printf("# %zu bytes were not given back\n", *owned);
	weir_buf_fini(&got);
	weir_buf_fini(&want);
	return good && *owned == 0;
}

/* Events over several states, merged in any order. */
static bool
merged(void (*plain)(struct weir_buf *))
{
	void *states[STATES];
	size_t owned = 0, n = below(EVENTS), from, to;
	struct event e;
	struct weir_error err;

	nleft = nlisted = nseen = 0;
	for (size_t i = 0; i < STATES; i++)
		states[i] = weir_calloc(1, aggs.size);
	for (size_t i = 0; i < n; i++) {
		to = below(STATES);
		make_event(&e);
		add(&e, states[to], &owned);
		model_add(&e);
		if (below(20) == 0)
			states[to] = reload(states[to], &owned);
	}
	for (size_t k = STATES; k > 1; k--) {
		from = below(k);
		to = (from + 1 + below(k - 1)) % k;
		if (weir_aggs_merge(
			&aggs, states[to], states[from], &owned, &err) < 0)
			ok(0, "merge: %s", err.text);
		weir_aggs_drop(&aggs, states[from], &owned);
		free(states[from]);
		states[from] = states[k - 1];
		if (below(4) == 0 && from < k - 1)
			states[from] = reload(states[from], &owned);
	}
	return right(states[0], &owned, plain);
}

/* Events that come and go again. */
static bool
undone(void (*plain)(struct weir_buf *))
{
	void *states = weir_calloc(1, aggs.size);
	size_t owned = 0, i;
	struct event e;
	struct weir_error err;

	nleft = nlisted = nseen = 0;
	for (size_t step = below(2 * EVENTS); step > 0; step--) {
		if (nleft < EVENTS && (nleft == 0 || below(5) < 3)) {
			make_event(&e);
			add(&e, states, &owned);
			model_add(&e);
		} else {
			i = below(nleft);
			read_event(&left[i]);
			if (weir_aggs_undo(
				&aggs, states, left[i].time, &owned, &err) < 0)
				ok(0, "undo %s: %s", left[i].text, err.text);
			model_undo(i);
		}
		if (below(20) == 0)
			states = reload(states, &owned);
	}
	return right(states, &owned, plain);
}

int
main(void)
{
	size_t good = 0;

	begin(UNDOABLE);
	ok(weir_aggs_cannot_undo(&aggs) == NULL, "all of these take back");
	for (size_t i = 0; i < ROUNDS; i++)
		good += merged(put_undoable);
	ok(good == ROUNDS, "%zu rounds of merging", good);
	good = 0;
	for (size_t i = 0; i < ROUNDS; i++)
		good += undone(put_undoable);
	ok(good == ROUNDS, "%zu rounds of taking back", good);
	end();

	begin(ORDERED);
	ok(weir_aggs_cannot_undo(&aggs) == &aggs.aggs[0],
	    "of these the first takes nothing back");
	good = 0;
	for (size_t i = 0; i < ROUNDS; i++)
		good += merged(put_ordered);
	ok(good == ROUNDS, "%zu rounds of what has an order", good);
	end();
	return done();
}
