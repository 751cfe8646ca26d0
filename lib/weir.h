/*
 * weir.h - write a stage of a stream pipeline in C.
 *
 * A stage reads events (JSON objects) and writes events. The library opens and
 * recognises the input (JSON lines, RFC 7464 sequences, frames), assigns event
 * time, forwards watermarks, takes part in checkpoints, restores your state
 * after a crash, flushes at the right moments and ends cleanly: your stage is as
 * good a citizen of a fault-tolerant pipeline as weir's own tools. You write
 * what happens at an event, and how your state is saved and loaded. weir(3)
 * has a complete example; weir-frames(5) the wire.
 *
 * The library never prints, never exits and never reads the environment; out
 * of memory aborts (recovery is a restart from a checkpoint). One run at a time
 * per process; no threads.
 */
#ifndef WEIR_H
#define WEIR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_API __attribute__((visibility("default")))

/* Exit statuses of a stage. */
enum weir_status {
	WEIR_OK = 0,
	WEIR_NO = 1,	   /* `sfilter -q`: no match */
	WEIR_USAGE = 2,	   /* options, or an expression that does not compile */
	WEIR_INPUT = 3,	   /* bad input, corrupt frames */
	WEIR_UPSTREAM = 4, /* the writer before us died */
	WEIR_STATE = 5,	   /* state cannot be restored or does not fit */
	WEIR_SYSTEM = 6	   /* I/O, memory */
};

/* Filled where something fails; status is what the program should exit with. */
struct weir_error {
	int status;
	char text[1020]; /* what is wrong; no newline at the end */
};

/* Times are nanoseconds since 1970 UTC. */
#define WEIR_TIME_NONE INT64_MIN /* no time; minus infinity */
#define WEIR_TIME_MAX  INT64_MAX /* plus infinity: the end of the stream */

enum { WEIR_RETRACT = 1 }; /* event flag: takes an earlier result back */

struct weir_run;   /* a stage */
struct weir_saver; /* where state goes */

/*
 * What you do. All return 1 to go on or -1 with *err filled to end the stage
 * with err->status. Members may be NULL, except event.
 */
struct weir_hooks {
	/* One event: see weir_event_text() and the others below. */
	int (*event)(void *self, struct weir_run *r, struct weir_error *err);
	/*
	 * The watermark reached w, at or past the time given to
	 * weir_wake(): no event with time < w follows. At the end of a complete
	 * stream it is called with WEIR_TIME_MAX.
	 */
	int (*watermark)(
	    void *self, struct weir_run *r, int64_t w, struct weir_error *err);
	/* The stream is complete, after watermark(WEIR_TIME_MAX). */
	int (*end)(void *self, struct weir_run *r, struct weir_error *err);
	/* Write all state with weir_save(); change nothing (it may run in a
	 * forked copy of the process). */
	int (*save)(void *self, struct weir_saver *s, struct weir_error *err);
	/* One line that save wrote, in the same order. */
	int (*load)(
	    void *self, const char *line, size_t len, struct weir_error *err);
};

/*
 * A stage called name ("ratelimit": lower case letters, digits, '-'; it is part
 * of the identity of its state). self is handed to the hooks.
 */
WEIR_API struct weir_run *weir_run_new(
    const char *name, const struct weir_hooks *hooks, void *self);
WEIR_API void weir_run_free(struct weir_run *r);

/*
 * Set one of the common options by its long name: "time", "max-delay",
 * "input", "output", "on-error", …; value NULL for those that take none. The
 * strings must live as long as the run. Options come before fields and
 * expressions. 1, or -1 with *err.
 */
WEIR_API int weir_run_option(struct weir_run *r, const char *name,
    const char *value, struct weir_error *err);
/* Read these files (borrowed) instead of standard input. */
WEIR_API void weir_run_files(
    struct weir_run *r, const char *const *names, size_t n);
/* Standard input and output are these descriptors instead. */
WEIR_API void weir_run_descriptors(struct weir_run *r, int in, int out);
/*
 * This stage has state, shaped by these options: readable text, borrowed. A
 * checkpoint made under another fingerprint is refused (WEIR_STATE).
 */
WEIR_API void weir_run_state(struct weir_run *r, const char *fingerprint);
/* Without event times this stage makes no sense: say so instead of running. */
WEIR_API void weir_run_needs_time(struct weir_run *r);
/* Warnings (bad lines that were skipped) go here; without it, nowhere. */
WEIR_API void weir_run_warn(
    struct weir_run *r, void (*warn)(void *ctx, const char *text), void *ctx);

/*
 * Want a field: "status", "user.name". Its number, or -1 with *err. Before
 * weir_run(); costs nothing extra, as fields are found while lines are checked.
 */
WEIR_API int weir_field(
    struct weir_run *r, const char *path, struct weir_error *err);
/* Compile an expression (weir-expr(7)). Its number, or -1 with *err. */
WEIR_API int weir_expression(
    struct weir_run *r, const char *text, struct weir_error *err);

/* Run to the end: an exit status, with *err filled unless it is 0. */
WEIR_API int weir_run(struct weir_run *r, struct weir_error *err);

/* --- in hooks --- */

/* The event's JSON text (len bytes, not NUL-terminated), until event returns. */
WEIR_API const char *weir_event_text(struct weir_run *r, size_t *len);
WEIR_API int64_t weir_event_time(struct weir_run *r);
WEIR_API unsigned weir_event_flags(struct weir_run *r);

/* Each returns 1, or 0 if the field is absent or of another type. */
WEIR_API int weir_get_json(
    struct weir_run *r, int field, const char **text, size_t *len);
WEIR_API int weir_get_string(
    struct weir_run *r, int field, const char **s, size_t *len);
WEIR_API int weir_get_int(struct weir_run *r, int field, int64_t *i);
WEIR_API int weir_get_double(struct weir_run *r, int field, double *d);
/* An expression as a predicate: 1, 0, or -1 with *err if it fails. */
WEIR_API int weir_test(
    struct weir_run *r, int expression, struct weir_error *err);
/* Count this event as bad and do what --on-error says; return its result. */
WEIR_API int weir_bad_event(
    struct weir_run *r, const char *why, struct weir_error *err);

/* Pass the event on as it is. */
WEIR_API int weir_pass(struct weir_run *r, struct weir_error *err);
/*
 * Put out a new event: the text of one valid JSON object without newlines, and
 * its time. release is the least watermark that lets it out (in an event hook:
 * weir_watermark()).
 */
WEIR_API int weir_put(struct weir_run *r, const char *json, size_t len,
    int64_t time, int64_t release, struct weir_error *err);
/* The watermark in force. */
WEIR_API int64_t weir_watermark(struct weir_run *r);
/* Call the watermark hook once the watermark is at least t. */
WEIR_API void weir_wake(struct weir_run *r, int64_t t);
/* Results may come this much behind their watermark: forward it later. */
WEIR_API void weir_hold(struct weir_run *r, int64_t delay_ns);

/* One line of state: JSON, an object or array, without newline. */
WEIR_API int weir_save(
    struct weir_saver *s, const char *json, size_t len, struct weir_error *err);

#ifdef __cplusplus
}
#endif

#endif
