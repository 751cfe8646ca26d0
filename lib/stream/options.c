#include "stream/options.h"

#include "base/text.h"
#include "event/render.h"
#include "stream/formats.h"

#include <string.h>

/* clang-format off */
const struct weir_option weir_common_options[] = {
	{WEIR_OPT_INPUT, 'i', "input", "FORMAT",
	    "json, seq, frames, csv, tsv, logfmt, clf, … (auto)",
	    "auto|json|seq|frames|csv|tsv|logfmt|clf|combined|syslog|lines|"
	    "regex:"},
	{WEIR_OPT_OUTPUT, 'o', "output", "FORMAT",
	    "json, seq, frames, csv, tsv, logfmt, table (as in)",
	    "json|seq|csv|tsv|logfmt|table|frames"},
	{WEIR_OPT_COLUMNS, 0, "columns", "NAME,...",
	    "of csv, tsv and table (the first event's fields)",
	    NULL},
	{WEIR_OPT_JSON, 'J', "json", NULL, "the same as -o json", NULL},
	{WEIR_OPT_FRAMES, 'F', "frames", NULL, "the same as -o frames", NULL},
	{WEIR_OPT_TIME, 't', "time", "EXPR",
	    "event time: a field or an expression", NULL},
	{WEIR_OPT_TIME_UNIT, 0, "time-unit", "UNIT",
	    "of times that are numbers: s, ms, us, ns (by size)",
	    "s|ms|us|ns"},
	{WEIR_OPT_TIME_FORMAT, 0, "time-format", "FMT",
	    "strptime format of other times (%f: fraction)",
	    NULL},
	{WEIR_OPT_MAX_DELAY, 0, "max-delay", "DUR",
	    "how far behind the newest an event may be (0s)", NULL},
	{WEIR_OPT_WATERMARK, 0, "watermark", "EXPR",
	    "explicit watermarks instead of --max-delay", NULL},
	{WEIR_OPT_IDLE, 0, "idle", "DUR",
	    "how long a silent input holds back time (for ever)", NULL},
	{WEIR_OPT_FOLLOW, 'f', "follow", NULL,
	    "keep reading FILEs as they grow", NULL},
	{WEIR_OPT_ON_ERROR, 'E', "on-error", "skip|fail|FILE",
	    "bad events: skip, stop, or keep in FILE (skip)",
	    "skip|fail|FILE"},
	{WEIR_OPT_HEADER, 0, "header", "NAMES",
	    "of the columns of csv and tsv (the first line)", NULL},
	{WEIR_OPT_YEAR, 0, "year", "YEAR",
	    "of the first syslog time without (by the file)", NULL},
	{WEIR_OPT_RETRACT, 0, "retract", NULL,
	    "events with \"retract\":true take earlier ones back", NULL},
	{WEIR_OPT_MAX_LINE, 0, "max-line", "SIZE",
	    "longest line accepted (16M)", NULL},
	{WEIR_OPT_STATS, 'S', "stats", NULL,
	    "counters on standard error at the end", NULL},
	{WEIR_OPT_PROGRESS, 0, "progress", NULL,
	    "a progress line on standard error", NULL},
	{WEIR_OPT_COLOR, 0, "color", "WHEN",
	    "color messages: auto, always or never (auto)", "auto|always|never"},
	{WEIR_OPT_SANDBOX, 0, "sandbox", "HOW",
	    "open nothing else: auto, require or off (auto)",
	    "auto|require|off"},
	{WEIR_OPT_COMPLETE, 0, "complete", "SHELL", NULL, "bash|zsh|fish"},
	{WEIR_OPT_HELP, 'h', "help", NULL, "show this and exit", NULL},
	{WEIR_OPT_VERSION, 'V', "version", NULL,
	    "show the version and exit", NULL},
	{0, 0, NULL, NULL, NULL, NULL}
};

static const char *const units[] = {"s", "ms", "us", "ns"};
/* clang-format on */

#define N(array) (sizeof(array) / sizeof *(array))

void
weir_stage_defaults(struct weir_stage_config *c, const char *tool)
{
	*c = (struct weir_stage_config){.tool = tool,
	    .out_fd = 1,
	    .time_unit = -1,
	    .max_line = WEIR_LINE_MAX,
	    .wake_fd = -1,
	    .control_fd = -1};
}

static int
set_unit(int *unit, const char *value, struct weir_error *err)
{
	size_t i;

	for (i = 0; i < N(units); i++)
		if (strcmp(value, units[i]) == 0) {
			*unit = (int)i;
			return 1;
		}
	return weir_fail(err, WEIR_USAGE, "one of s, ms, us and ns");
}

/* A duration that may not be negative. */
static int
set_duration(int64_t *ns, const char *value, struct weir_error *err)
{
	if (weir_duration_read(value, strlen(value), ns, err) < 0)
		return -1;
	if (*ns < 0)
		return weir_fail(err, WEIR_USAGE, "it cannot be negative");
	return 1;
}

static int
set_max_line(size_t *max, const char *value, struct weir_error *err)
{
	uint64_t size;

	if (weir_size_read(value, strlen(value), &size, err) < 0)
		return -1;
	if (size < 2 || size > ((uint64_t)2 << 30))
		return weir_fail(err, WEIR_USAGE, "it is between 2 and 2G");
	*max = (size_t)size;
	return 1;
}

static int
set_year(int *year, const char *value, struct weir_error *err)
{
	*year = 0;
	for (; *value >= '0' && *value <= '9' && *year < 10000; value++)
		*year = 10 * *year + (*value - '0');
	if (*value != '\0' || *year < 1970 || *year > 2261)
		return weir_fail(
		    err, WEIR_USAGE, "it is between 1970 and 2261");
	return 1;
}

static void
set_on_error(struct weir_stage_config *c, const char *value)
{
	c->error_file = NULL;
	if (strcmp(value, "skip") == 0) {
		c->on_error = WEIR_ON_ERROR_SKIP;
	} else if (strcmp(value, "fail") == 0) {
		c->on_error = WEIR_ON_ERROR_FAIL;
	} else {
		c->on_error = WEIR_ON_ERROR_FILE;
		c->error_file = value;
	}
}

static int
set(struct weir_stage_config *c, int id, const char *value,
    struct weir_error *err)
{
	switch (id) {
	case WEIR_OPT_INPUT: return weir_formats_set_input(c, value, err);
	case WEIR_OPT_OUTPUT: return weir_formats_set_output(c, value, err);
	case WEIR_OPT_COLUMNS: c->shape.columns = value; return 1;
	case WEIR_OPT_JSON: c->output = WEIR_FORMAT_JSON; return 1;
	case WEIR_OPT_FRAMES: c->output = WEIR_FORMAT_FRAMES; return 1;
	case WEIR_OPT_TIME: c->time = value; return 1;
	case WEIR_OPT_TIME_UNIT: return set_unit(&c->time_unit, value, err);
	case WEIR_OPT_TIME_FORMAT:
		c->time_format = value;
		return weir_time_format_check(value, err);
	case WEIR_OPT_MAX_DELAY:
		return set_duration(&c->max_delay_ns, value, err);
	case WEIR_OPT_WATERMARK: c->watermark = value; return 1;
	case WEIR_OPT_IDLE: return set_duration(&c->idle_ns, value, err);
	case WEIR_OPT_FOLLOW: c->follow = true; return 1;
	case WEIR_OPT_ON_ERROR: set_on_error(c, value); return 1;
	case WEIR_OPT_HEADER: c->convert.header = value; return 1;
	case WEIR_OPT_YEAR: return set_year(&c->convert.year, value, err);
	case WEIR_OPT_RETRACT: c->retract = true; return 1;
	case WEIR_OPT_MAX_LINE: return set_max_line(&c->max_line, value, err);
	default: return 0;
	}
}

int
weir_stage_set(struct weir_stage_config *c, int id, const char *value,
    struct weir_error *err)
{
	int got = set(c, id, value, err);
	const struct weir_option *o = weir_common_options;
	char text[sizeof err->text];

	if (got >= 0 || err == NULL)
		return got;
	while (o->id != id)
		o++;
	memcpy(text, err->text, sizeof text);
	return weir_fail(err, WEIR_USAGE, "--%s: %s", o->name, text);
}

#define ID_MAX 100

/* It becomes the name of a file, and a word of a report. */
static int
check_id(const char *id, struct weir_error *err)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	char shown[64];
	size_t len = strlen(id);

	if (len > 0 && len <= ID_MAX && strspn(id, good) == len)
		return 1;
	return weir_fail(err, WEIR_USAGE,
	    "--id=%s: a name has 1 to %d letters, digits, '-', '_' and '.'",
	    weir_show_into(shown, sizeof shown, id, len), ID_MAX);
}

/* What is its own of formats. */
static int
check_operand(const struct weir_stage_config *c,
    const struct weir_operand_config *o, struct weir_error *err)
{
	struct weir_stage_config own = *c;

	if (o->input == WEIR_FORMAT_AUTO && o->convert == NULL)
		return 1;
	if (o->input != WEIR_FORMAT_AUTO)
		own.input = o->input;
	if (o->convert != NULL)
		own.convert = *o->convert;
	/* --header may be about another one. */
	if (o->convert == NULL && own.input != c->input)
		own.convert.header = NULL;
	return weir_formats_check(&own, err);
}

int
weir_stage_check(const struct weir_stage_config *c, struct weir_error *err)
{
	if (c->id != NULL && check_id(c->id, err) < 0)
		return -1;
	bool timed = c->time != NULL || weir_convert_has_time(c->input);

	if (weir_formats_check(c, err) < 0)
		return -1;
	for (size_t i = 0; i < c->noperands; i++) {
		if (check_operand(c, &c->operands[i], err) < 0)
			return -1;
		timed |= c->operands[i].time != NULL ||
		    weir_convert_has_time(c->operands[i].input);
	}
	if (c->proc_time &&
	    (c->time != NULL || c->watermark != NULL || c->max_delay_ns > 0 ||
		c->idle_ns > 0))
		return weir_fail(err, WEIR_USAGE,
		    "--proc-time goes by the clock: --time, --max-delay, "
		    "--watermark and --idle do not go with it");
	if (!timed &&
	    (c->watermark != NULL || c->max_delay_ns > 0 || c->time_unit >= 0 ||
		c->time_format != NULL))
		return weir_fail(err, WEIR_USAGE,
		    "--max-delay, --watermark, --time-unit and --time-format "
		    "go with -t: say which field holds the time");
	if (c->shape.columns != NULL &&
	    weir_render_check(c->shape.columns, err) < 0)
		return -1;
	if (c->watermark != NULL && c->max_delay_ns > 0)
		return weir_fail(err, WEIR_USAGE,
		    "--watermark stands instead of --max-delay: give one");
	return 1;
}
