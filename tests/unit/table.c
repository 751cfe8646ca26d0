/*
 * Goal: the keyed table finds what was put, in order of arrival, for ever.
 * Method: compare it with a plain array under random puts and removals, then
 * edges: empty and longest keys, equal hashes, growth, memory per key.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "state/table.h"
#include "tests/unit/tap.h"

#include <stdlib.h>

static uint64_t seed = 88172645463325252u;

static uint64_t
rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static void *
put(struct weir_table *t, const void *key, size_t len, int *added)
{
	return weir_table_put(t, key, len, weir_table_hash(t, key, len), added);
}

static void *
get(struct weir_table *t, const void *key, size_t len)
{
	return weir_table_get(t, key, len, weir_table_hash(t, key, len));
}

static int
rem(struct weir_table *t, const void *key, size_t len)
{
	return weir_table_remove(t, key, len, weir_table_hash(t, key, len));
}

static void
test_basics(void)
{
	struct weir_table *t = weir_table_new(12);
	const char *key;
	uint64_t at = 0;
	size_t len;
	int added;
	char *v = put(t, "a", 1, &added);

	ok(added && v != NULL, "a new key is added");
	ok(((uintptr_t)v & 7) == 0, "values are aligned to 8");
	ok(memcmp(v, "\0\0\0\0\0\0\0\0\0\0\0", 12) == 0, "and zeroed");
	memcpy(v, "hello world", 12);
	ok(put(t, "a", 1, &added) == v && !added, "a known key is found");
	ok(get(t, "b", 1) == NULL, "another is not");
	ok(put(t, "", 0, &added) != v && added, "the empty key is a key");
	ok(put(t, "a\0", 2, &added) != v && added, "NUL is a byte of a key");
	ok(weir_table_count(t) == 3, "three keys");
	ok(weir_table_next(t, &at, &key, &len) == v && len == 1 && *key == 'a',
	    "the first seen comes first");
	ok(weir_table_next(t, &at, &key, &len) != NULL && len == 0,
	    "then \"\"");
	ok(weir_table_next(t, &at, &key, &len) != NULL && len == 2,
	    "then a\\0");
	ok(weir_table_next(t, &at, &key, &len) == NULL, "then the end");
	ok(weir_table_next(t, &at, &key, &len) == NULL, "and again");
	ok(rem(t, "a", 1) == 1 && rem(t, "a", 1) == 0, "removed once");
	ok(get(t, "a", 1) == NULL && get(t, "", 0) != NULL, "only that one");
	v = put(t, "a", 1, &added);
	ok(added && memcmp(v, "\0\0\0\0\0\0\0\0\0\0\0", 12) == 0,
	    "a reused value is zeroed again");
	weir_table_clear(t);
	at = 0;
	ok(weir_table_count(t) == 0 && get(t, "a", 1) == NULL &&
		weir_table_next(t, &at, &key, &len) == NULL,
	    "cleared");
	put(t, "a", 1, &added);
	ok(added, "and good for more");
	weir_table_free(t);
	weir_table_free(NULL);
}

#define KEYS 20000

struct twin {
	uint64_t seq; /* of arrival; 0: not there */
	uint64_t value;
};

static size_t
key_text(char *out, size_t i)
{
	/* lengths 1 to 16 and some far longer */
	size_t n = (size_t)sprintf(out, "%zx", i * 2654435761u);

	if (i % 7 == 0) {
		memset(out + n, 'x', i % 600);
		n += i % 600;
	}
	return n;
}

static int
same_as_twin(struct weir_table *t, const struct twin *twin, size_t live)
{
	uint64_t at = 0, last = 0, *v;
	const char *key;
	size_t len, n = 0;

	while ((v = weir_table_next(t, &at, &key, &len)) != NULL) {
		const struct twin *w = &twin[v[1]];

		if (w->seq <= last || w->value != v[0])
			return 0;
		last = w->seq;
		n++;
	}
	return n == live && weir_table_count(t) == live;
}

static void
test_random(void)
{
	struct weir_table *t = weir_table_new(16);
	struct twin *twin = weir_calloc(KEYS, sizeof *twin);
	uint64_t seq = 0, *v;
	size_t live = 0, most = 0;
	char key[1024];
	int bad = 0, added;

	for (int round = 0; round < 400000; round++) {
		/* grow, then shrink, again and again */
		unsigned odds = round / 50000 % 2 ? 3 : 7;
		size_t i = rnd() % KEYS, len = key_text(key, i);

		if (rnd() % 10 < odds) {
			v = put(t, key, len, &added);
			if (added != (twin[i].seq == 0))
				bad++;
			if (added) {
				twin[i].seq = ++seq;
				v[1] = i;
				live++;
			}
			v[0] = twin[i].value = rnd();
		} else if (rnd() % 2) {
			if (rem(t, key, len) != (twin[i].seq != 0))
				bad++;
			live -= twin[i].seq != 0;
			twin[i].seq = 0;
		} else {
			v = get(t, key, len);
			if ((v != NULL) != (twin[i].seq != 0) ||
			    (v != NULL && v[0] != twin[i].value))
				bad++;
		}
		if (round % 20000 == 0 && !same_as_twin(t, twin, live))
			bad++;
		if (weir_table_bytes(t) > most)
			most = weir_table_bytes(t);
	}
	ok(bad == 0, "400,000 random steps agree with an array (%d)", bad);
	ok(same_as_twin(t, twin, live), "and so does the order at the end");
	ok(most < (size_t)KEYS * 200, "space is reused (%zu bytes)", most);
	for (size_t i = 0; i < KEYS; i++)
		if (twin[i].seq != 0)
			rem(t, key, key_text(key, i));
	ok(weir_table_count(t) == 0 && weir_table_bytes(t) < 10000,
	    "the last key to go gives the memory back");
	free(twin);
	weir_table_free(t);
}

/* A caller that hashes badly stands for one who knows the secret. */
static void
test_hostile(void)
{
	struct weir_table *t = weir_table_new(8);
	uint32_t before = weir_table_generation(t);
	int added, bad = 0;

	for (uint64_t i = 0; i < 5000; i++) {
		uint64_t *v = weir_table_put(t, &i, sizeof i,
		    weir_table_generation(t) == before
			? 42
			: weir_table_hash(t, &i, sizeof i),
		    &added);

		*v = i;
		bad += !added;
	}
	ok(weir_table_generation(t) != before,
	    "a long chain changes the secret");
	for (uint64_t i = 0; i < 5000; i++) {
		uint64_t *v = get(t, &i, sizeof i);

		bad += v == NULL || *v != i;
	}
	ok(bad == 0, "and every key is still there");
	weir_table_free(t);

	t = weir_table_new(0);
	before = weir_table_generation(t);
	for (uint64_t i = 0; i < 300000; i++)
		put(t, &i, sizeof i, &added);
	ok(weir_table_generation(t) == before,
	    "ordinary keys never make a long chain");
	for (uint64_t i = 0; i < 300000; i++)
		if (i % 3)
			bad += !rem(t, &i, sizeof i);
	for (uint64_t i = 0; i < 300000; i++)
		bad += (get(t, &i, sizeof i) != NULL) != (i % 3 == 0);
	ok(bad == 0, "removal leaves the others reachable");
	weir_table_free(t);
}

static void
test_sizes(void)
{
	struct weir_table *t = weir_table_new(WEIR_VALUE_MAX);
	char *key = weir_calloc(1, WEIR_KEY_MAX), *v;
	int added, bad = 0;

	for (int i = 0; i < 8; i++) {
		key[0] = (char)i;
		v = put(t, key, WEIR_KEY_MAX, &added);
		bad += !added;
		memset(v, i, WEIR_VALUE_MAX);
	}
	for (int i = 0; i < 8; i++) {
		key[0] = (char)i;
		v = get(t, key, WEIR_KEY_MAX);
		bad += v == NULL || v[0] != i || v[WEIR_VALUE_MAX - 1] != i;
	}
	ok(bad == 0, "longest keys and values");
	weir_table_free(t);

	/* every size class: freed space of a size is taken again */
	t = weir_table_new(8);
	for (size_t len = 1; len < WEIR_KEY_MAX; len += 1 + len / 9) {
		size_t bytes;

		put(t, key, len, &added);
		bytes = weir_table_bytes(t);
		for (int i = 0; i < 50; i++) {
			rem(t, key, len);
			put(t, key, len, &added);
		}
		bad += weir_table_bytes(t) > bytes;
	}
	ok(bad == 0, "space of every size is reused");
	weir_table_free(t);
	free(key);
}

static void
test_memory(void)
{
	struct weir_table *t = weir_table_new(16);
	double each;
	char key[17];
	int added;

	for (int i = 0; i < 200000; i++) {
		sprintf(key, "%016llx", (unsigned long long)rnd());
		put(t, key, 16, &added);
	}
	each = (double)weir_table_bytes(t) / (double)weir_table_count(t);
	ok(each <= 72, "%.1f bytes for a 16-byte key and value", each);
	weir_table_free(t);
}

int
main(void)
{
	test_basics();
	test_random();
	test_hostile();
	test_sizes();
	test_memory();
	return done();
}
