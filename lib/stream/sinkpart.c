#include "stream/sinkpart.h"

#include "base/mem.h"
#include "state/record.h"

#include <stdlib.h>

#define FILES_MAX 65536 /* pending files of one part */

void
weir_sinkpart_add(struct weir_sinkpart *p, const char *file, uint64_t len,
    struct weir_digest digest)
{
	p->files =
	    weir_grow(p->files, &p->cap, p->nfiles + 1, sizeof *p->files);
	p->files[p->nfiles++] = (struct weir_pending){
	    .file = weir_strdup(file), .len = len, .digest = digest};
}

static int
save_pending(struct weir_buf *line, const struct weir_pending *f,
    struct weir_snapshot_writer *w, struct weir_error *err)
{
	line->len = 0;
	weir_buf_putc(line, '{');
	weir_record_put_str(line, "pending", f->file);
	weir_record_put_u64(line, "len", f->len);
	weir_record_put_digest(line, "digest", f->digest);
	weir_buf_putc(line, '}');
	return weir_snapshot_line(w, line->data, line->len, err);
}

static int
save_ref(struct weir_buf *line, const struct weir_part_ref *r,
    struct weir_snapshot_writer *w, struct weir_error *err)
{
	line->len = 0;
	weir_buf_putc(line, '{');
	weir_record_put_str(line, "part", r->stage);
	weir_record_put_str(line, "file", r->file);
	weir_buf_putc(line, '}');
	return weir_snapshot_line(w, line->data, line->len, err);
}

int
weir_sinkpart_save(const struct weir_sinkpart *p,
    struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_buf line = {0};
	int r;

	weir_buf_putc(&line, '{');
	weir_record_put_str(&line, "path", p->path);
	weir_record_put_u64(&line, "base", p->base);
	if (p->now)
		weir_record_put_u64(&line, "end", p->end);
	weir_buf_putc(&line, '}');
	r = weir_snapshot_line(w, line.data, line.len, err);
	for (size_t i = 0; r == 1 && i < p->nfiles; i++)
		r = save_pending(&line, &p->files[i], w, err);
	for (size_t i = 0; r == 1 && i < p->parts.n; i++)
		r = save_ref(&line, &p->parts.part[i], w, err);
	weir_buf_fini(&line);
	return r;
}

static int
load_pending(
    struct weir_sinkpart *p, struct weir_record *r, struct weir_error *err)
{
	struct weir_pending f = {0};
	int got = -1;

	if (p->nfiles == FILES_MAX) {
		weir_fail(
		    err, WEIR_STATE, "%s: too many pending files", r->file);
		return -1;
	}
	if (weir_record_str(r, r->map, "pending", &f.file) == 1 &&
	    weir_record_u64(r, r->map, "len", &f.len) == 1 &&
	    weir_record_digest(r, r->map, "digest", &f.digest) == 1) {
		weir_sinkpart_add(p, f.file, f.len, f.digest);
		got = 1;
	}
	free(f.file);
	return got;
}

static int
load_ref(struct weir_sinkpart *p, struct weir_record *r, struct weir_error *err)
{
	char *stage = NULL, *file = NULL;
	int got = -1;

	if (p->parts.n == WEIR_PARTS_MAX) {
		weir_fail(err, WEIR_STATE, "%s: too many parts", r->file);
		return -1;
	}
	if (weir_record_str(r, r->map, "part", &stage) == 1 &&
	    weir_record_str(r, r->map, "file", &file) == 1) {
		weir_parts_add(&p->parts, stage, file);
		got = 1;
	}
	free(stage);
	free(file);
	return got;
}

static int
load_path(struct weir_sinkpart *p, struct weir_record *r)
{
	if (weir_record_str(r, r->map, "path", &p->path) != 1 ||
	    weir_record_u64(r, r->map, "base", &p->base) != 1)
		return -1;
	p->now = weir_record_has(r->map, "end");
	return p->now ? weir_record_u64(r, r->map, "end", &p->end) : 1;
}

static int
load_line(struct weir_sinkpart *p, const char *file, struct weir_str line,
    struct weir_error *err)
{
	struct weir_record r = {0};
	struct weir_str key;
	int got = -1;

	if (weir_record_parse(&r, file, line, err) == -1)
		return -1;
	key = (struct weir_str){0};
	if (r.map->n > 0 && r.map->keys[0].kind == WEIR_STRING)
		key = (struct weir_str){r.map->keys[0].s, r.map->keys[0].aux};
	if (weir_str_eq(key, "metrics"))
		got = 1; /* the runtime's own line */
	else if (weir_str_eq(key, "pending"))
		got = load_pending(p, &r, err);
	else if (weir_str_eq(key, "part"))
		got = load_ref(p, &r, err);
	else if (p->path != NULL || !weir_str_eq(key, "path"))
		weir_fail(err, WEIR_STATE, "%s: not the part of a sink", file);
	else
		got = load_path(p, &r);
	weir_record_fini(&r);
	return got;
}

int
weir_sinkpart_load(struct weir_sinkpart *p, int dirfd, const char *file,
    struct weir_error *err)
{
	struct weir_snapshot_reader *r;
	struct weir_str line;
	int got;

	*p = (struct weir_sinkpart){0};
	r = weir_snapshot_open(dirfd, file, err);
	if (r == NULL)
		return -1;
	while ((got = weir_snapshot_next(r, &line, err)) == 1) {
		got = load_line(p, file, line, err);
		if (got == -1)
			break;
	}
	weir_snapshot_close(r);
	if (got == 0 && p->path == NULL)
		got = weir_fail(
		    err, WEIR_STATE, "%s: not the part of a sink", file);
	if (got == 0)
		return 1;
	weir_sinkpart_fini(p);
	return -1;
}

void
weir_sinkpart_fini(struct weir_sinkpart *p)
{
	for (size_t i = 0; i < p->nfiles; i++)
		free(p->files[i].file);
	free(p->files);
	free(p->path);
	weir_parts_fini(&p->parts);
	*p = (struct weir_sinkpart){0};
}
