/*
 * Goal: a state directory is ours or refused, and of two runs one waits, one
 * leads, and who belongs to neither is told so.
 * Method: links, FIFOs, modes and owners in the way; child processes that hold
 * the lock while this one wants it; the wait is cut to milliseconds.
 */
#define _GNU_SOURCE
#include "state/dir.h"
#include "tests/unit/tap.h"
#include "tests/unit/scratch.h"

#include <signal.h>
#include <sys/file.h>

static struct weir_error err;

/* Open and close: what weir_dir_open() says. */
static int
try_open(const char *path, bool create)
{
	struct weir_dir d;
	int r = weir_dir_open(&d, path, create, &err);

	if (r == 1)
		weir_dir_close(&d);
	return r;
}

static int
refused(const char *path)
{
	return try_open(path, true) == -1 && err.status == WEIR_STATE;
}

static void
test_names(void)
{
	struct weir_cp cp;
	char text[WEIR_CP_TEXT], *name;

	weir_cp_print((struct weir_cp){12, 3}, text);
	is_text(text, strlen(text), "12.3");
	ok(weir_cp_read("12.3", 4, &cp) && cp.n == 12 && cp.epoch == 3,
	    "and back");
	ok(weir_cp_read("0.1", 3, &cp) &&
		weir_cp_read("9223372036854775807.1", 21, &cp),
	    "least and greatest");
	ok(!weir_cp_read("", 0, &cp) && !weir_cp_read("1", 1, &cp) &&
		!weir_cp_read("1.", 2, &cp) && !weir_cp_read(".1", 2, &cp) &&
		!weir_cp_read("01.1", 4, &cp) &&
		!weir_cp_read("1.02", 4, &cp) &&
		!weir_cp_read("1.2.3", 5, &cp) &&
		!weir_cp_read("+1.2", 4, &cp) &&
		!weir_cp_read("9223372036854775808.1", 21, &cp) &&
		!weir_cp_read("99999999999999999999.1", 22, &cp),
	    "no other text is a checkpoint");
	name = weir_part_name("in/swindow.1");
	is_text(name, strlen(name), "in%2Fswindow.1.part");
	free(name);
	name = weir_part_name("../a%b");
	is_text(name, strlen(name), "%2E.%2Fa%25b.part");
	free(name);
}

static void
test_open(void)
{
	struct weir_dir d;
	struct stat st;

	ok(try_open("state", false) == 0, "none");
	ok(weir_dir_open(&d, "state/", true, &err) == 1, "made");
	ok(d.path[0] == '/' && strstr(d.path, "/state") != NULL &&
		d.path[strlen(d.path) - 1] == 'e',
	    "its path is absolute: %s", d.path);
	ok(fstat(d.fd, &st) == 0 && (st.st_mode & 0777) == 0700, "mode 0700");
	ok(fcntl(d.fd, F_GETFD) & FD_CLOEXEC, "closed on exec");
	weir_dir_close(&d);
	ok(try_open("state", false) == 1, "found");
	ok(try_open("none/state", true) == -1 && err.status == WEIR_SYSTEM,
	    "%s", err.text);

	mkdir("empty", 0755);
	ok(try_open("empty", false) == 0, "an empty directory is none");
	ok(try_open("empty", true) == 1, "but may become one");
	mkdir("other", 0755);
	spill("other/precious", "x", 1);
	ok(refused("other"), "%s", err.text);
	ok(shell("test \"$(ls -A other)\" = precious") == 0, "and untouched");
	mkdir("open", 0755);
	chmod("open", 0777);
	ok(refused("open"), "%s", err.text);
	chmod("open", 0720);
	ok(refused("open"), "%s", err.text);
	ok(symlink("state", "link") == 0 && refused("link"), "%s", err.text);
	ok(refused("link/"), "a slash does not help: %s", err.text);
	spill("file", "x", 1);
	ok(refused("file"), "%s", err.text);
	ok(mkfifo("fifo", 0600) == 0 && refused("fifo"), "%s", err.text);
	if (geteuid() == 0 && mkdir("theirs", 0700) == 0 &&
	    chown("theirs", 12345, 12345) == 0)
		ok(refused("theirs"), "%s", err.text);
}

/* The parts inside are looked at as closely. */
static void
test_inside(void)
{
	struct weir_dir d;
	int fd;

	weir_dir_open(&d, "state", true, &err);
	fd = weir_out_open(&d, &err);
	ok(fd >= 0, "out/ is made");
	close(fd);
	chmod("state/out", 0777);
	ok(weir_out_open(&d, &err) == -1 && err.status == WEIR_STATE, "%s",
	    err.text);
	rmdir("state/out");
	ok(symlink("/tmp", "state/out") == 0 && weir_out_open(&d, &err) == -1 &&
		err.status == WEIR_STATE,
	    "%s", err.text);
	unlink("state/out");
	spill("state/run", "x", 1);
	ok(weir_run_open(&d, &err) == -1 && err.status == WEIR_STATE, "%s",
	    err.text);
	unlink("state/run");
	unlink("state/lock");
	ok(symlink("/tmp/x", "state/lock") == 0 &&
		weir_dir_lead(&d, &err) == -1 && err.status == WEIR_STATE,
	    "%s", err.text);
	unlink("state/lock");
	ok(mkfifo("state/lock", 0600) == 0 && weir_dir_lead(&d, &err) == -1 &&
		err.status == WEIR_STATE,
	    "%s", err.text);
	unlink("state/lock");
	weir_dir_close(&d);
	shell("rm -r state");
}

/* Reports go to a FIFO of ours, and nowhere else. */
static void
test_report(void)
{
	struct weir_dir d;
	int fd = -1;

	weir_dir_open(&d, "state", true, &err);
	close(weir_run_open(&d, &err));
	ok(weir_report_open(&d, 1, &err) == -1 && err.status == WEIR_SYSTEM,
	    "none: %s", err.text);
	spill("state/run/commit.1", "x", 1);
	ok(weir_report_open(&d, 1, &err) == -1 && err.status == WEIR_STATE,
	    "a file: %s", err.text);
	ok(symlink("/dev/null", "state/run/commit.2") == 0 &&
		weir_report_open(&d, 2, &err) == -1,
	    "a link: %s", err.text);
	ok(mkfifo("state/run/commit.3", 0600) == 0 &&
		(fd = weir_report_open(&d, 3, &err)) >= 0,
	    "a FIFO");
	ok((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0, "that is waited for");
	close(fd);
	weir_dir_close(&d);
	shell("rm -r state");
}

/* A child that does what() and then waits to be ended. */
static pid_t
child(int (*what)(struct weir_dir *), int *said)
{
	int p[2];
	char c = 0;
	pid_t pid;

	if (pipe(p) != 0 || (pid = fork()) < 0) {
		perror("fork");
		exit(1);
	}
	if (pid == 0) {
		struct weir_dir d;

		c = (char)(weir_dir_open(&d, "state", true, &err) == 1
			? what(&d)
			: -1);
		if (write(p[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(p[1]);
	if (read(p[0], &c, 1) != 1)
		c = -2;
	close(p[0]);
	*said = c;
	return pid;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int
lead(struct weir_dir *d)
{
	d->wait_ms = 100;
	return weir_dir_lead(d, &err) == 1 ? (int)d->epoch : -1;
}

static int
join_1(struct weir_dir *d)
{
	return weir_dir_join(d, 1, &err);
}

static void
test_lock(void)
{
	struct weir_dir d;
	pid_t leader, stage;
	char pid[32];
	int said;

	leader = child(lead, &said);
	ok(said == 1, "the first run leads epoch 1");
	stage = child(join_1, &said);
	ok(said == 1, "a stage joins it");

	weir_dir_open(&d, "state", false, &err);
	d.wait_ms = 50;
	ok(weir_dir_lead(&d, &err) == -1 && err.status == WEIR_STATE,
	    "a second run is told: %s", err.text);
	snprintf(pid, sizeof pid, "%d", (int)leader);
	if (access("/proc/locks", R_OK) == 0)
		ok(strstr(err.text, pid) != NULL, "and by whom");
	ok(shell("ls state/epoch | grep -qx 2") != 0,
	    "and leaves no epoch behind");
	ok(weir_dir_join(&d, 1, &err) == 1, "so epoch 1 can still be joined");
	weir_dir_close(&d);

	end(leader);
	weir_dir_open(&d, "state", false, &err);
	d.wait_ms = 50;
	ok(weir_dir_lead(&d, &err) == -1, "a living stage holds it, too");
	end(stage);
	ok(weir_dir_lead(&d, &err) == 1 && d.epoch == 2,
	    "once all are gone the second leads epoch 2");
	ok(shell("test \"$(ls state/epoch)\" = 2") == 0, "alone");
	ok(weir_dir_lead(&d, &err) == 1 && d.epoch == 3,
	    "the same process leads the next");
	stage = child(join_1, &said);
	ok(said == -1, "a stage of epoch 1 is a zombie");
	end(stage);
	stage = child(lead, &said);
	ok(said == -1, "nobody else leads meanwhile");
	end(stage);
	weir_dir_close(&d);

	weir_dir_open(&d, "state", false, &err);
	ok(weir_dir_join(&d, 1, &err) == -1 && err.status == WEIR_STATE, "%s",
	    err.text);
	ok(d.lock == -1, "a zombie does not keep the lock");
	weir_dir_close(&d);
	spill("state/epoch/007", "", 0);
	spill("state/epoch/x", "", 0);
	weir_dir_open(&d, "state", false, &err);
	ok(weir_dir_lead(&d, &err) == 1 && d.epoch == 4,
	    "odd names are passed");
	weir_dir_close(&d);
	ok(shell("rm state/epoch/4 && mkdir -p state/cp/3.6") == 0 &&
		weir_dir_open(&d, "state", false, &err) == 1 &&
		weir_dir_lead(&d, &err) == 1 && d.epoch == 7,
	    "an epoch that wrote a checkpoint is used up, its file gone or "
	    "not");
	weir_dir_close(&d);
	spill("state/epoch/9223372036854775807", "", 0);
	weir_dir_open(&d, "state", false, &err);
	ok(weir_dir_lead(&d, &err) == -1, "%s", err.text);
	weir_dir_close(&d);
}

static void
test_side(void)
{
	struct weir_dir d;
	int fd, other;

	weir_dir_open(&d, "side", true, &err);
	spill("late.json", "", 0);
	fd = open("late.json", O_RDWR | O_CLOEXEC);
	ok(weir_side_claim(&d, fd, "late.json", "in/swindow.1", &err) == 1,
	    "claimed");
	ok(weir_side_claim(&d, fd, "late.json", "in/swindow.1", &err) == 0,
	    "already");
	ok(link("late.json", "same.json") == 0 &&
		weir_side_claim(&d, fd, "same.json", "in/sdedup.1", &err) ==
		    -1 &&
		err.status == WEIR_USAGE,
	    "%s", err.text);
	spill("else.json", "", 0);
	other = open("else.json", O_RDWR | O_CLOEXEC);
	ok(weir_side_claim(&d, other, "else.json", "in/sdedup.1", &err) == 1,
	    "another file");
	/* late.json's inode lives on under another name only */
	unlink("late.json");
	ok(weir_side_claim(&d, fd, "same.json", "in/sdedup.1", &err) == 1,
	    "a claim ends with its file");
	ok(shell("for f in side/side/*; do echo x >$f; done") == 0 &&
		weir_side_claim(&d, fd, "same.json", "in/sdedup.1", &err) ==
		    -1 &&
		err.status == WEIR_STATE,
	    "%s", err.text);
	close(fd);
	close(other);
	weir_dir_close(&d);
}

int
main(void)
{
	char path[64];

	scratch_begin(path);
	test_names();
	test_open();
	test_inside();
	test_report();
	test_lock();
	test_side();
	scratch_end(path);
	return done();
}
