/*
 * runtime.h - the inside of a stage, shared by the files that make it up.
 *
 *     stage.c    construction, and what operators call
 *     ending.c   how it ends
 *     pump.c     the loop: pick an input, read it, flush
 *     dispatch.c what is done with an item of an input
 *     arrival.c  inputs that are read as they are ready
 *     wait.c     what it waits for
 *     clock.c    alarms, and time by the wall clock
 *     globs.c    inputs that appear while it runs
 *     ahead.c    reading inputs ahead of their turn
 *     align.c    barriers of several inputs
 *     channel.c  what they have read and not processed, as state
 *     meet.c     what inputs are, before the first event
 *     tables.c   inputs that are read whole
 *     input.c    one input: open, decode, assign time
 *     overlap.c  files that are both read and written
 *     restore.c  a stage in a job: joining, and taking up saved state
 *     capture.c  a stage in a job: barriers and parts
 */
#ifndef WEIR_STREAM_RUNTIME_H
#define WEIR_STREAM_RUNTIME_H

#include "event/glob.h"
#include "stream/here.h"
#include "stream/lookout.h"
#include "stream/queue.h"
#include "stream/stage.h"
#include "stream/timing.h"
#include "stream/watermark.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/types.h>

#define WEIR_SIDES_MAX	  8
#define WEIR_INPUTS_MAX	  4096	  /* that patterns may find at a time */
#define WEIR_FLUSH_AGE_NS 5000000 /* output this old goes out after a block */

struct weir_input {
	const char *name;
	struct weir_stage *stage;
	size_t i;
	struct weir_source *source;
	struct weir_reader *reader;
	struct weir_timing timing;
	struct weir_read_item item;
	bool opened, have; /* item holds something not done yet */
	uint32_t at;	   /* next event of item.block */
	bool paused;	   /* read up to an unfinished line, with --once */
	int64_t heard_ns;  /* monotonic clock, for --idle */
	struct weir_reader_counts counted; /* already in the metrics */
	bool waiting;			   /* the last fill found nothing */
	bool ready;			   /* reading will not block */
	/* What was read ahead of its turn; NULL: nothing ever is. */
	struct weir_queue *queue;
	int queued_end; /* behind that: an enum weir_got but DATA, plus 1 */
	bool detached;	/* in a forked child: nothing more is read */
	struct weir_lookout lookout; /* of what goes through the queue */
	/* Restored: what comes before all that is read; and while that is filled. */
	struct weir_source *past_source;
	struct weir_reader *past; /* NULL: there is no more */
	struct weir_writer *past_writer;
	int past_fd;
	off_t past_at;
	uint64_t past_put;
	uint64_t assigned; /* the first so many of it have their times */
	bool end_read;	   /* END was; more would be corruption */
	bool resting;	   /* its writer says that it is idle */
	bool spent;	   /* all that was read of it has been handed over */
	size_t operand;	   /* which FILE it came from */
	bool table;	   /* it is one (weir_operand_config) */
	bool unread;	   /* a table that is to be read */
	bool again;	   /* and was before, or its rows are saved state */
	bool met;	   /* whether it is frames is known, and its HELLO */
	char *own_name;	   /* the name, if it was found by a pattern */
	struct weir_glob *glob; /* no input itself: it finds others */
};

/* A forked child that writes parts. */
struct weir_capture {
	pid_t pid; /* 0: none */
	int fd;	   /* polls readable when it is gone */
	uint64_t checkpoint;
};

struct weir_stage {
	struct weir_stage_config c;
	const struct weir_stage_ops *ops;
	void *self;
	struct weir_prover *prover;
	struct weir_arena arena;
	struct weir_metrics metrics;
	uint64_t out_before; /* events, by the incarnations before */
	uint64_t warned;
	int64_t told_ns; /* of the progress */
	/* inputs */
	size_t ninputs;
	struct weir_input *inputs;
	size_t ntables; /* of the operands */
	bool met;	/* all that must be met before the start */
	size_t operand; /* of the run in hand */
	struct weir_watermark wm;
	int64_t due, hold_ns;
	int64_t idle_base, idle_since_ns; /* all inputs are silent since */
	int64_t alarm_ns;		  /* monotonic clock; 0: none */
	int64_t now;	    /* of proc_time: the wall clock, never going back */
	bool tells_time;    /* … to those behind us, who see frames */
	bool arrival;	    /* inputs are read as they are ready */
	size_t turn;	    /* whose turn it is then */
	bool queues;	    /* there is an input with one */
	int64_t starved_ns; /* nothing came of starved_by since; 0: it did */
	size_t starved_by;
	bool saw;	      /* a barrier or END, not looked at yet */
	bool held;	      /* an input waits for a barrier of others */
	uint64_t capturing;   /* the checkpoint being written */
	uint64_t passed;      /* the newest barrier that all have read */
	char *ahead;	      /* to read ahead into */
	struct pollfd *polls; /* of the wait, and which inputs */
	size_t *polled, polls_cap;
	/* following many files */
	struct weir_notices *notices;
	struct weir_seen *seen;
	size_t known_at; /* input behind the one that was known last */
	size_t nglobs;
	bool timed;
	bool retracts;	  /* the input may hold retractions */
	int retract_slot; /* of --retract, or WEIR_NO_SLOT */
	bool framed;	  /* the input in hand is of frames */
	/* output */
	struct weir_writer *writer;
	bool reader_gone; /* nobody reads our output any more */
	bool started;	  /* ops->open was called */
	bool greeted;	  /* HELLO was written */
	int64_t flushed_ns;
	uint64_t flushed_bytes;
	/* side files; sides[dead] is -E FILE */
	size_t nsides;
	struct weir_side *sides[WEIR_SIDES_MAX];
	struct weir_side *dead;
	/* ending */
	bool finishing; /* weir_stage_finish() */
	int status;
	bool ended; /* END was sent, or nothing more is to be done */
	bool end_read;
	struct weir_end end; /* as read from the input */
	bool exhausted;
	bool complete; /* all windows have closed, END may be yet to come */
	/* job */
	bool hello_read;
	struct weir_hello hello;
	struct weir_dir dir;
	char *identity, *time_identity;
	struct weir_capture capture;
	int report_fd;
	struct weir_here here;
};

/* Inputs that are no tables. */
static inline size_t
weir_stage_streams(const struct weir_stage *st)
{
	return st->ninputs - st->ntables;
}

/* What may be promised behind us when w is before us. */
static inline int64_t
weir_stage_held(const struct weir_stage *st, int64_t w)
{
	return st->hold_ns == WEIR_TIME_MAX ? WEIR_TIME_NONE
					    : weir_time_add(w, -st->hold_ns);
}

/* input.c */
int weir_input_timing(struct weir_input *in, struct weir_error *err);
/* A reader for it. */
struct weir_reader *weir_input_reader(
    struct weir_input *in, struct weir_source *source);
/* The next item as it was written: 1, 0 none is there yet, -1. */
int weir_input_decode(struct weir_input *in, struct weir_error *err);
int weir_input_open(struct weir_input *in, struct weir_error *err);
void weir_input_close(struct weir_input *in);
/*
 * See that in->item holds something: 1 yes, 0 nothing is there without
 * another fill, -1. Blocks come out with their times assigned; empty ones do
 * not come out.
 */
int weir_input_next(struct weir_input *in, struct weir_error *err);
/* Does any input get its times from -t or the like? */
bool weir_stage_assigns_time(const struct weir_stage *st);
/* What it is read as: AUTO or what the options or its name say. */
enum weir_format weir_input_format(const struct weir_input *in);
/* Does it have a time if the tool needs one? 1, or -1 with *err. */
int weir_input_check(const struct weir_input *in, enum weir_format format,
    struct weir_error *err);
/* Has END been read, and nothing behind it that would be too much? */
bool weir_input_at_end(const struct weir_input *in);

/* Is its input what a job without a source for standard input gives? */
bool weir_stage_reads_nothing(const struct weir_stage *st);

/* It was found by a pattern, and has ended: its place is free. */
void weir_input_retire(struct weir_input *in);

/* globs.c */
/* How many inputs there may ever be at a time: they never move. */
size_t weir_stage_inputs_max(const struct weir_stage_config *c);
/* Open what is followed besides others. 1 or -1. */
int weir_stage_open_many(struct weir_stage *st, struct weir_error *err);
/* Take in the files that match by now, if it is time to look. 1 or -1. */
int weir_stage_look(struct weir_stage *st, struct weir_error *err);
/* Does the file at path belong to another input than ctx (source.h)? */
bool weir_stage_taken(void *ctx, const char *path, const struct stat *sb);

/* overlap.c: 1, or -1 with *err (WEIR_USAGE) if there is such a file. */
int weir_stage_check_files(const struct weir_stage *st, struct weir_error *err);
/* Does the stage write to the file that looks like sb? */
bool weir_stage_writes(const struct weir_stage *st, const struct stat *sb);

/* stage.c */
/* Count a bad line or event and do what --on-error says. */
int weir_stage_reject(struct weir_stage *st, const struct weir_bad *found,
    struct weir_error *err);
/* Open the output once the format is known, and begin: HELLO, sides, ops. */
int weir_stage_start(
    struct weir_stage *st, enum weir_format input, struct weir_error *err);

/* HELLO, once st->hello is what it should be. */
int weir_stage_greet(struct weir_stage *st, struct weir_error *err);

/* ahead.c */
/* Of several inputs open those that a writer may be waiting for. 1 or -1. */
int weir_stage_open_pipes(struct weir_stage *st, struct weir_error *err);
/* The input was opened: it gets a queue if it may need one. */
void weir_input_queue(struct weir_input *in);
/* Is there something that was read ahead? Then reading does not block. */
bool weir_input_has_ahead(const struct weir_input *in);
/* Should it be read ahead when there is something, and by one read? */
bool weir_input_wants_ahead(const struct weir_input *in);
int weir_input_read_ahead(struct weir_input *in, struct weir_error *err);
/* Input `awaited` is waited for, and nothing of it is there. */
void weir_stage_starve(struct weir_stage *st, size_t awaited);
/* Where files without a name are made. */
const char *weir_stage_spill_dir(const struct weir_stage *st);
/* In how many ms may files be used, if that makes a difference? Or -1. */
int64_t weir_stage_spill_limit(const struct weir_stage *st);

/* align.c */
/* In a job, with several inputs that are streams? */
bool weir_stage_aligns(const struct weir_stage *st);
/* These bytes were read: look for barriers. */
void weir_input_saw(struct weir_input *in, const char *s, size_t len);
/* Between events: pass the barriers that every input has read. */
int weir_stage_align(struct weir_stage *st, struct weir_error *err);
/* The item in hand is a barrier, or a suspended END. */
int weir_stage_at_barrier(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err);
int weir_stage_at_suspension(struct weir_stage *st, struct weir_error *err);

/* channel.c */
/* So many of the events that save() writes for it have their times. */
uint64_t weir_channel_assigned(const struct weir_input *in);
/*
 * Write what is ahead of barrier n, and that this is all. It consumes it: in a
 * forked child, or at the end.
 */
int weir_channel_save(struct weir_stage *st, struct weir_snapshot_writer *w,
    uint64_t n, struct weir_error *err);
/* A saved line: 1, 0 if it says that this is all, -1. Then begin. */
int weir_channel_load(
    struct weir_stage *st, struct weir_str text, struct weir_error *err);
int weir_channel_begin(struct weir_stage *st, struct weir_error *err);
void weir_channel_end(struct weir_input *in);

/* meet.c */
/*
 * One step towards knowing what the inputs are, so that the stage can start;
 * then st->met.
 */
int weir_stage_meet(struct weir_stage *st, struct weir_error *err);
/* Take in what an input's HELLO says. 1 or -1. */
int weir_stage_take_hello(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err);

/* tables.c */
/* The first table that is to be read, or NULL. */
struct weir_input *weir_stage_unread(struct weir_stage *st);
/* One step of reading a table. */
int weir_stage_read_table(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err);
/* All tables are to be read again. */
void weir_stage_reread(struct weir_stage *st);

/* sides.c: for those that are edges */
int weir_stage_greet_sides(struct weir_stage *st, struct weir_error *err);
void weir_stage_watermark_sides(struct weir_stage *st, int64_t t);
int weir_stage_barrier_sides(struct weir_stage *st,
    const struct weir_barrier *b, struct weir_error *err);
int weir_stage_end_sides(
    struct weir_stage *st, const struct weir_end *e, struct weir_error *err);
bool weir_stage_sides_broken(const struct weir_stage *st);
/* In a forked child. */
void weir_stage_hang_up_sides(struct weir_stage *st);

/* ending.c */
/* Send END as st->end says, after the last parts. */
int weir_stage_close(struct weir_stage *st, struct weir_error *err);
/* Tell those behind us that this stream is no good; best effort. */
void weir_stage_tell_failure(
    struct weir_stage *st, const struct weir_error *err);

/* dispatch.c */
/* Do what the item of an input asks for. */
int weir_stage_dispatch(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err);
/* The writer before us has failed, and said why (NULL: not). -1. */
int weir_stage_upstream_failed(const char *why, struct weir_error *err);
/* An input whose writer says that it is idle has nothing more for now. */
int weir_stage_input_rests(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err);

/* arrival.c */
int weir_stage_step_arrival(struct weir_stage *st, struct weir_error *err);

/* Barrier b was read on every input; takes b's parts. */
int weir_stage_take_barrier(
    struct weir_stage *st, struct weir_barrier *b, struct weir_error *err);
void weir_stage_progress(struct weir_stage *st); /* tell, now and then */

/* wait.c */
/*
 * Wait until input `awaited` (if that is ninputs: any) or an idle one may have
 * something; where inputs are read as they are ready, until any may. Flushes
 * first if it would block.
 */
int weir_stage_wait(
    struct weir_stage *st, size_t awaited, struct weir_error *err);
/* Orders are looked at now and then while a file keeps us busy, too. */
int weir_stage_glance(struct weir_stage *st, struct weir_error *err);

/* clock.c */
/* Times and watermarks of b by the wall clock. */
void weir_stage_stamp(struct weir_stage *st, struct weir_block *b);
/*
 * In how many ms something is due by the clock, or -1: never. What is due is
 * done by mind_clock(); between runs of events, as often as it is cheap.
 */
int64_t weir_stage_clock_limit(const struct weir_stage *st);
int weir_stage_mind_clock(struct weir_stage *st, struct weir_error *err);

/* pump.c */
/* One read, which will not block. */
int weir_stage_read_input(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err);
/* Nothing of it is left to be decoded: see that more comes. */
int weir_stage_fill(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err);
/* It has ended, and all of it was handed over. */
int weir_stage_end_input(
    struct weir_stage *st, struct weir_input *in, struct weir_error *err);
int weir_stage_pump(struct weir_stage *st, struct weir_error *err);
/* The watermark is w: let the operator release what is due. */
int weir_stage_advance(
    struct weir_stage *st, int64_t w, struct weir_error *err);
/* Flush the output and the side files. */
int weir_stage_flush(struct weir_stage *st, struct weir_error *err);
/* Nothing more comes for a while: flush, and what a table gathered, too. */
int weir_stage_rest(struct weir_stage *st, struct weir_error *err);

/* restore.c */
/* The stream says that this is a job: join it, and restore. */
int weir_stage_join(struct weir_stage *st, struct weir_error *err);

/* capture.c */
/* Publish the parts for a checkpoint here and now, and list them. */
int weir_stage_capture_now(
    struct weir_stage *st, uint64_t checkpoint, struct weir_error *err);
/* -1 with *err (WEIR_STATE) if a stage before has the same identity. */
int weir_stage_add_parts(
    struct weir_stage *st, struct weir_parts *parts, struct weir_error *err);
/* Wait for the capturing child, if there is one; tell if it failed. */
int weir_stage_reap(struct weir_stage *st, struct weir_error *err);
/* The fingerprint of -t and the like. */
void weir_stage_time_print(const struct weir_stage *st, struct weir_buf *out);
bool weir_stage_has_part(const struct weir_stage *st);

#endif
