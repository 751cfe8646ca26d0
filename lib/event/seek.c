#include "base/mem.h"
#include "base/text.h"
#include "event/source_in.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
weir_source_place(struct weir_source *s, uint64_t offset, uint64_t line,
    struct weir_place *place, struct weir_error *err)
{
	const struct weir_file *f = &s->file;

	if (s->c.store != NULL) {
		*place = (struct weir_place){
		    .name = weir_strdup(s->c.n ? s->c.names[s->i] : "-"),
		    .line = line};
		s->c.store->place(s->c.store->ctx, offset, place);
		return 1;
	}
	if (offset > f->off)
		return weir_fail(
		    err, WEIR_SYSTEM, "internal: a place beyond what was read");
	*place = (struct weir_place){
	    .name = weir_strdup(s->c.n ? s->c.names[s->i] : "-"),
	    .dev = weir_source_inode(f).dev,
	    .ino = weir_source_inode(f).ino,
	    .offset = f->base + offset,
	    .line = line,
	};
	if (f->base == 0 && (f->regular || f->packed)) {
		place->print_len =
		    offset < f->head_len ? (uint32_t)offset : f->head_len;
		place->print = weir_file_print(f, place->print_len);
	}
	return 1;
}

/* Make the named file current, at its beginning. */
static int
begin_at(struct weir_source *s, size_t i, struct weir_error *err)
{
	if (s->i == i && s->file.fd >= 0)
		return 1;
	weir_source_end(s);
	s->i = i;
	return weir_source_begin(s, err);
}

static int
gone(const struct weir_place *place, const char *why, struct weir_error *err)
{
	char shown[256];

	weir_show_into(shown, sizeof shown, place->name, strlen(place->name));
	weir_fail(
	    err, WEIR_STATE, "%s: the saved place is gone: %s", shown, why);
	return 0;
}

/* Read the files in q, if any, before the one that has the name. */
static void
put_before(struct weir_source *s, struct weir_files *q)
{
	if (q->n == 0)
		return;
	if (s->file.fd >= 0)
		weir_files_push(q, &s->file);
	weir_files_fini(&s->queue);
	s->queue = *q;
	weir_files_shift(&s->queue, &s->file);
	if (s->following && s->file.regular)
		weir_follow_add(&s->w, s->file.fd);
}

int
weir_source_oldest(struct weir_source *s, struct weir_error *err)
{
	struct weir_files q = {0};

	if (s->c.store != NULL || s->c.n == 0 ||
	    weir_source_is_stdin(s->c.names[s->i]) ||
	    (s->file.fd >= 0 && !s->file.regular))
		return 1;
	if (weir_siblings_all(
		s->c.names[s->i], weir_source_inode(&s->file), &q, err) < 0)
		return -1;
	put_before(s, &q);
	return 1;
}

/* The place is not in the file that has the name. */
static int
seek_siblings(struct weir_source *s, const struct weir_place *place,
    struct weir_error *err)
{
	struct weir_inode current = weir_source_inode(&s->file);
	struct weir_files q = {0};
	int r;

	r = weir_siblings_find(place->name, place, current, &q, err);
	if (r == 0 && current.ino == place->ino && current.dev == place->dev)
		gone(place, "the file was truncated or written anew", err);
	if (r <= 0)
		return r;
	put_before(s, &q);
	return 1;
}

int
weir_source_seek(struct weir_source *s, const struct weir_place *place,
    struct weir_error *err)
{
	size_t i = 0;
	int r;

	while (i < s->c.n && strcmp(s->c.names[i], place->name) != 0)
		i++;
	if (s->c.n > 0 && i == s->c.n)
		return gone(place, "it is not among the sources", err);
	if (s->c.store != NULL)
		return s->c.store->seek(s->c.store->ctx, place, err);
	if (begin_at(s, i, err) < 0)
		return -1;
	if (place->ino == 0 && place->offset == 0)
		return 1;
	if (s->file.fd >= 0 && !s->file.regular)
		return gone(place, "a pipe cannot be read again", err);
	if (s->file.fd >= 0 && s->file.ino == place->ino &&
	    (s->file.dev == place->dev || place->print_len > 0)) {
		r = weir_file_match(&s->file, place, err);
		if (r != 0)
			return r;
		/* a new file with an old inode: it is read from its start */
		if (weir_file_rewind(&s->file, err) < 0)
			return -1;
	}
	if (s->c.n == 0 || weir_source_is_stdin(place->name))
		r = gone(place, "this is another file", err);
	else
		r = seek_siblings(s, place, err);
	if (r == 0 && s->file.fd >= 0 && weir_file_rewind(&s->file, err) < 0)
		return -1;
	return r;
}

/* What came behind the last newline is given back, if that can be. */
static int
step_back(struct weir_source *s, uint64_t by, struct weir_error *err)
{
	struct weir_file *f = &s->file;

	if (by == 0 || f->packed)
		return 1;
	if (lseek(f->fd, -(off_t)by, SEEK_CUR) < 0)
		return weir_fail_errno(err, "%s", weir_source_name(s));
	f->off -= by;
	if (f->head_len > f->off)
		f->head_len = (uint32_t)f->off;
	return 1;
}

int
weir_source_skip(struct weir_source *s, struct weir_place *place,
    uint64_t *bytes, uint64_t *lines, struct weir_error *err)
{
	char buf[16384];
	uint64_t rest = 0; /* bytes behind the last newline */
	size_t got;
	int r;

	*bytes = *lines = 0;
	if (s->file.fd >= 0 && !s->file.regular && !s->file.packed)
		return weir_fail(err, WEIR_USAGE,
		    "%s: only of files what is there can be passed over",
		    weir_source_name(s));
	while ((r = weir_source_read_direct(s, buf, sizeof buf, &got, err)) ==
		WEIR_GOT_DATA ||
	    r == WEIR_GOT_BOUNDARY) {
		if (r == WEIR_GOT_BOUNDARY)
			place->line = rest = 0;
		*bytes += got;
		for (size_t i = 0; i < got; i++) {
			rest = buf[i] == '\n' ? 0 : rest + 1;
			*lines += buf[i] == '\n';
			place->line += buf[i] == '\n';
		}
	}
	if (r < 0 || step_back(s, rest, err) < 0)
		return -1;
	if (s->file.head_len >= 4 && memcmp(s->file.head, "weir", 4) == 0)
		return weir_fail(err, WEIR_USAGE,
		    "%s: frames cannot be passed over", weir_source_name(s));
	*bytes -= s->file.packed ? 0 : rest;
	place->offset = s->file.off;
	s->ended = 0;
	return 1;
}

int
weir_source_grown(
    const char *name, const struct weir_place *place, struct weir_error *err)
{
	struct weir_file f;
	struct stat st;
	size_t got;
	char c;
	int r = weir_source_is_stdin(name) ? 0 : weir_file_open(&f, name, err);

	if (r <= 0)
		return r;
	r = 0;
	if (f.regular && fstat(f.fd, &st) == 0) {
		r = weir_file_match(&f, place, err);
		if (r == 0 || f.ino != place->ino)
			r = st.st_size > 0;
		else if (r == 1 && f.packed)
			r = weir_file_read(&f, &c, 1, &got, err);
		else if (r == 1)
			r = (uint64_t)st.st_size > place->offset;
	}
	weir_file_close(&f);
	return r;
}
