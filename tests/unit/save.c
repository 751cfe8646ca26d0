/*
 * Goal: a savepoint is a checkpoint's parts, whole or not there at all, and
 * stays; names and what lies in save/ are trusted no more than in cp/; pruning
 * by hand never takes what a job needs.
 * Method: small state directories, good and bad; a save that is killed at each
 * system call that changes something; a pruner in between.
 */
#define _GNU_SOURCE
#include "tests/unit/tap.h"
#include "tests/unit/scratch.h"
#include "tests/unit/cp.h"

#include "state/save.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/syscall.h>

static struct weir_error err;

/* --- what happens at each call that changes something --- */

static long calls, at_call = LONG_MAX;
static void (*then)(void);

static void
count(void)
{
	if (++calls == at_call && then != NULL)
		then();
}

int
linkat(int from, const char *a, int to, const char *b, int flags)
{
	count();
	return (int)syscall(SYS_linkat, from, a, to, b, flags);
}

int
mkdirat(int dir, const char *name, mode_t mode)
{
	count();
	return (int)syscall(SYS_mkdirat, dir, name, mode);
}

int
renameat2(int from, const char *a, int to, const char *b, unsigned flags)
{
	count();
	return (int)syscall(SYS_renameat2, from, a, to, b, flags);
}

int
renameat(int from, const char *a, int to, const char *b)
{
	return renameat2(from, a, to, b, 0);
}

int
unlinkat(int dir, const char *name, int flags)
{
	count();
	return (int)syscall(SYS_unlinkat, dir, name, flags);
}

int
fsync(int fd)
{
	(void)fd;
	count();
	return 0;
}

static void
die(void)
{
	raise(SIGKILL);
}

/* --- names --- */

static void
test_names(void)
{
	static const char *const good[] = {"a", "before-upgrade", "v1_2", "3a",
	    "_", "LATEST",
	    "a234567890123456789012345678901234567890123456789012345678901234"};
	static const char *const bad[] = {"", "3", "007", "latest", "none",
	    "a/b", "..", ".", ".tmp.1", "a b", "a.b", "-a", "\xc3\xa4", "a\n",
	    ("a234567890123456789012345678901234567890123456789012345678901234"
	     "5")};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ok(weir_save_name(good[i]), "a name: %s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(!weir_save_name(bad[i]), "no name: %s", bad[i]);
}

/* --- making and removing --- */

/* Which checkpoint is it of? 0: it is not whole. */
static uint64_t
saved(const struct weir_dir *d, const char *name)
{
	struct weir_manifest m = {0};
	int fd = weir_save_open(d, name, &err);
	uint64_t n = 0;

	if (fd >= 0 && weir_save_load(d, name, fd, &m, &err) == 1 &&
	    weir_save_verify(d, name, fd, &m, &err) == 1)
		n = m.cp.n;
	weir_manifest_fini(&m);
	if (fd >= 0)
		close(fd);
	return n;
}

static void
test_make(const struct weir_dir *d)
{
	struct weir_saves all;
	struct weir_manifest m;
	struct weir_cp cp;

	ok(weir_save_make(d, "early", &cp, &err) == -1 &&
		err.status == WEIR_USAGE,
	    "%s", err.text);
	ok(shell("test -z \"$(ls -A state/save)\"") == 0, "nothing is left");
	commit(d, 1, 0, NULL);
	commit(d, 2, 0, "pending\n");
	m = checkpoint(d, 3, 0, NULL); /* under way */
	weir_manifest_fini(&m);
	ok(weir_save_make(d, "b", &cp, &err) == 1 && cp.n == 2 && cp.epoch == 1,
	    "the newest committed one");
	ok(shell("test \"$(stat -c %a state/save/b)\" = 700 && "
		 "test \"$(stat -c %h state/save/b/MANIFEST)\" = 2") == 0,
	    "0700, of links");
	ok(weir_save_make(d, "b", &cp, &err) == -1 &&
		err.status == WEIR_USAGE &&
		strstr(err.text, "--savepoint=b") != NULL,
	    "%s", err.text);
	ok(weir_save_make(d, "a", &cp, &err) == 1, "another");
	must(weir_cp_remove(d, (struct weir_cp){2, 1}, &err), &err);
	must(weir_cp_remove(d, (struct weir_cp){3, 1}, &err), &err);
	ok(saved(d, "b") == 2, "it outlives its checkpoint");
	ok(weir_dir_sweep(d, 0, &err) == 1 && saved(d, "b") == 2 &&
		saved(d, "a") == 2,
	    "and a sweep of everything");
	mkdir("state/save/.tmp.left", 0700);
	spill("state/save/.tmp.left/x", "", 0);
	mkdir("state/save/7", 0700);
	ok(weir_save_list(d, &all, &err) == 1 && all.n == 2 &&
		strcmp(all.name[0], "a") == 0 && strcmp(all.name[1], "b") == 0,
	    "listed by name");
	weir_saves_fini(&all);
	ok(weir_save_sweep(d, &err) == 1 &&
		access("state/save/.tmp.left", F_OK) != 0,
	    "what is left over goes");
	rmdir("state/save/7");
	ok(weir_save_remove(d, "a", &err) == 1 && saved(d, "a") == 0 &&
		err.status == WEIR_USAGE,
	    "removed: %s", err.text);
	ok(weir_save_remove(d, "a", &err) == 0, "once");
	ok(shell("test \"$(ls -A state/save)\" = b") == 0, "nothing is left");
	weir_save_remove(d, "b", &err);
}

/* --- killed at every step --- */

/* Make or remove "k" in a child: 1 if it was killed at a call. */
static int
killed(const struct weir_dir *d, bool make, long at)
{
	pid_t pid = fork();
	struct weir_cp cp;
	int st;

	if (pid == 0) {
		then = die;
		calls = 0;
		at_call = at;
		_exit(make ? weir_save_make(d, "k", &cp, &err) != 1
			   : weir_save_remove(d, "k", &err) != 1);
	}
	if (pid < 0 || waitpid(pid, &st, 0) != pid)
		exit(1);
	if (WIFEXITED(st) && WEXITSTATUS(st) != 0)
		exit(1);
	return WIFSIGNALED(st);
}

static void
test_kills(const struct weir_dir *d)
{
	struct weir_error why;
	int bad = 0, fd;
	long last;

	for (last = 1; killed(d, true, last); last++) {
		fd = weir_save_open(d, "k", &why);
		bad += fd >= 0 ? saved(d, "k") != 10 : why.status != WEIR_USAGE;
		if (fd >= 0)
			close(fd);
		weir_save_remove(d, "k", &err);
	}
	ok(bad == 0 && last > 6 && saved(d, "k") == 10,
	    "a save killed at each of %ld calls: there whole, or not at all",
	    last - 1);
	for (last = 1; killed(d, false, last); last++) {
		fd = weir_save_open(d, "k", &why);
		bad += fd >= 0 ? saved(d, "k") != 10 : why.status != WEIR_USAGE;
		if (fd >= 0)
			close(fd);
		else if (killed(d, true, LONG_MAX))
			exit(1);
	}
	ok(bad == 0 && last > 5, "so is a removal, at each of %ld", last - 1);
	must(weir_save_sweep(d, &err), &err);
	ok(shell("test -z \"$(ls -A state/save)\"") == 0, "nothing is left");
}

/* --- beside a job --- */

static struct weir_dir *pruned;
static uint64_t newest;

/* As many checkpoints as a job keeps come, and the old ones go. */
static void
go_on(void)
{
	at_call = LONG_MAX;
	commit(pruned, ++newest, 0, NULL);
	commit(pruned, ++newest, 0, NULL);
	must(weir_dir_prune(pruned, 1, &err), &err);
}

static void
test_beside(struct weir_dir *d)
{
	struct weir_cp cp;
	int bad = 0;
	long last;

	pruned = d;
	newest = 10;
	then = go_on;
	for (last = 1; last < 8; last++) {
		calls = 0;
		at_call = last;
		bad += weir_save_make(d, "s", &cp, &err) != 1 ||
		    saved(d, "s") != cp.n || cp.n + 2 < newest;
		at_call = LONG_MAX;
		weir_save_remove(d, "s", &err);
	}
	then = NULL;
	ok(bad == 0 && newest == 24,
	    "the checkpoint goes while it is saved: the next is taken");
}

/* --- hostile --- */

static void
refuse(const struct weir_dir *d, const char *change, const char *what)
{
	char command[256];
	struct weir_cp cp;

	must(weir_save_make(d, "h", &cp, &err), &err);
	snprintf(command, sizeof command, "cd state/save && %s", change);
	if (shell(command) != 0)
		exit(1);
	ok(saved(d, "h") == 0 && err.status == WEIR_STATE, "%s: %s", what,
	    err.text);
	if (shell("rm -rf state/save/h state/save/i") != 0)
		exit(1);
}

static void
test_hostile(const struct weir_dir *d)
{
	struct weir_cp cp;

	refuse(d, "mv h i && ln -s i h", "a link to a savepoint");
	refuse(d, "rm -r h && touch h", "a file");
	refuse(d, "chmod 777 h", "others may write");
	refuse(d, "rm h/MANIFEST", "no manifest");
	refuse(d, "cd h && mv MANIFEST x && ln -s x MANIFEST", "a linked one");
	refuse(d, "cd h && cp MANIFEST x && truncate -s 5M x && mv x MANIFEST",
	    "a huge one");
	refuse(d, "cd h && rm MANIFEST && mkfifo MANIFEST", "a FIFO");
	refuse(d, "rm h/*swindow*", "a part is not there");
	refuse(d, "cd h && for f in *swindow*; do mv $f x; ln -s x $f; done",
	    "a part is a link");
	refuse(d,
	    "cd h && for f in *swindow*; do cp $f x; printf y >>x; mv x $f; "
	    "done",
	    "a part is longer");
	ok(saved(d, "../cp/1.1") == 0 && err.status == WEIR_USAGE, "%s",
	    err.text);
	/* a damaged checkpoint is not worth saving */
	spill("state/cp/24.1/in%2Fsource.part", "x", 1);
	ok(weir_save_make(d, "h", &cp, &err) == -1 && err.status == WEIR_STATE,
	    "%s", err.text);
	ok(shell("test -z \"$(ls -A state/save)\"") == 0, "nothing is left");
}

/* --- pruning by hand --- */

static int told;

static void
tell(void *ctx, struct weir_cp cp)
{
	(void)ctx;
	(void)cp;
	told++;
}

static int
there(const char *want)
{
	char command[256];

	snprintf(command, sizeof command,
	    "test \"$(echo $(ls state/cp))\" = '%s'", want);
	if (shell(command) == 0)
		return 1;
	shell("echo '#' $(ls state/cp)");
	return 0;
}

static void
test_tidy(struct weir_dir *d)
{
	struct weir_manifest m;
	struct weir_dir other;

	must(weir_dir_sweep(d, 0, &err), &err);
	for (uint64_t n = 1; n <= 5; n++)
		commit(d, n, 0, NULL);
	m = checkpoint(d, 6, 0, NULL); /* given up */
	weir_manifest_fini(&m);
	commit(d, 7, 0, NULL);
	m = checkpoint(d, 8, 0, "under way\n");
	weir_manifest_fini(&m);
	ok(weir_dir_tidy(d, 3, tell, NULL, &err) == 1 &&
		there("4.1 5.1 7.1 8.1") && told == 3,
	    "the newest three stay, and what is under way");
	spill("state/cp/7.1/in%2Fsource.part", "x", 1);
	ok(weir_dir_tidy(d, 1, tell, NULL, &err) == 1 && there("5.1 7.1 8.1") &&
		told == 4,
	    "a damaged one is no newest one, and is left to recovery");
	commit(d, 9, 0, NULL);
	ok(weir_dir_tidy(d, 0, tell, NULL, &err) == 1 && there("9.1") &&
		told == 6,
	    "an older one goes; at least one is kept");
	must(weir_dir_open(&other, "state", false, &err), &err);
	must(weir_dir_lead(d, &err), &err);
	ok(weir_dir_alone(&other, &err) == 0, "somebody lives here");
	weir_dir_close(d);
	ok(weir_dir_alone(&other, &err) == 1, "nobody does");
	weir_dir_close(&other);
}

int
main(void)
{
	struct weir_dir d;
	char path[64];

	scratch_begin(path);
	must(weir_dir_open(&d, "state", true, &err), &err);
	test_names();
	test_make(&d);
	commit(&d, 10, 0, NULL);
	test_kills(&d);
	test_beside(&d);
	test_hostile(&d);
	test_tidy(&d);
	scratch_end(path);
	return done();
}
