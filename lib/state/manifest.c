/* manifest.c - MANIFEST: what a committed checkpoint consists of (dir.h). */
#include "base/mem.h"
#include "base/probe.h"
#include "state/dir.h"
#include "state/inside.h"
#include "state/publish.h"
#include "state/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "MANIFEST"

/* --- reading --- */

/* A file's name, length and digest. */
static int
read_file(struct weir_record *r, const struct weir_map *map, char **file,
    uint64_t *len, struct weir_digest *digest)
{
	if (weir_record_str(r, map, "file", file) < 0 ||
	    weir_record_u64(r, map, "length", len) < 0 ||
	    weir_record_digest(r, map, "digest", digest) < 0)
		return -1;
	if (!weir_name_good(*file))
		return weir_fail(r->err, WEIR_STATE,
		    "%s: damaged: not the name of a file inside", r->file);
	return 1;
}

static int
read_parts(struct weir_record *r, struct weir_manifest *m)
{
	const struct weir_list *list;
	const struct weir_map *map;

	if (weir_record_list(r, "parts", WEIR_PARTS_MAX, &list) < 0)
		return -1;
	m->parts = weir_calloc(list->n, sizeof *m->parts);
	m->nparts = list->n;
	for (size_t i = 0; i < list->n; i++) {
		struct weir_manifest_part *p = &m->parts[i];

		if (weir_record_item(r, list, i, &map) < 0 ||
		    weir_record_str(r, map, "stage", &p->stage) < 0 ||
		    read_file(r, map, &p->file, &p->len, &p->digest) < 0)
			return -1;
	}
	return 1;
}

static int
read_sink(struct weir_record *r, const struct weir_map *map,
    struct weir_manifest_sink *sink)
{
	const struct weir_list *list;
	const struct weir_map *file;
	uint64_t end;

	if (weir_record_str(r, map, "name", &sink->name) < 0 ||
	    weir_record_u64(r, map, "base", &sink->base) < 0 ||
	    weir_record_sublist(r, map, "files", WEIR_FILES_MAX, &list) < 0)
		return -1;
	sink->files = weir_calloc(list->n, sizeof *sink->files);
	sink->nfiles = list->n;
	end = sink->base;
	for (size_t i = 0; i < list->n; i++) {
		struct weir_pending *f = &sink->files[i];

		if (weir_record_item(r, list, i, &file) < 0 ||
		    read_file(r, file, &f->file, &f->len, &f->digest) < 0)
			return -1;
		if (f->len > INT64_MAX || (end += f->len) > INT64_MAX)
			return weir_fail(r->err, WEIR_STATE,
			    "%s: damaged: lengths beyond all bounds", r->file);
	}
	return 1;
}

static int
read_sinks(struct weir_record *r, struct weir_manifest *m)
{
	const struct weir_list *list;
	const struct weir_map *map;

	if (weir_record_list(r, "sinks", WEIR_SINKS_MAX, &list) < 0)
		return -1;
	m->sinks = weir_calloc(list->n, sizeof *m->sinks);
	m->nsinks = list->n;
	for (size_t i = 0; i < list->n; i++)
		if (weir_record_item(r, list, i, &map) < 0 ||
		    read_sink(r, map, &m->sinks[i]) < 0)
			return -1;
	return 1;
}

static int
read_job(struct weir_record *r, struct weir_manifest *m)
{
	const struct weir_map *map;

	if (weir_record_maybe_str(r, r->map, "branch", &m->branch) < 0)
		return -1;
	if (!weir_record_has(r->map, "job"))
		return 1;
	m->job = weir_calloc(1, sizeof *m->job);
	return weir_record_map(r, r->map, "job", &map) < 0
	    ? -1
	    : weir_job_take(r, map, m->job);
}

static int
read_all(
    struct weir_record *r, const struct weir_cp *cp, struct weir_manifest *m)
{
	uint64_t final;

	if (weir_record_kind(r, "manifest") < 0 ||
	    weir_record_u64(r, r->map, "checkpoint", &m->cp.n) < 0 ||
	    weir_record_u64(r, r->map, "epoch", &m->cp.epoch) < 0 ||
	    weir_record_i64(r, r->map, "time", 0, &m->time_ns) < 0 ||
	    weir_record_i64(r, r->map, "duration", 0, &m->duration_ns) < 0 ||
	    weir_record_u64(r, r->map, "final", &final) < 0)
		return -1;
	if (cp != NULL && (m->cp.n != cp->n || m->cp.epoch != cp->epoch))
		return weir_fail(r->err, WEIR_STATE,
		    "%s: belongs to another checkpoint", r->file);
	if (final > 1 + WEIR_FAILED)
		return weir_fail(
		    r->err, WEIR_STATE, "%s: \"final\" is unknown", r->file);
	m->final = (int) final;
	return read_parts(r, m) < 0 || read_sinks(r, m) < 0 ? -1
							    : read_job(r, m);
}

int
weir_manifest_load_in(int dir, const struct weir_cp *cp,
    struct weir_manifest *m, struct weir_error *err)
{
	struct weir_record r;
	int got;

	*m = (struct weir_manifest){0};
	got = weir_record_load(&r, dir, FILE_NAME, WEIR_MANIFEST_MAX, err);
	if (got != 1)
		return got;
	got = read_all(&r, cp, m);
	weir_record_fini(&r);
	if (got < 0)
		weir_manifest_fini(m);
	return got;
}

int
weir_manifest_load(const struct weir_dir *d, struct weir_cp cp,
    struct weir_manifest *m, struct weir_error *err)
{
	int dir = weir_cp_open(d, cp, err), got;

	*m = (struct weir_manifest){0};
	if (dir < 0)
		return -1;
	got = weir_manifest_load_in(dir, &cp, m, err);
	close(dir);
	return got < 0 ? weir_cp_blame(d, cp, err) : got;
}

void
weir_manifest_fini(struct weir_manifest *m)
{
	for (size_t i = 0; i < m->nparts; i++) {
		free(m->parts[i].stage);
		free(m->parts[i].file);
	}
	for (size_t i = 0; i < m->nsinks; i++) {
		for (size_t k = 0; k < m->sinks[i].nfiles; k++)
			free(m->sinks[i].files[k].file);
		free(m->sinks[i].files);
		free(m->sinks[i].name);
	}
	if (m->job != NULL)
		weir_job_fini(m->job);
	free(m->job);
	free(m->branch);
	free(m->parts);
	free(m->sinks);
	*m = (struct weir_manifest){0};
}

/* --- writing --- */

static void
put_file(struct weir_buf *b, const char *file, uint64_t len,
    struct weir_digest digest)
{
	weir_record_put_str(b, "file", file);
	weir_record_put_u64(b, "length", len);
	weir_record_put_digest(b, "digest", digest);
	weir_buf_putc(b, '}');
}

static void
put_sink(struct weir_buf *b, const struct weir_manifest_sink *sink)
{
	weir_record_put_str(b, "name", sink->name);
	weir_record_put_u64(b, "base", sink->base);
	weir_buf_puts(b, ",\"files\":[");
	for (size_t i = 0; i < sink->nfiles; i++) {
		const struct weir_pending *f = &sink->files[i];

		weir_buf_puts(b, i > 0 ? ",{" : "{");
		put_file(b, f->file, f->len, f->digest);
	}
	weir_buf_puts(b, "]}");
}

static void
put_all(struct weir_buf *b, const struct weir_manifest *m)
{
	weir_record_begin(b, "manifest");
	weir_record_put_u64(b, "checkpoint", m->cp.n);
	weir_record_put_u64(b, "epoch", m->cp.epoch);
	weir_record_put_i64(b, "time", m->time_ns);
	weir_record_put_i64(b, "duration", m->duration_ns);
	weir_record_put_u64(b, "final", (uint64_t)m->final);
	weir_buf_puts(b, ",\"parts\":[");
	for (size_t i = 0; i < m->nparts; i++) {
		const struct weir_manifest_part *p = &m->parts[i];

		weir_buf_puts(b, i > 0 ? ",{" : "{");
		weir_record_put_str(b, "stage", p->stage);
		put_file(b, p->file, p->len, p->digest);
	}
	weir_buf_puts(b, "],\"sinks\":[");
	for (size_t i = 0; i < m->nsinks; i++) {
		weir_buf_puts(b, i > 0 ? ",{" : "{");
		put_sink(b, &m->sinks[i]);
	}
	weir_buf_putc(b, ']');
	if (m->branch != NULL)
		weir_record_put_str(b, "branch", m->branch);
	if (m->job != NULL) {
		weir_buf_puts(b, ",\"job\":{");
		weir_job_put(b, m->job);
	}
	weir_buf_putc(b, '}');
	weir_record_seal(b);
}

int
weir_manifest_save(const struct weir_dir *d, const struct weir_manifest *m,
    struct weir_error *err)
{
	struct weir_buf b = {0};
	int dir = weir_cp_open(d, m->cp, err), r;

	if (dir < 0)
		return -1;
	put_all(&b, m);
	WEIR_PROBE("manifest.before");
	if (b.len > WEIR_MANIFEST_MAX)
		r = weir_fail(err, WEIR_SYSTEM,
		    "MANIFEST: too big (%zu bytes, at most %zu)", b.len,
		    WEIR_MANIFEST_MAX);
	else
		r = weir_publish(dir, FILE_NAME, b.data, b.len, err);
	weir_buf_fini(&b);
	close(dir);
	if (r < 0)
		return weir_cp_blame(d, m->cp, err);
	WEIR_PROBE("manifest.renamed");
	return 1;
}

/* --- verifying --- */

static int
verify_sinks(const struct weir_dir *d, const struct weir_manifest *m,
    struct weir_error *err)
{
	struct weir_error why = {0};
	int out = weir_dir_sub(d, "out", false, &why), r = 1;

	if (out < 0 && why.status == WEIR_OK)
		return 1; /* nothing is pending */
	if (out < 0)
		return weir_fail(err, why.status, "%s", why.text);
	for (size_t i = 0; i < m->nsinks && r == 1; i++)
		for (size_t k = 0; k < m->sinks[i].nfiles && r == 1; k++) {
			const struct weir_pending *p = &m->sinks[i].files[k];

			/* one that is gone is visible */
			if (weir_file_verify(
				out, p->file, p->len, &p->digest, err) < 0)
				r = weir_dir_blame(d, "/out/", err);
		}
	close(out);
	return r;
}

int
weir_manifest_verify_parts(
    int dir, const struct weir_manifest *m, struct weir_error *err)
{
	for (size_t i = 0; i < m->nparts; i++) {
		const struct weir_manifest_part *p = &m->parts[i];

		if (weir_snapshot_verify(dir, p->file, p->len, p->digest, err) <
		    0)
			return -1;
	}
	return 1;
}

int
weir_manifest_verify(const struct weir_dir *d, const struct weir_manifest *m,
    struct weir_error *err)
{
	int dir = weir_cp_open(d, m->cp, err), r;

	if (dir < 0)
		return -1;
	r = weir_manifest_verify_parts(dir, m, err);
	close(dir);
	return r < 0 ? weir_cp_blame(d, m->cp, err) : verify_sinks(d, m, err);
}
