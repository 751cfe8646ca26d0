#define _GNU_SOURCE
#include "stream/status.h"

#include "base/timetext.h"
#include "stream/incarnation.h"
#include "stream/metrics.h"

#include <sys/mman.h>

#define EVERY_NS INT64_C(1000000000)

static size_t
ends(const struct weir_incarnation *j)
{
	return j->c->roles.nsources + j->c->roles.nsinks;
}

void
weir_status_open(struct weir_incarnation *j)
{
	void *shared;

	if (j->c->show == NULL)
		return;
	shared = mmap(NULL, ends(j) * sizeof *j->gauges, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	j->gauges = shared != MAP_FAILED ? shared : NULL;
}

void
weir_status_close(struct weir_incarnation *j)
{
	if (j->gauges != NULL)
		munmap(j->gauges, ends(j) * sizeof *j->gauges);
	j->gauges = NULL;
}

void
weir_status_begin(struct weir_incarnation *j)
{
	for (size_t i = 0; j->gauges != NULL && i < ends(j); i++)
		j->gauges[i] = (struct weir_gauge){
		    .behind = WEIR_BEHIND_UNKNOWN, .watermark = WEIR_TIME_NONE};
	j->told_events = 0;
	j->told_ns = weir_clock_ns();
}

static uint64_t
events(const struct weir_incarnation *j)
{
	uint64_t n = 0;

	for (size_t i = 0; i < j->c->roles.nsources; i++)
		n += j->gauges[i].events;
	return n;
}

static uint64_t
behind(const struct weir_incarnation *j)
{
	uint64_t n = 0;

	for (size_t i = 0; i < j->c->roles.nsources; i++) {
		uint64_t one = j->gauges[i].behind;

		if (one == WEIR_BEHIND_UNKNOWN)
			return one;
		n += one;
	}
	return n;
}

static int64_t
watermark(const struct weir_incarnation *j)
{
	int64_t least = WEIR_TIME_MAX;

	for (size_t i = j->c->roles.nsources; i < ends(j); i++)
		if (j->gauges[i].watermark < least)
			least = j->gauges[i].watermark;
	return least == WEIR_TIME_MAX ? WEIR_TIME_NONE : least;
}

void
weir_status_tell(struct weir_incarnation *j, int64_t now_ns)
{
	const struct weir_committed *last =
	    weir_committer_committed(j->committer);
	struct weir_job_status s = {.restarts = j->restarts,
	    .committed = j->restored.cp.n,
	    .ending = weir_committer_ending(j->committer)};
	uint64_t n;

	if (j->gauges == NULL || now_ns < weir_status_due(j))
		return;
	n = events(j);
	s.rate =
	    (double)(n - j->told_events) * 1e9 / (double)(now_ns - j->told_ns);
	s.behind = behind(j);
	s.watermark = watermark(j);
	if (last->n > 0) {
		s.committed = last->n;
		s.bytes = last->bytes;
		s.took_ns = last->took_ns;
	}
	j->told_events = n;
	j->told_ns = now_ns;
	j->c->show(j->c->roles.ctx, &s);
}

int64_t
weir_status_due(const struct weir_incarnation *j)
{
	return j->gauges == NULL ? INT64_MAX : j->told_ns + EVERY_NS;
}
