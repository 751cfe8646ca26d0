#define _GNU_SOURCE
#include "stream/pipes.h"

#include "base/mem.h"
#include "base/text.h"
#include "event/file.h"
#include "stream/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOW 256
#define BOOT "/proc/sys/kernel/random/boot_id"

bool
weir_pipe_nameless(const char *path)
{
	return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0 ||
	    strncmp(path, "/dev/fd/", 8) == 0 ||
	    strncmp(path, "/proc/self/fd/", 14) == 0;
}

/* Inodes of pipes are only good until the machine starts again. */
static void
identify(struct weir_pipe *p, const struct stat *st)
{
	char boot[64] = "";
	int fd = open(BOOT, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, boot, sizeof boot - 1);

	if (fd >= 0)
		close(fd);
	boot[n > 0 ? n : 0] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
	snprintf(p->id, sizeof p->id, "%llu:%llu %s",
	    (unsigned long long)st->st_dev, (unsigned long long)st->st_ino,
	    boot);
}

static int
hold_socket(struct weir_pipe *p, struct weir_error *err)
{
	if (pipe2(p->through, O_CLOEXEC | O_NONBLOCK) == -1)
		return weir_fail_errno(err, "a pipe for a socket");
	return 1;
}

static int
unfit(const char *path, const struct stat *st, struct weir_error *err)
{
	char shown[SHOW];

	weir_show_into(shown, sizeof shown, path, strlen(path));
	if (S_ISREG(st->st_mode))
		return weir_fail(err, WEIR_USAGE,
		    "standard input is a file: say -i FILE, so that it can be "
		    "found again");
	return weir_fail(err, WEIR_USAGE,
	    "%s: a source is a file, a pipe or a socket", shown);
}

/* One that is not there, or is a regular file, is no pipe: 0. */
static int
open_pipe(struct weir_pipe *p, const char *path, struct weir_error *err)
{
	bool standard = strcmp(path, "-") == 0;
	char shown[SHOW];
	struct stat st;

	*p = (struct weir_pipe){.fd = -1, .through = {-1, -1}};
	if ((standard ? fstat(0, &st) : stat(path, &st)) == -1)
		return standard ? weir_fail_errno(err, "standard input") : 0;
	if (S_ISREG(st.st_mode) && !weir_pipe_nameless(path))
		return 0;
	if (!S_ISFIFO(st.st_mode) && !(standard && S_ISSOCK(st.st_mode)))
		return unfit(path, &st, err);
	if (standard)
		p->fd = fcntl(0, F_DUPFD_CLOEXEC, 3);
	else
		p->fd =
		    open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (p->fd == -1)
		return weir_fail_errno(err, "%s",
		    weir_show_into(shown, sizeof shown, path, strlen(path)));
	p->fifo = !weir_pipe_nameless(path);
	identify(p, &st);
	if (S_ISSOCK(st.st_mode))
		return hold_socket(p, err);
	weir_file_widen(p->fd);
	return 1;
}

int
weir_pipes_open(
    struct weir_pipes *p, const struct weir_roles *r, struct weir_error *err)
{
	int got = 0;

	*p = (struct weir_pipes){0};
	p->pipe = weir_calloc(r->nsources, sizeof *p->pipe);
	for (size_t i = 0; i < r->nsources; i++) {
		struct weir_pipe *next = &p->pipe[p->n];

		got = open_pipe(next, r->source_paths[i], err);
		p->n += next->fd != -1;
		next->source = r->source_names[i];
		if (got == -1)
			return -1;
	}
	return 1;
}

struct weir_pipe *
weir_pipes_find(const struct weir_pipes *p, const char *source)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->pipe[i].source, source) == 0)
			return &p->pipe[i];
	return NULL;
}

bool
weir_pipe_speaks(const struct weir_pipe *p)
{
	struct pollfd poller = {.fd = p->fd, .events = POLLIN};
	int n = 0;

	while (poll(&poller, 1, p->fifo ? 0 : -1) == -1 && errno == EINTR)
		continue;
	return ioctl(p->fd, FIONREAD, &n) == 0 && n > 0;
}

void
weir_pipes_close(struct weir_pipes *p)
{
	for (size_t i = 0; i < p->n; i++) {
		close(p->pipe[i].fd);
		for (int k = 0; k < 2; k++)
			if (p->pipe[i].through[k] != -1)
				close(p->pipe[i].through[k]);
	}
	free(p->pipe);
	*p = (struct weir_pipes){0};
}
