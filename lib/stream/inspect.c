#include "stream/inspect.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/timetext.h"
#include "event/control.h"
#include "event/source.h"
#include "json/value.h"
#include "state/save.h"
#include "state/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOW 128

/* One source of a checkpoint: where it was. */
struct position {
	char *name;
	struct weir_place place;
};

struct info {
	const char *name; /* of a savepoint, or NULL */
	struct weir_manifest m;
	uint64_t bytes; /* of all parts */
	int64_t watermark;
	size_t n;
	struct position *sources;
};

static void
info_fini(struct info *in)
{
	for (size_t i = 0; i < in->n; i++) {
		free(in->sources[i].name);
		weir_place_fini(&in->sources[i].place);
	}
	free(in->sources);
	weir_manifest_fini(&in->m);
}

/* The place in the part of a source. */
static int
read_place(struct weir_snapshot_reader *r, const char *name, struct info *in,
    struct weir_error *err)
{
	struct position *pos = &in->sources[in->n];
	struct weir_str line;
	/* the runtime's own line comes first */
	int got = weir_snapshot_next(r, &line, err);

	if (got == 1)
		got = weir_snapshot_next(r, &line, err);
	if (got == 1)
		got = weir_place_read(&pos->place, line.s, line.len, err);
	if (got != 1)
		return got;
	pos->name = weir_strdup(name);
	in->n++;
	return 1;
}

/*
 * Time comes from where it was given: a source, or a stage's -t. The stream is
 * as far as the slowest of them.
 */
static int
read_part(int cpfd, const struct weir_manifest_part *p, struct info *in,
    struct weir_error *err)
{
	const struct weir_snapshot_header *h;
	struct weir_snapshot_reader *r;
	int got = 1;

	r = weir_snapshot_open(cpfd, p->file, err);
	if (r == NULL)
		return -1;
	h = weir_snapshot_header(r);
	if (strcmp(h->kind, "source") == 0)
		got = read_place(r, p->stage, in, err);
	if (strcmp(h->kind, "sink") != 0 && h->watermark != WEIR_TIME_NONE &&
	    (in->watermark == WEIR_TIME_NONE || h->watermark < in->watermark))
		in->watermark = h->watermark;
	weir_snapshot_close(r);
	return got;
}

/* Only parts that are known to be small are opened. */
static bool
is_small(const char *stage)
{
	return strchr(stage, '/') == NULL || strstr(stage, "/time.") != NULL;
}

/* in->m is loaded; its parts lie in the open directory fd. */
static int
info_fill(int fd, struct info *in, struct weir_error *err)
{
	int got = 1;

	in->watermark = WEIR_TIME_NONE;
	in->sources = weir_calloc(in->m.nparts + 1, sizeof *in->sources);
	for (size_t i = 0; i < in->m.nparts && got != -1; i++) {
		in->bytes += in->m.parts[i].len;
		if (is_small(in->m.parts[i].stage))
			got = read_part(fd, &in->m.parts[i], in, err);
	}
	return got == -1 ? -1 : 1;
}

static int
info_load(const struct weir_dir *d, struct weir_cp cp, struct info *in,
    struct weir_error *err)
{
	int fd, got;

	*in = (struct info){0};
	got = weir_manifest_load(d, cp, &in->m, err);
	if (got != 1)
		return got;
	fd = weir_cp_open(d, cp, err);
	got = fd == -1 ? -1 : info_fill(fd, in, err);
	if (fd != -1)
		close(fd);
	if (got == -1)
		info_fini(in);
	return got;
}

static int
info_load_save(const struct weir_dir *d, const char *name, struct info *in,
    struct weir_error *err)
{
	int fd = weir_save_open(d, name, err), got;

	*in = (struct info){.name = name};
	if (fd == -1)
		return -1;
	got = weir_save_load(d, name, fd, &in->m, err);
	if (got == 1)
		got = info_fill(fd, in, err);
	close(fd);
	if (got == -1)
		info_fini(in);
	return got;
}

static const char *
final_name(int final)
{
	if (final == 0)
		return NULL;
	return final == 1 + WEIR_COMPLETE ? "complete" : "suspended";
}

static void
add_time(struct weir_buf *out, int64_t ns, const char *quote)
{
	if (ns == WEIR_TIME_NONE || ns == WEIR_TIME_MAX) {
		weir_buf_puts(out, *quote ? "null" : "-");
		return;
	}
	weir_buf_puts(out, quote);
	out->len += weir_time_print(weir_buf_reserve(out, WEIR_TIME_TEXT), ns);
	weir_buf_puts(out, quote);
}

static void
json_row(struct weir_buf *out, const struct info *in)
{
	const char *end = final_name(in->m.final);

	weir_buf_putc(out, '{');
	if (in->name != NULL)
		weir_buf_printf(out, "\"savepoint\":\"%s\",", in->name);
	weir_buf_printf(out,
	    "\"checkpoint\":%" PRIu64 ",\"epoch\":%" PRIu64 ",\"time\":",
	    in->m.cp.n, in->m.cp.epoch);
	add_time(out, in->m.time_ns, "\"");
	weir_buf_printf(out,
	    ",\"bytes\":%" PRIu64 ",\"duration_ms\":%.3f,\"sources\":{",
	    in->bytes, (double)in->m.duration_ns / 1e6);
	for (size_t i = 0; i < in->n; i++) {
		const struct position *p = &in->sources[i];

		weir_buf_puts(out, i > 0 ? "," : "");
		weir_json_string(out, p->name, strlen(p->name));
		weir_buf_puts(out, ":{\"file\":");
		weir_json_string(out, p->place.name, strlen(p->place.name));
		weir_buf_printf(out,
		    ",\"line\":%" PRIu64 ",\"offset\":%" PRIu64 "}",
		    p->place.line, p->place.offset);
	}
	weir_buf_puts(out, "},\"watermark\":");
	add_time(out, in->watermark, "\"");
	weir_buf_printf(out, ",\"end\":%s%s%s}\n", end ? "\"" : "",
	    end ? end : "null", end ? "\"" : "");
}

static void
pad(struct weir_buf *out, size_t begin, size_t width)
{
	do
		weir_buf_putc(out, ' ');
	while (out->len < begin + width);
}

static void
table_row(struct weir_buf *out, const struct info *in)
{
	const char *end = final_name(in->m.final);
	size_t at = out->len;
	char shown[SHOW];

	if (in->name != NULL)
		weir_buf_printf(out, "%10s  ", in->name);
	else
		weir_buf_printf(out, "%10" PRIu64 "  ", in->m.cp.n);
	add_time(out, in->m.time_ns / 1000000 * 1000000, "");
	pad(out, at, 38);
	weir_buf_printf(out, "%9" PRIu64 "  %7.1f ms  ", in->bytes,
	    (double)in->m.duration_ns / 1e6);
	at = out->len;
	add_time(out, in->watermark, "");
	pad(out, at, 26);
	for (size_t i = 0; i < in->n; i++) {
		const struct weir_place *p = &in->sources[i].place;
		const char *slash = strrchr(p->name, '/');
		const char *name = slash ? slash + 1 : p->name;

		weir_buf_printf(out, "%s:%" PRIu64 " ",
		    weir_show_into(shown, sizeof shown, name, strlen(name)),
		    p->line);
	}
	if (in->name != NULL)
		weir_buf_printf(out, "checkpoint %" PRIu64 " ", in->m.cp.n);
	weir_buf_printf(out, "%s\n", end ? end : "");
}

static const char table_head[] =
    "checkpoint  time                          bytes         took  "
    "watermark                 source\n";

static void
add_row(struct weir_buf *out, struct info *in, bool table)
{
	if (table)
		table_row(out, in);
	else
		json_row(out, in);
	info_fini(in);
}

static int
list_checkpoints(const struct weir_dir *d, bool table, struct weir_buf *out,
    struct weir_error *err)
{
	struct weir_cp *cps = NULL;
	struct info in;
	size_t n = 0;
	int got = 1;

	if (weir_cp_list(d, &cps, &n, err) == -1)
		return -1;
	for (size_t i = 0; i < n && got != -1; i++) {
		got = info_load(d, cps[i], &in, err);
		if (got == -1 && weir_inspect_gone(d, cps[i]))
			got = 0;
		if (got == 1)
			add_row(out, &in, table);
	}
	free(cps);
	return got == -1 ? -1 : 1;
}

static int
list_saves(const struct weir_dir *d, bool table, struct weir_buf *out,
    struct weir_error *err)
{
	struct weir_saves all;
	struct info in;
	int got = weir_save_list(d, &all, err);

	for (size_t i = 0; i < all.n && got == 1; i++) {
		got = info_load_save(d, all.name[i], &in, err);
		if (got == 1)
			add_row(out, &in, table);
		else if (weir_inspect_unsaved(d, all.name[i]))
			got = 1;
	}
	weir_saves_fini(&all);
	return got;
}

int
weir_inspect_list(const struct weir_dir *d, bool table, weir_inspect_fn *put,
    void *ctx, struct weir_error *err)
{
	struct weir_buf out = {0};
	int got;

	if (table)
		weir_buf_puts(&out, table_head);
	got = list_checkpoints(d, table, &out, err);
	if (got == 1)
		got = list_saves(d, table, &out, err);
	if (out.len > 0 && put(ctx, out.data, out.len) == -1)
		got = -1;
	weir_buf_fini(&out);
	return got;
}

/* --- show --- */

static int
show_part(int cpfd, const struct weir_manifest_part *p, bool wrap,
    weir_inspect_fn *put, void *ctx, struct weir_error *err)
{
	struct weir_snapshot_reader *r;
	struct weir_buf out = {0};
	struct weir_str line;
	int got;

	r = weir_snapshot_open(cpfd, p->file, err);
	if (r == NULL)
		return -1;
	while ((got = weir_snapshot_next(r, &line, err)) == 1) {
		out.len = 0;
		if (wrap) {
			weir_buf_puts(&out, "{\"stage\":");
			weir_json_string(&out, p->stage, strlen(p->stage));
			weir_buf_puts(&out, ",\"state\":");
		}
		weir_buf_add(&out, line.s, line.len);
		weir_buf_puts(&out, wrap ? "}\n" : "\n");
		got = put(ctx, out.data, out.len);
		if (got == -1)
			break;
	}
	weir_buf_fini(&out);
	weir_snapshot_close(r);
	return got == -1 ? -1 : 1;
}

/* The newest committed checkpoint of number n, or of any if n is 0. */
static int
find(const struct weir_dir *d, uint64_t n, struct weir_manifest *m,
    struct weir_error *err)
{
	struct weir_cp *cps = NULL;
	size_t ncps = 0;
	int got = 0;

	if (weir_cp_list(d, &cps, &ncps, err) == -1)
		return -1;
	while (got == 0 && ncps-- > 0)
		if (n == 0 || cps[ncps].n == n)
			got = weir_manifest_load(d, cps[ncps], m, err);
	free(cps);
	if (got == 0 && n == 0)
		weir_fail(err, WEIR_USAGE, "there is no checkpoint yet");
	else if (got == 0)
		weir_fail(err, WEIR_USAGE,
		    "there is no checkpoint %" PRIu64
		    ": `scheckpoint list` shows what is kept",
		    n);
	return got;
}

int
weir_inspect_open(const struct weir_dir *d,
    const struct weir_inspect_from *from, struct weir_manifest *m, int *fd,
    struct weir_error *err)
{
	int got;

	*m = (struct weir_manifest){0};
	*fd = -1;
	if (from->name != NULL) {
		*fd = weir_save_open(d, from->name, err);
		if (*fd == -1)
			return err->status == WEIR_USAGE ? 0 : -1;
		got = weir_save_load(d, from->name, *fd, m, err);
	} else {
		got = find(d, from->n, m, err);
		if (got == 1 && (*fd = weir_cp_open(d, m->cp, err)) == -1)
			got = -1;
	}
	if (got == 1)
		return 1;
	weir_manifest_fini(m);
	if (*fd != -1)
		close(*fd);
	return got;
}

void
weir_inspect_no_stage(
    const char *stage, const struct weir_manifest *m, struct weir_error *err)
{
	struct weir_buf names = {0};
	char shown[SHOW];

	for (size_t i = 0; i < m->nparts; i++) {
		weir_buf_puts(&names, i > 0 ? ", " : "");
		weir_show(
		    &names, m->parts[i].stage, strlen(m->parts[i].stage), SHOW);
	}
	weir_fail(err, WEIR_USAGE,
	    "checkpoint %" PRIu64 " holds no state of %s; it holds %s", m->cp.n,
	    weir_show_into(shown, sizeof shown, stage, strlen(stage)),
	    weir_buf_cstr(&names));
	weir_buf_fini(&names);
}

int
weir_inspect_show(const struct weir_dir *d,
    const struct weir_inspect_from *from, const char *stage,
    weir_inspect_fn *put, void *ctx, struct weir_error *err)
{
	struct weir_manifest m;
	size_t shown = 0;
	int fd, got = weir_inspect_open(d, from, &m, &fd, err);

	if (got != 1)
		return got;
	for (size_t i = 0; got == 1 && i < m.nparts; i++) {
		if (stage != NULL && strcmp(m.parts[i].stage, stage) != 0)
			continue;
		got = show_part(fd, &m.parts[i], stage == NULL, put, ctx, err);
		shown++;
	}
	close(fd);
	if (got == 1 && shown == 0 && stage != NULL) {
		weir_inspect_no_stage(stage, &m, err);
		got = 0;
	}
	weir_manifest_fini(&m);
	return got;
}
