/*
 * lookout.h - sees barriers and END as bytes are read, before their turn.
 *
 * It follows a stream of frames from header to header, whatever pieces it comes
 * in, and collects nothing but the payloads of BARRIER and END. It judges
 * nothing: where there is no frame it stops looking, and the reader that decodes
 * the bytes later says what is wrong.
 */
#ifndef WEIR_STREAM_LOOKOUT_H
#define WEIR_STREAM_LOOKOUT_H

#include "event/control.h"
#include "event/frame.h"

#include <stdbool.h>

#define WEIR_BARRIERS_SEEN 64 /* of an input that are not passed yet */

struct weir_lookout {
	bool blind;    /* these are no frames; or END was seen */
	uint64_t last; /* number of the last barrier */
	unsigned char header[WEIR_FRAME_HEADER];
	size_t have; /* bytes of it */
	struct weir_frame frame;
	uint64_t left; /* of the payload */
	struct weir_buf payload;
	/* What was seen: barriers in order, and END. */
	size_t nseen;
	struct weir_barrier seen[WEIR_BARRIERS_SEEN];
	bool ended;
	struct weir_end end;
};

void weir_lookout_fini(struct weir_lookout *l);
/* Returns whether a barrier or END was seen. */
bool weir_lookout_see(struct weir_lookout *l, const char *s, size_t len);
/* Forget the first barrier. */
void weir_lookout_shift(struct weir_lookout *l);

#endif
