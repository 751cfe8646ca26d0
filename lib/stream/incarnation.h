/*
 * incarnation.h - one life of a job, from the lead to the last process.
 */
#ifndef WEIR_STREAM_INCARNATION_H
#define WEIR_STREAM_INCARNATION_H

#include "base/buf.h"
#include "stream/commit.h"
#include "stream/presence.h"
#include "stream/supervise.h"
#include "stream/visible.h"

/* Of waiting.h. */
struct weir_wait {
	int64_t begin_ns; /* of the incarnation */
	int64_t asked_ns; /* of the checkpoint that it was told of */
	unsigned told;	  /* so often */
	bool silence_told;
};

/* Also of waiting.h: for a command that is a sink. */
struct weir_wait_command {
	int64_t since_ns;
	unsigned told;
	bool left; /* by a second signal */
};

struct weir_incarnation {
	const struct weir_supervise_config *c;
	struct weir_dir dir;
	struct weir_job job;
	struct weir_pipes *pipes;      /* the run's */
	struct weir_manifest restored; /* {0}: beginning anew */
	bool restores;
	uint64_t next;	      /* checkpoint */
	uint64_t first_epoch; /* of this run */
	bool started;	      /* it has worked once */
	struct weir_committer *committer;
	struct weir_children children;
	int fifo;
	char fifo_name[48];
	struct weir_buf reports; /* read from the FIFO, not yet taken */
	struct weir_presence presence;
	struct pollfd *polls;
	size_t polls_cap;
	int stopped; /* status of a stage that nobody should start again */
	int64_t stopped_ns;
	struct weir_wait waiting;
	struct weir_wait_command command;
	struct weir_patience patience;
	/* of status.h; these are of the whole run */
	struct weir_gauge *gauges;
	uint64_t told_events;
	int64_t told_ns;
	unsigned restarts;
	int signal;	   /* that asked for an end; 0: none */
	int64_t signal_ns; /* when it came */
	int64_t lonely_ns; /* since when no sink is there; 0: one is */
};

/*
 * Lead, load or begin the job, recover. Everything that lived under an older
 * epoch is gone once the lead is ours, so what lies in the directory no longer
 * changes. 1, or -1; weir_incarnation_end() either way.
 */
int weir_incarnation_lead(struct weir_incarnation *j, struct weir_error *err);
/* Start processes and committer: 1, or -1 with those that started. */
int weir_incarnation_start(struct weir_incarnation *j, struct weir_error *err);
/* Take all reports that are there. -1: the committer has failed. */
int weir_incarnation_reports(
    struct weir_incarnation *j, struct weir_error *err);
/* Wait for a report, a signal, the end of a process, or the time until. */
void weir_incarnation_wait(struct weir_incarnation *j, int64_t until);
/*
 * Is no sink there? Each holds a shared lock on the FIFO while it lives. A
 * source that stands free has no other way to see that its sink is gone.
 */
bool weir_incarnation_lonely(const struct weir_incarnation *j);
/* Give all a moment to end by themselves and say why; then kill. */
void weir_incarnation_wind_down(struct weir_incarnation *j, int64_t grace_ns);
/* All processes are gone: let go of everything. */
void weir_incarnation_end(struct weir_incarnation *j);
void weir_incarnation_warn(const struct weir_incarnation *j, const char *text);

#endif
