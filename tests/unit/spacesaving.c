/*
 * Goal: a value's true count is between count - error and count, no error is
 * above n / capacity, what fits is exact. Method: Zipf streams against true
 * counts, in one and in parts that are merged; small streams by hand.
 */
#include "op/spacesaving.h"

#include "base/mem.h"
#include "tests/unit/random.h"
#include "tests/unit/tap.h"

#include <math.h>
#include <stdlib.h>

#define VALUES 50000 /* that a stream may have */
#define N      200000

struct truth {
	uint64_t count[VALUES];
	uint64_t n;
};

static void
add_text(struct weir_spacesaving *ss, uint32_t capacity, const char *key,
    const char *shown, uint64_t seq)
{
	struct weir_spacesaving_value v = {.key = weir_str(key),
	    .shown = weir_str(shown),
	    .first = seq,
	    .count = 1};

	weir_spacesaving_add(ss, capacity, &v);
}

static void
add(struct weir_spacesaving *ss, uint32_t capacity, uint32_t value,
    uint64_t seq)
{
	char key[16];

	snprintf(key, sizeof key, "%u", value);
	add_text(ss, capacity, key, key, seq);
}

/* Rank 1 is twice as frequent as rank 2, three times as rank 3, ... */
static uint32_t
zipf(uint32_t values)
{
	double x = exp(rnd_unit() * log(values + 1.0));

	return (uint32_t)x - 1;
}

static uint32_t
value_of(const struct weir_counter *e)
{
	char text[16] = "";
	struct weir_str s = weir_spacesaving_shown(e);

	memcpy(text, s.s, s.len);
	return (uint32_t)atoi(text);
}

/* Do the bounds hold, and those of values that are not counted? */
static int
holds(
    const struct weir_spacesaving *ss, uint32_t capacity, const struct truth *t)
{
	const struct weir_counter **all = weir_spacesaving_sorted(ss);
	uint8_t *seen = weir_calloc(VALUES, 1);
	int good = ss->n <= capacity && ss->missed <= t->n / capacity;
	uint64_t count;

	for (uint32_t i = 0; i < ss->n; i++) {
		count = t->count[value_of(all[i])];
		good &= count <= all[i]->count &&
		    count >= all[i]->count - all[i]->error &&
		    all[i]->error <= t->n / capacity &&
		    all[i]->count >= ss->missed &&
		    (i == 0 || all[i]->count <= all[i - 1]->count);
		seen[value_of(all[i])]++;
	}
	for (uint32_t i = 0; i < VALUES; i++)
		good &=
		    seen[i] == 1 || (seen[i] == 0 && t->count[i] <= ss->missed);
	free(seen);
	free(all);
	return good;
}

static int
is_exact(const struct weir_spacesaving *ss)
{
	for (uint32_t i = 0; i < ss->n; i++)
		if (ss->entries[i].error > 0)
			return 0;
	return ss->missed == 0;
}

static int
reloads(const struct weir_spacesaving *ss, uint32_t capacity)
{
	const struct weir_counter **all = weir_spacesaving_sorted(ss);
	struct weir_spacesaving again = {.missed = ss->missed};
	int good = 1;

	for (uint32_t i = 0; i < ss->n; i++) {
		struct weir_spacesaving_value v = {
		    .key = {all[i]->text, all[i]->key_len},
		    .shown = weir_spacesaving_shown(all[i]),
		    .first = all[i]->first,
		    .count = all[i]->count,
		    .error = all[i]->error};

		good &= weir_spacesaving_load(&again, &v);
	}
	good &= weir_spacesaving_loaded(&again, capacity);
	weir_spacesaving_fini(&again);
	free(all);
	return good;
}

static void
test_zipf(uint32_t capacity, uint32_t values, int parts)
{
	struct weir_spacesaving ss[8] = {{0}};
	static struct truth t;
	uint32_t value;
	int steps = 1;

	t = (struct truth){{0}, 0};
	for (uint64_t i = 0; i < N; i++) {
		value = zipf(values);
		t.count[value]++;
		t.n++;
		add(&ss[rnd() % (unsigned)parts], capacity, value, i);
		if (i % 20000 == 0 && parts == 1)
			steps &= holds(&ss[0], capacity, &t);
	}
	ok(steps, "capacity %u, %u values: good all the way", capacity, values);
	for (int i = parts; --i > 0;) {
		weir_spacesaving_merge(&ss[i / 2], capacity, &ss[i]);
		weir_spacesaving_fini(&ss[i]);
	}
	ok(holds(&ss[0], capacity, &t), "capacity %u, %u values, %d parts",
	    capacity, values, parts);
	ok(is_exact(&ss[0]) == (values <= capacity), "exact if they fit");
	ok(reloads(&ss[0], capacity), "saved and loaded");
	/* A merged one goes on counting. */
	for (uint64_t i = 0; i < 10000; i++) {
		value = zipf(values);
		t.count[value]++;
		t.n++;
		add(&ss[0], capacity, value, N + i);
	}
	ok(holds(&ss[0], capacity, &t), "and counts on");
	weir_spacesaving_fini(&ss[0]);
}

/* All entries as text: value:count:error, the first first. */
static void
print(struct weir_buf *out, const struct weir_spacesaving *ss)
{
	const struct weir_counter **all = weir_spacesaving_sorted(ss);

	out->len = 0;
	for (uint32_t i = 0; i < ss->n; i++) {
		struct weir_str s = weir_spacesaving_shown(all[i]);

		weir_buf_printf(out, "%.*s:%ju:%ju ", (int)s.len, s.s,
		    (uintmax_t)all[i]->count, (uintmax_t)all[i]->error);
	}
	free(all);
}

static void
test_small(void)
{
	struct weir_spacesaving ss = {0}, other = {0};
	struct weir_buf out = {0};
	const char *s;
	uint64_t seq = 0;

	for (s = "bacab"; *s != '\0'; s++)
		add_text(&ss, 3, (char[]){*s, '\0'}, (char[]){*s, '\0'}, seq++);
	print(&out, &ss);
	is_text(out.data, out.len, "b:2:0 a:2:0 c:1:0 ");
	add_text(&ss, 3, "d", "D", seq++);
	print(&out, &ss);
	is_text(out.data, out.len, "b:2:0 a:2:0 D:2:1 ");
	add_text(&ss, 3, "e", "e", seq++);
	print(&out, &ss);
	is_text(out.data, out.len, "e:3:2 b:2:0 a:2:0 ");
	add_text(&other, 3, "a", "A", 1);
	add_text(&other, 3, "x", "X", 0);
	weir_spacesaving_merge(&ss, 3, &other);
	print(&out, &ss);
	is_text(out.data, out.len, "X:3:2 a:3:0 e:3:2 ");
	ok(ss.missed == 2, "what was left out had at most 2");
	weir_spacesaving_fini(&ss);
	weir_spacesaving_merge(&ss, 3, &other);
	print(&out, &ss);
	is_text(out.data, out.len, "X:1:0 A:1:0 ");
	add_text(&ss, 3, "a", "a", 9);
	weir_spacesaving_merge(&other, 3, &ss);
	print(&out, &other);
	is_text(out.data, out.len, "A:3:0 X:2:0 ");
	weir_spacesaving_fini(&ss);
	add_text(&ss, 3, "y", "y", 10);
	add_text(&ss, 3, "z", "z", 11);
	weir_spacesaving_merge(&other, 3, &ss);
	print(&out, &other);
	is_text(out.data, out.len, "A:3:0 X:2:0 y:1:0 ");
	ok(other.missed == 1, "z, left out, had 1");
	weir_spacesaving_fini(&ss);
	weir_spacesaving_fini(&other);
	ok(ss.texts == 0, "all texts are freed");
	weir_buf_fini(&out);
}

static void
test_hostile(void)
{
	struct weir_spacesaving ss = {0};
	struct weir_spacesaving_value v = {.key = weir_str("a"),
	    .shown = weir_str("a"),
	    .count = 3,
	    .error = 2};

	ok(weir_spacesaving_load(&ss, &v), "an entry");
	ok(!weir_spacesaving_load(&ss, &v), "not twice");
	v.key = v.shown = weir_str("b");
	v.error = 3;
	ok(!weir_spacesaving_load(&ss, &v), "nor all error");
	v.count = v.error = 0;
	ok(!weir_spacesaving_load(&ss, &v), "nor without a count");
	ok(weir_spacesaving_loaded(&ss, 1), "one of one");
	ss.missed = 3;
	ok(weir_spacesaving_loaded(&ss, 1), "others had as many");
	ok(!weir_spacesaving_loaded(&ss, 2), "but not if there is room");
	ss.missed = 4;
	ok(!weir_spacesaving_loaded(&ss, 1), "nor more than those that stay");
	weir_spacesaving_fini(&ss);
}

int
main(void)
{
	test_small();
	test_zipf(100, 50000, 1);
	test_zipf(100, 50000, 8);
	test_zipf(1, 10, 1);
	test_zipf(3, 10, 3);
	test_zipf(100, 100, 1);
	test_zipf(100, 100, 5);
	test_zipf(1000, 5000, 4);
	test_hostile();
	return done();
}
