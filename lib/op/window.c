#include "op/window.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/timetext.h"

#include <stdlib.h>
#include <string.h>

/* --- what the options say --- */

static int
refuse(const char *text, const char *kind, struct weir_error *err)
{
	char shown[80];

	return weir_fail(err, WEIR_USAGE,
	    "-w %s: %s windows are not known to this version, only tumbling "
	    "ones: a duration such as 1m",
	    weir_show_into(shown, sizeof shown, text, strlen(text)), kind);
}

/* The kinds of CLI.md that have a form of their own. */
static int
refuse_kinds(const char *text, struct weir_error *err)
{
	static const char *const prefix[] = {"session:", "cumulate:", "count:"};
	static const char *const kind[] = {"session", "cumulating", "count"};

	for (size_t i = 0; i < sizeof prefix / sizeof *prefix; i++)
		if (strncmp(text, prefix[i], strlen(prefix[i])) == 0)
			return refuse(text, kind[i], err);
	if (strcmp(text, "global") == 0)
		return refuse(text, "global", err);
	if (strchr(text, '/') != NULL)
		return refuse(text, "hopping", err);
	return 1;
}

static int
read_duration(
    const char *option, const char *text, int64_t *ns, struct weir_error *err)
{
	struct weir_error why;

	if (weir_duration_read(text, strlen(text), ns, &why) < 0)
		return weir_fail(err, WEIR_USAGE, "%s: %s", option, why.text);
	return 1;
}

static int64_t
floor_mod(int64_t a, int64_t b)
{
	int64_t m = a % b;

	return m < 0 ? m + b : m;
}

int
weir_window_parse(struct weir_window_spec *spec, const char *text,
    const char *offset, struct weir_error *err)
{
	int64_t ns = 0;

	*spec = (struct weir_window_spec){.kind = WEIR_TUMBLING};
	if (refuse_kinds(text, err) < 0 ||
	    read_duration("-w", text, &spec->size_ns, err) < 0)
		return -1;
	if (spec->size_ns <= 0)
		return weir_fail(err, WEIR_USAGE,
		    "-w: a window must be longer than nothing");
	if (offset != NULL && read_duration("--offset", offset, &ns, err) < 0)
		return -1;
	spec->offset_ns = floor_mod(ns, spec->size_ns);
	return 1;
}

void
weir_window_print(struct weir_buf *out, const struct weir_window_spec *spec)
{
	char text[WEIR_TIME_TEXT];

	weir_buf_puts(out, "-w ");
	weir_buf_add(out, text, weir_duration_print(text, spec->size_ns));
	if (spec->offset_ns == 0)
		return;
	weir_buf_puts(out, " --offset=");
	weir_buf_add(out, text, weir_duration_print(text, spec->offset_ns));
}

struct weir_span
weir_window_assign(const struct weir_window_spec *spec, int64_t t)
{
	int64_t into = floor_mod(t, spec->size_ns) - spec->offset_ns;
	struct weir_span span;

	if (into < 0)
		into += spec->size_ns;
	if (__builtin_sub_overflow(t, into, &span.start) ||
	    span.start == WEIR_TIME_NONE)
		span.start = WEIR_TIME_NONE + 1;
	span.end = weir_time_add(t, spec->size_ns - into);
	return span;
}

/* --- the order of closing: a binary heap --- */

static int
before(const struct weir_window *a, const struct weir_window *b)
{
	if (a->span.end != b->span.end)
		return a->span.end < b->span.end;
	return a->span.start < b->span.start;
}

static void
place(struct weir_windows *ws, struct weir_window *w, size_t i)
{
	ws->heap[i] = w;
	w->place = i;
}

static void
sift_up(struct weir_windows *ws, struct weir_window *w, size_t i)
{
	for (; i > 0 && before(w, ws->heap[(i - 1) / 2]); i = (i - 1) / 2)
		place(ws, ws->heap[(i - 1) / 2], i);
	place(ws, w, i);
}

static void
sift_down(struct weir_windows *ws, struct weir_window *w, size_t i)
{
	size_t kid;

	while ((kid = 2 * i + 1) < ws->n) {
		if (kid + 1 < ws->n && before(ws->heap[kid + 1], ws->heap[kid]))
			kid++;
		if (!before(ws->heap[kid], w))
			break;
		place(ws, ws->heap[kid], i);
		i = kid;
	}
	place(ws, w, i);
}

/* --- the open windows --- */

void
weir_windows_init(struct weir_windows *ws)
{
	*ws = (struct weir_windows){0};
	ws->by_start = weir_table_new(sizeof(struct weir_window *));
}

void
weir_windows_fini(struct weir_windows *ws)
{
	for (size_t i = 0; i < ws->n; i++)
		free(ws->heap[i]);
	free(ws->heap);
	weir_table_free(ws->by_start);
	*ws = (struct weir_windows){0};
}

struct weir_window *
weir_windows_find(const struct weir_windows *ws, int64_t start)
{
	struct weir_window **at = weir_table_get(ws->by_start, &start,
	    sizeof start, weir_table_hash(ws->by_start, &start, sizeof start));

	return at != NULL ? *at : NULL;
}

struct weir_window *
weir_windows_open(struct weir_windows *ws, struct weir_span span)
{
	struct weir_window *w = weir_calloc(1, sizeof *w), **at;
	int added;

	w->span = span;
	at = weir_table_put(ws->by_start, &span.start, sizeof span.start,
	    weir_table_hash(ws->by_start, &span.start, sizeof span.start),
	    &added);
	*at = w;
	ws->heap = weir_grow(ws->heap, &ws->cap, ws->n + 1, sizeof *ws->heap);
	sift_up(ws, w, ws->n++);
	weir_windows_measure(ws, w);
	return w;
}

struct weir_window *
weir_windows_first(const struct weir_windows *ws)
{
	return ws->n > 0 ? ws->heap[0] : NULL;
}

void
weir_windows_close(struct weir_windows *ws, struct weir_window *w)
{
	size_t i = w->place;
	struct weir_window *last = ws->heap[--ws->n];

	if (last != w && i > 0 && before(last, ws->heap[(i - 1) / 2]))
		sift_up(ws, last, i);
	else if (last != w)
		sift_down(ws, last, i);
	weir_table_remove(ws->by_start, &w->span.start, sizeof w->span.start,
	    weir_table_hash(
		ws->by_start, &w->span.start, sizeof w->span.start));
	ws->bytes -= w->bytes;
	free(w);
}

static int
compare_windows(const void *a, const void *b)
{
	const struct weir_window *const *x = a, *const *y = b;

	return before(*y, *x) - before(*x, *y);
}

struct weir_window **
weir_windows_sorted(const struct weir_windows *ws)
{
	struct weir_window **all =
	    weir_malloc(ws->n * sizeof(struct weir_window *));

	if (ws->n > 0) {
		memcpy(all, ws->heap, ws->n * sizeof *all);
		qsort(all, ws->n, sizeof *all, compare_windows);
	}
	return all;
}

void
weir_windows_measure(struct weir_windows *ws, struct weir_window *w)
{
	size_t now = sizeof *w + weir_groups_bytes(&w->groups);

	ws->bytes += now - w->bytes;
	w->bytes = now;
}

size_t
weir_windows_bytes(const struct weir_windows *ws)
{
	return ws->bytes + ws->cap * sizeof *ws->heap +
	    weir_table_bytes(ws->by_start);
}
