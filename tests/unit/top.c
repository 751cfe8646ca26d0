/*
 * Goal: the N best of a window's groups come out, in the order in which they were
 * offered, and those that stand without being among them come out to be taken
 * back. Method: random ranks, many of them equal, against sorting them all.
 */
#include "op/top.h"

#include "tap.h"

#include <math.h>
#include <stdlib.h>

#define GROUPS 200
#define ROUNDS 2000

struct naive {
	int rank, order;
	bool best;
};

static int
by_rank(const void *a, const void *b)
{
	const struct naive *x = a, *y = b;

	return x->rank != y->rank ? y->rank - x->rank : x->order - y->order;
}

static int
by_order(const void *a, const void *b)
{
	return ((const struct naive *)a)->order -
	    ((const struct naive *)b)->order;
}

static void
offer(struct weir_top *top, struct weir_told *told, int rank, int order,
    bool text)
{
	char row[30], name[30];
	struct weir_value v = {.kind = WEIR_INT, .i = rank};
	struct weir_emit_group g = {.told = told};
	struct weir_error err;

	snprintf(row, sizeof row, "row %d", order);
	snprintf(name, sizeof name, "%03d", rank);
	if (text)
		v = (struct weir_value){
		    .kind = WEIR_STRING, .aux = 3, .s = name};
	if (weir_top_offer(top, &g, v, weir_str(row), &err) < 0)
		ok(0, "offered: %s", err.text);
}

static int
round_of(struct weir_top *top, unsigned n, bool text)
{
	static struct weir_told told[GROUPS];
	struct naive model[GROUPS];
	const struct weir_top_entry *entry;
	char row[30];
	int good = 1;

	for (unsigned i = 0; i < n; i++) {
		model[i] = (struct naive){rand() % 20, (int)i, false};
		told[i].stands = rand() % 3 == 0;
		offer(top, &told[i], model[i].rank, (int)i, text);
	}
	qsort(model, n, sizeof *model, by_rank);
	for (unsigned i = 0; i < n && i < top->most; i++)
		model[i].best = true;
	qsort(model, n, sizeof *model, by_order);
	weir_top_sort(top);
	for (unsigned i = 0; i < n; i++) {
		if (!model[i].best && !told[i].stands)
			continue;
		entry = weir_top_next(top);
		snprintf(row, sizeof row, "row %u", i);
		good &= entry != NULL && entry->group.told == &told[i] &&
		    (entry->text != NULL) == model[i].best &&
		    (entry->text == NULL ||
			(entry->len == strlen(row) &&
			    memcmp(entry->text, row, entry->len) == 0));
	}
	good &= weir_top_next(top) == NULL;
	weir_top_clear(top);
	return good;
}

static void
test_random(void)
{
	int good = 1;

	srand(4);
	for (int i = 0; i < ROUNDS; i++) {
		struct weir_top top = {.most = 1 + (size_t)(rand() % 12)};

		good &= round_of(&top, (unsigned)(rand() % GROUPS), i % 2);
		good &= round_of(&top, (unsigned)(rand() % GROUPS), i % 2);
		weir_top_fini(&top);
	}
	ok(good, "the best of random groups");
}

static void
test_refused(void)
{
	struct weir_top top = {.most = 3};
	struct weir_emit_group g = {0};
	struct weir_error err;
	struct weir_value v = {.kind = WEIR_DOUBLE, .d = NAN};

	ok(weir_top_offer(&top, &g, v, weir_str("x"), &err) < 0 &&
		strstr(err.text, "NaN") != NULL,
	    "NaN has no rank");
	v = (struct weir_value){.kind = WEIR_JSON, .s = "[]", .aux = 2};
	ok(weir_top_offer(&top, &g, v, weir_str("x"), &err) < 0,
	    "a list has none");
	offer(&top, NULL, 1, 0, false);
	v = (struct weir_value){.kind = WEIR_STRING, .s = "a", .aux = 1};
	ok(weir_top_offer(&top, &g, v, weir_str("x"), &err) < 0,
	    "a string has none beside a number");
	ok(top.n == 1, "what is refused leaves nothing behind");
	weir_top_fini(&top);
}

int
main(void)
{
	test_random();
	test_refused();
	return done();
}
