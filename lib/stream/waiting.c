#include "stream/waiting.h"

#include "stream/foreign.h"

#include <inttypes.h>

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
