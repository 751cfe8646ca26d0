/*
 * slide.h - what windows that overlap know of their panes.
 *
 * Windows that overlap close one behind the other: from one to the next some
 * panes leave and others come, and most stay. So of each key the panes form a
 * queue of two stacks: the front, the oldest pane on top, where each part holds
 * all from its pane on to the front's newest; and the back, the newest on top,
 * with the sum of its parts beside it. A window is the top of the front and the
 * sum of the back, a pane that leaves is one pop, and a front that is used up
 * is made anew from the back, so that each part is merged about three times in
 * its life, however many windows it is in (Tangwongsan et al., "General
 * Incremental Sliding-Window Aggregation", VLDB 2015; that a part takes the
 * place of what it was made from is their "two-stacks lite" of 2021). A late event
 * goes into all parts that hold its pane. Windows that only grow keep one part a
 * key. Aggregates that gather all values (list, distinct) would make parts of
 * the front as large as windows: then all parts stay as they are, and a window
 * merges them.
 */
#ifndef WEIR_OP_SLIDE_H
#define WEIR_OP_SLIDE_H

#include "op/pane.h"
#include "op/swindow_impl.h"

/* The states lie behind it. */
struct weir_slide_part {
	struct weir_slide_part
	    *next;	 /* newer in the front, older in the back */
	int64_t start;	 /* of its pane */
	uint64_t seq;	 /* of the group in the pane */
	uint64_t first;	 /* the least seq of what it holds */
	uint64_t events; /* held, if that is counted */
	char *text;	 /* of the key in its pane, if not the canonical one */
};

struct weir_slide_key {
	struct weir_slide_part *front, *back;
	struct weir_slide_part *sum; /* of the back, if that is two or more */
};

struct weir_slide {
	struct weir_swindow *sw;
	bool grows;   /* no pane leaves before all do */
	bool gathers; /* parts stay as they are */
	struct weir_table *keys;
	size_t nparts, nsums;
	size_t owned; /* bytes that they own */
	int64_t told; /* panes that end here or before are in here */
	/* The pane whose windows last longest, and where they end. */
	struct weir_span live_pane;
	struct weir_window_ends live;
	uint64_t unmerged; /* parts of states that could not be merged */
	struct weir_slide_part *scratch;
	struct weir_slide_part **held; /* parts that an event goes into */
	size_t nheld, held_cap;
};

void weir_slide_init(struct weir_slide *s, struct weir_swindow *sw);
void weir_slide_fini(struct weir_slide *s);
size_t weir_slide_bytes(const struct weir_slide *s);
/* Forget all. */
void weir_slide_clear(struct weir_slide *s);

/*
 * A group of a pane that comes in: its part takes over what the states own; to
 * count that is the caller's.
 */
struct weir_slide_group {
	struct weir_str canonical, text; /* of the key */
	int64_t start;			 /* of the pane */
	uint64_t seq, events;
	const void *states;
};
/* Groups come pane by pane, the oldest first. */
void weir_slide_push(struct weir_slide *s, const struct weir_slide_group *g);
/* A pane came in whose windows end there. */
void weir_slide_live(struct weir_slide *s, struct weir_span pane,
    const struct weir_window_ends *ends);

/*
 * Add the event that was read to a pane that is in here, or take it back. g is
 * the group, if it is a new one, without events: *added says so. 1, or -1 with
 * the reason and nothing changed.
 */
int weir_slide_event(struct weir_slide *s, const struct weir_slide_group *g,
    const struct weir_event *ev, bool *added, struct weir_error *why);

/* A group of a window. */
struct weir_slide_result {
	uint64_t first;
	struct weir_slide_key *key;
	struct weir_str canonical;
};
/*
 * Let go of what is older than start. The groups that are left, in the order of
 * their first events: n of them; free() the array.
 */
struct weir_slide_result *weir_slide_window(
    struct weir_slide *s, int64_t start, size_t *n);
/* Its states and the text of its key, until the next call; NULL: no events. */
void *weir_slide_states(struct weir_slide *s, const struct weir_slide_result *r,
    struct weir_str *text);
/* That was the window's last. */
void weir_slide_end(struct weir_slide *s);

/*
 * Saved lines of all that is here, and one of them back (slide_state.c):
 * {"w":[start,end],"k":{NAME:value},"n":N,"e":N,"x":[where,first],"a":[...]}.
 */
int weir_slide_save(struct weir_slide *s, struct weir_snapshot_writer *to,
    struct weir_error *err);
int weir_slide_load(
    struct weir_slide *s, struct weir_span pane, struct weir_error *err);

/* --- inside --- */

/* By first; all may be freed, and another array come in its place. */
struct weir_slide_result *weir_slide_sort(
    struct weir_slide_result *all, size_t n);
struct weir_slide_key *weir_slide_key(
    struct weir_slide *s, struct weir_str key);
struct weir_slide_part *weir_slide_part(
    struct weir_slide *s, const struct weir_slide_group *g);
/* Add what other holds. */
void weir_slide_merge(struct weir_slide *s, struct weir_slide_part *part,
    const struct weir_slide_part *other);
/* Two or more parts of the back have a sum, once there is a front. */
void weir_slide_sum(struct weir_slide *s, struct weir_slide_key *key);
void weir_slide_free(struct weir_slide *s, struct weir_slide_part *list);
void weir_slide_free_sum(struct weir_slide *s, struct weir_slide_key *key);

#endif
