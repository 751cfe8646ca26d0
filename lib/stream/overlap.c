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

int
weir_stage_check_files(const struct weir_stage *st, struct weir_error *err)
{
	struct stat in, out;
	const char *path;
	size_t i, k;

	for (i = 0; i < st->ninputs; i++) {
		if (!stat_input(st, i, &in) || !S_ISREG(in.st_mode))
			continue;
		if (st->c.out_fd >= 0 && fstat(st->c.out_fd, &out) == 0 &&
		    same(&in, &out))
			return refuse(
			    st->inputs[i].name, "standard output", err);
		for (k = 0; k < st->nsides; k++) {
			path = weir_side_path(st->sides[k]);
			if (stat(path, &out) == 0 && same(&in, &out))
				return refuse(st->inputs[i].name, path, err);
		}
	}
	return 1;
}
