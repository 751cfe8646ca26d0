/*
 * read - how fast a file becomes blocks of events.
 *
 *     read [-FORMAT] FILE [PATH...]
 *
 * Reads FILE (or standard input: -) whole through source and reader, with the
 * top-level names PATH wanted (default: status), without and with an index, and
 * prints the median speeds of ROUNDS runs. Standard input is read once. FORMAT
 * is what stage options call it (-csv); without it, it is recognised.
 */
#include "stream/formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define ROUNDS 7

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
fail(const struct weir_error *err)
{
	fprintf(stderr, "read: %s\n", err->text);
	exit(1);
}

/* Read it once: GB/s, and the counts. */
static double
once(const struct weir_stage_config *c, const char *name, struct weir_prover *p,
    bool index, struct weir_reader_counts *counts)
{
	struct weir_error err;
	struct weir_source_config sc = {.names = &name, .n = 1};
	struct weir_reader_config rc = {.format = c->input,
	    .convert = c->convert,
	    .max_line = WEIR_LINE_MAX,
	    .prover = p,
	    .index = index};
	struct weir_source *source = weir_source_open(&sc, &err);
	struct weir_reader *reader;
	struct weir_read_item item;
	double start = now(), seconds;
	int r = 0;

	if (source == NULL)
		fail(&err);
	reader = weir_reader_new(&rc, source);
	while (r >= 0 && !weir_reader_done(reader)) {
		r = weir_reader_next(reader, &item, &err);
		if (r == 0)
			r = weir_reader_fill(reader, &err);
	}
	if (r < 0)
		fail(&err);
	seconds = now() - start;
	*counts = weir_reader_counts(reader);
	weir_reader_free(reader);
	weir_source_close(source);
	return (double)counts->bytes / seconds / 1e9;
}

static void
measure(const struct weir_stage_config *sc, const char *name,
    struct weir_prover *p, bool index)
{
	double speed[ROUNDS];
	struct weir_reader_counts c;
	int n = strcmp(name, "-") == 0 ? 1 : ROUNDS;

	for (int i = 0; i < n; i++)
		speed[i] = once(sc, name, p, index, &c);
	qsort(speed, (size_t)n, sizeof *speed, ascending);
	printf("%s index: %.2f GB/s (%llu events, %llu bad)\n",
	    index ? "with" : "without", speed[n / 2],
	    (unsigned long long)c.events, (unsigned long long)c.bad);
}

int
main(int argc, char **argv)
{
	struct weir_prover *p = weir_prover_new();
	struct weir_stage_config c = {0};
	struct weir_error err;
	struct rusage use;

	if (argc > 1 && argv[1][0] == '-' && argv[1][1] != '\0') {
		if (weir_formats_set_input(&c, argv[1] + 1, &err) < 0)
			fail(&err);
		argv++;
		argc--;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: read [-FORMAT] FILE [PATH...]\n");
		return 2;
	}
	for (int i = 2; i < argc || i == 2; i++) {
		struct weir_str path = weir_str(i < argc ? argv[i] : "status");

		weir_prover_want(p, &path, 1);
	}
	measure(&c, argv[1], p, false);
	if (strcmp(argv[1], "-") != 0)
		measure(&c, argv[1], p, true);
	weir_prover_free(p);
	getrusage(RUSAGE_SELF, &use);
	printf("peak memory %ld KiB\n", use.ru_maxrss);
	return 0;
}
