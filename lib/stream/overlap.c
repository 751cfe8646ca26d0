/*
 * Nothing is written to a file that is being read: `--else=x … x` would empty
 * its own input, and `… x >>x` would never end. And no file is written twice,
 * as in `--late=x -E x`: each would overwrite what the other wrote.
 */
#include "stream/runtime.h"

#include "base/text.h"

#include <string.h>
#include <sys/stat.h>

static bool
same(const struct stat *a, const struct stat *b)
{
	return S_ISREG(a->st_mode) && S_ISREG(b->st_mode) &&
	    a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Input i, if it can be looked at; opening it says why it cannot. */
static bool
stat_input(const struct weir_stage *st, size_t i, struct stat *sb)
{
	const char *name = st->inputs[i].name;

	if (name == NULL)
		return fstat(st->c.in_fd, sb) == 0;
	if (strcmp(name, "-") == 0)
		return fstat(0, sb) == 0;
	return stat(name, sb) == 0;
}

static int
refuse(const char *in, const char *out, struct weir_error *err)
{
	char a[256], b[256];

	if (in == NULL || strcmp(in, "-") == 0)
		in = "standard input";
	return weir_fail(err, WEIR_USAGE,
	    "%s and %s are the same file: it is read, and cannot be written",
	    weir_show_into(a, sizeof a, in, strlen(in)),
	    weir_show_into(b, sizeof b, out, strlen(out)));
}

/* The one that is written and is this file, for messages; or NULL. */
static const char *
written(const struct weir_stage *st, const struct stat *sb)
{
	struct stat out;
	size_t k;

	if (!S_ISREG(sb->st_mode))
		return NULL;
	if (st->c.out_fd >= 0 && fstat(st->c.out_fd, &out) == 0 &&
	    same(sb, &out))
		return "standard output";
	for (k = 0; k < st->nsides; k++)
		if (stat(weir_side_path(st->sides[k]), &out) == 0 &&
		    same(sb, &out))
			return weir_side_path(st->sides[k]);
	return NULL;
}

bool
weir_stage_writes(const struct weir_stage *st, const struct stat *sb)
{
	return written(st, sb) != NULL;
}

static int
refuse_twice(const char *path, const char *other, struct weir_error *err)
{
	char a[256], b[256];

	return weir_fail(err, WEIR_USAGE,
	    "%s and %s are the same file: each would overwrite the other",
	    weir_show_into(a, sizeof a, path, strlen(path)),
	    weir_show_into(b, sizeof b, other, strlen(other)));
}

static bool
is_open_as(int fd, const struct stat *sb)
{
	struct stat open;

	return fd >= 0 && fstat(fd, &open) == 0 && same(sb, &open);
}

/* Side file k against standard output and error, and those before it. */
static int
check_side(const struct weir_stage *st, size_t k, struct weir_error *err)
{
	const char *path = weir_side_path(st->sides[k]), *other;
	struct stat sb, out;

	if (strcmp(path, "-") == 0)
		return weir_fail(err, WEIR_USAGE,
		    "standard output, \"-\", has the events: name a file (./- "
		    "if it is called that)");
	if (stat(path, &sb) < 0)
		return 1;
	if (is_open_as(st->c.out_fd, &sb))
		return refuse_twice(path, "standard output", err);
	if (!weir_side_is_stderr(st->sides[k]) && is_open_as(2, &sb))
		return refuse_twice(path, "standard error", err);
	for (size_t i = 0; i < k; i++) {
		other = weir_side_path(st->sides[i]);
		if (stat(other, &out) == 0 && same(&sb, &out))
			return refuse_twice(path, other, err);
	}
	return 1;
}

int
weir_stage_check_files(const struct weir_stage *st, struct weir_error *err)
{
	struct stat in;
	const char *out;
	size_t i;

	for (i = 0; i < st->nsides; i++)
		if (check_side(st, i, err) < 0)
			return -1;
	for (i = 0; i < st->ninputs; i++) {
		if (!stat_input(st, i, &in))
			continue;
		out = written(st, &in);
		if (out != NULL)
			return refuse(st->inputs[i].name, out, err);
	}
	return 1;
}
