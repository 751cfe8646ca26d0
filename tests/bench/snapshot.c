/*
 * Goal: how long a snapshot of 1 M keys takes to write, with and without an index
 * of keys, to restore, and to look for a key in.
 * Method: 1 M lines as a window's state has them (about 80 bytes), written,
 * verified and read back in the current directory; the first round is fresh
 * memory and is not counted.
 */
#define _POSIX_C_SOURCE 200809L
#include "base/mem.h"
#include "state/snapshot.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define KEYS	  1000000
#define FILE_NAME "bench.part"
#define KEY_AT	  11 /* of a line: {"k":{"id": */
#define KEY_LEN	  18
#define LOOKS	  200

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
die(const struct weir_error *err)
{
	fprintf(stderr, "%s\n", err->text);
	exit(1);
}

/* Random keys and plausible numbers, all lines behind one another. */
static char *
make_lines(size_t *total)
{
	char *text = weir_malloc((size_t)KEYS * 128), *p = text;
	unsigned long long r = 88172645463325252u;

	for (size_t i = 0; i < KEYS; i++) {
		r ^= r << 13;
		r ^= r >> 7;
		r ^= r << 17;
		p += sprintf(p,
		    "{\"k\":{\"id\":\"%016llx\"},\"w\":1760000000000000000,"
		    "\"a\":[%llu,%llu,%llu.%llu]}\n",
		    r, r % 100, r % 1000000, r % 10000, r % 1000);
	}
	*total = (size_t)(p - text);
	return text;
}

static void
write_part(int dir, const char *text, size_t total, bool keyed)
{
	char name[] = "in/swindow.1", kind[] = "stage", none[] = "";
	struct weir_snapshot_header h = {
	    .stage = name, .kind = kind, .fingerprint = none};
	struct weir_error err;
	struct weir_snapshot_writer *w =
	    weir_snapshot_create(dir, FILE_NAME, &h, &err);

	if (w == NULL)
		die(&err);
	for (const char *s = text, *end; s < text + total; s = end + 1) {
		end = memchr(s, '\n', total);
		if ((keyed ? weir_snapshot_keyed_line(w,
				 (struct weir_str){s + KEY_AT, KEY_LEN}, s,
				 (size_t)(end - s), &err)
			   : weir_snapshot_line(
				 w, s, (size_t)(end - s), &err)) < 0)
			die(&err);
	}
	if (weir_snapshot_commit(w, NULL, NULL, &err) < 0)
		die(&err);
	weir_snapshot_abandon(w);
}

static size_t
read_part(int dir, double *opened)
{
	struct weir_error err;
	double start = now();
	struct weir_snapshot_reader *r =
	    weir_snapshot_open(dir, FILE_NAME, &err);
	struct weir_str line;
	size_t n = 0;
	int got;

	*opened = now() - start;
	if (r == NULL)
		die(&err);
	while ((got = weir_snapshot_next(r, &line, &err)) == 1)
		n++;
	if (got < 0)
		die(&err);
	weir_snapshot_close(r);
	return n;
}

/* Seconds that it takes to look for a key, on average, over the whole text. */
static double
look(int dir, const char *text, size_t total)
{
	struct weir_error err;
	double start = now();

	for (size_t i = 0; i < LOOKS; i++) {
		const char *s = text + total / LOOKS * i;
		struct weir_snapshot_reader *r;
		struct weir_str line;
		int found = 0;

		s = (const char *)memchr(s, '\n', 4096) + 1;
		r = weir_snapshot_seek(dir, FILE_NAME,
		    (struct weir_str){s + KEY_AT, KEY_LEN}, &err);
		if (r == NULL)
			die(&err);
		while (weir_snapshot_next(r, &line, &err) == 1)
			found += memcmp(line.s, s, line.len) == 0;
		weir_snapshot_close(r);
		if (found != 1)
			exit(1);
	}
	return (now() - start) / LOOKS;
}

int
main(void)
{
	int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t total;
	char *text = make_lines(&total);

	for (int round = 0; round < 4; round++) {
		double t0 = now(), t1, t2, t3, opened, found;
		struct rusage ru;
		off_t size;
		int fd;

		write_part(dir, text, total, false);
		t1 = now();
		unlinkat(dir, FILE_NAME, 0);
		t3 = now();
		write_part(dir, text, total, true);
		t3 = now() - t3;
		found = look(dir, text, total);
		t2 = now();
		if (read_part(dir, &opened) != KEYS)
			return 1;
		t2 = now() - t2;
		fd = openat(dir, FILE_NAME, O_RDONLY | O_CLOEXEC);
		size = lseek(fd, 0, SEEK_END);
		close(fd);
		unlinkat(dir, FILE_NAME, 0);
		getrusage(RUSAGE_SELF, &ru);
		if (round > 0)
			printf("snapshot: %.0f MB as %.0f MB: write %.3f s, "
			       "with an index %.3f s, verify %.3f s, read "
			       "%.3f s, find a key %.2f ms; memory beside the "
			       "lines %.1f MB\n",
			    (double)total / 1e6, (double)size / 1e6, t1 - t0,
			    t3, opened, t2 - opened, found * 1e3,
			    (double)ru.ru_maxrss / 1e3 - (double)total / 1e6);
	}
	free(text);
	close(dir);
	return 0;
}
