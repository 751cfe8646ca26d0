/*
 * frames - how fast events go through stages that pass them all on.
 *
 *     frames FILE [STAGES]
 *
 * Forks STAGES processes (default 3) joined by pipes. The first proves FILE's
 * lines and fills the index, those between read frames and pass them on, the
 * last writes lines to /dev/null. Prints the median speed of ROUNDS, and each
 * stage's processor time in the last one.
 */
#define _GNU_SOURCE
#include "base/mem.h"
#include "event/frame.h"
#include "event/writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS	   6 /* the first is dropped */
#define MAX_STAGES 16
#define CHUNK	   ((size_t)256 << 10)

static struct weir_error err;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void
check(int rc)
{
	if (rc < 0) {
		fprintf(stderr, "frames: %s\n", err.text);
		_exit(1);
	}
}

/* Prove the whole lines at text and pass them on; how many bytes that was. */
static size_t
pass_lines(struct weir_prover *p, struct weir_writer *w, const char *text,
    size_t len, struct weir_block *b, struct weir_names *names)
{
	const char *s = text, *end = memrchr(text, '\n', len);
	int64_t t = b->watermark_after;

	b->text = text;
	b->n = 0;
	for (; end != NULL && s < end && b->n < WEIR_BLOCK_EVENTS; b->n++) {
		const char *nl = weir_prover_line(
		    p, s, b->slots, b->index + (size_t)b->n * WEIR_INDEX_MAX);

		if (nl == NULL) {
			fprintf(stderr, "frames: a bad line\n");
			_exit(1);
		}
		t += 10000000;
		b->events[b->n] =
		    (struct weir_event){.off = (uint32_t)(s - text),
			.len = (uint32_t)(nl - s),
			.time = t,
			.watermark = t - 10000000};
		s = nl + 1;
	}
	b->watermark_after = t;
	if (weir_prover_index_count(p) != names->n) {
		names->n = (uint32_t)weir_prover_index_count(p);
		for (size_t i = 0; i < names->n; i++)
			names->name[i] = weir_prover_index_name(p, i);
		names->id = weir_names_id(names);
	}
	check(weir_writer_pass(w, b, 0, b->n, 0, &err));
	return (size_t)(s - text);
}

static void
first(int in, struct weir_writer *w)
{
	struct weir_prover *p = weir_prover_new();
	struct weir_names names = {0};
	struct weir_slot slots[4];
	struct weir_block b = {.slots = slots, .names = &names};
	char *buf = weir_malloc(CHUNK + WEIR_PAD);
	size_t have = 0, done;
	ssize_t n;

	b.events = weir_calloc(WEIR_BLOCK_EVENTS, sizeof *b.events);
	b.index =
	    weir_calloc(WEIR_BLOCK_EVENTS * WEIR_INDEX_MAX, sizeof *b.index);
	while ((n = read(in, buf + have, CHUNK - have)) > 0) {
		have += (size_t)n;
		memset(buf + have, 0, WEIR_PAD);
		done = pass_lines(p, w, buf, have, &b, &names);
		have -= done;
		memmove(buf, buf + done, have);
	}
}

/* Read a payload and, in the same call, the next header. */
static ssize_t
read_payload(int in, char *buf, size_t len, unsigned char *header)
{
	size_t got = 0;

	while (got < len) {
		struct iovec iov[2] = {
		    {buf + got, len - got}, {header, WEIR_FRAME_HEADER}};
		ssize_t n = readv(in, iov, 2);

		if (n <= 0)
			return -1;
		got += (size_t)n;
	}
	return (ssize_t)(got - len);
}

static void
further(int in, struct weir_writer *w)
{
	unsigned char header[WEIR_FRAME_HEADER], next[WEIR_FRAME_HEADER];
	struct weir_frame_rows rows = {0};
	struct weir_frame f;
	struct weir_block b;
	char *buf = weir_malloc((1 << 20) + WEIR_PAD);
	ssize_t have = 0, n;

	for (;;) {
		while (have < WEIR_FRAME_HEADER) {
			n = read(in, header + have,
			    (size_t)(WEIR_FRAME_HEADER - have));
			if (n <= 0)
				return;
			have += n;
		}
		check(weir_frame_read_header(&f, header, 1 << 20, &err));
		have = read_payload(in, buf, f.len, next);
		check((int)have);
		memset(buf + f.len, 0, WEIR_PAD);
		check(weir_frame_verify(&f, header, buf, &err));
		memcpy(header, next, (size_t)have);
		if (f.kind != WEIR_FRAME_EVENTS)
			continue;
		check(weir_frame_read_events(&f, buf, &rows, &b, &err));
		check(weir_writer_pass(w, &b, 0, b.n, 0, &err));
	}
}

static void
stage(int i, int stages, int in, int out)
{
	struct weir_hello hello = {0};
	struct weir_end end = {0};
	struct weir_writer *w = weir_writer_new(
	    out, i < stages - 1 ? WEIR_FORMAT_FRAMES : WEIR_FORMAT_JSON);

	check(weir_writer_hello(w, &hello, &err));
	if (i == 0)
		first(in, w);
	else
		further(in, w);
	check(weir_writer_end(w, &end, &err));
	_exit(0);
}

/* Run the pipeline once; its seconds. */
static double
run(const char *name, int stages, double *cpu)
{
	int in = open(name, O_RDONLY), out, status, ends[2];
	pid_t pid[MAX_STAGES];
	double start = now();
	struct rusage use;

	for (int i = 0; i < stages; i++) {
		out = open("/dev/null", O_WRONLY);
		ends[0] = -1;
		if (i < stages - 1 && pipe(ends) == 0) {
			close(out);
			out = ends[1];
		}
		pid[i] = fork();
		if (pid[i] == 0) {
			close(ends[0]);
			stage(i, stages, in, out);
		}
		close(in);
		close(out);
		in = ends[0];
	}
	for (int i = 0; i < stages; i++) {
		wait4(pid[i], &status, 0, &use);
		if (status != 0)
			exit(1);
		cpu[i] = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		    (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) *
			1e-6;
	}
	return now() - start;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	int stages = argc > 2 ? atoi(argv[2]) : 3;
	double took[ROUNDS], cpu[MAX_STAGES];
	struct stat st;

	if (argc < 2 || stages < 2 || stages > MAX_STAGES ||
	    stat(argv[1], &st) < 0) {
		fprintf(stderr, "usage: frames FILE [STAGES]\n");
		return 2;
	}
	for (int i = 0; i < ROUNDS; i++)
		took[i] = run(argv[1], stages, cpu);
	qsort(took + 1, ROUNDS - 1, sizeof *took, by_value);
	printf("frames: %d stages, %.2f GB/s, processor seconds", stages,
	    (double)st.st_size / took[1 + (ROUNDS - 1) / 2] / 1e9);
	for (int i = 0; i < stages; i++)
		printf(" %.3f", cpu[i]);
	printf("\n");
	return 0;
}
