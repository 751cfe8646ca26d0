#include "stream/waiting.h"

#include "base/text.h"
#include "stream/foreign.h"
#include "stream/metrics.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>

#define SHOW	256
#define STEP_MS 50 /* while a command is waited for */
#ifdef WEIR_PROBES
#define COMMAND_NS INT64_C(500000000)
#else
#define COMMAND_NS INT64_C(10000000000) /* until it is told */
#endif
#define STOP_NS INT64_C(2000000000) /* for a stream around one that stopped */

static size_t
all_ends(const struct weir_incarnation *j)
{
	return j->c->roles.pipeline == NULL ? 0
					    : j->job.nsources + j->job.nsinks;
}

static bool
reached(const struct weir_incarnation *j)
{
	return j->presence.ends >= all_ends(j);
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* When what waits is in vain; INT64_MAX: never. */
static int64_t
vain_at(const struct weir_incarnation *j)
{
	int64_t asked = weir_committer_asked(j->committer);

	if (j->stopped != 0 && !reached(j))
		return j->stopped_ns + STOP_NS;
	if (j->presence.went && asked != 0)
		return later(j->presence.went_ns, asked) + WEIR_PATIENCE_NS;
	return INT64_MAX;
}

bool
weir_waiting_in_vain(const struct weir_incarnation *j, int64_t now_ns)
{
	return now_ns >= vain_at(j);
}

/* Each time twice as long. */
static int64_t
tell_at(const struct weir_incarnation *j, int64_t since)
{
	return since == 0 ? INT64_MAX
			  : since + (WEIR_PATIENCE_NS << j->waiting.told);
}

int64_t
weir_waiting_due(const struct weir_incarnation *j)
{
	int64_t due = vain_at(j), at;

	at = tell_at(j, weir_committer_asked(j->committer));
	if (at < due)
		due = at;
	at = j->waiting.begin_ns + WEIR_PATIENCE_NS;
	if (!reached(j) && !j->waiting.silence_told && at < due)
		due = at;
	return due;
}

/* Who is likely to be the reason. */
static void
put_suspects(struct weir_buf *text, const struct weir_incarnation *j)
{
	char name[WEIR_FOREIGN_SHOW];

	weir_foreign_stage(j->c->roles.pipeline, name);
	weir_buf_puts(text, ": ");
	if (name[0] != '\0')
		weir_buf_printf(
		    text, "%s may hold back what should pass it, or ", name);
	weir_buf_puts(text,
	    "a stage is slow, or waits for a FIFO whose other end nobody "
	    "opens");
}

static void
tell_checkpoint(struct weir_incarnation *j, int64_t asked, int64_t now_ns)
{
	struct weir_buf text = {0};

	weir_buf_printf(&text,
	    "checkpoint %" PRIu64 " was asked for %" PRId64 " s ago, and ",
	    weir_committer_number(j->committer), (now_ns - asked) / 1000000000);
	weir_committer_lacks(j->committer, &text);
	put_suspects(&text, j);
	if (j->signal != 0)
		weir_buf_puts(&text,
		    "; a second signal ends the job as of the checkpoint "
		    "before");
	weir_incarnation_warn(j, weir_buf_cstr(&text));
	weir_buf_fini(&text);
}

static void
tell_silence(struct weir_incarnation *j, int64_t now_ns)
{
	struct weir_buf text = {0};

	weir_buf_printf(&text,
	    "the stream has not come to every sink for %" PRId64 " s",
	    (now_ns - j->waiting.begin_ns) / 1000000000);
	put_suspects(&text, j);
	weir_incarnation_warn(j, weir_buf_cstr(&text));
	weir_buf_fini(&text);
}

void
weir_waiting_tell(struct weir_incarnation *j, int64_t now_ns)
{
	int64_t asked = weir_committer_asked(j->committer);

	if (asked != j->waiting.asked_ns) {
		j->waiting.asked_ns = asked;
		j->waiting.told = 0;
	}
	if (now_ns >= tell_at(j, asked)) {
		tell_checkpoint(j, asked, now_ns);
		j->waiting.told++;
	}
	if (!reached(j) && !j->waiting.silence_told &&
	    now_ns >= j->waiting.begin_ns + WEIR_PATIENCE_NS) {
		j->waiting.silence_told = true;
		tell_silence(j, now_ns);
	}
}

/* --- signals, and commands that are sinks --- */

/* Two signals this close together are one. */
#define SIGNAL_TWICE_NS INT64_C(500000000)

bool
weir_waiting_heed(struct weir_incarnation *j)
{
	int sig = (int)*j->c->stop;

	if (sig == 0)
		return true;
	*j->c->stop = 0;
	/* timeout(1) signals us, and then our group with us in it */
	if (j->signal != 0)
		return weir_clock_ns() - j->signal_ns < SIGNAL_TWICE_NS;
	j->signal = sig;
	j->signal_ns = weir_clock_ns();
	if (j->committer != NULL)
		weir_committer_drain(j->committer);
	return true;
}

/* Each time after twice as long. */
static void
tell_command(struct weir_incarnation *j, const struct weir_visible_config *c)
{
	int64_t waited = weir_clock_ns() - j->command.since_ns;
	struct weir_buf text = {0};
	char shown[SHOW];

	if (waited < COMMAND_NS << j->command.told)
		return;
	j->command.told++;
	weir_show_into(shown, sizeof shown, c->path + 1, strlen(c->path + 1));
	weir_buf_printf(&text,
	    "the command that is the sink %s has been waited for for %" PRId64
	    " s, to read what it has not read, or to end: %s; %s signal "
	    "(SIGTERM, SIGINT) ends it",
	    c->sink, waited / 1000000000, shown,
	    j->signal != 0 ? "another" : "a second");
	weir_incarnation_warn(j, weir_buf_cstr(&text));
	weir_buf_fini(&text);
}

static bool
wait_for_command(
    void *ctx, const struct weir_visible_config *c, int64_t since_ns)
{
	struct weir_incarnation *j = ctx;
	struct pollfd wake = {.fd = j->c->wake_fd, .events = POLLIN};

	if (j->command.since_ns != since_ns)
		j->command = (struct weir_wait_command){.since_ns = since_ns};
	tell_command(j, c);
	if (poll(&wake, 1, STEP_MS) > 0) {
		j->c->wake_drain(j->c->roles.ctx);
		weir_children_reap(&j->children);
	}
	j->command.left = !weir_waiting_heed(j);
	return !j->command.left;
}

void
weir_waiting_begin(struct weir_incarnation *j)
{
	j->command = (struct weir_wait_command){0};
	j->patience = (struct weir_patience){wait_for_command, j};
}
