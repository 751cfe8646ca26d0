/*
 * queue: whatever goes in comes out once and in order, from memory, from the
 * file and around the ring. A stream of numbered bytes goes through queues of
 * different bounds in pieces of pseudo-random sizes.
 */
#define _GNU_SOURCE
#include "stream/queue.h"

#include "tests/unit/tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct weir_error err;

static char
byte(uint64_t i)
{
	return (char)(i * 2654435761u >> 13);
}

/* Bytes [*at, *at + n) of the stream go in. */
static int
push(struct weir_queue *q, uint64_t *at, size_t n, const char *dir)
{
	static char buf[1 << 16];

	for (size_t i = 0; i < n; i++)
		buf[i] = byte(*at + i);
	*at += n;
	return weir_queue_push(q, buf, n, dir, &err);
}

/* At most n bytes come out: are they those from *at on? */
static int
pop(struct weir_queue *q, uint64_t *at, size_t n)
{
	static char buf[1 << 16];
	size_t got;

	if (weir_queue_pop(q, buf, n, &got, &err) < 0)
		return 0;
	for (size_t i = 0; i < got; i++)
		if (buf[i] != byte(*at + i))
			return 0;
	*at += got;
	return 1;
}

static int
stream(size_t bound, int spill)
{
	struct weir_queue *q = weir_queue_new(bound);
	uint64_t in = 0, out = 0, state = bound + 1;
	int good = 1;

	for (int i = 0; i < 4000 && good; i++) {
		size_t n;

		state = state * 6364136223846793005u + 1442695040888963407u;
		n = (state >> 40) % 20000;
		if (!spill && n > weir_queue_room(q))
			n = weir_queue_room(q);
		/* long stretches of more in than out, and back */
		if ((state >> 33) % 8 < (i / 500 % 2 == 0 ? 5u : 3u))
			good &= push(q, &in, n, spill ? "/tmp" : "/none") == 1;
		else
			good &= pop(q, &out, n);
		good &= weir_queue_len(q) == in - out;
		good &= spill || weir_queue_len(q) <= bound;
	}
	while (good && out < in)
		good &= pop(q, &out, 1 << 16);
	good &= weir_queue_room(q) == bound;
	weir_queue_free(q);
	return good;
}

static void
no_room_on_disk(void)
{
	struct rlimit old, few;
	struct weir_queue *q = weir_queue_new(100);
	uint64_t in = 0, out = 0;

	ok(push(q, &in, 100, "/none") == 1 && weir_queue_room(q) == 0, "full");
	ok(push(q, &in, 1, "/none") == -1 && err.status == WEIR_SYSTEM &&
		strstr(err.text, "/none") != NULL,
	    "no such directory");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	few = old;
	few.rlim_cur = 1000;
	setrlimit(RLIMIT_FSIZE, &few);
	in = 100;
	ok(push(q, &in, 2000, "/tmp") == -1, "no room in the file");
	setrlimit(RLIMIT_FSIZE, &old);
	ok(pop(q, &out, 100) && out == 100, "what was in before comes out");
	weir_queue_free(q);
}

static void
a_copy(void)
{
	struct weir_queue *q = weir_queue_new(1000);
	uint64_t in = 0, out = 0;
	int status, good = 1;
	pid_t pid;

	push(q, &in, 50000, "/tmp");
	pid = fork();
	if (pid == 0) {
		weir_queue_detach(q);
		while (good && out < in)
			good &= pop(q, &out, 3000);
		_exit(!good);
	}
	waitpid(pid, &status, 0);
	ok(status == 0, "a forked copy gives all");
	while (good && out < in)
		good &= pop(q, &out, 3000);
	ok(good, "and the queue does, too");
	weir_queue_free(q);
}

int
main(void)
{
	ok(stream(1, 1) && stream(1000, 1) && stream(1 << 20, 1),
	    "in order through memory and file");
	ok(stream(1000, 0) && stream(1 << 20, 0), "within memory, no file");
	no_room_on_disk();
	a_copy();
	return done();
}
