#include "stream/jobsource.h"

#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "stream/spooled.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ORDER_MAX 128
#define COMPLETE  "{\"complete\":true}"

struct weir_jobsource {
	struct weir_stage *stage;
	const struct weir_stage_config *c;
	const struct weir_role *role;
	const struct weir_jobsource_config *config;
	struct weir_spooled spooled; /* a pipe's, if it is kept */
	bool active;		/* the committer knows that there is work */
	bool complete;		/* all was read, though others go on */
	int64_t told_ns;	/* its gauge, when */
	struct weir_buf place;	/* of the barrier being taken, as JSON */
	char orders[ORDER_MAX]; /* read, not yet a whole line */
	size_t norders;
};

/* All that is there is read, from the oldest file on. */
static int
begin_rewound(
    struct weir_jobsource *s, struct weir_stage *st, struct weir_error *err)
{
	if (s->c->time == NULL)
		return weir_fail(err, WEIR_USAGE,
		    "this job began with --rewind, which goes by event time: "
		    "say which it is, with -t");
	return s->role->fresh ? weir_source_oldest(weir_stage_source(st), err)
			      : 1;
}

static int
source_open(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct weir_jobsource *s = self;

	WEIR_PROBE("source.begin");
	if (s->role->rewinds && begin_rewound(s, st, err) == -1)
		return -1;
	s->spooled.dir = weir_stage_dir(st);
	/* the wall clock may close windows without any event (--idle) */
	if (s->c->idle_ns > 0)
		weir_stage_set_due(st, WEIR_TIME_NONE);
	return 1;
}

static int
say(struct weir_jobsource *s, struct weir_stage *st, const char *what,
    const char *how, struct weir_error *err)
{
	char line[256];

	snprintf(line, sizeof line, "%s %s%s%s", what, s->role->name,
	    *how ? " " : "", how);
	return weir_stage_report(st, line, err);
}

/* Once after each barrier: an idle job takes no checkpoints. */
static int
become_active(
    struct weir_jobsource *s, struct weir_stage *st, struct weir_error *err)
{
	if (s->active)
		return 1;
	s->active = true;
	weir_stage_set_due(st, WEIR_TIME_MAX);
	return say(s, st, "active", "", err);
}

/* Only commits make room in the spool. */
static int
source_full(void *ctx, struct weir_error *err)
{
	struct weir_jobsource *s = ctx;

	return become_active(s, s->stage, err);
}

/*
 * It was read to its end while others were not, and what had gathered behind
 * it is closed: nothing can follow any more.
 */
static int
too_late(struct weir_jobsource *s, const char *what, struct weir_error *err)
{
	char shown[256];

	return weir_fail(err, WEIR_STATE,
	    "%s %s begin another job with another -d and -o (a run with "
	    "--once leaves the windows open for the next)",
	    weir_show_into(
		shown, sizeof shown, s->role->path, strlen(s->role->path)),
	    what);
}

/* What is older than --rewind says is passed over, wherever it stands. */
static int
pass_newer(struct weir_jobsource *s, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err)
{
	const uint32_t end = i + n;

	while (i < end) {
		uint32_t from = i;

		while (i < end && b->events[i].time >= s->role->rewind_ns)
			i++;
		if (i > from && weir_stage_pass(st, b, from, i - from, err) < 0)
			return -1;
		for (from = i;
		     i < end && b->events[i].time < s->role->rewind_ns;)
			i++;
		weir_stage_metrics(st)->dropped += i - from;
	}
	return 1;
}

#define TELL_NS INT64_C(100000000) /* how often to look at the file's size */

/* Whoever looks sees how far it is. */
static void
tell(struct weir_jobsource *s, struct weir_stage *st, uint32_t n, bool now)
{
	struct weir_gauge *g = s->role->gauge;
	uint64_t offset, line, done, size;

	if (g == NULL)
		return;
	g->events += n;
	if (!now && weir_clock_ns() - s->told_ns < TELL_NS)
		return;
	s->told_ns = weir_clock_ns();
	weir_reader_place(weir_stage_reader(st), &offset, &line);
	weir_source_progress(weir_stage_source(st), &done, &size);
	g->behind = size > offset   ? size - offset
	    : size > 0 || done == 0 ? 0
				    : WEIR_BEHIND_UNKNOWN;
}

static int
source_events(void *self, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_jobsource *s = self;

	if (s->complete)
		return too_late(s,
		    "has grown since it was read to its end and closed its "
		    "windows:",
		    err);
	if (become_active(s, st, err) == -1)
		return -1;
	tell(s, st, n, false);
	return s->role->rewinds ? pass_newer(s, st, b, i, n, err)
				: weir_stage_pass(st, b, i, n, err);
}

static int
source_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	(void)w;
	return become_active(self, st, err);
}

/*
 * The place is taken here, between two events, since the process that writes
 * the part has closed its input.
 */
static int
take_place(
    struct weir_jobsource *s, struct weir_stage *st, struct weir_error *err)
{
	struct weir_reader *r = weir_stage_reader(st);
	struct weir_place place = {0};
	struct weir_str context;
	uint64_t offset, line;

	weir_reader_place(r, &offset, &line);
	if (weir_source_place(
		weir_stage_source(st), offset, line, &place, err) == -1)
		return -1;
	context = weir_reader_context(r);
	if (context.len > 0)
		place.context = weir_strndup(context.s, context.len);
	s->place.len = 0;
	weir_place_write(&s->place, &place);
	weir_place_fini(&place);
	WEIR_PROBE("source.placed");
	return 1;
}

static int
source_barrier(void *self, struct weir_stage *st, const struct weir_barrier *b,
    struct weir_error *err)
{
	struct weir_jobsource *s = self;

	(void)b;
	s->active = false;
	tell(s, st, 0, true);
	if (s->c->idle_ns > 0)
		weir_stage_set_due(st, WEIR_TIME_NONE);
	/* this checkpoint may not be enough: others are kept, too */
	if (weir_spooled_full(&s->spooled) && source_full(s, err) == -1)
		return -1;
	return take_place(s, st, err);
}

static int
source_end(void *self, struct weir_stage *st, const struct weir_end *e,
    struct weir_error *err)
{
	(void)e;
	return take_place(self, st, err);
}

/* A failing fsync is never tried again: the next one would lie. */
static int
broken(struct weir_jobsource *s, const struct weir_error *err)
{
	struct weir_buf line = {0};
	struct weir_error ignored;

	weir_buf_printf(&line, "broken %.400s", err->text);
	weir_stage_report(s->stage, weir_buf_cstr(&line), &ignored);
	weir_buf_fini(&line);
	return -1;
}

static int
source_save(void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_jobsource *s = self;

	if (weir_spooled_sync(&s->spooled, err) == -1)
		return broken(s, err);
	if (weir_snapshot_line(w, s->place.data, s->place.len, err) == -1)
		return -1;
	return s->complete
	    ? weir_snapshot_line(w, COMPLETE, strlen(COMPLETE), err)
	    : 1;
}

static int
gap(struct weir_jobsource *s, struct weir_error *err)
{
	struct weir_buf text = {0};

	if (!s->config->skip_gap) {
		weir_buf_puts(&text, err->text);
		weir_fail(err, WEIR_STATE,
		    "%s: what came after it cannot be found: bring the file "
		    "back, or say --on-gap=skip to go on with what is there",
		    weir_buf_cstr(&text));
		weir_buf_fini(&text);
		return -1;
	}
	weir_buf_printf(&text, "%s: going on with what is there", err->text);
	if (s->c->warn != NULL)
		s->c->warn(s->c->ctx, weir_buf_cstr(&text));
	weir_buf_fini(&text);
	return 1;
}

/* What a pipe gave is gone: from now on, what it gives. */
static int
go_on_with_pipe(struct weir_jobsource *s, const struct weir_place *place,
    struct weir_error *err)
{
	struct weir_buf text = {0};

	if (s->role->skips && s->c->warn != NULL) {
		weir_buf_printf(&text,
		    "source %s: what the pipe gave behind line %" PRIu64
		    " before the crash is lost",
		    s->role->name, place->line);
		s->c->warn(s->c->ctx, weir_buf_cstr(&text));
	}
	weir_buf_fini(&text);
	/* another standard input has a header of its own */
	return s->role->again && place->context != NULL
	    ? weir_reader_resume(
		  weir_stage_reader(s->stage), weir_str(place->context), err)
	    : 1;
}

/* At most once: what is there already may have been read before the crash. */
static int
skip(struct weir_jobsource *s, struct weir_place *place, struct weir_error *err)
{
	struct weir_buf text = {0};
	uint64_t bytes, lines;

	if (weir_source_skip(
		weir_stage_source(s->stage), place, &bytes, &lines, err) == -1)
		return -1;
	WEIR_PROBE("source.skipped");
	if (bytes > 0 && s->c->warn != NULL) {
		weir_buf_printf(&text,
		    "source %s: %" PRIu64 " lines (%" PRIu64
		    " bytes) since the last checkpoint are skipped after a "
		    "crash",
		    s->role->name, lines, bytes);
		s->c->warn(s->c->ctx, weir_buf_cstr(&text));
	}
	weir_buf_fini(&text);
	return 1;
}

static int
go_to(
    struct weir_jobsource *s, struct weir_place *place, struct weir_error *err)
{
	struct weir_reader *r = weir_stage_reader(s->stage);
	int got;

	if (s->role->pipe != NULL && s->spooled.pipe == NULL)
		return go_on_with_pipe(s, place, err);
	got = weir_source_seek(weir_stage_source(s->stage), place, err);
	if (got == 1 && s->role->skips)
		got = skip(s, place, err);
	if (got == 1)
		weir_reader_set_place(r, place->offset, place->line);
	if (got == 1 && place->context != NULL)
		got = weir_reader_resume(r, weir_str(place->context), err);
	return got == 0 ? gap(s, err) : got;
}

static int
source_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err)
{
	struct weir_jobsource *s = self;
	struct weir_place place = {0};
	int got;

	(void)st;
	if (weir_str_eq(line, COMPLETE)) {
		s->complete = true;
		if (s->c->follow || s->c->once)
			return too_late(s,
			    "was read to its end, which closed its windows: "
			    "go on without -f and --once, or",
			    err);
		return 1;
	}
	if (weir_place_read(&place, line.s, line.len, err) == -1)
		return -1;
	got = go_to(s, &place, err);
	weir_place_fini(&place);
	return got;
}

/* --- orders --- */

static int
obey(struct weir_jobsource *s, struct weir_stage *st, char *order,
    struct weir_error *err)
{
	char *rest;
	uint64_t n;

	if (strncmp(order, "barrier ", 8) == 0) {
		n = strtoull(order + 8, &rest, 10);
		WEIR_PROBE("source.barrier");
		return weir_stage_barrier(st, n, err);
	}
	if (strncmp(order, "end ", 4) == 0) {
		n = strtoull(order + 4, &rest, 10);
		WEIR_PROBE("source.end");
		return weir_stage_end(st,
		    strcmp(rest, " complete") == 0 ? WEIR_COMPLETE
						   : WEIR_SUSPENDED,
		    n, err);
	}
	if (strcmp(order, "committed") == 0) {
		weir_spooled_recount(&s->spooled);
		return 1;
	}
	return weir_fail(err, WEIR_SYSTEM, "an order makes no sense");
}

static int
obey_lines(
    struct weir_jobsource *s, struct weir_stage *st, struct weir_error *err)
{
	char *nl;

	while ((nl = memchr(s->orders, '\n', s->norders)) != NULL) {
		char order[ORDER_MAX];
		size_t len = (size_t)(nl - s->orders);

		memcpy(order, s->orders, len);
		order[len] = '\0';
		s->norders -= len + 1;
		memmove(s->orders, nl + 1, s->norders);
		if (obey(s, st, order, err) == -1)
			return -1;
	}
	return 1;
}

/* The end of the pipe: nobody commits any more, so the stream has no end. */
static int
source_control(void *self, struct weir_stage *st, struct weir_error *err)
{
	struct weir_jobsource *s = self;
	ssize_t got = read(s->role->control_fd, s->orders + s->norders,
	    sizeof s->orders - s->norders);

	if (got == -1 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (got <= 0) {
		return weir_fail(err, WEIR_UPSTREAM, "%s", "");
	}
	s->norders += (size_t)got;
	return obey_lines(s, st, err);
}

static int
source_exhausted(
    void *self, struct weir_stage *st, bool paused, struct weir_error *err)
{
	struct weir_jobsource *s = self;

	WEIR_PROBE("source.exhausted");
	tell(s, st, 0, true);
	/* what waits for this one must not wait for the others to end */
	if (!paused && s->role->several) {
		s->complete = true;
		if (weir_stage_no_more(st, err) == -1)
			return -1;
	}
	return say(self, st, "eof", paused ? "paused" : "complete", err);
}

static const struct weir_stage_ops ops = {
    .open = source_open,
    .events = source_events,
    .advance = source_advance,
    .save = source_save,
    .load = source_load,
    .barrier = source_barrier,
    .end = source_end,
    .control = source_control,
    .exhausted = source_exhausted,
};

struct weir_jobsource *
weir_jobsource_new(const struct weir_stage_config *c,
    const struct weir_role *role, const struct weir_jobsource_config *config)
{
	struct weir_jobsource *s = weir_calloc(1, sizeof *s);
	struct weir_stage_config own = *c;

	*s = (struct weir_jobsource){.c = c, .role = role, .config = config};
	own.files = &role->path;
	own.nfiles = 1;
	own.out_fd = role->out_fd;
	own.output = WEIR_FORMAT_FRAMES;
	own.hello = role->hello;
	own.source_name = role->name;
	own.control_fd = role->control_fd;
	if (role->pipe != NULL && config->spool > 0) {
		weir_spooled_init(&s->spooled, role->name, role->pipe,
		    c->follow, config->spool);
		s->spooled.full = source_full;
		s->spooled.ctx = s;
		own.store = &s->spooled.store;
	}
	s->stage = weir_stage_new(&own, &ops, s);
	return s;
}

struct weir_stage *
weir_jobsource_stage(struct weir_jobsource *s)
{
	return s->stage;
}

void
weir_jobsource_free(struct weir_jobsource *s)
{
	if (s == NULL)
		return;
	weir_stage_free(s->stage);
	weir_spooled_fini(&s->spooled);
	weir_buf_fini(&s->place);
	free(s);
}
