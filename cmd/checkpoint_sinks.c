#include "cmd/checkpoint_sinks.h"

#include "cmd/checkpoint_tables.h"

#include "base/text.h"
#include "base/timetext.h"
#include "stream/visible.h"

#include <stdlib.h>
#include <string.h>

void
checkpoint_read_roll(struct tool *t, struct weir_roll_config *roll)
{
	const char *s = t->opt.value;
	struct weir_error err;

	*roll = (struct weir_roll_config){.path = roll->path};
	for (size_t len; *s != '\0'; s += len + (s[len] == ',')) {
		len = strcspn(s, ",");
		if (weir_duration_read(s, len, &roll->age_ns, &err) == 1) {
			if (roll->age_ns <= 0)
				tool_usage(t, "--roll: an age of nothing");
		} else if (weir_size_read(s, len, &roll->size_bytes, &err) <
			0 ||
		    roll->size_bytes == 0) {
			tool_usage(t,
			    "--roll=%s: a size (128M), an age (10m), or "
			    "128M,10m",
			    t->opt.value);
		}
	}
	if (roll->age_ns == 0 && roll->size_bytes == 0)
		tool_usage(t, "--roll is empty");
}

/* Better now than in the sink, when all has begun. */
static void
check_path(struct tool *t, const struct weir_roll_config *roll)
{
	struct weir_prover *prover = weir_prover_new();
	struct weir_error err;
	struct weir_roll *r =
	    weir_roll_new(roll, prover, WEIR_FORMAT_JSON, &err);

	if (r == NULL)
		tool_fail(t, &err);
	weir_roll_free(r);
	weir_prover_free(prover);
}

void
checkpoint_check_roll(struct checkpoint *c)
{
	struct tool *t = &c->tool;

	check_path(t, &c->roll);
	for (size_t i = 0; i < c->job.roles.nsinks; i++) {
		struct weir_error err;
		char *name = weir_visible_name(c->sinks[i], &err);
		bool dir =
		    name != NULL && weir_visible_kind(name) == WEIR_VISIBLE_DIR;

		free(name);
		if (dir)
			return;
	}
	tool_usage(t,
	    "--roll and --path are for a directory of part files: end the "
	    "name of the sink in a slash, as in -o parts/");
}

/* Where what is not committed could not be taken back after a crash. */
static void
check_now(struct checkpoint *c)
{
	struct tool *t = &c->tool;

	for (size_t i = 0; i < c->job.roles.nsinks; i++) {
		struct weir_error err;
		char *name = weir_visible_name(c->sinks[i], &err);
		char shown[256];
		bool file;

		if (name == NULL)
			tool_fail(t, &err);
		file = weir_visible_kind(name) == WEIR_VISIBLE_FILE;
		free(name);
		if (!file)
			tool_usage(t,
			    "--visible=now is for sinks that are regular "
			    "files, which %s is not: leave it out, or put "
			    "that sink into a job of its own",
			    weir_show_into(shown, sizeof shown, c->sinks[i],
				strlen(c->sinks[i])));
	}
}

void
checkpoint_check_writes(struct checkpoint *c)
{
	struct tool *t = &c->tool;
	bool now = c->visible != NULL && strcmp(c->visible, "now") == 0;

	if (c->at_least_once &&
	    t->command == checkpoint_commands[CHECKPOINT_SOURCE])
		tool_usage(t,
		    "--guarantee=at-least-once goes with run only: a sink of "
		    "its own writes exactly once");
	if (c->at_least_once && c->visible != NULL && !now)
		tool_usage(t,
		    "--guarantee=at-least-once repeats what was visible "
		    "before it was committed, and --visible=committed shows "
		    "nothing before: give one of them");
	if (c->job.at_most_once && now)
		tool_usage(t,
		    "--visible=now would take back after a crash what "
		    "--guarantee=at-most-once never makes again: give one of "
		    "them");
	if (now)
		check_now(c);
	c->job.writes = c->at_least_once ? WEIR_WRITES_REPEATS
	    : now			 ? WEIR_WRITES_NOW
					 : WEIR_WRITES_COMMITTED;
}
