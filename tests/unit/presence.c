/*
 * presence: run sees which stages are there, which ended and which died.
 * Stages are children with the stage's side (here.h); their reports are read
 * from a FIFO in a directory of its own, as run does.
 */
#define _GNU_SOURCE
#include "stream/presence.h"

#include "stream/here.h"

#include "tests/unit/scratch.h"
#include "tests/unit/tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int dir, fifo, go[2];
static char path[4200];

/* A stage that joins, waits for a byte, and ends with status; < 0: dies. */
static pid_t
stage(int status)
{
	struct weir_here h;
	char line[128], byte;
	pid_t pid = fork();
	int len;

	if (pid != 0)
		return pid;
	weir_here_init(&h);
	weir_here_begin(&h, path);
	len = snprintf(line, sizeof line, "joined %s in/test.1\n", h.name);
	if (write(h.report, line, (size_t)len) != len ||
	    read(go[0], &byte, 1) != 1)
		_exit(99);
	if (status < 0)
		kill(getpid(), SIGKILL);
	weir_here_end(&h, status);
	_exit(0);
}

/* Take what was reported until there are n lines. */
static void
take(struct weir_presence *p, int n, bool ending)
{
	char text[4096], *line = text, *nl;
	size_t len = 0;
	ssize_t got;

	while (n > 0 && (got = read(fifo, text + len, 1)) == 1) {
		len++;
		n -= text[len - 1] == '\n';
	}
	text[len] = '\0';
	for (; (nl = strchr(line, '\n')) != NULL; line = nl + 1) {
		*nl = '\0';
		ok(weir_presence_report(p, dir, line, ending, 7), "%s", line);
	}
}

static void
let_go(pid_t pid)
{
	if (write(go[1], "", 1) != 1)
		_exit(1);
	waitpid(pid, NULL, 0);
}

static void
check_end(bool ending, int status)
{
	struct weir_presence p = {0};
	pid_t pid = stage(status);

	take(&p, 2, ending);
	weir_presence_look(&p);
	weir_presence_judge(&p);
	ok(p.n == 1 && !p.died && !p.went, "it is there");
	let_go(pid);
	weir_presence_look(&p); /* its FIFO has ended, but it has said so */
	take(&p, 1, ending);
	weir_presence_judge(&p);
	ok(p.n == 0 && !p.died, "it has not died");
	ok(p.went == !ending, "it has gone before the end: %d", !ending);
	ok(p.failed == (!ending && status != 0), "status %d", status);
	ok(ending || strcmp(p.who, "in/test.1") == 0, "it is named");
	weir_presence_fini(&p);
}

static void
check_death(void)
{
	struct weir_presence p = {0};
	struct pollfd polls[2];
	pid_t one = stage(-1), other;

	take(&p, 2, false);
	other = stage(0);
	take(&p, 2, false);
	ok(weir_presence_count(&p) == 2, "two are there");
	ok(write(go[1], "..", 2) == 2, "both go on");
	waitpid(one, NULL, 0);
	waitpid(other, NULL, 0);
	weir_presence_polls(&p, polls);
	ok(poll(polls, 2, 0) == 2, "both FIFOs have ended");
	weir_presence_look(&p);
	take(&p, 1, false);
	weir_presence_judge(&p);
	ok(p.died && strcmp(p.who, "in/test.1") == 0, "one has died");
	weir_presence_fini(&p);
}

/* It dies before anybody has looked at its FIFO. */
static void
check_early_death(void)
{
	struct weir_presence p = {0};

	let_go(stage(-1));
	take(&p, 2, false);
	weir_presence_look(&p);
	weir_presence_judge(&p);
	ok(p.died, "it is dead when it is first looked at");
	weir_presence_fini(&p);
}

static void
check_nonsense(void)
{
	static const char *const known[] = {"here", "here ", "here ../x",
	    "here .", "here no_such", "joined", "joined x y", "gone",
	    "gone x 1", "here commit.1/x"};
	struct weir_presence p = {0};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		ok(weir_presence_report(&p, dir, known[i], false, 7), "\"%s\"",
		    known[i]);
	ok(!weir_presence_report(&p, dir, "part 1 x.part", false, 7) &&
		!weir_presence_report(&p, dir, "", false, 7),
	    "what is for others");
	ok(p.n == 0 && p.ends == 0 && !p.went, "nothing came of it");
	weir_presence_report(&p, dir, "joined - out", false, 7);
	ok(p.ends == 1, "a sink has joined");
	weir_presence_close(&p);
	weir_presence_report(&p, dir, "here commit.1", false, 7);
	ok(p.n == 0, "closed");
	weir_presence_fini(&p);
}

int
main(void)
{
	char scratch[64];

	scratch_begin(scratch);
	snprintf(path, sizeof path, "%s/commit.1", scratch);
	dir = open(scratch, O_RDONLY | O_DIRECTORY);
	if (pipe(go) == -1 || mkfifo(path, 0600) == -1 ||
	    (fifo = open(path, O_RDWR)) == -1)
		return 1;
	check_end(false, 0);
	check_end(false, 4);
	check_end(true, 0);
	check_end(true, 1);
	check_death();
	check_early_death();
	check_nonsense();
	scratch_end(scratch);
	return done();
}
