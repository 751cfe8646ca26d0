/*
 * here.h - a stage of a job is there, and `run` can see that it is.
 *
 * `run` is no parent of the stages: a shell is, which waits for all of them, and
 * a command before a stage that died does not notice before it writes again. So
 * each stage holds a FIFO beside the one of the reports, which `run` opens, too:
 * its end without a word is the death of the stage. It tells by reports:
 *
 *     here FIFO            it holds run/FIFO
 *     joined FIFO STAGE    it has read the job's HELLO (FIFO -: a source or sink)
 *     gone FIFO STATUS     it has ended by itself
 */
#ifndef WEIR_STREAM_HERE_H
#define WEIR_STREAM_HERE_H

#include <stdbool.h>

struct weir_here {
	int fd;	    /* of the FIFO; -1: not there */
	int report; /* where reports go */
	char name[64];
};

/* {.fd = -1, .report = -1} */
void weir_here_init(struct weir_here *h);
/*
 * Begin: reports is the path of the FIFO that takes them. Without one, or if
 * that fails, nobody watches, which harms nothing else. Again does nothing.
 */
void weir_here_begin(struct weir_here *h, const char *reports);
/* In a forked child, which is not the stage. */
void weir_here_leave(struct weir_here *h);
/* The stage has ended with this status. */
void weir_here_end(struct weir_here *h, int status);

#endif
