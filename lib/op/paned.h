/*
 * paned.h - windows that are told once: groups are kept in panes. A pane that is
 * no window alone goes, once the first window over it closes, into what windows
 * share (slide.h).
 */
#ifndef WEIR_OP_PANED_H
#define WEIR_OP_PANED_H

#include "op/pane.h"
#include "op/slide.h"
#include "op/swindow_impl.h"

/* An event of a run, between the two passes. */
struct weir_paned_item {
	struct weir_key key;
	struct weir_span span;
	struct weir_pane *pane; /* NULL: not open yet */
	uint64_t hash;		/* of the key, if hashed */
	uint32_t generation;	/* of the table that hashed it */
	bool hashed, late, nowhere, bad;
};

struct weir_paned {
	struct weir_swindow w;
	struct weir_panes panes;
	size_t ngroups;
	int64_t closed; /* windows that end here or before are gone for good */
	int64_t due;	/* the end of the next window, else WEIR_TIME_MAX */
	bool sliding;	/* panes are shared */
	struct weir_slide slide;
	/* Bytes of struct weir_paned_head in front of a group's states. */
	size_t head;
	uint64_t seq; /* the next group's number */
	struct weir_paned_item run[WEIR_RUN];
	struct weir_pane *last; /* where the last event went, or NULL */
};

/* As much of it as is needed. */
struct weir_paned_head {
	uint64_t seq; /* number among all groups, if panes are shared */
	/* if events may be taken back */
	uint64_t events;
	char *text; /* of the key, if it is not the canonical one */
};

static inline void *
weir_paned_states(const struct weir_paned *p, void *value)
{
	return (char *)value + p->head;
}

/* The text of a group's key. */
struct weir_str weir_paned_text(
    const struct weir_paned *p, const struct weir_group *g);
/* Open a pane or find it. */
struct weir_pane *weir_paned_pane(
    struct weir_paned *p, struct weir_stage *st, struct weir_span span);
/* Free what groups hold. */
void weir_paned_drop(struct weir_paned *p, struct weir_groups *groups);
void weir_paned_close(
    struct weir_paned *p, struct weir_stage *st, struct weir_pane *pane);
/* Say when the next window is due. */
void weir_paned_set_due(struct weir_paned *p, struct weir_stage *st);
/* Count a pane's memory anew; -1 with *err if --max-state is outgrown. */
int weir_paned_measure(
    struct weir_paned *p, struct weir_pane *pane, struct weir_error *err);
/* The same, no pane having changed. */
int weir_paned_limit(const struct weir_paned *p, struct weir_error *err);
/* A group was added to those of a pane: number and name it. */
void weir_paned_begin(struct weir_paned *p, struct weir_groups *g, void *value,
    const struct weir_key *key);
/* Free what a group owns. */
void weir_paned_fini(struct weir_paned *p, void *value, size_t *owned);
void weir_paned_count(struct weir_paned *p, struct weir_stage *st);

int weir_paned_events(void *self, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, uint32_t n, struct weir_error *err);
int weir_paned_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err);
int weir_paned_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err);
int weir_paned_load(void *self, struct weir_stage *st, struct weir_str line,
    struct weir_error *err);

#endif
