/*
 * meet.c - what the inputs are, before the first event.
 *
 * One input says by its first bytes what it is. Of several, all that may have
 * something to say are asked before the stage starts, since what it is depends
 * on all of them: whether it writes frames, whether there may be retractions,
 * and in a job who it is and what it restores. Only inputs that are read one
 * after the other, as cat would, are not: the next may not be there yet.
 */
#define _GNU_SOURCE
#include "stream/runtime.h"

#include "base/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[4] = "weir";

/* A regular file that does not begin as frames do has nothing to say. */
static bool
is_plain_file(const struct weir_input *in)
{
	char head[sizeof magic];
	struct stat sb;
	int fd;
	bool plain;

	if (in->name == NULL || strcmp(in->name, "-") == 0 ||
	    stat(in->name, &sb) < 0 || !S_ISREG(sb.st_mode))
		return false;
	fd = open(in->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	plain = read(fd, head, sizeof head) != sizeof head ||
	    memcmp(head, magic, sizeof head) != 0;
	close(fd);
	return plain;
}

/* Is it known without waiting? */
static bool
known(const struct weir_stage *st, const struct weir_input *in)
{
	enum weir_format format = weir_input_format(in);

	return in->met || in->table || in->glob != NULL ||
	    st->wm.inputs[in->i].idle || st->wm.inputs[in->i].ended ||
	    (format != WEIR_FORMAT_AUTO && format != WEIR_FORMAT_FRAMES);
}

static int
differ(const struct weir_input *in, struct weir_error *err)
{
	char shown[WEIR_SOURCE_SHOWN];

	return weir_fail(err, WEIR_USAGE,
	    "%s: not a stream of the same job as the other inputs: make it a "
	    "source of the job, as in -i NAME=FILE",
	    weir_source_shown(in->source, shown));
}

int
weir_stage_take_hello(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	const struct weir_hello *h = &in->item.hello;

	in->have = false;
	in->met = true;
	if (st->started) /* it was idle, or is one after another */
		return h->job && !st->hello.job ? differ(in, err) : 1;
	if (st->hello_read && !weir_hello_same_job(&st->hello, h))
		return differ(in, err);
	if (!st->hello_read)
		weir_hello_copy(&st->hello, h);
	else
		weir_hello_join(&st->hello, h);
	st->hello_read = true;
	return 1;
}

/* One step towards what it is. */
static int
meet(struct weir_stage *st, struct weir_input *in, struct weir_error *err)
{
	int got;

	if (is_plain_file(in)) {
		in->met = true;
		return weir_input_check(in, WEIR_FORMAT_JSON, err);
	}
	if (!in->opened && weir_input_open(in, err) < 0)
		return -1;
	got = weir_input_next(in, err);
	if (got < 0)
		return -1;
	if (got == 0 && !weir_reader_done(in->reader))
		return weir_stage_fill(st, in, err);
	if (got > 0 && in->item.kind == WEIR_ITEM_HELLO)
		return weir_stage_take_hello(st, in, err);
	in->met = true;
	return weir_input_check(in, weir_reader_format(in->reader), err);
}

/* In a job there is nothing but streams of the job, and tables. */
static int
check_job(struct weir_stage *st, struct weir_error *err)
{
	char shown[WEIR_SOURCE_SHOWN];
	size_t i;

	for (i = 0; i < st->ninputs; i++) {
		struct weir_input *in = &st->inputs[i];
		const char *name =
		    in->name != NULL ? in->name : "standard input";

		if (in->table || !st->hello.job)
			continue;
		if (in->reader != NULL && weir_reader_done(in->reader) &&
		    weir_reader_format(in->reader) == WEIR_FORMAT_AUTO)
			return weir_fail(err, WEIR_UPSTREAM,
			    "%s: ended before it began",
			    weir_source_shown(in->source, shown));
		if (in->reader == NULL ||
		    weir_reader_format(in->reader) != WEIR_FORMAT_FRAMES)
			return weir_fail(err, WEIR_USAGE,
			    "%s: not a stream of the job: make it a source, as "
			    "in -i NAME=FILE",
			    weir_show_into(
				shown, sizeof shown, name, strlen(name)));
	}
	return 1;
}

int
weir_stage_meet(struct weir_stage *st, struct weir_error *err)
{
	size_t i;

	/* As they come: no one waits for another. */
	if (st->arrival || st->ninputs == 1 ||
	    (!st->hello_read && !weir_stage_assigns_time(st) &&
		st->ntables == 0)) {
		st->met = true;
		return st->ntables == 0
		    ? 1
		    : weir_stage_start(st, WEIR_FORMAT_JSON, err);
	}
	for (i = 0; i < st->ninputs; i++)
		if (!known(st, &st->inputs[i]))
			return meet(st, &st->inputs[i], err);
	st->met = true;
	if (check_job(st, err) < 0)
		return -1;
	return weir_stage_start(
	    st, st->hello_read ? WEIR_FORMAT_FRAMES : WEIR_FORMAT_JSON, err);
}
