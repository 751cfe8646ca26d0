/*
 * Nothing is written to a file that is being read: `--else=x … x` would empty
 * its own input, and `… x >>x` would never end.
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

int
weir_stage_check_files(const struct weir_stage *st, struct weir_error *err)
{
	struct stat in;
	const char *out;
	size_t i;

	for (i = 0; i < st->ninputs; i++) {
		if (!stat_input(st, i, &in))
			continue;
		out = written(st, &in);
		if (out != NULL)
			return refuse(st->inputs[i].name, out, err);
	}
	return 1;
}
