#include "stream/presence.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGES_MAX 4096 /* that anybody can claim to be */

static struct weir_present *
find(struct weir_presence *p, struct weir_str fifo)
{
	for (size_t i = 0; i < p->n; i++)
		if (weir_str_eq(fifo, p->p[i].fifo))
			return &p->p[i];
	return NULL;
}

static void
forget(struct weir_presence *p, struct weir_present *one)
{
	close(one->fd);
	free(one->fifo);
	*one = p->p[--p->n];
}

static int
open_fifo(int run_fd, const char *name)
{
	int fd = openat(run_fd, name,
	    O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	struct stat st;

	if (fd != -1 && (fstat(fd, &st) == -1 || !S_ISFIFO(st.st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Nobody else needs its name. */
static void
begin(struct weir_presence *p, int run_fd, struct weir_str fifo)
{
	char *name = weir_strndup(fifo.s, fifo.len);
	int fd = -1;

	if (!p->closed && p->n < STAGES_MAX && fifo.len > 0 &&
	    strchr(name, '/') == NULL && find(p, fifo) == NULL)
		fd = open_fifo(run_fd, name);
	if (fd == -1) {
		free(name);
		return;
	}
	unlinkat(run_fd, name, 0);
	p->p = weir_grow(p->p, &p->cap, p->n + 1, sizeof *p->p);
	p->p[p->n++] = (struct weir_present){.fifo = name, .fd = fd};
}

static void
blame(struct weir_presence *p, const struct weir_present *one)
{
	memcpy(p->who, one->stage, sizeof p->who);
}

static void
end(struct weir_presence *p, struct weir_present *one, int status, bool ending,
    int64_t now_ns)
{
	if (one->joined && !ending) {
		p->failed |= status != 0;
		if (!p->went)
			blame(p, one);
		if (!p->went)
			p->went_ns = now_ns;
		p->went = true;
	}
	forget(p, one);
}

bool
weir_presence_report(struct weir_presence *p, int run_fd, const char *line,
    bool ending, int64_t now_ns)
{
	struct weir_str verb = {line, strcspn(line, " ")}, fifo = {0};
	const char *rest = line + verb.len;
	struct weir_present *one;

	rest += *rest == ' ';
	fifo = (struct weir_str){rest, strcspn(rest, " ")};
	rest += fifo.len;
	rest += *rest == ' ';
	one = find(p, fifo);
	if (weir_str_eq(verb, "here")) {
		begin(p, run_fd, fifo);
	} else if (weir_str_eq(verb, "joined")) {
		if (one != NULL) {
			one->joined = true;
			weir_show_into(
			    one->stage, sizeof one->stage, rest, strlen(rest));
		} else if (weir_str_eq(fifo, "-")) {
			p->ends++;
		}
	} else if (weir_str_eq(verb, "gone")) {
		if (one != NULL)
			end(p, one, atoi(rest), ending, now_ns);
	} else {
		return false;
	}
	return true;
}

void
weir_presence_look(struct weir_presence *p)
{
	char byte;

	/* nothing is ever written to it */
	for (size_t i = 0; i < p->n; i++)
		p->p[i].over |= read(p->p[i].fd, &byte, 1) == 0;
}

void
weir_presence_judge(struct weir_presence *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->p[i].over && !p->died) {
			p->died = true;
			blame(p, &p->p[i]);
		}
}

size_t
weir_presence_count(const struct weir_presence *p)
{
	return p->n;
}

void
weir_presence_polls(const struct weir_presence *p, struct pollfd *polls)
{
	for (size_t i = 0; i < p->n; i++)
		polls[i] = (struct pollfd){.fd = p->p[i].fd};
}

void
weir_presence_close(struct weir_presence *p)
{
	p->closed = true;
	while (p->n > 0)
		forget(p, &p->p[p->n - 1]);
}

void
weir_presence_fini(struct weir_presence *p)
{
	weir_presence_close(p);
	free(p->p);
	*p = (struct weir_presence){0};
}
