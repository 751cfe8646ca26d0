/*
 * feed.h - what the jobs of jobs.h read, and a stage that makes them last.
 */
#ifndef WEIR_TESTS_CRASH_FEED_H
#define WEIR_TESTS_CRASH_FEED_H

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static uint64_t rng;

static uint64_t
dice(uint64_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng % n;
}

static void
pause_us(long us)
{
	struct timespec ts = {us / 1000000, us % 1000000 * 1000};

	nanosleep(&ts, NULL);
}

/*
 * A stage that makes a run last: copies, piece by piece, with a pause after
 * each. Notices when nobody reads it any more; commands that do not may keep a
 * job waiting (scheckpoint(1)).
 */
static int
be_slow(size_t piece, long us)
{
	struct pollfd p[2] = {{.fd = 0, .events = POLLIN}, {.fd = 1}};
	char buf[16384]; /* the largest piece */
	ssize_t got;

	signal(SIGPIPE, SIG_DFL);
	while (poll(p, 2, -1) > 0 && p[1].revents == 0 &&
	    (got = read(0, buf, piece)) > 0) {
		for (ssize_t at = 0, n; at < got; at += n)
			if ((n = write(1, buf + at, (size_t)(got - at))) < 0)
				return 1;
		pause_us(us);
	}
	if (p[1].revents != 0) /* as a write to nobody would end it */
		raise(SIGPIPE);
	return 0;
}

static void
write_log(const char *path, long events)
{
	FILE *f = fopen(path, "w");

	for (long i = 0; i < events; i++) {
		/* One in a hundred is no JSON, is of a wrong type, … */
		if (i % 300 == 7)
			fprintf(f, "{\"ts\":%ld,\"bad \\x\xff\n", i);
		if (i % 300 == 107)
			fprintf(f, "{\"ts\":%ld,\"status\":\"none\"}\n",
			    1700000000 + i / 20);
		if (i % 300 == 207)
			fprintf(f,
			    "{\"ts\":%ld,\"status\":500,\"host\":\"h0\","
			    "\"latency_ms\":\"slow\"}\n",
			    1700000000 + i / 20);
		fprintf(f,
		    "{\"ts\":%ld,\"status\":%d,\"host\":\"h%d\","
		    "\"latency_ms\":%d.%d}\n",
		    1700000000 + i / 20 - (i % 997 == 0 ? 30 : (long)dice(3)),
		    (int)(200 + dice(4) * 100), (int)dice(20), (int)dice(1000),
		    (int)dice(10));
	}
	fclose(f);
}

#endif
