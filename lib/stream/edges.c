#include "stream/edges.h"

#include "base/buf.h"
#include "base/text.h"
#include "stream/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_LEN 64
#define LOOK_MS	     5 /* how often to look whether a reader is there */
#ifdef WEIR_PROBES
#define PATIENCE_NS INT64_C(2000000000) /* the tests do not wait for long */
#else
#define PATIENCE_NS INT64_C(30000000000) /* until a stage opens its end */
#endif

static const char name_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

bool
weir_edge_name(const char *s, size_t len)
{
	return len > 0 && len <= NAME_MAX_LEN && *s >= 'a' && *s <= 'z' &&
	    strspn(s, name_chars) >= len;
}

/* --- are they used? --- */

bool
weir_edge_mentioned(const char *text, const char *name)
{
	size_t len = strlen(name);

	while ((text = strchr(text, '$')) != NULL) {
		const char *at = text[1] == '{' ? text + 2 : text + 1;

		if (strncmp(at, name, len) == 0 &&
		    strchr(name_chars, at[len]) == NULL &&
		    !(at[len] >= 'A' && at[len] <= 'Z'))
			return true;
		if (strncmp(at, name, len) == 0 && at[len] == '\0')
			return true;
		text++;
	}
	return false;
}

static bool
is_named(const char *name, const char *standard)
{
	return standard == NULL || strcmp(name, standard) != 0;
}

static int
check_mentions(const char *pipeline, const char *what, const char *const *names,
    size_t n, const char *standard, struct weir_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (is_named(names[i], standard) &&
		    !weir_edge_mentioned(pipeline, names[i]))
			return weir_fail(err, WEIR_USAGE,
			    "PIPELINE does not mention $%s, the FIFO of %s %s: "
			    "a stage must %s it",
			    names[i], what, names[i],
			    *what == 's' && what[1] == 'o' ? "read"
							   : "write to");
	return 1;
}

/* A part is called as its source or sink: no two may be the same. */
static int
check_names(const struct weir_roles *r, struct weir_error *err)
{
	size_t n = r->nsources + r->nsinks;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++) {
			const char *a = i < r->nsources
			    ? r->source_names[i]
			    : r->sink_names[i - r->nsources];
			const char *b = k < r->nsources
			    ? r->source_names[k]
			    : r->sink_names[k - r->nsources];

			if (strcmp(a, b) == 0)
				return weir_fail(err, WEIR_USAGE,
				    "two sources or sinks are called %s: give "
				    "each a name of its own (without one, a "
				    "source is called in and a sink out)",
				    a);
		}
	return 1;
}

int
weir_edges_check(const struct weir_roles *r, struct weir_error *err)
{
	if (check_names(r, err) == -1)
		return -1;
	if (r->pipeline == NULL)
		return 1;
	if (check_mentions(r->pipeline, "source", r->source_names, r->nsources,
		r->std_source, err) == -1)
		return -1;
	return check_mentions(
	    r->pipeline, "sink", r->sink_names, r->nsinks, r->std_sink, err);
}

/* --- making them --- */

void
weir_edge_path(
    struct weir_buf *out, const char *dir, const char *name, uint64_t epoch)
{
	out->len = 0;
	weir_buf_printf(out, "%s/run/%s.%" PRIu64, dir, name, epoch);
}

const char *
weir_edge_source(const struct weir_hello *h, const char *source)
{
	struct weir_buf path = {0};
	size_t i = 0;

	for (; i < h->npaths; i++) {
		weir_edge_path(&path, h->dir, h->paths[i].source, h->epoch);
		if (strcmp(weir_buf_cstr(&path), source) == 0)
			break;
	}
	weir_buf_fini(&path);
	return i < h->npaths ? h->paths[i].source : source;
}

static int
make_all(const struct weir_dir *d, const char *const *names, size_t n,
    const char *standard, struct weir_error *err)
{
	struct weir_buf path = {0};
	int got = 1;

	for (size_t i = 0; i < n && got == 1; i++) {
		weir_edge_path(&path, d->path, names[i], d->epoch);
		if (is_named(names[i], standard) &&
		    mkfifo(weir_buf_cstr(&path), 0600) == -1)
			got = weir_fail_errno(err, "the FIFO of %s", names[i]);
	}
	weir_buf_fini(&path);
	return got;
}

int
weir_edges_make(const struct weir_dir *d, const struct weir_roles *r,
    struct weir_error *err)
{
	if (r->pipeline == NULL)
		return 1;
	if (make_all(d, r->source_names, r->nsources, r->std_source, err) == -1)
		return -1;
	return make_all(d, r->sink_names, r->nsinks, r->std_sink, err);
}

static void
remove_all(const struct weir_dir *d, const char *const *names, size_t n)
{
	struct weir_buf path = {0};

	for (size_t i = 0; i < n; i++) {
		weir_edge_path(&path, d->path, names[i], d->epoch);
		unlink(weir_buf_cstr(&path));
	}
	weir_buf_fini(&path);
}

void
weir_edges_remove(const struct weir_dir *d, const struct weir_roles *r)
{
	remove_all(d, r->source_names, r->nsources);
	remove_all(d, r->sink_names, r->nsinks);
}

static void
export_all(const struct weir_roles *r, const char *const *names, size_t n,
    const char *standard)
{
	struct weir_buf path = {0};

	for (size_t i = 0; i < n; i++) {
		if (!is_named(names[i], standard))
			continue;
		weir_edge_path(&path, r->dir, names[i], r->epoch);
		setenv(names[i], weir_buf_cstr(&path), 1);
	}
	weir_buf_fini(&path);
}

void
weir_edges_export(const struct weir_roles *r)
{
	export_all(r, r->source_names, r->nsources, r->std_source);
	export_all(r, r->sink_names, r->nsinks, r->std_sink);
}

/* --- opening them --- */

/*
 * Wait for events of fd (-1: none) for a while, or that the job is gone: 1 they
 * came, 0 not yet, -1 it is.
 */
static int
wait_for(int fd, int control_fd, int ms)
{
	struct pollfd p[2] = {
	    {.fd = fd, .events = POLLIN}, {.fd = control_fd, .events = 0}};

	if (poll(p, 2, ms) <= 0)
		return 0;
	return p[1].revents != 0 ? -1 : 1;
}

/* A reader is there once opening for writing does not fail. */
static int
await_reader(struct weir_role *role, int64_t until)
{
	int got = 0;

	while (got == 0) {
		role->out_fd =
		    open(role->fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (role->out_fd != -1 || errno != ENXIO)
			break;
		got = wait_for(-1, role->control_fd, LOOK_MS);
		if (got == 0 && weir_clock_ns() > until)
			return 0;
	}
	if (role->out_fd == -1)
		return -1;
	return fcntl(role->out_fd, F_SETFL, O_WRONLY) == -1 ? -1 : 1;
}

/* A writer is there once there is something to read: it begins with HELLO. */
static int
await_writer(struct weir_role *role, int64_t until)
{
	int got = 0;

	role->in_fd = open(role->fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (role->in_fd == -1)
		return -1;
	while (got == 0) {
		got = wait_for(role->in_fd, role->control_fd, 1000);
		if (got == 0 && weir_clock_ns() > until)
			return 0;
	}
	if (got == -1)
		return -1;
	return fcntl(role->in_fd, F_SETFL, O_RDONLY) == -1 ? -1 : 1;
}

int
weir_edge_open(struct weir_role *role, struct weir_error *err)
{
	int64_t until = weir_clock_ns() + PATIENCE_NS;
	bool source = role->hello != NULL;
	int got =
	    source ? await_reader(role, until) : await_writer(role, until);

	if (got == 0)
		return weir_fail(err, WEIR_USAGE,
		    source
			? "no stage of PIPELINE has opened $%s for %d s: one "
			  "must read it as a FILE, or with <"
			: "nothing has come to $%s for %d s: a stage of "
			  "PIPELINE must write to it with >",
		    role->name, (int)(PATIENCE_NS / 1000000000));
	if (got == -1 && wait_for(-1, role->control_fd, 0) == -1)
		return weir_fail(err, WEIR_UPSTREAM, "%s", "");
	if (got == -1)
		return weir_fail_errno(err, "%s", role->fifo);
	return 1;
}
