#include "cmd/tool.h"

#include "cmd/tool_progress.h"
#include "cmd/tool_signal.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- messages --- */

static void
write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

static const char *
spill_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir != NULL && *dir != '\0' ? dir : "/tmp";
}

static bool
colored(const struct tool *t, int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (t->color != TOOL_COLOR_AUTO)
		return t->color == TOOL_COLOR_ALWAYS;
	return isatty(fd) && (no == NULL || *no == '\0') && term != NULL &&
	    strcmp(term, "dumb") != 0;
}

/*
 * One write, so that messages of a whole pipeline do not mix. Whoever wrote the
 * text: nothing in it acts on a terminal.
 */
void
tool_say(struct tool *t, const char *text)
{
	struct weir_buf b = {0};
	bool color = colored(t, 2);

	if (t->progress_shown || t->shares_line)
		weir_buf_puts(&b, PROGRESS_CLEAR);
	t->progress_shown = false;
	weir_buf_printf(&b, "%s%s:%s ", color ? "\033[1m" : "", t->config.tool,
	    color ? "\033[0m" : "");
	weir_show_lines(&b, text, strlen(text));
	weir_buf_putc(&b, '\n');
	write_all(2, b.data, b.len);
	weir_buf_fini(&b);
}

/*
 * The shell of a job does not always tell how its stages end: they tell `run`
 * themselves when starting them again is of no use.
 */
static void
tell_job(int status)
{
	const char *fifo = getenv("WEIR_JOB");
	char line[32];
	int fd;

	if (fifo == NULL ||
	    (status != WEIR_USAGE && status != WEIR_INPUT &&
		status != WEIR_STATE))
		return;
	fd = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	snprintf(line, sizeof line, "stopped %d\n", status);
	write_all(fd, line, strlen(line));
	close(fd);
}

_Noreturn void
tool_fail(struct tool *t, const struct weir_error *err)
{
	tool_say(t, err->text);
	tell_job(err->status);
	exit(err->status);
}

_Noreturn void
tool_usage(struct tool *t, const char *fmt, ...)
{
	struct weir_buf b = {0};
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	weir_buf_printf(&b, "%s\nusage: ", text);
	weir_opt_usage(&b, t->command);
	weir_buf_printf(&b, "\nMore: %s --help", t->command->name);
	tool_say(t, weir_buf_cstr(&b));
	tell_job(WEIR_USAGE);
	exit(WEIR_USAGE);
}

/* To standard output, and exit: 0, also if the reader has seen enough. */
static _Noreturn void
print(struct tool *t, struct weir_buf *b)
{
	bool failed = fwrite(b->data, 1, b->len, stdout) != b->len;
	struct weir_error err;

	if ((fflush(stdout) != 0 || failed) && errno != EPIPE) {
		weir_fail_errno(&err, "standard output");
		tool_fail(t, &err);
	}
	exit(WEIR_OK);
}

/* --- what the stage tells us --- */

static void
warn(void *ctx, const char *text)
{
	struct tool *t = ctx;

	if (t->first_bad.len == 0)
		weir_buf_puts(&t->first_bad, text);
	tool_say(t, text);
}

static void
show_stats(void *ctx, const struct weir_metrics *m)
{
	struct tool *t = ctx;
	struct weir_buf b = {0};

	if (t->progress_shown || t->shares_line)
		weir_buf_puts(&b, PROGRESS_CLEAR);
	t->progress_shown = false;
	weir_metrics_write(&b, m, t->config.tool);
	weir_buf_putc(&b, '\n');
	write_all(2, b.data, b.len);
	weir_buf_fini(&b);
}

/* The terminal's last line, or one more where there is no terminal. */
void
tool_show_line(struct tool *t, struct weir_buf *line)
{
	bool terminal = isatty(2);
	struct weir_buf b = {0};

	t->progress_shown = terminal;
	if (terminal) {
		weir_buf_puts(&b, PROGRESS_CLEAR);
		progress_cut(line);
	}
	weir_buf_add(&b, line->data, line->len);
	if (!terminal)
		weir_buf_putc(&b, '\n');
	write_all(2, b.data, b.len);
	weir_buf_fini(&b);
}

void
tool_clear_line(struct tool *t)
{
	if (t->progress_shown)
		write_all(2, PROGRESS_CLEAR, strlen(PROGRESS_CLEAR));
	t->progress_shown = false;
}

static void
show_progress(
    void *ctx, uint64_t done, uint64_t size, const struct weir_metrics *m)
{
	struct tool *t = ctx;
	int64_t now = weir_clock_ns(), elapsed_ns = now - m->start_ns;
	bool terminal = isatty(2);
	struct weir_buf b = {0};

	if (!t->progress && (size == 0 || elapsed_ns < PROGRESS_AFTER_NS))
		return;
	if (!terminal && now - t->progress_ns < PROGRESS_EVERY_NS)
		return;
	t->progress_ns = now;
	progress_write(&b, t->config.tool, done, size, elapsed_ns, m->in);
	tool_show_line(t, &b);
	weir_buf_fini(&b);
}

/* All is open: what else there is can be given up. */
static int
settled(void *ctx, const struct weir_stage_config *c,
    const struct weir_dir *job, struct weir_error *err)
{
	struct tool *t = ctx;

	return sandbox_enter(t->sandbox, c, job, err);
}

/* --- options --- */

/*
 * Descriptors that were closed when we began are opened the wrong way round, so
 * that using them fails and no file of ours gets their numbers.
 */
static void
hold_descriptors(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			_exit(WEIR_SYSTEM);
}

void
tool_init(
    struct tool *t, const struct weir_command *command, int argc, char **argv)
{
	static char name[32];
	struct weir_error err;
	size_t len = strcspn(command->name, " ");

	*t = (struct tool){.command = command,
	    .opt = {.command = command, .argc = argc, .argv = argv}};
	snprintf(name, sizeof name, "%.*s", (int)len, command->name);
	weir_stage_defaults(&t->config, name);
	t->config.warn = warn;
	t->config.show_stats = show_stats;
	t->config.settled = settled;
	t->config.ctx = t;
	t->config.spill_dir = spill_dir();
	t->config.of_job = getenv("WEIR_JOB");
	t->shares_line = t->config.of_job != NULL && progress_terminal();
	hold_descriptors();
	tool_probes(name);
	if (tool_signals(&t->config, &err) < 0)
		tool_fail(t, &err);
}

static void
set_color(struct tool *t)
{
	static const char *const words[] = {"auto", "always", "never"};
	size_t i;

	for (i = 0; i < 3; i++)
		if (strcmp(t->opt.value, words[i]) == 0) {
			t->color = (enum tool_color)i;
			return;
		}
	tool_usage(t, "--color is one of auto, always and never");
}

static _Noreturn void
complete(struct tool *t)
{
	struct weir_buf b = {0};

	weir_opt_complete(&b, t->command, t->opt.value);
	if (b.len == 0)
		tool_usage(t, "--complete is one of bash, zsh and fish");
	print(t, &b);
}

/* An option that every tool has. */
static void
common(struct tool *t, int id)
{
	struct weir_error err;
	struct weir_buf b = {0};

	switch (id) {
	case WEIR_OPT_STATS: t->stats = true; return;
	case WEIR_OPT_PROGRESS: t->progress = true; return;
	case WEIR_OPT_COLOR: set_color(t); return;
	case WEIR_OPT_SANDBOX:
		if (!sandbox_read(&t->sandbox, t->opt.value))
			tool_usage(
			    t, "--sandbox is one of auto, require and off");
		return;
	case WEIR_OPT_COMPLETE: complete(t);
	case WEIR_OPT_HELP: weir_opt_help(&b, t->command); print(t, &b);
	case WEIR_OPT_VERSION:
		weir_buf_printf(
		    &b, "%s (weir) " WEIR_VERSION "\n", t->config.tool);
		print(t, &b);
	default: break;
	}
	if (weir_stage_set(&t->config, id, t->opt.value, &err) < 0)
		tool_usage(t, "%s", err.text);
}

int
tool_option(struct tool *t)
{
	struct weir_error err;
	int id;

	while ((id = weir_opt_next(&t->opt, &err)) > 0) {
		if (id >= WEIR_OPTION_OWN)
			return id;
		common(t, id);
	}
	if (id < 0)
		tool_usage(t, "%s", err.text);
	return 0;
}

uint64_t
tool_number(struct tool *t, uint64_t max)
{
	const char *s = t->opt.value;
	uint64_t n = 0;

	for (; *s >= '0' && *s <= '9' && n <= max; s++)
		n = n * 10 + (uint64_t)(*s - '0');
	if (s == t->opt.value || *s != '\0' || n > max)
		tool_usage(t, "--%s needs a number from 0 to %llu",
		    t->opt.option->name, (unsigned long long)max);
	return n;
}

uint64_t
tool_size(struct tool *t)
{
	struct weir_error err;
	uint64_t size;

	if (weir_size_read(t->opt.value, strlen(t->opt.value), &size, &err) < 0)
		tool_usage(t, "--%s: %s", t->opt.option->name, err.text);
	if (size == 0)
		tool_usage(
		    t, "--%s: nothing fits into nothing", t->opt.option->name);
	return size;
}

const char *
tool_file_or_drop(const struct tool *t)
{
	return strcmp(t->opt.value, "drop") == 0 ? NULL : t->opt.value;
}

const char *
tool_operand(struct tool *t, const char *what)
{
	if (t->opt.at >= t->opt.argc)
		tool_usage(t, "%s is missing", what);
	return t->opt.argv[t->opt.at++];
}

void
tool_files(struct tool *t)
{
	struct weir_stage_config *c = &t->config;
	struct weir_error err;
	char shown[64];

	c->files = (const char *const *)t->opt.argv + t->opt.at;
	c->nfiles = (size_t)(t->opt.argc - t->opt.at);
	if (weir_stage_check(c, &err) < 0)
		tool_usage(t, "%s", err.text);
	for (size_t i = 0; i < c->nfiles; i++)
		if (c->files[i][0] == '-' && c->files[i][1] != '\0' &&
		    access(c->files[i], F_OK) != 0)
			tool_usage(t,
			    "%s: there is no such file; options stand before "
			    "the other words",
			    weir_show_into(shown, sizeof shown, c->files[i],
				strlen(c->files[i])));
	if (c->nfiles == 0 && isatty(c->in_fd))
		tool_usage(t, "no FILE, and standard input is a terminal");
	c->shape.color = colored(t, c->out_fd);
	/* in a job `scheckpoint run` shows how all of it is getting on */
	if (t->progress || (isatty(2) && !isatty(1) && c->of_job == NULL))
		c->progress = show_progress;
}

/* --- running --- */

/* "wrote 2 bad lines to FILE" */
static void
say_written(struct tool *t, const char *done, uint64_t n, const char *what,
    const char *file)
{
	struct weir_buf b = {0};

	weir_buf_printf(&b, "%s %llu %s%s", done, (unsigned long long)n, what,
	    n == 1 ? "" : "s");
	if (file != NULL) {
		weir_buf_puts(&b, " to ");
		weir_show(&b, file, strlen(file), SIZE_MAX);
	}
	tool_say(t, weir_buf_cstr(&b));
	weir_buf_fini(&b);
}

static void
summary(struct tool *t, const struct weir_metrics *m)
{
	struct weir_buf b = {0};

	if (m->bad > 0 && t->config.on_error == WEIR_ON_ERROR_FILE) {
		say_written(
		    t, "wrote", m->bad, "bad line", t->config.error_file);
	} else if (m->bad > 0 && t->config.on_error == WEIR_ON_ERROR_SKIP) {
		weir_buf_printf(&b, "skipped %llu bad line%s",
		    (unsigned long long)m->bad, m->bad == 1 ? "" : "s");
		/* Those before a restart were told then. */
		if (m->bad > WEIR_WARNINGS_MAX && t->first_bad.len > 0)
			weir_buf_printf(
			    &b, " (first: %s)", weir_buf_cstr(&t->first_bad));
		tool_say(t, weir_buf_cstr(&b));
	}
	if (m->late > 0)
		say_written(t,
		    t->late_file != NULL ? "wrote"
			: t->late_passed ? "passed on"
					 : "dropped",
		    m->late, "late event", t->late_file);
	weir_buf_fini(&b);
}

int
tool_run(struct tool *t, struct weir_stage *st)
{
	struct weir_error err = {0};
	int status;

	if (sandbox_check(t->sandbox, &err) < 0)
		tool_fail(t, &err);
	status = weir_stage_run(st, &err);
	tool_clear_line(t);
	if (status != WEIR_OK && err.status == status && err.text[0] != '\0')
		tool_say(t, err.text);
	summary(t, weir_stage_metrics(st));
	if (t->stats)
		show_stats(t, weir_stage_metrics(st));
	weir_buf_fini(&t->first_bad);
	tell_job(status);
	tool_end_by_signal();
	return status;
}
