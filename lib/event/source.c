#include "event/source.h"

#include "base/mem.h"
#include "base/text.h"
#include "event/glob.h"
#include "event/source_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTLE_MS 1000 /* an empty new file does not end the old one at once */
#define GONE_MS	  5000 /* a deleted file that nobody wrote to is let go */

bool
weir_source_is_stdin(const char *name)
{
	return strcmp(name, "-") == 0;
}

struct weir_inode
weir_source_inode(const struct weir_file *f)
{
	if (f->fd < 0)
		return (struct weir_inode){0, 0};
	return (struct weir_inode){f->dev, f->ino};
}

static int
no_such_file(const char *name, struct weir_error *err)
{
	char shown[256];

	weir_show_into(shown, sizeof shown, name, strlen(name));
	return weir_fail(err, WEIR_SYSTEM,
	    "%s: cannot open: No such file or directory", shown);
}

static bool
last_name(const struct weir_source *s)
{
	return s->c.n == 0 || s->i + 1 == s->c.n;
}

/* Watch first, then look: nothing is missed in between. */
static int
begin_follow(struct weir_source *s, const char *name, struct weir_error *err)
{
	if (weir_follow_open(&s->w, s->c.notices, name, err) < 0)
		return -1;
	s->following = true;
	return 1;
}

int
weir_source_begin(struct weir_source *s, struct weir_error *err)
{
	const char *name = s->c.n ? s->c.names[s->i] : NULL;
	bool follow = s->c.follow && last_name(s);
	int r;

	if (s->c.store != NULL) {
		s->file.path = weir_strdup(name && !weir_source_is_stdin(name)
			? name
			: "standard input");
		return 1;
	}
	if (name == NULL || weir_source_is_stdin(name)) {
		r = weir_file_adopt(&s->file, name ? 0 : s->c.fd,
		    name ? "standard input" : s->descriptor, err);
		if (r == 1 && follow && s->file.regular)
			r = begin_follow(s, NULL, err);
	} else {
		if (follow && begin_follow(s, name, err) < 0)
			return -1;
		r = weir_file_open(&s->file, name, err);
		if (r == 0 && !follow)
			return no_such_file(name, err);
		if (r == 0)
			return 1;
	}
	if (r == 1 && s->following)
		weir_follow_add(&s->w, s->file.fd);
	return r;
}

/* Done with the file being read. */
static void
let_go(struct weir_source *s)
{
	if (s->seen != NULL && s->file.fd >= 0)
		weir_seen_add(s->seen, &s->file);
	weir_file_close(&s->file);
	s->gone_ms = 0;
}

void
weir_source_end(struct weir_source *s)
{
	let_go(s);
	weir_file_close(&s->new);
	weir_files_fini(&s->queue);
	if (s->following)
		weir_follow_close(&s->w);
	s->following = s->idle = s->turn = s->cut = s->gone = false;
}

struct weir_source *
weir_source_open(const struct weir_source_config *c, struct weir_error *err)
{
	struct weir_source *s = weir_calloc(1, sizeof *s);

	s->c = *c;
	if (c->follow)
		s->seen = c->seen != NULL ? c->seen : weir_seen_new();
	s->file.fd = s->new.fd = -1;
	if (c->fd == 0)
		snprintf(s->descriptor, sizeof s->descriptor, "standard input");
	else
		snprintf(s->descriptor, sizeof s->descriptor, "descriptor %d",
		    c->fd);
	if (weir_source_begin(s, err) < 0) {
		weir_source_close(s);
		return NULL;
	}
	return s;
}

void
weir_source_close(struct weir_source *s)
{
	if (s == NULL)
		return;
	weir_source_end(s);
	if (s->seen != s->c.seen)
		weir_seen_free(s->seen);
	free(s);
}

/* After BOUNDARY: go on to what follows. */
static int
turn(struct weir_source *s, struct weir_error *err)
{
	s->turn = false;
	if (s->cut) {
		s->cut = false;
		return weir_file_rewind(&s->file, err);
	}
	if (s->gone) {
		s->gone = false;
		let_go(s);
		return 1;
	}
	if (s->queue.n > 0) {
		let_go(s);
		weir_files_shift(&s->queue, &s->file);
		if (s->following && s->file.regular)
			weir_follow_add(&s->w, s->file.fd);
		return 1;
	}
	weir_source_end(s);
	s->i++;
	return weir_source_begin(s, err);
}

static int
boundary(struct weir_source *s)
{
	s->turn = true;
	s->idle = false;
	return WEIR_GOT_BOUNDARY;
}

static int
nothing(struct weir_source *s)
{
	s->idle = true;
	return WEIR_GOT_NOTHING;
}

/* Does the file that was just opened belong to another source? */
static bool
taken(const struct weir_source *s, const struct weir_file *f)
{
	struct stat st;

	return s->c.taken != NULL && fstat(f->fd, &st) == 0 &&
	    s->c.taken(s->c.ctx, s->c.names[s->i], &st);
}

/*
 * Does another file have the name now? It is opened at once, so that it cannot
 * be missed, whatever happens to the name later.
 */
static bool
look_for_new(struct weir_source *s)
{
	const char *name = s->c.n ? s->c.names[s->i] : NULL;
	struct stat st;

	if (s->new.fd >= 0)
		return true;
	if (name == NULL || weir_source_is_stdin(name) || stat(name, &st) < 0)
		return false;
	if ((uint64_t)st.st_dev == s->file.dev &&
	    (uint64_t)st.st_ino == s->file.ino)
		return false;
	/* Not readable yet, perhaps: it is looked at again. */
	if (weir_file_open(&s->new, name, NULL) != 1)
		return false;
	if ((s->new.dev == s->file.dev && s->new.ino == s->file.ino) ||
	    taken(s, &s->new)) {
		weir_file_close(&s->new);
		return false;
	}
	weir_follow_add(&s->w, s->new.fd);
	s->new_ms = weir_follow_now_ms();
	return true;
}

/* Has the new file taken over? Writers need a moment to turn to it. */
static bool
taken_over(const struct weir_source *s)
{
	struct stat st;

	if (!s->new.regular || fstat(s->new.fd, &st) < 0 || st.st_size > 0)
		return true;
	return weir_follow_now_ms() - s->new_ms >= SETTLE_MS;
}

/*
 * Was the file deleted, and has been quiet for a while? Its writer may need one
 * to notice; but nobody's disk is to fill up with what we hold open.
 */
static bool
given_up(struct weir_source *s)
{
	struct stat st;

	if (!s->file.regular || fstat(s->file.fd, &st) < 0 || st.st_nlink > 0)
		s->gone_ms = 0;
	else if (s->gone_ms == 0)
		s->gone_ms = weir_follow_now_ms();
	else
		return weir_follow_now_ms() - s->gone_ms >= GONE_MS;
	return false;
}

/* Nothing more comes from a deleted file. */
static int
give_up(struct weir_source *s)
{
	if (s->c.pattern != NULL) {
		s->ended = WEIR_GOT_END + 1;
		return WEIR_GOT_END;
	}
	s->gone = true;
	return boundary(s);
}

/* Another file has the name: on to it, by way of those between. */
static int
rotated(struct weir_source *s, struct weir_error *err)
{
	const struct weir_rotation r = {.name = s->c.names[s->i],
	    .pattern = s->c.pattern,
	    .old = &s->file,
	    .new = &s->new,
	    .seen = s->seen};
	int all = weir_siblings_between(&r, &s->queue, err);

	if (all < 0)
		return -1;
	if (all > 0)
		weir_files_push(&s->queue, &s->new);
	return s->queue.n > 0 ? boundary(s) : nothing(s);
}

/* The followed file has no more bytes at the moment. */
static int
at_end_followed(struct weir_source *s, char *buf, size_t cap, size_t *got,
    struct weir_error *err)
{
	bool new, over;
	int r;

	weir_follow_drain(&s->w);
	r = weir_file_cut(&s->file, err);
	if (r < 0)
		return -1;
	if (r == 1) {
		s->cut = true;
		return boundary(s);
	}
	new = look_for_new(s);
	over = new ? taken_over(s) : given_up(s);
	/* After all these looks: what was written before them is read now. */
	r = weir_file_read(&s->file, buf, cap, got, err);
	if (r != WEIR_GOT_END) {
		s->gone_ms = 0;
		return r;
	}
	if (!over)
		return nothing(s);
	if (!new)
		return give_up(s);
	return rotated(s, err);
}

static int
at_end(struct weir_source *s, char *buf, size_t cap, size_t *got,
    struct weir_error *err)
{
	if (s->queue.n > 0)
		return boundary(s);
	if (s->following && (s->file.regular || s->file.packed))
		return at_end_followed(s, buf, cap, got, err);
	if (s->following && s->file.fifo && s->file.owned) {
		/* Its writers left; others may come. */
		if (weir_file_open(&s->new, s->c.names[s->i], err) < 0)
			return -1;
		if (s->new.fd >= 0) {
			weir_files_push(&s->queue, &s->new);
			return boundary(s);
		}
	}
	if (!last_name(s))
		return boundary(s);
	s->ended = (s->c.once ? WEIR_GOT_PAUSE : WEIR_GOT_END) + 1;
	return s->ended - 1;
}

/* A followed file that was not there: is it now? 1, 0 or -1. */
static int
look_for_first(struct weir_source *s, struct weir_error *err)
{
	weir_follow_drain(&s->w);
	if (weir_file_open(&s->file, s->c.names[s->i], err) < 0)
		return -1;
	if (s->file.fd >= 0 && taken(s, &s->file))
		weir_file_close(&s->file);
	if (s->file.fd < 0)
		return 0;
	weir_follow_add(&s->w, s->file.fd);
	s->idle = false;
	return 1;
}

/* A file that lay still may have been replaced in place meanwhile. */
static int
still_the_same(struct weir_source *s, struct weir_error *err)
{
	int r;

	if (!s->idle)
		return 1;
	r = weir_file_cut(&s->file, err);
	if (r == 1)
		s->cut = true;
	return r < 0 ? -1 : !r;
}

void
weir_source_hang_up(struct weir_source *s)
{
	if (s->file.owned && s->file.fd >= 0)
		close(s->file.fd);
	if (s->new.fd >= 0)
		close(s->new.fd);
	weir_files_fini(&s->queue);
	s->file.fd = s->new.fd = -1;
}

void
weir_source_set_via(struct weir_source *s, weir_source_via *via, void *ctx)
{
	s->via = via;
	s->via_ctx = ctx;
}

int
weir_source_read(struct weir_source *s, char *buf, size_t cap, size_t *got,
    struct weir_error *err)
{
	return s->via != NULL ? s->via(s->via_ctx, buf, cap, got, err)
			      : weir_source_read_direct(s, buf, cap, got, err);
}

static int
read_store(struct weir_source *s, char *buf, size_t cap, size_t *got,
    struct weir_error *err)
{
	int r = s->c.store->read(s->c.store->ctx, buf, cap, got, err);

	if (r == WEIR_GOT_END) {
		s->ended = (s->c.once ? WEIR_GOT_PAUSE : WEIR_GOT_END) + 1;
		r = s->ended - 1;
	}
	s->read += *got;
	return r;
}

int
weir_source_read_direct(struct weir_source *s, char *buf, size_t cap,
    size_t *got, struct weir_error *err)
{
	int r;

	*got = 0;
	if (s->ended)
		return s->ended - 1;
	if (s->c.store != NULL)
		return read_store(s, buf, cap, got, err);
	if (s->turn && turn(s, err) < 0)
		return -1;
	if (s->file.fd < 0) {
		r = look_for_first(s, err);
		if (r == 0 && s->c.pattern != NULL)
			return give_up(s);
		if (r <= 0)
			return r < 0 ? -1 : nothing(s);
	}
	r = still_the_same(s, err);
	if (r <= 0)
		return r < 0 ? -1 : boundary(s);
	r = weir_file_read(&s->file, buf, cap, got, err);
	if (r == WEIR_GOT_END)
		r = at_end(s, buf, cap, got, err);
	if (r == WEIR_GOT_DATA)
		s->idle = false;
	s->read += *got;
	return r;
}
