#include "stream/lookout.h"

#include <string.h>

void
weir_lookout_fini(struct weir_lookout *l)
{
	while (l->nseen > 0)
		weir_lookout_shift(l);
	weir_buf_fini(&l->payload);
	weir_end_fini(&l->end);
}

void
weir_lookout_shift(struct weir_lookout *l)
{
	weir_barrier_fini(&l->seen[0]);
	l->nseen--;
	memmove(l->seen, l->seen + 1, l->nseen * sizeof l->seen[0]);
}

static bool
matters(const struct weir_lookout *l)
{
	return l->frame.kind == WEIR_FRAME_BARRIER ||
	    l->frame.kind == WEIR_FRAME_END;
}

/* The next one that was seen, if its number is higher than all before. */
static bool
take_barrier(struct weir_lookout *l)
{
	struct weir_barrier *b = &l->seen[l->nseen];
	struct weir_error err;

	l->blind = l->nseen == WEIR_BARRIERS_SEEN ||
	    weir_barrier_read(b, l->payload.data, l->payload.len, &err) < 0;
	if (l->blind)
		return false;
	l->blind = b->checkpoint <= l->last;
	if (l->blind) {
		weir_barrier_fini(b);
		return false;
	}
	l->last = b->checkpoint;
	l->nseen++;
	return true;
}

/* A payload that matters is whole. */
static bool
take(struct weir_lookout *l)
{
	struct weir_error err;
	struct weir_buf *p = &l->payload;

	if (weir_frame_verify(&l->frame, l->header, p->data, &err) < 0) {
		l->blind = true;
		return false;
	}
	if (l->frame.kind == WEIR_FRAME_BARRIER)
		return take_barrier(l);
	l->blind = true; /* nothing follows */
	l->ended = weir_end_read(&l->end, p->data, p->len, &err) > 0;
	return l->ended;
}

/* Bytes of a header: how many. */
static size_t
see_header(struct weir_lookout *l, const char *s, size_t len)
{
	struct weir_error err;
	size_t n = WEIR_FRAME_HEADER - l->have;

	n = n < len ? n : len;
	memcpy(l->header + l->have, s, n);
	l->have += n;
	if (l->have < WEIR_FRAME_HEADER)
		return n;
	l->blind = weir_frame_read_header(
		       &l->frame, l->header, UINT32_MAX, &err) < 0 ||
	    (matters(l) && l->frame.len > WEIR_CONTROL_MAX);
	l->left = l->frame.len;
	l->payload.len = 0;
	return n;
}

static size_t
see_payload(struct weir_lookout *l, const char *s, size_t len)
{
	size_t n = l->left < len ? (size_t)l->left : len;

	if (matters(l))
		weir_buf_add(&l->payload, s, n);
	l->left -= n;
	return n;
}

bool
weir_lookout_see(struct weir_lookout *l, const char *s, size_t len)
{
	bool seen = false;
	size_t n;

	while (len > 0 && !l->blind) {
		n = l->have < WEIR_FRAME_HEADER ? see_header(l, s, len)
						: see_payload(l, s, len);
		s += n;
		len -= n;
		if (l->have < WEIR_FRAME_HEADER || l->left > 0 || l->blind)
			continue;
		l->have = 0;
		seen |= matters(l) && take(l);
	}
	return seen;
}
