#include "cmd/checkpoint_look.h"

#include "base/text.h"
#include "state/save.h"
#include "stream/inspect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
put(void *ctx, const char *text, size_t len)
{
	struct weir_buf shown = {0};
	int got;

	(void)ctx;
	if (!isatty(1))
		return fwrite(text, 1, len, stdout) == len ? 1 : -1;
	weir_show_lines(&shown, text, len);
	got = fwrite(shown.data, 1, shown.len, stdout) == shown.len ? 1 : -1;
	weir_buf_fini(&shown);
	return got;
}

static void
no_more(struct tool *t)
{
	if (t->opt.at < t->opt.argc)
		tool_usage(
		    t, "%s: one operand too many", t->opt.argv[t->opt.at]);
}

/* --- what is there --- */

/*
 * [N|NAME] [STAGE]. A single word is the savepoint of that name if there is
 * one, else a stage.
 */
static int
show(struct tool *t, const struct weir_dir *d, struct weir_error *err)
{
	struct weir_inspect_from from = {0};
	struct weir_opt *o = &t->opt;
	const char *s = o->argv[o->at];
	int fd;

	if (s != NULL && strspn(s, "0123456789") == strlen(s)) {
		from.n = strtoull(s, NULL, 10);
		o->at++;
	} else if (s != NULL && o->at + 1 < o->argc) {
		checkpoint_name(t, s);
		from.name = o->argv[o->at++];
	} else if (s != NULL && weir_save_name(s) &&
	    (fd = weir_save_open(d, s, NULL)) >= 0) {
		close(fd);
		from.name = o->argv[o->at++];
	}
	s = o->at < o->argc ? o->argv[o->at++] : NULL;
	no_more(t);
	return weir_inspect_show(d, &from, s, put, NULL, err);
}

/* [N|NAME] STAGE KEY: by their number, for a stage may be called like a save. */
static int
get(struct tool *t, const struct weir_dir *d, struct weir_error *err)
{
	struct weir_inspect_from from = {0};
	struct weir_inspect_key what;
	const char *s;

	if (t->opt.argc - t->opt.at > 2) {
		s = tool_operand(t, "N");
		if (strspn(s, "0123456789") == strlen(s)) {
			from.n = strtoull(s, NULL, 10);
		} else {
			checkpoint_name(t, s);
			from.name = s;
		}
	}
	what.stage = tool_operand(t, "STAGE");
	what.key = tool_operand(t, "KEY");
	no_more(t);
	return weir_inspect_get(d, &from, &what, put, NULL, err);
}

static int
verify(const struct weir_dir *d, const char *dir, struct weir_error *err)
{
	int got = weir_inspect_verify(d, put, NULL, err);

	if (got == 0)
		weir_fail(err, WEIR_STATE, "%s: damaged", dir);
	return got;
}

/* --- savepoints, old checkpoints --- */

static int
save(struct tool *t, const struct weir_dir *d, struct weir_error *err)
{
	const char *name = tool_operand(t, "NAME");
	char text[WEIR_CP_TEXT];
	struct weir_cp cp;

	checkpoint_name(t, name);
	no_more(t);
	if (weir_save_make(d, name, &cp, err) == -1)
		return -1;
	weir_cp_print(cp, text);
	printf("savepoint %s: checkpoint %s\n", name, text);
	return 1;
}

static void
tell_removed(void *ctx, struct weir_cp cp)
{
	char text[WEIR_CP_TEXT];

	(void)ctx;
	weir_cp_print(cp, text);
	printf("checkpoint %s: removed\n", text);
}

/* What was left over goes as well, unless a job may be about to use it. */
static int
prune_checkpoints(struct weir_dir *d, size_t keep, struct weir_error *err)
{
	int alone = weir_dir_alone(d, err);

	if (alone == -1 ||
	    weir_dir_tidy(d, keep, tell_removed, NULL, err) == -1)
		return -1;
	return alone ? weir_dir_sweep(d, SIZE_MAX, err) : 1;
}

static int
prune(struct checkpoint *c, struct weir_dir *d, struct weir_error *err)
{
	int got;

	no_more(&c->tool);
	if (c->savepoint == NULL)
		return prune_checkpoints(d, c->job.keep, err);
	got = weir_save_remove(d, c->savepoint, err);
	if (got == 1)
		printf("savepoint %s: removed\n", c->savepoint);
	if (got == 0)
		weir_fail(err, WEIR_USAGE, "%s: there is no savepoint %s",
		    c->job.dir, c->savepoint);
	return got;
}

int
checkpoint_look(struct checkpoint *c, enum checkpoint_command command)
{
	struct weir_error err = {0};
	struct weir_dir d;
	int got = weir_dir_open(&d, c->job.dir, false, &err);

	if (got == 0)
		weir_fail(
		    &err, WEIR_USAGE, "%s: no state is kept there", c->job.dir);
	if (got != 1)
		tool_fail(&c->tool, &err);
	if (command == CHECKPOINT_VERIFY || command == CHECKPOINT_LIST)
		no_more(&c->tool);
	switch (command) {
	case CHECKPOINT_SHOW: got = show(&c->tool, &d, &err); break;
	case CHECKPOINT_GET: got = get(&c->tool, &d, &err); break;
	case CHECKPOINT_VERIFY: got = verify(&d, c->job.dir, &err); break;
	case CHECKPOINT_SAVE: got = save(&c->tool, &d, &err); break;
	case CHECKPOINT_PRUNE: got = prune(c, &d, &err); break;
	default: got = weir_inspect_list(&d, isatty(1), put, NULL, &err); break;
	}
	weir_dir_close(&d);
	/* a reader that has seen enough is no failure */
	if (fflush(stdout) == 0 && got != 1 && err.status != 0)
		tool_fail(&c->tool, &err);
	return got == 1 ? WEIR_OK : WEIR_SYSTEM;
}
