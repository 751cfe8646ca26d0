#include "stream/formats.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REGEX "regex:"

/* clang-format off */
static const struct {
	const char *name;
	enum weir_format format;
	bool reads, writes;
} formats[] = {
	{"auto", WEIR_FORMAT_AUTO, true, false},
	{"json", WEIR_FORMAT_JSON, true, true},
	{"seq", WEIR_FORMAT_SEQ, true, true},
	{"frames", WEIR_FORMAT_FRAMES, true, true},
	{"csv", WEIR_FORMAT_CSV, true, true},
	{"tsv", WEIR_FORMAT_TSV, true, true},
	{"logfmt", WEIR_FORMAT_LOGFMT, true, true},
	{"clf", WEIR_FORMAT_CLF, true, false},
	{"combined", WEIR_FORMAT_COMBINED, true, false},
	{"syslog", WEIR_FORMAT_SYSLOG, true, false},
	{"lines", WEIR_FORMAT_LINES, true, false},
	{"table", WEIR_FORMAT_TABLE, false, true},
};
/* clang-format on */

#define N(array) (sizeof(array) / sizeof *(array))

/* The names there are, and the one that is near. */
static int
no_such_format(const char *value, bool reads, struct weir_error *err)
{
	const char *names[N(formats)];
	struct weir_buf list = {0};
	char shown[64];
	size_t n = 0, i;
	int near;

	for (i = 0; i < N(formats); i++)
		if (reads ? formats[i].reads : formats[i].writes)
			names[n++] = formats[i].name;
	for (i = 0; i < n; i++)
		weir_buf_printf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
	if (reads)
		weir_buf_puts(&list, ", regex:RE");
	near = weir_nearest(value, strlen(value), names, n);
	weir_show_into(shown, sizeof shown, value, strlen(value));
	if (near >= 0)
		weir_fail(err, WEIR_USAGE,
		    "%s: no such format; did you mean %s?", shown, names[near]);
	else
		weir_fail(err, WEIR_USAGE, "%s: no such format; there are %s",
		    shown, weir_buf_cstr(&list));
	weir_buf_fini(&list);
	return -1;
}

int
weir_formats_set_input(
    struct weir_stage_config *c, const char *value, struct weir_error *err)
{
	if (strncmp(value, REGEX, strlen(REGEX)) == 0) {
		c->input = WEIR_FORMAT_REGEX;
		c->convert.regex = value + strlen(REGEX);
		return 1;
	}
	for (size_t i = 0; i < N(formats); i++)
		if (strcmp(value, formats[i].name) == 0 && formats[i].reads) {
			c->input = formats[i].format;
			return 1;
		}
	if (strcmp(value, "regex") == 0)
		return weir_fail(err, WEIR_USAGE,
		    "regex: say which, as in "
		    "-i 'regex:(?<level>[A-Z]+) (?<message>.*)'");
	return no_such_format(value, true, err);
}

int
weir_formats_set_output(
    struct weir_stage_config *c, const char *value, struct weir_error *err)
{
	for (size_t i = 0; i < N(formats); i++)
		if (strcmp(value, formats[i].name) == 0 && formats[i].writes) {
			c->output = formats[i].format;
			return 1;
		}
	return no_such_format(value, false, err);
}

/* Does the name end so, before len? */
static bool
ends(const char *name, size_t len, const char *ending)
{
	size_t n = strlen(ending);

	return len > n && strncasecmp(name + len - n, ending, n) == 0;
}

enum weir_format
weir_formats_of(const struct weir_stage_config *c, const char *file)
{
	static const char *const packed[] = {".gz", ".zst", ".xz", ".lz4"};
	size_t len = file != NULL ? strlen(file) : 0;

	if (c->input != WEIR_FORMAT_AUTO || file == NULL)
		return c->input;
	for (size_t i = 0; i < N(packed); i++)
		if (ends(file, len, packed[i])) {
			len -= strlen(packed[i]);
			break;
		}
	if (ends(file, len, ".csv"))
		return WEIR_FORMAT_CSV;
	if (ends(file, len, ".tsv"))
		return WEIR_FORMAT_TSV;
	return WEIR_FORMAT_AUTO;
}

static bool
has_header(enum weir_format format)
{
	return format == WEIR_FORMAT_CSV || format == WEIR_FORMAT_TSV;
}

/* Is there an input that --header can be about? */
static bool
needs_header(const struct weir_stage_config *c)
{
	for (size_t i = 0; i < c->nfiles; i++)
		if (has_header(weir_formats_of(c, c->files[i])))
			return true;
	return has_header(c->input);
}

int
weir_formats_check(const struct weir_stage_config *c, struct weir_error *err)
{
	struct weir_converter *k;
	enum weir_format format = c->input;

	if (c->convert.header != NULL && !needs_header(c))
		return weir_fail(
		    err, WEIR_USAGE, "--header goes with -i csv and -i tsv");
	if (c->convert.year > 0 && format != WEIR_FORMAT_SYSLOG)
		return weir_fail(err, WEIR_USAGE, "--year goes with -i syslog");
	if (c->convert.header != NULL && !has_header(format))
		format = WEIR_FORMAT_CSV;
	if (!weir_convert_is(format))
		return 1;
	k = weir_converter_new(format, &c->convert, NULL, err);
	weir_converter_free(k);
	return k != NULL ? 1 : -1;
}
