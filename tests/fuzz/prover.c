/*
 * Goal: prover and yajl never disagree on a line, and slots, index and skipping
 * are what a plain reading of the line gives.
 * Method: the input's lines go through one prover, twice, so that keys come
 * both new and as predicted; any difference aborts.
 */
#include "json/check.h"
#include "json/prover.h"
#include "tests/unit/naive.h"

#include <stdio.h>
#include <stdlib.h>

#define N_PATHS (sizeof(paths) / sizeof(*paths))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	size_t depth;
	const char *names[3];
} paths[] = {{1, {"a"}}, {1, {"b"}}, {2, {"a", "b"}}, {3, {"a", "b", "c"}},
    {2, {"b", "a"}}, {1, {""}}, {1, {"\303\251"}}, {1, {"q\"\\"}}};

static void
fault(const char *what, const char *line, const char *end)
{
	fprintf(stderr, "%s: %.*s\n", what, (int)(end - line), line);
	abort();
}

static void
compare_slots(const struct weir_slot *slots, const char *line, const char *end)
{
	for (size_t i = 0; i < N_PATHS; i++) {
		struct weir_str names[3];
		const char *found;
		size_t len;

		for (size_t j = 0; j < paths[i].depth; j++)
			names[j] = weir_str(paths[i].names[j]);
		found = naive_find(line, names, paths[i].depth, &len);
		if (len != slots[i].len)
			fault("slot with another length", line, end);
		if (found != NULL && found != line + slots[i].off)
			fault("slot in another place", line, end);
		if (found != NULL && weir_json_skip(found) != found + len)
			fault("skipped to another place", line, end);
	}
}

static void
compare_index(const struct weir_prover *p, const uint16_t *index,
    const char *line, const char *end)
{
	size_t n = weir_prover_index_count(p);

	for (size_t i = 0; i < WEIR_INDEX_MAX; i++) {
		const char *found = NULL;
		struct weir_str name;
		size_t len, off;

		if (i < n) {
			name = weir_prover_index_name(p, i);
			found = naive_find(line, &name, 1, &len);
		}
		off = found == NULL ? 0 : (size_t)(found - line);
		if (index[i] != (off < UINT16_MAX ? off : UINT16_MAX))
			fault("index with another offset", line, end);
	}
}

static void
compare_line(struct weir_prover *p, const char *line, const char *end)
{
	struct weir_slot slots[N_PATHS];
	uint16_t index[WEIR_INDEX_MAX];
	const char *stop = weir_prover_line(p, line, slots, index);
	char why[128];

	if (weir_check(line, (size_t)(end - line), why, sizeof(why)) !=
	    (stop != NULL))
		fault("different verdicts", line, end);
	if (stop == NULL)
		return;
	if (stop != end)
		fault("another end", line, end);
	compare_slots(slots, line, end);
	compare_index(p, index, line, end);
	if (weir_prover_line(p, line, slots, NULL) != end)
		fault("another verdict without an index", line, end);
	compare_slots(slots, line, end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weir_prover *p = weir_prover_new();
	char *text = malloc(size + 1 + WEIR_PAD), *end;

	memcpy(text, data, size);
	text[size++] = '\n';
	/* what comes next in memory may look like anything */
	memset(text + size, '"', WEIR_PAD);
	for (size_t i = 0; i < N_PATHS; i++) {
		struct weir_str names[3];

		for (size_t j = 0; j < paths[i].depth; j++)
			names[j] = weir_str(paths[i].names[j]);
		weir_prover_want(p, names, paths[i].depth);
	}
	for (int round = 0; round < 2; round++) {
		for (char *s = text; s < text + size; s = end + 1) {
			end = memchr(s, '\n', (size_t)(text + size - s));
			compare_line(p, s, end);
		}
	}
	free(text);
	weir_prover_free(p);
	return 0;
}
