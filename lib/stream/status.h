/*
 * status.h - how a job is getting on, for whoever looks at it.
 *
 * Sources and sinks, which are forks of `run`, write what they have done into
 * memory that they share with it. A number that is read while it is written may
 * be wrong for a second: it is for a person, and nothing else goes by it.
 */
#ifndef WEIR_STREAM_STATUS_H
#define WEIR_STREAM_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR_BEHIND_UNKNOWN UINT64_MAX

/* Of a source or a sink. */
struct weir_gauge {
	volatile uint64_t events;
	volatile uint64_t behind; /* bytes of its file not yet read */
	volatile int64_t watermark;
};

struct weir_job_status {
	double rate;	    /* events of the sources, a second */
	uint64_t behind;    /* of all sources, or WEIR_BEHIND_UNKNOWN */
	int64_t watermark;  /* least of the sinks; WEIR_TIME_NONE */
	uint64_t committed; /* the last checkpoint; 0: none */
	uint64_t bytes;	    /* of its parts; 0: not known */
	int64_t took_ns;
	unsigned restarts;
	bool ending; /* the last checkpoint is on its way */
};

struct weir_incarnation;

/* Make the gauges, if anybody looks; unshared at the end. */
void weir_status_open(struct weir_incarnation *j);
void weir_status_close(struct weir_incarnation *j);
/* A new incarnation begins. */
void weir_status_begin(struct weir_incarnation *j);
/* Tell, about once a second. */
void weir_status_tell(struct weir_incarnation *j, int64_t now_ns);
int64_t weir_status_due(const struct weir_incarnation *j);

#endif
