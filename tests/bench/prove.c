/*
 * prove - how fast the prover is on a file in memory.
 *
 *     prove FILE [PATH...]
 *
 * Proves all lines of FILE, ROUNDS times without and with an index, with the
 * top-level names PATH wanted (default: status and latency_ms), and prints the
 * median speeds.
 */
#include "base/mem.h"
#include "json/prover.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 9

static struct weir_slot slots[WEIR_PATHS_MAX];
static uint16_t offsets[WEIR_INDEX_MAX];

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The whole file, a newline and padding behind it. */
static char *
slurp(const char *name, size_t *len)
{
	FILE *f = fopen(name, "rb");
	char *s = NULL;
	size_t cap = 0, n = 1;

	if (f == NULL) {
		perror(name);
		exit(1);
	}
	for (*len = 0; n > 0; *len += n) {
		s = weir_grow(s, &cap, *len + 65536 + WEIR_PAD, 1);
		n = fread(s + *len, 1, cap - *len - WEIR_PAD, f);
	}
	fclose(f);
	if (*len == 0 || s[*len - 1] != '\n')
		s[(*len)++] = '\n';
	memset(s + *len, 0, WEIR_PAD);
	return s;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
measure(struct weir_prover *p, const char *s, size_t len, uint16_t *index)
{
	double seconds[ROUNDS];
	size_t lines = 0, rejected = 0, found = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double start = now();

		lines = rejected = found = 0;
		for (const char *at = s, *end; at < s + len; at = end + 1) {
			end = weir_prover_line(p, at, slots, index);
			lines++;
			if (end == NULL) {
				end = memchr(at, '\n', len);
				rejected++;
			} else {
				found += slots[0].len != 0;
			}
		}
		seconds[i] = now() - start;
	}
	qsort(seconds, ROUNDS, sizeof(*seconds), ascending);
	printf("%s index: %.2f GB/s, %.0f ns a line (%zu lines, %zu rejected, "
	       "%zu with the first path)\n",
	    index != NULL ? "with" : "without",
	    (double)len / seconds[ROUNDS / 2] / 1e9,
	    seconds[ROUNDS / 2] / (double)lines * 1e9, lines, rejected, found);
}

int
main(int argc, char **argv)
{
	struct weir_prover *p = weir_prover_new();
	struct weir_str path;
	size_t len;
	char *s;

	if (argc < 2) {
		fprintf(stderr, "usage: prove FILE [PATH...]\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		path = weir_str(argv[i]);
		weir_prover_want(p, &path, 1);
	}
	if (argc == 2) {
		path = weir_str("status");
		weir_prover_want(p, &path, 1);
		path = weir_str("latency_ms");
		weir_prover_want(p, &path, 1);
	}
	s = slurp(argv[1], &len);
	measure(p, s, len, NULL);
	measure(p, s, len, offsets);
	free(s);
	weir_prover_free(p);
	return 0;
}
