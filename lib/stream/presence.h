/*
 * presence.h - which stages of a job are there, and which of them died.
 *
 * The side of `run` to here.h. A stage whose FIFO has ended, and that has not
 * said that it is gone, was killed. One that was part of the stream and went
 * before the end was asked for may have had its reasons (who reads a branch of
 * the stream may have seen enough), but if a checkpoint does not get through
 * after that, it is to blame.
 */
#ifndef WEIR_STREAM_PRESENCE_H
#define WEIR_STREAM_PRESENCE_H

#include "base/text.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR_PRESENCE_NAME 128

struct weir_present {
	char *fifo;
	int fd;
	bool joined;
	bool over;			/* its FIFO has ended */
	char stage[WEIR_PRESENCE_NAME]; /* shown; "" before it has joined */
};

struct weir_presence {
	size_t n, cap;
	struct weir_present *p;
	bool closed;
	size_t ends;	 /* sources and sinks that have joined */
	bool died, went; /* a stage was killed; has gone before the end */
	bool failed;	 /* it has gone with a status that is not 0 */
	int64_t went_ns;
	char who[WEIR_PRESENCE_NAME]; /* of those the first: its name */
};

/*
 * Note whose FIFO has ended. Before reports are read: who has gone has said so
 * before.
 */
void weir_presence_look(struct weir_presence *p);
/*
 * Take a report: true if it was one of these. run_fd is where FIFOs are; ending:
 * stages may go.
 */
bool weir_presence_report(struct weir_presence *p, int run_fd, const char *line,
    bool ending, int64_t now_ns);
/* After all reports were read: those that said nothing have died. */
void weir_presence_judge(struct weir_presence *p);
/* What to poll(2) for, of weir_presence_count() entries. */
size_t weir_presence_count(const struct weir_presence *p);
void weir_presence_polls(const struct weir_presence *p, struct pollfd *polls);
/* Watch nobody any more; what was seen so far stands. */
void weir_presence_close(struct weir_presence *p);
void weir_presence_fini(struct weir_presence *p);

#endif
