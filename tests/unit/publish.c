/*
 * Goal: a published file is there whole or not at all, and hostile files in
 * the way are refused.
 * Method: publish, look; put links, FIFOs and big files there; fill the disk
 * up with a file size limit.
 */
#define _POSIX_C_SOURCE 200809L
#include "state/publish.h"
#include "tests/unit/tap.h"
#include "tests/unit/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

/* Names in the directory that begin with prefix. */
static int
count(const char *prefix)
{
	DIR *d = opendir(".");
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d)) != NULL)
		n += strncmp(e->d_name, prefix, strlen(prefix)) == 0;
	closedir(d);
	return n;
}

static void
test_publish(int dir)
{
	struct weir_error err = {0};
	struct weir_buf b = {0};
	struct stat st;
	char tmp[32];
	int fd;

	umask(0777);
	ok(weir_publish(dir, "a", "hello", 5, &err) == 1, "publish");
	umask(022);
	ok(stat("a", &st) == 0 && (st.st_mode & 07777) == 0600,
	    "mode 0600 whatever the umask");
	ok(weir_slurp(dir, "a", 5, &b, &err) == 1, "slurp");
	is_text(b.data, b.len, "hello");
	ok(weir_publish(dir, "a", "other", 5, &err) == -1 &&
		err.status == WEIR_SYSTEM &&
		strstr(err.text, "a: ") == err.text,
	    "a name is never used again: %s", err.text);
	b.len = 0;
	weir_slurp(dir, "a", 5, &b, &err);
	is_text(b.data, b.len, "hello");
	ok(weir_publish_over(dir, "a", "other", 5, &err) == 1, "but over");
	b.len = 0;
	weir_slurp(dir, "a", 5, &b, &err);
	is_text(b.data, b.len, "other");
	fd = weir_publish_begin(dir, tmp, &err);
	ok(fd >= 0 && count(".tmp.") == 1, "a temporary file");
	ok(weir_write_all(fd, "x", 1) == 1 &&
		weir_publish_end(dir, fd, tmp, "b", &err) == 1 &&
		count(".tmp.") == 0,
	    "becomes the real one");
	ok(weir_publish(dir, "none/x", "y", 1, &err) == -1 &&
		count(".tmp.") == 0,
	    "a failure leaves nothing: %s", err.text);
	weir_buf_fini(&b);
}

static void
test_slurp(int dir)
{
	struct weir_error err = {0};
	struct weir_buf b = {0};

	ok(weir_slurp(dir, "missing", 10, &b, &err) == 0, "none");
	ok(weir_slurp(dir, "a", 4, &b, &err) == -1 && err.status == WEIR_STATE,
	    "too big: %s", err.text);
	ok(symlink("a", "link") == 0 &&
		weir_slurp(dir, "link", 10, &b, &err) == -1 &&
		err.status == WEIR_STATE,
	    "no links: %s", err.text);
	ok(mkfifo("fifo", 0600) == 0 &&
		weir_slurp(dir, "fifo", 10, &b, &err) == -1 &&
		err.status == WEIR_STATE,
	    "no FIFO, and no wait for it: %s", err.text);
	ok(mkdir("dir", 0700) == 0 &&
		weir_slurp(dir, "dir", 10, &b, &err) == -1 &&
		err.status == WEIR_STATE,
	    "no directory: %s", err.text);
	spill("b\033[2J", "x", 1);
	ok(weir_slurp(dir, "b\033[2J", 0, &b, &err) == -1 &&
		strchr(err.text, '\033') == NULL,
	    "names are escaped: %s", err.text);
	ok(b.len == 0, "nothing was read from any of them");
	weir_buf_fini(&b);
}

static void
test_full(int dir)
{
	struct rlimit was, small;
	struct weir_error err = {0};
	static char big[100000];

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	small = was;
	small.rlim_cur = 50000;
	setrlimit(RLIMIT_FSIZE, &small);
	ok(weir_publish(dir, "big", big, sizeof big, &err) == -1 &&
		err.status == WEIR_SYSTEM,
	    "no room: %s", err.text);
	ok(access("big", F_OK) != 0 && count(".tmp.") == 0, "nothing is left");
	setrlimit(RLIMIT_FSIZE, &was);
	ok(weir_publish(dir, "big", big, sizeof big, &err) == 1, "then room");
}

int
main(void)
{
	char path[64];
	int dir;

	scratch_begin(path);
	dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_publish(dir);
	test_slurp(dir);
	test_full(dir);
	close(dir);
	scratch_end(path);
	return done();
}
