/*
 * scheckpoint - make a pipeline survive.
 */
#include "cmd/checkpoint_look.h"
#include "cmd/checkpoint_options.h"
#include "cmd/tool_progress.h"
#include "cmd/tool_signal.h"

#include "stream/edges.h"
#include "stream/foreign.h"
#include "stream/jobsink.h"
#include "stream/jobsource.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the processes of a job --- */

/* A fork of ours goes on in here: signals are for the one that forked it. */
static void
become_child(struct tool *t)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	t->shares_line = progress_terminal();
	t->config.stop = t->config.stats = NULL;
	t->config.wake_fd = -1;
}

/* The FIFO of one with a name: 1, or -1 with *status to exit with. */
static int
open_edge(struct checkpoint *c, struct weir_role *role, int *status)
{
	struct weir_error err;

	if (role->fifo == NULL || weir_edge_open(role, &err) == 1)
		return 1;
	if (err.text[0] != '\0')
		tool_say(&c->tool, err.text);
	*status = err.status;
	return -1;
}

static int
be_source(void *ctx, struct weir_role *role)
{
	struct checkpoint *c = ctx;
	struct weir_jobsource_config config = {
	    .skip_gap = c->skip_gap, .spool = c->job.spool};
	struct weir_jobsource *s;
	int status;

	become_child(&c->tool);
	if (open_edge(c, role, &status) == -1)
		return status;
	s = weir_jobsource_new(&c->tool.config, role, &config);
	status = tool_run(&c->tool, weir_jobsource_stage(s));
	weir_jobsource_free(s);
	return status;
}

/* The common options are for the sources; a sink has few of them. */
static int
write_out(struct checkpoint *c, const struct weir_role *role)
{
	const struct weir_stage_config *config = &c->tool.config;
	struct weir_jobsink_config sink = {.dir = c->job.dir,
	    .pipeline = c->job.roles.pipeline,
	    .no_input = c->job.roles.pipeline != NULL &&
		c->job.roles.std_source == NULL,
	    .output = config->output,
	    .roll = c->roll};
	struct weir_stage_config own;
	struct weir_error err;
	struct weir_jobsink *s;
	int status;

	if (sink.output == WEIR_FORMAT_AUTO)
		sink.output = WEIR_FORMAT_JSON;
	weir_stage_defaults(&own, config->tool);
	own.max_line = config->max_line;
	own.in_job = config->in_job;
	own.stop = config->stop;
	own.wake_fd = config->wake_fd;
	own.wake_drain = config->wake_drain;
	own.warn = config->warn;
	own.ctx = config->ctx;
	s = weir_jobsink_new(&own, role, &sink, &err);
	if (s == NULL)
		tool_fail(&c->tool, &err);
	status = tool_run(&c->tool, weir_jobsink_stage(s));
	weir_jobsink_free(s);
	return status;
}

static int
be_sink(void *ctx, struct weir_role *role)
{
	struct checkpoint *c = ctx;
	int status;

	become_child(&c->tool);
	return open_edge(c, role, &status) == -1 ? status : write_out(c, role);
}

static void
warn(void *ctx, const char *text)
{
	struct checkpoint *c = ctx;

	tool_say(&c->tool, text);
}

static void
drain(void *ctx)
{
	struct checkpoint *c = ctx;

	c->tool.config.wake_drain(c->tool.config.ctx);
}

/* How the job is getting on. */
static void
show(void *ctx, const struct weir_job_status *s)
{
	struct checkpoint *c = ctx;
	struct tool *t = &c->tool;
	struct weir_buf line = {0};

	if (!t->progress && weir_clock_ns() - c->start_ns < PROGRESS_AFTER_NS)
		return;
	progress_job_write(&line, t->config.tool, s);
	tool_show_line(t, &line);
	weir_buf_fini(&line);
}

/* A sink is written in pieces: each must be good without those before it. */
static void
check_output(struct tool *t)
{
	enum weir_format format = t->config.output;

	if (format == WEIR_FORMAT_FRAMES)
		tool_usage(t, "a sink is JSON: frames are for pipes");
	if (format != WEIR_FORMAT_AUTO && format != WEIR_FORMAT_JSON &&
	    format != WEIR_FORMAT_SEQ)
		tool_usage(t,
		    "a sink is JSON or a sequence: smap makes other "
		    "formats of it");
}

/* The ends of the job, and whether the options fit them. */
static void
check_ends(struct checkpoint *c)
{
	struct weir_roles *r = &c->job.roles;
	struct weir_stage_config seen;
	struct weir_error err = {0};
	struct tool *t = &c->tool;

	r->source_names = c->source_names;
	r->source_paths = c->sources;
	r->sink_names = c->sink_names;
	r->sink_paths = c->sinks;
	seen = t->config;
	seen.files = c->sources;
	seen.nfiles = r->nsources;
	if (weir_stage_check(&seen, &err) < 0 || weir_edges_check(r, &err) < 0)
		tool_usage(t, "%s", err.text);
	if (r->nsources > 1 && t->config.on_error == WEIR_ON_ERROR_FILE)
		tool_usage(t,
		    "-E FILE is for one source: of several give it to the "
		    "stages, or say -E skip or -E fail");
}

/* Without event time one source comes after the end of the other. */
static void
warn_untimed(struct checkpoint *c)
{
	const struct weir_stage_config *config = &c->tool.config;
	const struct weir_roles *r = &c->job.roles;
	const char *meet[2];
	char text[512];

	if (!config->follow || config->time != NULL || r->pipeline == NULL ||
	    weir_convert_has_time(config->input) ||
	    !weir_foreign_untimed(
		r->pipeline, r->source_names, r->nsources, meet))
		return;
	snprintf(text, sizeof text,
	    "no event time is given where $%s and $%s meet: one of them comes "
	    "after the end of the other, which -f never reaches; say which "
	    "field holds the time, as in -t ts",
	    meet[0], meet[1]);
	tool_say(&c->tool, text);
}

static int
supervise(struct checkpoint *c)
{
	struct weir_supervise_config *j = &c->job;
	struct weir_roles *r = &j->roles;
	struct weir_error err = {0};
	struct tool *t = &c->tool;
	int status;

	check_output(t);
	if (t->opt.at < t->opt.argc)
		tool_usage(
		    t, "%s: one operand too many", t->opt.argv[t->opt.at]);
	check_ends(c);
	warn_untimed(c);
	r->source = be_source;
	r->sink = be_sink;
	r->ctx = c;
	j->drop = c->drop;
	j->stop = t->config.stop;
	j->wake_fd = t->config.wake_fd;
	j->wake_drain = drain;
	j->warn = warn;
	c->start_ns = weir_clock_ns();
	if (r->pipeline != NULL && (t->progress || progress_terminal()))
		j->show = show;
	tool_watch_children();
	status = weir_supervise(j, &err);
	tool_clear_line(t);
	if (status != WEIR_OK && err.text[0] != '\0')
		tool_say(t, err.text);
	tool_end_by_signal();
	return status;
}

/* --- commands --- */

static int
run(struct checkpoint *c)
{
	c->job.roles.pipeline = tool_operand(&c->tool, "PIPELINE");
	if (c->job.roles.pipeline[strspn(c->job.roles.pipeline, " \t\n")] ==
	    '\0')
		tool_usage(&c->tool, "PIPELINE is empty");
	if (c->job.roles.nsources == 0)
		tool_usage(&c->tool,
		    "say what PIPELINE reads: -i FILE (or -i - --spool: "
		    "standard input)");
	if (c->job.roles.nsinks == 0)
		tool_usage(&c->tool,
		    "say where the output goes: -o FILE "
		    "(standard output cannot be cut back)");
	return supervise(c);
}

static int
source(struct checkpoint *c)
{
	struct stat st;

	c->sources[0] = tool_operand(&c->tool, "FILE");
	c->source_names[0] = c->job.roles.std_source = "in";
	c->job.roles.nsources = 1;
	if (fstat(1, &st) == 0 && !S_ISFIFO(st.st_mode) &&
	    !S_ISSOCK(st.st_mode))
		tool_usage(&c->tool,
		    "standard output must be a pipe, to the "
		    "first stage of the pipeline");
	return supervise(c);
}

static int
sink(struct checkpoint *c)
{
	struct weir_role role = {.name = "out",
	    .path = c->sinks[0],
	    .in_fd = 0,
	    .out_fd = -1,
	    .control_fd = -1};

	if (c->job.roles.nsinks != 1 || c->job.roles.std_sink == NULL)
		tool_usage(&c->tool,
		    "say where the output goes: one -o FILE, without a name");
	if (isatty(0))
		tool_usage(&c->tool,
		    "standard input is a terminal: this is "
		    "the end of a pipeline");
	check_output(&c->tool);
	return write_out(c, &role);
}

int
main(int argc, char **argv)
{
	struct checkpoint c;
	enum checkpoint_command command = checkpoint_options(&c, argc, argv);
	int status;

	switch (command) {
	case CHECKPOINT_RUN: status = run(&c); break;
	case CHECKPOINT_SOURCE: status = source(&c); break;
	case CHECKPOINT_SINK: status = sink(&c); break;
	default: status = checkpoint_look(&c, command); break;
	}
	checkpoint_fini(&c);
	return status;
}
