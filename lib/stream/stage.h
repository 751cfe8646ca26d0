/*
 * stage.h - the runtime of a stage: a tool is options plus callbacks.
 *
 * The pump opens and merges inputs, recognises formats, assigns time, hands
 * over runs of events under exact watermarks, forwards watermarks, aligns
 * barriers, snapshots and restores, flushes, counts, reacts to signals and
 * closes cleanly (DESIGN: sections 3 to 7). An operator sees runs of events and
 * watermark steps; it puts results out through weir_stage_pass() and
 * weir_stage_put(), and never touches a descriptor.
 */
#ifndef WEIR_STREAM_STAGE_H
#define WEIR_STREAM_STAGE_H

#include "base/error.h"
#include "event/block.h"
#include "event/control.h"
#include "event/reader.h"
#include "event/writer.h"
#include "expr/expr.h"
#include "state/dir.h"
#include "state/snapshot.h"
#include "stream/metrics.h"
#include "stream/side.h"

#include <signal.h>
#include <stdbool.h>

#define WEIR_WARNINGS_MAX 3 /* bad lines that are told one by one */

enum weir_on_error {
	WEIR_ON_ERROR_SKIP,
	WEIR_ON_ERROR_FAIL,
	WEIR_ON_ERROR_FILE
};

/*
 * What is different for one FILE operand, of tools that tell them apart; what is
 * NULL (of input: AUTO) is as for all.
 */
struct weir_operand_config {
	const char *time, *time_format;
	const char *time_option; /* "--left-time", for messages */
	const int *time_unit;	 /* enum weir_time_unit, or -1 */
	const int64_t *max_delay_ns;
	enum weir_format input;
	const struct weir_convert_options *convert;
	/*
	 * It is read whole before any event of those that are none, and again
	 * when *config.reread says so; it has no part in the watermark, and is
	 * not followed. Its events have times only if they are frames, or .time
	 * here says which; their watermarks are WEIR_TIME_NONE.
	 */
	bool table;
};

/* What the common options say (CLI.md); the tools fill it, borrowed. */
struct weir_stage_config {
	const char *tool; /* "sfilter" */
	const char *const *files;
	size_t nfiles;		/* none: standard input */
	int in_fd;		/* read this instead of standard input */
	int out_fd;		/* -1: nothing is written (a sink) */
	enum weir_format input; /* WEIR_FORMAT_AUTO or what it must be */
	struct weir_convert_options convert; /* --header and the like */
	enum weir_format output; /* WEIR_FORMAT_AUTO: as the input */
	struct weir_shape shape; /* of output with columns */
	bool prove; /* the tool reads events whole, not only their slots */
	bool follow, once;
	const struct weir_operand_config *operands; /* noperands; or NULL */
	size_t noperands;			    /* at most nfiles */
	/* -t and its friends; NULL and 0 when not given */
	const char *time, *time_format, *watermark;
	int time_unit; /* enum weir_time_unit, or -1: guess */
	int64_t max_delay_ns;
	int64_t idle_ns; /* 0: never */
	bool needs_time; /* this tool cannot do without */
	/*
	 * A job started it, whether or not its HELLO comes: the path of the FIFO
	 * that takes its reports (WEIR_JOB); or NULL.
	 */
	const char *of_job;
	/*
	 * Times and watermarks are the wall clock's, whatever events carry:
	 * when their block was read. The watermark goes on while nothing comes,
	 * never back, and in a job never below the saved one.
	 */
	bool proc_time;
	/* In what is not frames, "retract":true flags an event (--retract). */
	bool retract;
	enum weir_on_error on_error;
	const char *error_file;
	size_t max_line;
	const char *id; /* --id */
	/*
	 * Where files without a name may be made for what is read ahead of its
	 * turn (NULL: /tmp); inside a job that is the job's directory.
	 */
	const char *spill_dir;
	/*
	 * Everything that shapes the state, as readable text (malloc'd by
	 * nobody: borrowed); NULL if the tool has no state.
	 */
	const char *fingerprint;
	const struct weir_terms *terms; /* of it (borrowed); may be NULL */
	/* Set by signal handlers; wake_fd polls readable then. */
	volatile sig_atomic_t *stop;   /* SIGINT or SIGTERM: its number */
	volatile sig_atomic_t *stats;  /* SIGUSR1 */
	volatile sig_atomic_t *reread; /* read the tables again; may be NULL */
	volatile sig_atomic_t *in_job; /* set once a HELLO said so */
	int wake_fd;		       /* -1: none */
	void (*wake_drain)(void *ctx); /* empties wake_fd */
	/* Called for warnings and for SIGUSR1's counters; may be NULL. */
	void (*warn)(void *ctx, const char *text);
	void (*show_stats)(void *ctx, const struct weir_metrics *m);
	/* Called about every 100 ms of work when set (--progress). */
	void (*progress)(void *ctx, uint64_t done, uint64_t size,
	    const struct weir_metrics *m);
	/*
	 * Called before the first event, when all is open but what the
	 * configuration lets be opened later; job is its directory, or NULL.
	 */
	int (*settled)(void *ctx, const struct weir_stage_config *c,
	    const struct weir_dir *job, struct weir_error *err);
	void *ctx;
	/* A source of a job: its HELLO (borrowed), and where orders come. */
	const struct weir_hello *hello;
	const char *source_name;	       /* identity of its part: "in" */
	const struct weir_source_store *store; /* that it reads, or NULL */
	int control_fd; /* -1: none; readable: ops->control() */
	/* Descriptors that a capturing child must close, besides the stage's. */
	const int *close_fds;
	size_t nclose;
};

struct weir_stage;

/* An operator. All but events may be NULL. They return 1, or -1 with *err. */
struct weir_stage_ops {
	/*
	 * Once, when formats and job are known, before load and events. It puts
	 * nothing out yet.
	 */
	int (*open)(void *self, struct weir_stage *st, struct weir_error *err);
	/*
	 * Events [i, i + n) of b, all judged under watermarks below the due
	 * point (weir_stage_set_due()); n >= 1.
	 */
	int (*events)(void *self, struct weir_stage *st,
	    const struct weir_block *b, uint32_t i, uint32_t n,
	    struct weir_error *err);
	/*
	 * The table that is FILE operand k was read whole: its events came
	 * before (weir_stage_operand() is k). If it is read again, those that
	 * come then stand for all before.
	 */
	int (*table)(void *self, struct weir_stage *st, size_t operand,
	    struct weir_error *err);
	/*
	 * It could not be read again, which the stage has warned of: forget what
	 * events of it came since table(), and leave what came before.
	 */
	void (*stay)(void *self, struct weir_stage *st, size_t operand);
	/*
	 * The watermark is w, at or past the due point. Release what is due, in
	 * the order of release points, and set the next due point.
	 */
	int (*advance)(void *self, struct weir_stage *st, int64_t w,
	    struct weir_error *err);
	/* The time of weir_stage_set_alarm() is over; between runs of events. */
	int (*alarm)(void *self, struct weir_stage *st, struct weir_error *err);
	/* The stream is complete; advance(WEIR_TIME_MAX) came before. */
	int (*finish)(
	    void *self, struct weir_stage *st, struct weir_error *err);
	/*
	 * Write the state as lines. Runs in a forked child at a barrier: it
	 * must not change anything that the stream goes on with.
	 */
	int (*save)(
	    void *self, struct weir_snapshot_writer *w, struct weir_error *err);
	/* One saved line. */
	int (*load)(void *self, struct weir_stage *st, struct weir_str line,
	    struct weir_error *err);
	/*
	 * The fingerprint is another one, but here is what it consisted of: can
	 * the state be loaded nevertheless? 1, with what the user should know of
	 * it in *note, if anything, or 0. Between open and load.
	 */
	int (*adopt)(
	    void *self, const struct weir_terms *saved, struct weir_buf *note);
	/* Barrier n was read on every input; before the capture. */
	int (*barrier)(void *self, struct weir_stage *st,
	    const struct weir_barrier *b, struct weir_error *err);
	/*
	 * The stream ended (suspended or complete; state is captured after
	 * this). e carries the parts of all stages before.
	 */
	int (*end)(void *self, struct weir_stage *st, const struct weir_end *e,
	    struct weir_error *err);
	/* In the child that captured, after all parts were published. */
	int (*published)(void *self, struct weir_stage *st, uint64_t checkpoint,
	    struct weir_error *err);
	/* control_fd is readable (its end means stop, without END: fail). */
	int (*control)(
	    void *self, struct weir_stage *st, struct weir_error *err);
	/*
	 * A stage with a control_fd has read all there is (paused: --once, an
	 * unfinished line may wait). It goes on waiting for orders until it
	 * calls weir_stage_end().
	 */
	int (*exhausted)(void *self, struct weir_stage *st, bool paused,
	    struct weir_error *err);
};

/*
 * Make a stage. Fields that its expressions name are interned in its prover
 * (weir_stage_prover()), so compile them after this and before the run.
 */
struct weir_stage *weir_stage_new(const struct weir_stage_config *c,
    const struct weir_stage_ops *ops, void *self);
struct weir_prover *weir_stage_prover(struct weir_stage *st);
/*
 * Run until the end. Returns an enum weir_status with *err filled unless it is
 * 0; a signal that stopped it is left in *config.stop. A reader that went away
 * is 0.
 */
int weir_stage_run(struct weir_stage *st, struct weir_error *err);
void weir_stage_free(struct weir_stage *st);

/* --- for operators, while running --- */

/*
 * Which FILE operand, from 0, the run in hand came from: in events() and
 * table(). Several inputs are processed in watermark order, ties by operand, so
 * the watermark before an event is that of its own input and the merged one.
 */
size_t weir_stage_operand(const struct weir_stage *st);
/*
 * The watermark of that operand alone: what it promises, whatever the others
 * do. WEIR_TIME_MAX if it has ended or is a table.
 */
int64_t weir_stage_input_watermark(const struct weir_stage *st, size_t operand);
/*
 * In open() or load(): what the tables hold is known already (saved state), so
 * they are not read, but for *config.reread.
 */
void weir_stage_skip_tables(struct weir_stage *st);
/* Call advance() once the watermark is at least due (WEIR_TIME_MAX: only at
 * the end; that is the default). */
void weir_stage_set_due(struct weir_stage *st, int64_t due);
/*
 * Call alarm() once in_ns (at least 1) of the wall clock have gone by from now;
 * 0: not any more. There is one alarm: it rings once, and is set anew if need
 * be. In a job it is not saved.
 */
void weir_stage_set_alarm(struct weir_stage *st, int64_t in_ns);
/*
 * May the input hold retractions (events with the flag WEIR_RETRACT): did a
 * HELLO or --retract say so? From open() on.
 */
bool weir_stage_retracts(const struct weir_stage *st);
/*
 * In open(): may what this stage puts out hold retractions? Without it, if its
 * input may.
 */
void weir_stage_set_changes(struct weir_stage *st, bool retract);
/*
 * Results may lag by this: watermarks are forwarded less hold_ns (WEIR_TIME_MAX:
 * none is before the end).
 */
void weir_stage_set_hold(struct weir_stage *st, int64_t hold_ns);
/*
 * Stop reading as if the input were complete (sfilter -n). Inside a job what
 * follows is read, and events are let go, so that barriers and the end pass.
 */
void weir_stage_finish(struct weir_stage *st, int status);
/* Pass on events [i, i + n) of the block in hand. */
int weir_stage_pass(struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err);
/*
 * Put out a result: JSON text of one object without newline, its time, the
 * least watermark that releases it (it is sent under release - 1), flags.
 */
int weir_stage_put(struct weir_stage *st, const char *text, size_t len,
    int64_t time, int64_t release, uint32_t flags, struct weir_error *err);
/*
 * Event i of b failed in an expression: counts it and does what --on-error
 * says. 1, or -1 with *err if the stage must end.
 */
int weir_stage_bad(struct weir_stage *st, const struct weir_block *b,
    uint32_t i, const char *why, struct weir_error *err);
/*
 * A result failed in an expression: the same with its text so far, of len
 * bytes.
 */
int weir_stage_failed(struct weir_stage *st, const char *text, size_t len,
    const char *why, struct weir_error *err);
/* A row for expressions over event i, and an arena: reset it per event. */
static inline struct weir_row
weir_stage_row(const struct weir_block *b, uint32_t i)
{
	return (struct weir_row){.text = b->text + b->events[i].off,
	    .len = b->events[i].len,
	    .slots = weir_block_slots(b, i)};
}
struct weir_arena *weir_stage_arena(struct weir_stage *st);
struct weir_metrics *weir_stage_metrics(struct weir_stage *st);
bool weir_stage_timed(const struct weir_stage *st); /* events have times */
/*
 * A side file (late events, --else): part of the state in a job. Ask before
 * the run; owned by the stage. Write with weir_side_event().
 */
struct weir_side *weir_stage_side(struct weir_stage *st, const char *path);

/* --- for sources and sinks of a job --- */
const struct weir_hello *weir_stage_hello(const struct weir_stage *st);
struct weir_dir *weir_stage_dir(struct weir_stage *st);
/* Take barrier n here: captures, publishes, sends it on. Between events. */
int weir_stage_barrier(
    struct weir_stage *st, uint64_t checkpoint, struct weir_error *err);
/* End now, in a job: the last checkpoint has this number. */
int weir_stage_end(struct weir_stage *st, enum weir_end_reason reason,
    uint64_t checkpoint, struct weir_error *err);
/*
 * Nothing follows on any input, though none has ended: in a job a source that
 * was read to its end waits for the others. Windows close, and those behind us
 * are told so by a watermark of WEIR_TIME_MAX. 1 or -1; again does no harm.
 */
int weir_stage_no_more(struct weir_stage *st, struct weir_error *err);
/* The source and reader of input 0 (a job's source saves their place). */
struct weir_source *weir_stage_source(struct weir_stage *st);
struct weir_reader *weir_stage_reader(struct weir_stage *st);
/* Write one report line to the committer ("part 3 in.part"). */
int weir_stage_report(
    struct weir_stage *st, const char *line, struct weir_error *err);

#endif
