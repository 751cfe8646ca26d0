#define _GNU_SOURCE
#include "stream/here.h"

#include "state/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 8 /* names: another namespace may count processes alike */

void
weir_here_init(struct weir_here *h)
{
	*h = (struct weir_here){.fd = -1, .report = -1};
}

/* Who writes a report waits until it is taken. */
static int
open_reports(const char *path)
{
	int fd = open(
	    path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	struct stat st;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) &&
	    st.st_uid == geteuid() && fcntl(fd, F_SETFL, O_WRONLY) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
close_both(struct weir_here *h)
{
	if (h->fd != -1)
		close(h->fd);
	if (h->report != -1)
		close(h->report);
	weir_here_init(h);
}

/* For reading, too, so that opening does not wait for the other side. */
static bool
make_fifo(struct weir_here *h, const char *reports)
{
	const char *base = strrchr(reports, '/');
	char path[4096 + sizeof h->name];
	int dir = base != NULL ? (int)(base - reports) : 1;

	for (int i = 0; i < TRIES; i++) {
		snprintf(h->name, sizeof h->name, "%.24s.%ld.%d",
		    base != NULL ? base + 1 : reports, (long)getpid(), i);
		snprintf(path, sizeof path, "%.*s/%s", dir,
		    base != NULL ? reports : ".", h->name);
		if (mkfifo(path, 0600) == 0) {
			h->fd = open(
			    path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
			return h->fd != -1;
		}
		if (errno != EEXIST)
			return false;
	}
	return false;
}

void
weir_here_begin(struct weir_here *h, const char *reports)
{
	char line[96];
	int len;

	if (h->fd != -1 || reports == NULL || strlen(reports) >= 4096)
		return;
	h->report = open_reports(reports);
	if (h->report == -1 || !make_fifo(h, reports)) {
		close_both(h);
		return;
	}
	len = snprintf(line, sizeof line, "here %s\n", h->name);
	if (weir_write_all(h->report, line, (size_t)len) == -1)
		close_both(h);
}

void
weir_here_leave(struct weir_here *h)
{
	close_both(h);
}

void
weir_here_end(struct weir_here *h, int status)
{
	char line[112];
	int len;

	if (h->fd == -1)
		return;
	len = snprintf(line, sizeof line, "gone %s %d\n", h->name, status);
	if (weir_write_all(h->report, line, (size_t)len) == -1) {
		/* nobody is there to be told */
	}
	close_both(h);
}
