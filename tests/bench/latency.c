/*
 * latency.c - how long one event takes through an idle pipeline.
 *
 *     latency 'PIPELINE' [N]
 *
 * Runs PIPELINE under sh, writes one event to it, waits for the event to come
 * out, pauses, and does so N times (10,000). Prints percentiles in microseconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static pid_t
start(const char *pipeline, int *to, int *from)
{
	int in[2], out[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		exit(1);
	pid = fork();
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl("/bin/sh", "sh", "-c", pipeline, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	*to = in[1];
	*from = out[0];
	return pid;
}

/* One event in and out: microseconds. */
static double
once(int to, int from, long i)
{
	char line[256], back[4096];
	double begin;
	int len;
	ssize_t got;

	len = snprintf(line, sizeof line,
	    "{\"ts\":%ld,\"host\":\"web-01\",\"status\":200,\"path\":"
	    "\"/api/v1/items/%ld\",\"latency_ms\":12.5}\n",
	    1700000000000 + i, i);
	begin = now_us();
	if (write(to, line, (size_t)len) != len)
		exit(1);
	got = read(from, back, sizeof back);
	if (got != len || memcmp(line, back, (size_t)len) != 0) {
		fprintf(stderr, "latency: another event came out\n");
		exit(1);
	}
	return now_us() - begin;
}

int
main(int argc, char **argv)
{
	struct timespec pause = {0, 200000};
	long i, n = argc > 2 ? atol(argv[2]) : 10000;
	double *us = calloc((size_t)n, sizeof *us);
	int to, from;

	if (argc < 2 || n < 100 || us == NULL)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	start(argv[1], &to, &from);
	for (i = -100; i < n; i++) {
		double took = once(to, from, i);

		if (i >= 0)
			us[i] = took;
		nanosleep(&pause, NULL);
	}
	close(to);
	qsort(us, (size_t)n, sizeof *us, compare);
	printf("%.0f %.0f %.0f %.0f\n", us[n / 2], us[n * 99 / 100],
	    us[n * 999 / 1000], us[n - 1]);
	while (wait(NULL) > 0 || errno == EINTR)
		continue;
	return 0;
}
