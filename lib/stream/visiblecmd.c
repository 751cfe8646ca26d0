/*
 * visiblecmd.c - a shell command, as a sink: at least once.
 *
 * Nobody knows what a command has done with what it read, so what is committed
 * goes to a queue in the state directory, queue.<sink>/<place>, from which a
 * process (feeder.h) gives it to the command.
 */
#include "base/mem.h"
#include "base/probe.h"
#include "state/inside.h"
#include "stream/feeder.h"
#include "stream/metrics.h"
#include "stream/visible.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME_CAP 64
#define STEP_NS	 50000000

#ifdef WEIR_PROBES /* tests neither write nor wait for much */
#define QUEUE_MAX ((uint64_t)64 << 10)
#define WAIT_NS	  INT64_C(2000000000)
#else
#define QUEUE_MAX ((uint64_t)256 << 20)
#define WAIT_NS	  INT64_C(60000000000) /* for a command that does not read */
#endif

struct cmd {
	const struct weir_visible_config *c;
	int queue;
	struct weir_feeder feeder;
};

/* --- the queue --- */

static int
open_queue(struct cmd *k, struct weir_error *err)
{
	struct weir_buf name = {0};

	weir_buf_printf(&name, "queue.%s", k->c->sink);
	k->queue = weir_dir_sub(k->c->dir, weir_buf_cstr(&name), true, err);
	weir_buf_fini(&name);
	return k->queue == -1 ? -1 : 1;
}

/*
 * How many bytes there are, and in the newest file, which stays when it has
 * been read. Those of an old job go if clear is set.
 */
static int
measure(struct cmd *k, bool clear, uint64_t *bytes, uint64_t *newest,
    struct weir_error *err)
{
	const char *last = "";
	struct weir_names names;
	struct stat st;

	*bytes = *newest = 0;
	if (weir_names_read(k->queue, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		if (clear)
			unlinkat(k->queue, names.name[i], 0);
		else if (fstatat(k->queue, names.name[i], &st,
			     AT_SYMLINK_NOFOLLOW) == 0) {
			*bytes += (uint64_t)st.st_size;
			if (strcmp(names.name[i], last) > 0) {
				last = names.name[i];
				*newest = (uint64_t)st.st_size;
			}
		}
	}
	weir_names_fini(&names);
	return 1;
}

/* Sleep for a moment; -1 if nobody waits any longer. */
static int
wait_on(const struct cmd *k, int64_t since, struct weir_error *err)
{
	const struct weir_patience *p = k->c->patience;
	struct timespec step = {0, STEP_NS};

	if (p == NULL) {
		nanosleep(&step, NULL);
		return 1;
	}
	if (p->wait(p->ctx, k->c, since))
		return 1;
	return weir_fail(err, WEIR_SYSTEM,
	    "the command that is the sink %s was stopped before it had read "
	    "all and ended: run the job again, and what it was given last "
	    "comes again",
	    k->c->sink);
}

/* Wait, but not for ever, for a command that is behind. */
static int
make_room(struct cmd *k, struct weir_error *err)
{
	int64_t begin = weir_clock_ns();
	uint64_t bytes, newest;

	for (;;) {
		if (measure(k, false, &bytes, &newest, err) == -1)
			return -1;
		if (bytes - newest <= QUEUE_MAX)
			return 1;
		if (weir_clock_ns() - begin > WAIT_NS)
			break;
		if (weir_feeder_wake(&k->feeder, err) == -1 ||
		    wait_on(k, begin, err) == -1)
			return -1;
	}
	return weir_fail(err, WEIR_SYSTEM,
	    "the command that is the sink %s does not read: %" PRIu64
	    " bytes wait for it",
	    k->c->sink, bytes);
}

/* Move pending file p, whose bytes begin at off, to the queue. */
static int
enqueue(struct cmd *k, const struct weir_pending *p, uint64_t off,
    struct weir_error *err)
{
	char name[NAME_CAP];
	int fd, out, got = weir_sink_pending(k->c->dir, p, &fd, err);

	if (got != 1)
		return got; /* gone: it was moved before */
	close(fd);
	snprintf(name, sizeof name, "%020" PRIu64, off);
	out = weir_out_open(k->c->dir, err);
	if (out == -1)
		return -1;
	if (renameat(out, p->file, k->queue, name) == -1 ||
	    fsync(k->queue) == -1 || fsync(out) == -1)
		got = weir_fail_errno(err, "queue.%s/%s", k->c->sink, name);
	close(out);
	WEIR_PROBE("queue.moved");
	return got;
}

/* --- the kind --- */

static void
cmd_close(void *self)
{
	struct cmd *k = self;

	weir_feeder_kill(&k->feeder);
	if (k->queue != -1)
		close(k->queue);
	free(k);
}

static int
cmd_open(void **self, const struct weir_visible_config *c, bool create,
    struct weir_error *err)
{
	struct cmd *k = weir_calloc(1, sizeof *k);
	uint64_t bytes, newest;

	*k = (struct cmd){.c = c, .queue = -1};
	if (open_queue(k, err) == 1 &&
	    (!create || measure(k, true, &bytes, &newest, err) == 1)) {
		*self = k;
		return 1;
	}
	cmd_close(k);
	return -1;
}

static int
cmd_base(void *self, uint64_t *base, struct weir_error *err)
{
	(void)self;
	(void)err;
	*base = 0;
	return 1;
}

static bool
cmd_is(void *self, const struct stat *st)
{
	(void)self;
	(void)st;
	return false;
}

static int
cmd_start(void *self, struct weir_error *err)
{
	struct cmd *k = self;

	k->feeder.sink = k->c->sink;
	return weir_feeder_start(&k->feeder, k->queue, k->c->path + 1, err);
}

static int
cmd_check(void *self, struct weir_error *err)
{
	struct cmd *k = self;

	return weir_feeder_check(&k->feeder, err);
}

static int
cmd_forward(
    void *self, const struct weir_manifest_sink *m, struct weir_error *err)
{
	uint64_t off = m->base;
	struct cmd *k = self;

	for (size_t i = 0; i < m->nfiles; i++) {
		if (enqueue(k, &m->files[i], off, err) == -1)
			return -1;
		off += m->files[i].len;
	}
	if (k->feeder.pid == 0) /* recovery: the committer comes next */
		return 1;
	return weir_feeder_wake(&k->feeder, err) == 1 ? make_room(k, err) : -1;
}

static int
cmd_finish(void *self, struct weir_error *err)
{
	struct cmd *k = self;
	int64_t begin = weir_clock_ns();
	uint64_t bytes, newest;
	int got;

	if (k->feeder.pid == 0) {
		if (measure(k, false, &bytes, &newest, err) == -1)
			return -1;
		if (bytes == 0)
			return 1;
		if (cmd_start(k, err) == -1)
			return -1;
	}
	if (weir_feeder_end(&k->feeder, err) == -1)
		return -1;
	while ((got = weir_feeder_ended(&k->feeder, err)) == 0)
		if (wait_on(k, begin, err) == -1)
			return -1;
	return got;
}

static int
cmd_verify(const struct weir_visible_config *c,
    const struct weir_manifest_sink *m, struct weir_error *err)
{
	(void)c;
	(void)m;
	(void)err;
	return 1;
}

static bool
cmd_is_new(const struct weir_visible_config *c, const uint64_t *base)
{
	(void)c;
	(void)base;
	return true;
}

const struct weir_visible_ops weir_visible_cmd = {
    .open = cmd_open,
    .close = cmd_close,
    .base = cmd_base,
    .is = cmd_is,
    .start = cmd_start,
    .forward = cmd_forward,
    .check = cmd_check,
    .finish = cmd_finish,
    .verify = cmd_verify,
    .is_new = cmd_is_new,
};
