#include "stream/commit.h"

#include "base/mem.h"
#include "base/probe.h"
#include "base/text.h"
#include "stream/committer.h"
#include "stream/recover.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOW	  256
#define FREE_SINK "out" /* the name of a sink that stands free */

/* --- beginning --- */

static const struct weir_manifest_sink *
restored_sink(const struct weir_manifest *m, const char *name)
{
	for (size_t i = 0; m != NULL && i < m->nsinks; i++)
		if (strcmp(m->sinks[i].name, name) == 0)
			return &m->sinks[i];
	return NULL;
}

/* path lives as long as the committer: the job has it. */
int
weir_committer_open(struct weir_committer *c, struct weir_commit_sink *s,
    const char *path, struct weir_error *err)
{
	s->at = (struct weir_visible_config){
	    c->c.dir, c->c.job->id, s->name, path, c->c.patience};
	s->v = weir_visible_open(&s->at, false, err);
	return s->v == NULL ? -1 : weir_visible_start(s->v, err);
}

static int
begin_sinks(struct weir_committer *c, struct weir_error *err)
{
	const struct weir_job *job = c->c.job;

	/* a sink that stands free makes itself known by its first part */
	c->nsinks = job->nsinks ? job->nsinks : 1;
	c->sinks = weir_calloc(c->nsinks, sizeof *c->sinks);
	for (size_t i = 0; i < c->nsinks; i++) {
		const struct weir_manifest_sink *ms;
		struct weir_commit_sink *s = &c->sinks[i];

		s->name =
		    weir_strdup(job->nsinks ? job->sinks[i].name : FREE_SINK);
		s->part = weir_part_name(s->name);
		if (job->nsinks == 0)
			continue;
		ms = restored_sink(c->c.restored, s->name);
		s->visible =
		    ms != NULL ? weir_sink_committed(ms) : job->sinks[i].base;
		if (weir_committer_open(c, s, job->sinks[i].path, err) == -1)
			return -1;
	}
	return 1;
}

struct weir_committer *
weir_committer_new(const struct weir_commit_config *config, int64_t now_ns,
    struct weir_error *err)
{
	struct weir_committer *c = weir_calloc(1, sizeof *c);

	c->c = *config;
	c->cpfd = -1;
	c->not_before = now_ns + config->every_ns;
	c->ends = weir_calloc(config->job->nsources, sizeof *c->ends);
	if (config->restored != NULL)
		c->claimed = weir_calloc(
		    config->restored->nparts + 1, sizeof *c->claimed);
	c->next = config->next;
	if (begin_sinks(c, err) == 1)
		return c;
	weir_committer_free(c);
	return NULL;
}

void
weir_committer_land(struct weir_committer *c)
{
	for (size_t i = 0; i < c->nwhole; i++)
		free(c->whole[i]);
	c->nwhole = 0;
	free(c->failed);
	c->failed = NULL;
	for (size_t i = 0; i < c->nsinks; i++) {
		weir_sinkpart_fini(&c->sinks[i].said);
		c->sinks[i].answered = false;
	}
	if (c->cpfd != -1)
		close(c->cpfd);
	c->cpfd = -1;
	c->asked = false;
}

void
weir_committer_free(struct weir_committer *c)
{
	if (c == NULL)
		return;
	weir_committer_land(c);
	for (size_t i = 0; i < c->nsinks; i++) {
		free(c->sinks[i].name);
		free(c->sinks[i].part);
		weir_visible_close(c->sinks[i].v);
	}
	free(c->sinks);
	free(c->whole);
	free(c->ends);
	free(c->claimed);
	free(c);
}

/* --- asking --- */

void
weir_committer_warn(const struct weir_committer *c, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (c->c.warn == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	c->c.warn(c->c.ctx, line);
}

static bool
all_ended(const struct weir_committer *c)
{
	for (size_t i = 0; i < c->c.job->nsources; i++)
		if (c->ends[i] == SOURCE_RUNS)
			return false;
	return true;
}

static enum weir_end_reason
end_reason(const struct weir_committer *c)
{
	for (size_t i = 0; i < c->c.job->nsources; i++)
		if (c->ends[i] != SOURCE_COMPLETE)
			return WEIR_SUSPENDED;
	return c->drain ? WEIR_SUSPENDED : WEIR_COMPLETE;
}

/*
 * The directory comes first, so that the number is taken, whatever happens,
 * before anybody can write a file of that number.
 */
static int
ask(struct weir_committer *c, bool last, int64_t now_ns, struct weir_error *err)
{
	struct weir_error why;
	char order[64];

	/* What could not be made may be there all the same. */
	c->cp = (struct weir_cp){c->next++, c->c.dir->epoch};
	c->not_before = now_ns + c->c.every_ns;
	c->cpfd = weir_cp_create(c->c.dir, c->cp, &why);
	if (c->cpfd == -1) { /* a full disk may have room the next time */
		c->abandoned++;
		weir_committer_warn(c,
		    "checkpoint %" PRIu64 " was given up: %s", c->cp.n,
		    why.text);
		return 1;
	}
	c->asked = true;
	c->asked_ns = now_ns;
	c->last = last;
	c->active = false;
	c->reason = last ? end_reason(c) : WEIR_COMPLETE;
	WEIR_PROBE("commit.created");
	if (last)
		snprintf(order, sizeof order, "end %" PRIu64 " %s", c->cp.n,
		    c->reason == WEIR_COMPLETE ? "complete" : "suspended");
	else
		snprintf(order, sizeof order, "barrier %" PRIu64, c->cp.n);
	if (c->c.order(c->c.ctx, order, err) == -1)
		return -1;
	WEIR_PROBE("commit.asked");
	return 1;
}

int
weir_committer_check(struct weir_committer *c, struct weir_error *err)
{
	for (size_t i = 0; i < c->nsinks && !c->done; i++)
		if (c->sinks[i].v != NULL &&
		    weir_visible_check(c->sinks[i].v, err) == -1)
			return -1;
	return 1;
}

int
weir_committer_tick(
    struct weir_committer *c, int64_t now_ns, struct weir_error *err)
{
	bool last = c->drain || all_ended(c);

	if (c->asked || c->done || now_ns < weir_committer_due(c))
		return 1;
	return ask(c, last, now_ns, err);
}

int64_t
weir_committer_due(const struct weir_committer *c)
{
	if (c->asked || c->done)
		return INT64_MAX;
	/* the end waits for nothing, unless the last try just failed */
	if (c->drain || all_ended(c))
		return c->abandoned ? c->not_before : INT64_MIN;
	return c->active ? c->not_before : INT64_MAX;
}

void
weir_committer_drain(struct weir_committer *c)
{
	c->drain = true;
}

bool
weir_committer_done(const struct weir_committer *c)
{
	return c->done;
}

bool
weir_committer_ending(const struct weir_committer *c)
{
	return c->done || (c->asked && c->last);
}

int64_t
weir_committer_asked(const struct weir_committer *c)
{
	return c->asked && !c->done ? c->asked_ns : 0;
}

uint64_t
weir_committer_number(const struct weir_committer *c)
{
	return c->cp.n;
}

/* The stage that a part is of, from its file's name. */
static void
put_stage(struct weir_buf *out, const char *file)
{
	for (size_t i = 0, len = weir_committer_stem(file); i < len; i++)
		if (strncmp(file + i, "%2F", 3) == 0) {
			weir_buf_putc(out, '/');
			i += 2;
		} else {
			weir_buf_putc(out, file[i]);
		}
}

void
weir_committer_lacks(const struct weir_committer *c, struct weir_buf *out)
{
	const char *between = "has not come to sink ";
	bool unanswered = false;

	for (size_t i = 0; i < c->nsinks; i++) {
		if (c->sinks[i].answered)
			continue;
		weir_buf_printf(out, "%s%s", between, c->sinks[i].name);
		between = ", ";
		unanswered = true;
	}
	if (!unanswered)
		weir_buf_puts(out, "lacks the part of a stage");
	between = " (what has it: ";
	for (size_t i = 0; i < c->nwhole; i++) {
		weir_buf_puts(out, between);
		put_stage(out, c->whole[i]);
		between = ", ";
	}
	weir_buf_puts(out, c->nwhole > 0 ? ")" : "");
}

uint64_t
weir_committer_commits(const struct weir_committer *c)
{
	return c->commits;
}

uint64_t
weir_committer_abandoned(const struct weir_committer *c)
{
	return c->abandoned;
}

/* --- reports --- */

/* "in%2Fswindow.1" of a file name in a checkpoint's directory. */
size_t
weir_committer_stem(const char *file)
{
	const char *dot = strrchr(file, '.');

	return dot != NULL ? (size_t)(dot - file) : strlen(file);
}

static bool
is_whole(const struct weir_committer *c, const char *file)
{
	for (size_t i = 0; i < c->nwhole; i++)
		if (strcmp(c->whole[i], file) == 0)
			return true;
	return false;
}

/*
 * Every sink has answered: give up if a part failed; commit once every part
 * that they list is there. Until the sinks have answered nothing else is asked
 * for, so a sink has never more than one barrier to work on.
 */
static int
settle(struct weir_committer *c, int64_t now_ns, struct weir_error *err)
{
	for (size_t i = 0; i < c->nsinks; i++)
		if (!c->sinks[i].answered)
			return 1;
	if (c->failed != NULL)
		return weir_committer_give_up(c, c->failed,
		    "it could not be written, nor why: is the disk full?", err);
	for (size_t i = 0; i < c->nsinks; i++) {
		const struct weir_parts *p = &c->sinks[i].said.parts;

		for (size_t k = 0; k < p->n; k++)
			if (!is_whole(c, p->part[k].file))
				return 1;
	}
	return weir_committer_commit(c, now_ns, err);
}

static int
take_part(struct weir_committer *c, const char *file, struct weir_error *err)
{
	if (is_whole(c, file))
		return 1;
	c->whole =
	    weir_grow(c->whole, &c->whole_cap, c->nwhole + 1, sizeof *c->whole);
	c->whole[c->nwhole++] = weir_strdup(file);
	for (size_t i = 0; i < c->nsinks; i++) {
		struct weir_commit_sink *s = &c->sinks[i];

		if (strcmp(s->part, file) != 0 || s->answered)
			continue;
		if (weir_sinkpart_load(&s->said, c->cpfd, file, err) == -1)
			return -1;
		s->answered = true;
	}
	return 1;
}

static void
take_failure(struct weir_committer *c, const char *file)
{
	size_t len = weir_committer_stem(file);

	if (c->failed == NULL)
		c->failed = weir_strdup(file);
	for (size_t i = 0; i < c->nsinks; i++)
		if (weir_committer_stem(c->sinks[i].part) == len &&
		    memcmp(c->sinks[i].part, file, len) == 0)
			c->sinks[i].answered = true;
}

static void
take_end(struct weir_committer *c, const char *name, size_t len, bool paused)
{
	for (size_t i = 0; i < c->c.job->nsources; i++)
		if (weir_str_eq((struct weir_str){name, len},
			c->c.job->source_names[i]))
			c->ends[i] = paused ? SOURCE_PAUSED : SOURCE_COMPLETE;
}

static void
take_claim(struct weir_committer *c, const char *file)
{
	const struct weir_manifest *m = c->c.restored;

	for (size_t i = 0; c->claimed != NULL && i < m->nparts; i++)
		if (strcmp(m->parts[i].file, file) == 0)
			c->claimed[i] = true;
}

int
weir_committer_report(struct weir_committer *c, const char *line,
    int64_t now_ns, struct weir_error *err)
{
	const char *verb = line, *rest, *last = strrchr(line, ' ');
	size_t len = strcspn(line, " ");
	char *end, shown[SHOW];
	uint64_t n;

	if (last == NULL)
		return 1;
	rest = line + len + 1;
	last++;
#define IS(word) weir_str_eq((struct weir_str){verb, len}, word)
	if (IS("active")) {
		c->active = true;
	} else if (IS("eof") && last > rest) {
		take_end(c, rest, (size_t)(last - 1 - rest),
		    strcmp(last, "paused") == 0);
	} else if (IS("restored")) {
		take_claim(c, last);
	} else if (IS("broken")) {
		weir_show_into(shown, sizeof shown, rest, strlen(rest));
		return weir_fail(err, WEIR_SYSTEM, "%s", shown);
	} else if (IS("part") || IS("failed")) {
		n = strtoull(rest, &end, 10);
		if (!c->asked || n != c->cp.n || *end != ' ')
			return 1; /* late, of one that was given up */
		if (IS("failed"))
			take_failure(c, end + 1);
		else if (take_part(c, end + 1, err) == -1)
			return -1;
		return settle(c, now_ns, err);
	}
#undef IS
	return 1;
}
