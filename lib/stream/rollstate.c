#include "stream/rollstate.h"

#include "base/mem.h"
#include "state/publish.h"
#include "state/record.h"
#include "stream/bucket.h"

#include <stdlib.h>
#include <string.h>

#define FILE_NAME  "state"
#define VERSION	   1
#define SIZE_LIMIT ((size_t)256 << 20)

/* --- changing --- */

void
weir_rollstate_open(struct weir_rollstate *s, uint64_t n, const char *path,
    int64_t since_ns, bool seq)
{
	s->open[s->nopen++] = (struct weir_rollpart){.n = n,
	    .path = weir_strdup(path),
	    .since_ns = since_ns,
	    .seq = seq};
	if (s->next <= n)
		s->next = n + 1;
}

size_t
weir_rollstate_find(const struct weir_rollstate *s, uint64_t n)
{
	size_t i = 0;

	while (i < s->nopen && s->open[i].n != n)
		i++;
	return i;
}

void
weir_rollstate_finish(struct weir_rollstate *s, size_t i)
{
	s->done =
	    weir_grow(s->done, &s->done_cap, s->ndone + 1, sizeof *s->done);
	s->done[s->ndone++] = s->open[i];
	s->nopen--;
	memmove(s->open + i, s->open + i + 1, (s->nopen - i) * sizeof *s->open);
}

void
weir_rollstate_settle(struct weir_rollstate *s)
{
	for (size_t i = 0; i < s->ndone; i++)
		free(s->done[i].path);
	s->ndone = 0;
}

void
weir_rollstate_fini(struct weir_rollstate *s)
{
	weir_rollstate_settle(s);
	for (size_t i = 0; i < s->nopen; i++)
		free(s->open[i].path);
	free(s->done);
	free(s->job);
	free(s->sink);
	*s = (struct weir_rollstate){0};
}

/* --- reading --- */

static int
damaged(struct weir_record *r, const char *what)
{
	return weir_fail(r->err, WEIR_STATE, "%s: damaged: %s", r->file, what);
}

static int
read_part(
    struct weir_record *r, const struct weir_map *map, struct weir_rollpart *p)
{
	uint64_t seq;

	if (weir_record_u64(r, map, "part", &p->n) < 0 ||
	    weir_record_str(r, map, "path", &p->path) < 0 ||
	    weir_record_u64(r, map, "length", &p->len) < 0 ||
	    weir_record_i64(r, map, "since", 0, &p->since_ns) < 0 ||
	    weir_record_u64(r, map, "seq", &seq) < 0)
		return -1;
	p->seq = seq != 0;
	if (!weir_bucket_good(p->path))
		return damaged(r, "no path of ours");
	return p->len > INT64_MAX ? damaged(r, "too long") : 1;
}

static int
read_parts(struct weir_record *r, struct weir_rollstate *s)
{
	const struct weir_list *open, *done;
	const struct weir_map *map;

	if (weir_record_list(r, "open", WEIR_ROLL_OPEN_MAX, &open) < 0 ||
	    weir_record_list(r, "finished", WEIR_ROLL_DONE_MAX, &done) < 0)
		return -1;
	for (size_t i = 0; i < open->n; i++) {
		s->nopen++;
		if (weir_record_item(r, open, i, &map) < 0 ||
		    read_part(r, map, &s->open[i]) < 0)
			return -1;
	}
	s->done = weir_calloc(done->n + 1, sizeof *s->done);
	s->done_cap = done->n + 1;
	for (size_t i = 0; i < done->n; i++) {
		s->ndone++;
		if (weir_record_item(r, done, i, &map) < 0 ||
		    read_part(r, map, &s->done[i]) < 0)
			return -1;
	}
	return 1;
}

static int
read_all(struct weir_record *r, struct weir_rollstate *s)
{
	char *magic = NULL;
	uint64_t version;
	int got = 1;

	if (weir_record_str(r, r->map, "weir", &magic) < 0 ||
	    weir_record_u64(r, r->map, "version", &version) < 0)
		got = -1;
	else if (strcmp(magic, "parts") != 0 || version != VERSION)
		got = damaged(r, "not the record of a directory of parts");
	free(magic);
	if (got == -1 || weir_record_str(r, r->map, "job", &s->job) < 0 ||
	    weir_record_str(r, r->map, "sink", &s->sink) < 0 ||
	    weir_record_u64(r, r->map, "at", &s->at) < 0 ||
	    weir_record_u64(r, r->map, "next", &s->next) < 0)
		return -1;
	return read_parts(r, s);
}

int
weir_rollstate_load(struct weir_rollstate *s, int dirfd, struct weir_error *err)
{
	struct weir_record r;
	int got;

	*s = (struct weir_rollstate){0};
	got = weir_record_load(&r, dirfd, FILE_NAME, SIZE_LIMIT, err);
	if (got != 1)
		return got;
	got = read_all(&r, s);
	weir_record_fini(&r);
	if (got == -1)
		weir_rollstate_fini(s);
	return got;
}

/* --- writing --- */

static void
put_parts(struct weir_buf *b, const char *name, const struct weir_rollpart *p,
    size_t n)
{
	weir_buf_printf(b, ",\"%s\":[", name);
	for (size_t i = 0; i < n; i++) {
		weir_buf_puts(b, i > 0 ? ",{" : "{");
		weir_record_put_u64(b, "part", p[i].n);
		weir_record_put_str(b, "path", p[i].path);
		weir_record_put_u64(b, "length", p[i].len);
		weir_record_put_i64(b, "since", p[i].since_ns);
		weir_record_put_u64(b, "seq", p[i].seq);
		weir_buf_putc(b, '}');
	}
	weir_buf_putc(b, ']');
}

int
weir_rollstate_save(
    const struct weir_rollstate *s, int dirfd, struct weir_error *err)
{
	struct weir_buf b = {0};
	int got;

	weir_buf_putc(&b, '{');
	weir_record_put_str(&b, "weir", "parts");
	weir_record_put_u64(&b, "version", VERSION);
	weir_record_put_str(&b, "job", s->job);
	weir_record_put_str(&b, "sink", s->sink);
	weir_record_put_u64(&b, "at", s->at);
	weir_record_put_u64(&b, "next", s->next);
	put_parts(&b, "open", s->open, s->nopen);
	put_parts(&b, "finished", s->done, s->ndone);
	weir_buf_putc(&b, '}');
	weir_record_seal(&b);
	got = weir_publish_over(dirfd, FILE_NAME, b.data, b.len, err);
	weir_buf_fini(&b);
	return got;
}
