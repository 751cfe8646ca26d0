/*
 * power.c - takes the power from a job, and wants no difference.
 *
 *     power DIR SEED STATES [JOB]
 *     power slow                   copies standard input slowly (a stage)
 *     power take DIR               reads standard input to its end (a sink)
 *
 * Goal: whatever a power failure at any moment leaves behind of what was not
 * synced, the job, run again, ends with the output of an uninterrupted run.
 * Method: record.c writes down all that a run does to files: an undisturbed
 * run, one with kills, and a recovery from a failure. Of each record states are
 * made (world.h), no two the same, and each is recovered from. DIR, which should
 * be on a tmpfs, keeps those that went wrong, as bad.N. Prints TAP.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/crash/feed.h"
#include "tests/crash/jobs.h"
#include "tests/crash/outs.h"
#include "tests/power/world.h"

#define EVENTS	  12000
#define LIMIT_S	  30 /* of one run */
#define SEEN_SIZE (1u << 20)
#define TELL_MAX  10  /* bad states that are shown */
#define TRIES_MAX 200 /* for a state that was not there before */
#define KILLS                                                                  \
	"publish.renamed:%d:scheckpoint publish.renamed:%d:swindow "           \
	"publish.renamed:%d:sink forward.part:%d:scheckpoint"

static const struct job *job = &jobs[0];
static char *top; /* DIR */
static struct text want[OUTS_MAX], want_side[SIDES_MAX];
static int tests, failures, bads;
static bool only_first; /* POWER_FIRST: one bad state is enough */

/* --- files --- */

static bool
same(const char *path, const struct text *as)
{
	struct text t = slurp_out(path);
	bool good =
	    t.s != NULL && t.len == as->len && memcmp(t.s, as->s, t.len) == 0;

	free(t.s);
	return good;
}

/* What is no part of a state: what is read, and what is said. */
static bool
is_given(const char *name)
{
	const char *dot = strrchr(name, '.');

	return (dot != NULL && strcmp(dot, ".log") == 0) ||
	    strcmp(name, "messages") == 0 || strcmp(name, "tokens") == 0 ||
	    strncmp(name, "branch.", 7) == 0;
}

static int
shell(const char *fmt, ...)
{
	char command[4096];
	va_list ap;
	int status;

	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* --- running --- */

/* slowly: a checkpoint every few milliseconds, many of them. */
static void
exec_job(bool slowly)
{
	const char *argv[ARGS_MAX + 12] = {"scheckpoint", "run", "-dstate"};
	char source[64];
	size_t n = 3;

	snprintf(source, sizeof source, "%saccess.log", job->follows);
	argv[n++] = source;
	for (size_t i = 0; i < ARGS_MAX && job->args[i] != NULL; i++)
		argv[n++] = job->args[i];
	argv[n++] = slowly ? "--every=4ms" : "--every=1s";
	argv[n++] = "--keep=2";
	argv[n++] = job->pipeline;
	setenv("POWER_PIECE", slowly ? "8192" : "16384", 1);
	execvp("scheckpoint", (char *const *)(uintptr_t)argv);
	_exit(127);
}

static int
run_job(bool slowly, const char *log)
{
	int status, fd;
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		alarm(LIMIT_S);
		fd = open("messages", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, 2);
		if (log != NULL) {
			setenv("WEIR_POWER_LOG", log, 1);
			setenv("WEIR_POWER_ROOT", top, 1);
			setenv("LD_PRELOAD", getenv("WEIR_POWER_SO"), 1);
		}
		exec_job(slowly);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status)) /* what is left of it */
		kill(-pid, SIGKILL);
	return status;
}

/* Run until it ends by itself. */
static bool
record(const char *log)
{
	int status = 0;

	for (int i = 0; i < 6; i++) {
		status = run_job(true, log);
		if (!WIFSIGNALED(status))
			break;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static const char *
judge_files(void)
{
	for (size_t i = 0; job->outs[i] != NULL; i++)
		if (!out_is_taken(job->outs[i]) &&
		    !same(job->outs[i], &want[i]))
			return "another output";
	for (size_t i = 0; job->sides[i] != NULL; i++)
		if (!same(job->sides[i], &want_side[i]))
			return "another side file";
	return NULL;
}

static const char *
recover(void)
{
	int status = run_job(false, NULL);

	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGALRM ? "it hangs"
						   : "it is killed";
	if (WEXITSTATUS(status) != 0)
		return "it is refused";
	return judge_files();
}

/* --- choosing states --- */

/* How often something survives, in percent. */
struct odds {
	unsigned kept, torn;
};

static enum fate
toss(const struct op *o, struct odds odds)
{
	if (o->h.kind == OP_WRITE && dice(100) < odds.torn)
		return PREFIX + (enum fate)dice(3);
	return dice(100) < odds.kept ? KEPT : LOST;
}

/*
 * Fates of what is not forced. One is singled out: all before it are kept, or
 * it alone has another fate than the others, or it counts as all others do.
 */
static void
choose_fates(struct world *w, size_t at, const bool *forced)
{
	static const struct odds all[] = {
	    {0, 0}, {100, 0}, {50, 0}, {20, 20}, {80, 20}, {100, 60}, {50, 40}};
	struct odds odds = all[dice(sizeof all / sizeof *all)];
	size_t left = 0, one, how = (size_t)dice(4);

	for (size_t i = 0; i < at; i++)
		left += !forced[i];
	one = left > 0 ? (size_t)dice(left) : 0;
	for (size_t i = 0, k = 0; i < at; i++) {
		struct op *o = &w->ops[i];
		struct odds own = odds;

		o->torn = (uint32_t)dice(UINT32_MAX);
		if (how == 0) /* a journal, up to here */
			own = (struct odds){k < one ? 100 : 0, 0};
		else if (how == 1) /* this is lost, or this alone is kept */
			own.kept = k == one ? 100 - odds.kept : odds.kept;
		o->fate = forced[i] ? KEPT : toss(o, own);
		k += !forced[i];
	}
}

/* The states of a record that were tried. */
struct seen {
	uint64_t hash[SEEN_SIZE];
};

static bool
is_new(struct seen *s, uint64_t hash)
{
	size_t i = hash % SEEN_SIZE;

	hash |= 1;
	while (s->hash[i] != 0 && s->hash[i] != hash)
		i = (i + 1) % SEEN_SIZE;
	if (s->hash[i] == hash)
		return false;
	s->hash[i] = hash;
	return true;
}

/* Build a state that was not tried yet; false if none is found. */
static bool
next_state(struct world *w, struct seen *seen, size_t *at)
{
	bool *forced = calloc(w->nops + 1, sizeof *forced);
	int tries = 0;

	do {
		*at = (size_t)dice(w->nops + 1);
		memset(forced, 0, w->nops + 1);
		world_force(w, *at, forced);
		choose_fates(w, *at, forced);
		world_build(w, *at);
	} while (!is_new(seen, world_hash(w)) && ++tries < TRIES_MAX);
	free(forced);
	return tries < TRIES_MAX;
}

/* --- telling --- */

static void
result(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tests);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	failures += !good;
}

static void
tell_op(const struct op *o, size_t i)
{
	static const char *const kinds[] = {
	    "", "enter", "leave", "move", "write", "cut", "sync"};
	static const char *const fates[] = {
	    "lost", "kept", "prefix", "holes", "zeros"};

	printf("#   %zu %s %.*s %.*s node %zu in %zu, at %" PRIu64 " %" PRIu32
	       " bytes: %s\n",
	    i, kinds[o->h.kind], (int)o->h.name_len, o->name,
	    (int)o->h.name2_len, o->name2, o->node, o->dir, o->h.off,
	    o->h.data_len, fates[o->fate]);
}

/* A state that went wrong: kept, with what was lost. */
static void
keep_bad(struct world *w, size_t at, const char *why)
{
	if (++bads > TELL_MAX)
		return;
	printf(
	    "# bad.%d: power fails before operation %zu: %s: ", bads, at, why);
	fflush(stdout);
	shell("head -n 1 messages; rm -rf ../bad.%d; mkdir ../bad.%d; "
	      "cp messages ../bad.%d; mkdir ../bad.%d/after; "
	      "cp -a state parts rows.db* *.json ../bad.%d/after 2>/dev/null",
	    bads, bads, bads, bads, bads);
	for (size_t i = at > 40 ? at - 40 : 0; i < at; i++)
		tell_op(&w->ops[i], i);
	world_write(w, is_given);
	shell("cp -a state parts rows.db* *.json ../bad.%d 2>/dev/null", bads);
}

/* The record says other than what is there. */
static void
tell_missing(struct world *w)
{
	shell("rm -rf ../disk; mkdir ../disk; cp -a state parts rows.db* "
	      "*.json ../disk");
	world_write(w, is_given);
	shell("rm -rf ../built; cp -a . ../built; diff -r . ../disk | grep -v "
	      "'^Only in .: .*log$' | head -n 20 | "
	      "cut -c 1-200 | sed 's/^/# /'");
}

/* --- rounds --- */

static size_t
try_states(struct world *w, size_t states, size_t *bad)
{
	struct seen *seen = calloc(1, sizeof *seen);
	size_t n, at;

	for (n = 0; n < states && next_state(w, seen, &at); n++) {
		const char *why;

		world_write(w, is_given);
		why = recover();
		*bad += why != NULL;
		if (why != NULL)
			keep_bad(w, at, why);
		if (why != NULL && only_first)
			break;
	}
	free(seen);
	return n;
}

/* Have the processes of the next run killed, one after the other. */
static void
arm(void)
{
	char crashes[256];

	shell("rm -rf tokens; mkdir tokens; cd tokens; touch 0 1 2 3");
	snprintf(crashes, sizeof crashes, KILLS, 1 + (int)dice(4),
	    1 + (int)dice(3), 1 + (int)dice(3), 1 + (int)dice(2));
	setenv("WEIR_CRASH", crashes, 1);
}

/*
 * Record a run from what is there, and try states of it. Leaves the last state
 * behind, for the next round to begin with.
 */
static void
play(const char *what, bool kills, size_t states)
{
	struct world w;
	size_t n = 0, bad = 0, at;
	struct seen *seen;
	bool whole;

	if (failures > 0 && only_first)
		return;
	world_begin(&w, is_given);
	shell("rm -f ../log");
	if (kills)
		arm();
	whole = record("../log");
	unsetenv("WEIR_CRASH");
	world_read(&w, "../log");
	world_build(&w, w.nops);
	if (whole && world_hash(&w) != world_hash_disk(is_given))
		whole = false, tell_missing(&w);
	/* who was killed may not have written down the last step */
	result(whole || kills, "%s, %s: all of %zu operations are recorded%s",
	    job->name, what, w.nops,
	    whole ? ""
		  : " # SKIP one is missing, of a process that was killed");
	if (whole)
		n = try_states(&w, states, &bad);
	result(bad == 0, "%s, %s: %zu states, %zu went wrong", job->name, what,
	    n, bad);
	seen = calloc(1, sizeof *seen);
	if (next_state(&w, seen, &at))
		world_write(&w, is_given);
	free(seen);
	world_free(&w);
}

static bool
uninterrupted(void)
{
	bool all = run_job(false, NULL) == 0;

	for (size_t i = 0; job->outs[i] != NULL; i++) {
		if (out_is_taken(job->outs[i]))
			continue;
		want[i] = slurp_out(job->outs[i]);
		all &= want[i].len > 0;
	}
	for (size_t i = 0; job->sides[i] != NULL; i++) {
		want_side[i] = slurp(job->sides[i]);
		all &= want_side[i].s != NULL;
	}
	result(all, "%s: an uninterrupted run", job->name);
	shell("rm -rf state parts rows.db* *.json");
	return all;
}

static void
prepare(const char *self)
{
	char path[4096];

	top = realpath(".", NULL);
	mkdir("w", 0700);
	if (top == NULL || chdir("w") == -1)
		err(2, "w");
	snprintf(path, sizeof path, "%s/w/tokens", top);
	setenv("WEIR_CRASH_DIR", path, 1);
	setenv("CRASH", self, 1);
	snprintf(path, sizeof path, "%.*s/power.so",
	    (int)(strrchr(self, '/') - self), self);
	setenv("WEIR_POWER_SO", path, 0);
	write_log("access.log", EVENTS);
	write_log("other.log", EVENTS / 3);
}

static bool
choose(const char *name)
{
	for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++)
		if (strcmp(jobs[i].name, name) == 0) {
			job = &jobs[i];
			return true;
		}
	return false;
}

/* What a command was given is its own: only the job's files lose power. */
static int
be_sink(void)
{
	char buf[65536];

	while (read(0, buf, sizeof buf) > 0)
		;
	return 0;
}

int
main(int argc, char **argv)
{
	const char *piece = getenv("POWER_PIECE");
	size_t states;
	char *self;

	if (argc == 2 && strcmp(argv[1], "slow") == 0 && piece != NULL)
		return be_slow(
		    (size_t)atol(piece), atol(piece) < 9999 ? 1000 : 0);
	if (argc == 3 && strcmp(argv[1], "take") == 0)
		return be_sink();
	self = realpath("/proc/self/exe", NULL);
	if (argc < 4 || argc > 5 || !choose(argc == 5 ? argv[4] : "main") ||
	    chdir(argv[1]) == -1 || self == NULL) {
		fprintf(stderr, "usage: power DIR SEED STATES [JOB]\n");
		return 2;
	}
	rng = strtoull(argv[2], NULL, 10) * 2654435761u + 88172645463325252u;
	states = strtoull(argv[3], NULL, 10);
	only_first = getenv("POWER_FIRST") != NULL;
	prepare(self);
	if (uninterrupted()) {
		play("undisturbed", false, states / 3);
		play("once more, after a failure", false, states / 6);
		shell("rm -rf state parts rows.db* *.json");
		play("with kills", true, states / 3);
		play("with kills after a failure", true, states / 6);
	}
	printf("# seed %s\n1..%d\n", argv[2], tests);
	return failures != 0;
}
