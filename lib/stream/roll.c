#include "stream/roll.h"

#include "base/mem.h"
#include "event/retract.h"
#include "state/publish.h"
#include "stream/bucket.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ERROR_PATH "_error" /* of events whose path fails */
#define NONE_PATH  "_none"  /* of events that have none */
#define WRITE_MIN  ((size_t)256 << 10)
#define RS	   0x1e

struct weir_roll {
	const struct weir_roll_config *c;
	struct weir_expr *expr; /* NULL: all in one place */
	struct weir_arena arena;
	bool seq;
	uint64_t next;
	size_t n;
	struct weir_rollpart part[WEIR_ROLL_OPEN_MAX]; /* by age */
	size_t at; /* the part of what is in run */
	struct weir_buf run, out, path;
	uint64_t warned;
	void (*warn)(void *ctx, const char *text);
	void *ctx;
};

int64_t
weir_roll_wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

struct weir_roll *
weir_roll_new(const struct weir_roll_config *c, struct weir_prover *prover,
    enum weir_format format, struct weir_error *err)
{
	struct weir_scope scope = {.prover = prover};
	struct weir_roll *r = weir_calloc(1, sizeof *r);

	r->c = c;
	r->seq = format == WEIR_FORMAT_SEQ;
	r->next = 1;
	if (c->path == NULL)
		return r;
	r->expr =
	    weir_expr_compile(&scope, c->path, strlen(c->path), "--path", err);
	if (r->expr != NULL)
		return r;
	weir_roll_free(r);
	return NULL;
}

void
weir_roll_warn(
    struct weir_roll *r, void (*warn)(void *ctx, const char *text), void *ctx)
{
	r->warn = warn;
	r->ctx = ctx;
}

void
weir_roll_free(struct weir_roll *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n; i++)
		free(r->part[i].path);
	weir_expr_free(r->expr);
	weir_arena_fini(&r->arena);
	weir_buf_fini(&r->run);
	weir_buf_fini(&r->out);
	weir_buf_fini(&r->path);
	free(r);
}

void
weir_roll_restore(struct weir_roll *r, const struct weir_rollstate *s)
{
	r->next = s->next;
	for (size_t i = 0; i < s->nopen; i++) {
		r->part[r->n] = s->open[i];
		r->part[r->n++].path = weir_strdup(s->open[i].path);
	}
}

bool
weir_roll_open(const struct weir_roll *r)
{
	return r->n > 0;
}

/* --- the log --- */

static int
write_out(struct weir_roll *r, int fd, struct weir_error *err)
{
	if (weir_write_all(fd, r->out.data, r->out.len) < 0)
		return weir_fail_errno(err, "pending output");
	r->out.len = 0;
	return 1;
}

/* What was collected for one part goes to the log. */
static int
end_run(struct weir_roll *r, int fd, struct weir_error *err)
{
	if (r->run.len == 0)
		return 1;
	weir_buf_printf(&r->out, "{\"part\":%" PRIu64 ",\"len\":%zu}\n",
	    r->part[r->at].n, r->run.len);
	weir_buf_add(&r->out, r->run.data, r->run.len);
	r->run.len = 0;
	return r->out.len >= WRITE_MIN ? write_out(r, fd, err) : 1;
}

static void
open_part(struct weir_roll *r, const char *path)
{
	struct weir_rollpart *p = &r->part[r->n++];

	*p = (struct weir_rollpart){.n = r->next++,
	    .path = weir_strdup(path),
	    .since_ns = weir_roll_wall_ns()};
	weir_buf_printf(&r->out,
	    "{\"open\":%" PRIu64 ",\"path\":\"%s\",\"since\":%" PRId64
	    ",\"seq\":%d}\n",
	    p->n, p->path, p->since_ns, r->seq);
}

/* Part i is finished; nothing of it is in run. */
static void
finish_part(struct weir_roll *r, size_t i)
{
	weir_buf_printf(&r->out, "{\"finish\":%" PRIu64 "}\n", r->part[i].n);
	free(r->part[i].path);
	r->n--;
	memmove(r->part + i, r->part + i + 1, (r->n - i) * sizeof *r->part);
}

/* --- where an event goes --- */

static void
say_why(struct weir_roll *r, const char *why)
{
	struct weir_buf text = {0};

	if (r->warn == NULL || r->warned++ >= 3)
		return;
	weir_buf_printf(
	    &text, "--path: %s: the event goes to " ERROR_PATH "/", why);
	r->warn(r->ctx, weir_buf_cstr(&text));
	weir_buf_fini(&text);
}

/* The path that a value stands for: 1, or 0 with why not. */
static int
path_of(struct weir_roll *r, struct weir_value v, const char **why)
{
	char number[32];

	switch (v.kind) {
	case WEIR_STRING:
		*why = "a path that is too long or too deep";
		return weir_bucket_path(&r->path, v.s, v.aux);
	case WEIR_NULL: weir_buf_puts(&r->path, NONE_PATH); return 1;
	case WEIR_BOOL:
		weir_buf_puts(&r->path, v.b ? "true" : "false");
		return 1;
	case WEIR_INT:
	case WEIR_UINT:
		if (v.kind == WEIR_INT)
			snprintf(number, sizeof number, "%" PRId64, v.i);
		else
			snprintf(number, sizeof number, "%" PRIu64, v.u);
		return weir_bucket_path(&r->path, number, strlen(number));
	default: *why = "not a text, but of type "; return 0;
	}
}

/* Sets r->path. An event that has no good one is not lost for that. */
static void
find_path(struct weir_roll *r, const struct weir_block *b, uint32_t i)
{
	struct weir_row row = {.text = b->text + b->events[i].off,
	    .len = b->events[i].len,
	    .slots = weir_block_slots(b, i)};
	struct weir_error err;
	struct weir_value v;
	const char *why;
	int got;

	r->path.len = 0;
	weir_arena_reset(&r->arena);
	got = weir_expr_eval(r->expr, &row, &r->arena, &v, &err);
	if (got == 1)
		v = weir_value_open(v, &r->arena);
	if (got == 0) {
		weir_buf_puts(&r->path, NONE_PATH);
		return;
	}
	why = err.text;
	if (got == 1 && path_of(r, v, &why) == 1)
		return;
	if (got == 1 && v.kind != WEIR_STRING)
		weir_fail(&err, WEIR_INPUT, "%s%s", why,
		    weir_kind_name((enum weir_kind)v.kind));
	else if (got == 1)
		weir_fail(&err, WEIR_INPUT, "%s", why);
	say_why(r, err.text);
	r->path.len = 0;
	weir_buf_puts(&r->path, ERROR_PATH);
}

/* The part of event i, opened if need be, is what run is for. */
static int
choose_part(struct weir_roll *r, int fd, const struct weir_block *b, uint32_t i,
    struct weir_error *err)
{
	const char *path = "";
	size_t k;

	if (r->expr != NULL) {
		find_path(r, b, i);
		path = weir_buf_cstr(&r->path);
	}
	if (r->run.len > 0 && strcmp(r->part[r->at].path, path) == 0)
		return 1;
	if (end_run(r, fd, err) == -1)
		return -1;
	for (k = 0; k < r->n && strcmp(r->part[k].path, path) != 0;)
		k++;
	if (k == r->n) {
		if (r->n == WEIR_ROLL_OPEN_MAX)
			finish_part(r, 0);
		k = r->n;
		open_part(r, path);
	}
	r->at = k;
	return 1;
}

/* --- writing --- */

static void
add_event(struct weir_roll *r, const struct weir_block *b, uint32_t i)
{
	const struct weir_event *ev = &b->events[i];

	if (r->seq)
		weir_buf_putc(&r->run, RS);
	if (weir_retract_any(ev, 1))
		weir_retract_write(&r->run, b->text + ev->off, ev->len);
	else
		weir_buf_add(&r->run, b->text + ev->off, ev->len);
	weir_buf_putc(&r->run, '\n');
}

int
weir_roll_events(struct weir_roll *r, int fd, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err)
{
	for (uint32_t end = i + n; i < end; i++) {
		struct weir_rollpart *p;
		size_t before;

		if (choose_part(r, fd, b, i, err) == -1)
			return -1;
		p = &r->part[r->at];
		before = r->run.len;
		add_event(r, b, i);
		p->len += r->run.len - before;
		if (r->c->size_bytes > 0 && p->len >= r->c->size_bytes) {
			if (end_run(r, fd, err) == -1)
				return -1;
			finish_part(r, r->at);
		} else if (r->run.len >= WRITE_MIN &&
		    end_run(r, fd, err) == -1) {
			return -1;
		}
	}
	return 1;
}

int64_t
weir_roll_due(const struct weir_roll *r)
{
	if (r->c->age_ns == 0 || r->n == 0)
		return INT64_MAX;
	if (r->part[0].since_ns > INT64_MAX - r->c->age_ns)
		return INT64_MAX;
	return r->part[0].since_ns + r->c->age_ns;
}

int
weir_roll_cut(struct weir_roll *r, int fd, int64_t now_ns, bool all,
    struct weir_error *err)
{
	if (end_run(r, fd, err) == -1)
		return -1;
	while (r->n > 0 && (all || weir_roll_due(r) <= now_ns))
		finish_part(r, 0);
	return write_out(r, fd, err);
}

/* --- reading the log --- */

/* The text up to the next one of end, as a number. */
static int
take_number(const char **s, const char *e, char stop, uint64_t *v)
{
	const char *p = *s;

	*v = 0;
	while (p < e && *p >= '0' && *p <= '9' && p - *s < 19)
		*v = *v * 10 + (uint64_t)(*p++ - '0');
	if (p == *s || p == e || *p != stop)
		return 0;
	*s = p + 1;
	return 1;
}

static int
take_word(const char **s, const char *e, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(e - *s) < len || memcmp(*s, word, len) != 0)
		return 0;
	*s += len;
	return 1;
}

static int
read_open(struct weir_roll_line *l, const char *s, const char *e)
{
	const char *quote;
	uint64_t since, seq;

	if (!take_number(&s, e, ',', &l->n) ||
	    !take_word(&s, e, "\"path\":\"") ||
	    (quote = memchr(s, '"', (size_t)(e - s))) == NULL ||
	    (size_t)(quote - s) >= sizeof l->path)
		return 0;
	memcpy(l->path, s, (size_t)(quote - s));
	l->path[quote - s] = '\0';
	s = quote + 1;
	if (!take_word(&s, e, ",\"since\":") ||
	    !take_number(&s, e, ',', &since) || !take_word(&s, e, "\"seq\":") ||
	    !take_number(&s, e, '}', &seq) || s != e)
		return 0;
	l->verb = WEIR_ROLL_OPEN;
	l->since_ns = since > INT64_MAX ? INT64_MAX : (int64_t)since;
	l->seq = seq != 0;
	return weir_bucket_good(l->path);
}

int
weir_roll_read(struct weir_roll_line *l, const char *s, size_t len)
{
	const char *e = s + len;

	l->len = 0;
	if (take_word(&s, e, "{\"part\":")) {
		l->verb = WEIR_ROLL_PART;
		return take_number(&s, e, ',', &l->n) &&
		    take_word(&s, e, "\"len\":") &&
		    take_number(&s, e, '}', &l->len) && s == e;
	}
	if (take_word(&s, e, "{\"finish\":")) {
		l->verb = WEIR_ROLL_FINISH;
		return take_number(&s, e, '}', &l->n) && s == e;
	}
	return take_word(&s, e, "{\"open\":") && read_open(l, s, e);
}
