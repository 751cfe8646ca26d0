/*
 * windowrun.h - the swindow operator under test, fed with random events.
 *
 * What the tests of sessions and of counted windows share: events with keys in
 * many forms, a run that can move to another operator at any place, and values
 * as a model counts them.
 */
#ifndef WEIR_TESTS_UNIT_WINDOWRUN_H
#define WEIR_TESTS_UNIT_WINDOWRUN_H

#include "op/swindow.h"

#include "base/mem.h"
#include "fakestage.h"
#include "tap.h"

#define EVENTS 60
#define LIST                                                                   \
	"n = count(), s = sum(x), l = min(x), c = count(x) if y > 0, "         \
	"f = first(i), z = last(i)"

enum { ABSENT = -1000, BAD = 1000 };

struct input {
	char json[120];
	int64_t time;
	int form, x;
};

/* Forms of keys, and which of them are equal. */
static const struct {
	const char *text;
	int class;
} forms[] = {{"\"a\"", 0}, {"\"\\u0061\"", 0}, {"1", 1}, {"1.0", 1}, {"", 2}};
#define NFORMS (int)(sizeof forms / sizeof *forms)

static uint64_t random_state = 88172645463325252;

static inline unsigned
below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 33) % n;
}

static inline int
streams(int n)
{
	const char *text = getenv("WEIR_STREAMS");

	return text != NULL ? atoi(text) : n;
}

/* What an event holds, but for its time. */
static inline void
make_json(struct input *in, int i)
{
	struct weir_buf b = {0};

	in->form = (int)below(NFORMS);
	in->x = below(6) == 0 ? ABSENT
	    : below(15) == 0  ? BAD
			      : (int)below(12) - 3;
	weir_buf_printf(&b, "{\"i\":%d,\"y\":%d", i, in->form % 2);
	if (*forms[in->form].text != '\0')
		weir_buf_printf(&b, ",\"k\":%s", forms[in->form].text);
	if (in->x == BAD)
		weir_buf_puts(&b, ",\"x\":\"?\"");
	else if (in->x != ABSENT)
		weir_buf_printf(&b, ",\"x\":%d", in->x);
	weir_buf_putc(&b, '}');
	snprintf(in->json, sizeof in->json, "%s", weir_buf_cstr(&b));
	weir_buf_fini(&b);
}

/* --- the operator --- */

struct run {
	struct weir_swindow *sw;
	struct weir_stage *st;
};

static inline void
start(struct run *r, const struct weir_swindow_config *config)
{
	struct weir_error err;

	r->sw = weir_swindow_new(config, &err);
	if (r->sw == NULL) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	r->st = weir_malloc(sizeof *r->st);
	fake_init(r->st, weir_swindow_ops(r->sw), r->sw);
	if (weir_swindow_attach(r->sw, r->st, &err) < 0 ||
	    weir_swindow_ops(r->sw)->open(r->sw, r->st, &err) < 0) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
}

static inline void
stop(struct run *r)
{
	fake_fini(r->st);
	free(r->st);
	weir_swindow_free(r->sw);
}

/* Save, and go on in another operator, which inherits the output. */
static inline int
move(struct run *r, const struct weir_swindow_config *config)
{
	struct weir_snapshot_writer saved = {0}, again = {0};
	struct weir_error err;
	struct run to;
	int good;

	start(&to, config);
	weir_swindow_ops(r->sw)->save(r->sw, &saved, &err);
	weir_buf_cstr(&saved.lines);
	to.st->newest = r->st->newest;
	to.st->watermark = r->st->watermark;
	to.st->delay = r->st->delay;
	to.st->cut = r->st->cut;
	to.st->metrics = r->st->metrics;
	to.st->out = r->st->out;
	to.st->late = r->st->late;
	to.st->bad = r->st->bad;
	to.st->sent = r->st->sent;
	to.st->disorder = r->st->disorder;
	to.st->stale = r->st->stale;
	r->st->out = r->st->late = r->st->bad = (struct weir_buf){0};
	good = fake_load(to.st, &saved.lines, &err) > 0;
	if (!good)
		printf("# load: %s\n", err.text);
	weir_swindow_ops(to.sw)->save(to.sw, &again, &err);
	good &= again.lines.len == saved.lines.len &&
	    memcmp(again.lines.data, saved.lines.data, saved.lines.len) == 0;
	weir_buf_fini(&saved.lines);
	weir_buf_fini(&again.lines);
	stop(r);
	*r = to;
	return good;
}

/*
 * Save, change a few bytes, and load the result into another operator. If that
 * takes it, it must go on with all that comes. 1 if it was taken.
 */
static inline int
maul(struct run *r, const struct weir_swindow_config *config,
    const struct input *rest, size_t n)
{
	static const char bytes[] = "0123456789-,.{}[]\"en ";
	struct weir_snapshot_writer saved = {0};
	struct weir_error err;
	struct run to;
	size_t at;
	int good;

	start(&to, config);
	weir_swindow_ops(r->sw)->save(r->sw, &saved, &err);
	for (unsigned i = 1 + below(3); i > 0; i--) {
		at = below((unsigned)saved.lines.len);
		if (saved.lines.data[at] != '\n')
			saved.lines.data[at] = bytes[below(sizeof bytes - 1)];
	}
	weir_buf_cstr(&saved.lines);
	good = fake_load(to.st, &saved.lines, &err) > 0;
	for (size_t i = 0; i < n && good; i++)
		fake_event(to.st, rest[i].json, rest[i].time);
	if (good)
		fake_end(to.st, &err);
	weir_buf_fini(&saved.lines);
	stop(&to);
	return good;
}

static inline int
equal(const struct weir_buf *a, const struct weir_buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* --- values of events, added in the order of their arrival --- */

struct values {
	int n, nx, s, l, c, first, last;
};

static inline void
add_values(struct values *v, const struct input *in, int i)
{
	const struct input *e = &in[i];

	if (v->n == 0 || e->time < in[v->first].time)
		v->first = i;
	if (v->n == 0 || e->time >= in[v->last].time)
		v->last = i;
	v->n++;
	if (e->x == ABSENT)
		return;
	v->l = v->nx == 0 || e->x < v->l ? e->x : v->l;
	v->nx++;
	v->s += e->x;
	v->c += e->form % 2;
}

/* The key is as event i wrote it; -1: there are no keys. */
static inline void
write_values(
    struct weir_buf *out, const struct values *v, const struct input *in, int i)
{
	if (i >= 0 && *forms[in[i].form].text != '\0')
		weir_buf_printf(out, ",\"k\":%s", forms[in[i].form].text);
	weir_buf_printf(out, ",\"n\":%d", v->n);
	if (v->nx > 0)
		weir_buf_printf(out, ",\"s\":%d,\"l\":%d", v->s, v->l);
	else
		weir_buf_puts(out, ",\"s\":null,\"l\":null");
	weir_buf_printf(out, ",\"c\":%d", v->c);
	if (v->n > 0)
		weir_buf_printf(out, ",\"f\":%d,\"z\":%d", v->first, v->last);
	else
		weir_buf_puts(out, ",\"f\":null,\"z\":null");
}

#endif
