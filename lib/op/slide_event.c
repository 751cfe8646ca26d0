/*
 * Events of panes that have come in already: each goes into all parts that hold
 * its pane.
 */
#include "op/slide.h"

#include "base/mem.h"

/* Where a pane of a key is held. */
struct place {
	struct weir_slide_part **at;  /* a new part belongs here, or NULL */
	struct weir_slide_part *base; /* and holds what this one holds */
};

static void
hold(struct weir_slide *s, struct weir_slide_part *part)
{
	s->held =
	    weir_grow(s->held, &s->held_cap, s->nheld + 1, sizeof *s->held);
	s->held[s->nheld++] = part;
}

/* Does the front reach to the pane? It is where the first of a key goes, too. */
static bool
in_front(
    const struct weir_slide *s, const struct weir_slide_key *key, int64_t start)
{
	const struct weir_slide_part *p = key->front;

	if (s->grows || s->gathers || p == NULL)
		return true;
	while (p->next != NULL && p->start < start)
		p = p->next;
	return p->start >= start;
}

/* Parts of the front from the oldest to the pane's hold it. */
static struct place
find_in_front(struct weir_slide *s, struct weir_slide_key *key, int64_t start)
{
	struct weir_slide_part **at = &key->front;

	if (s->grows && *at != NULL) {
		hold(s, *at);
		return (struct place){NULL, NULL};
	}
	for (; *at != NULL && (*at)->start < start; at = &(*at)->next)
		if (!s->gathers)
			hold(s, *at);
	if (*at == NULL || (*at)->start != start)
		return (struct place){at, s->gathers ? NULL : *at};
	hold(s, *at);
	return (struct place){NULL, NULL};
}

static struct place
find_in_back(struct weir_slide *s, struct weir_slide_key *key, int64_t start)
{
	struct weir_slide_part **at = &key->back;

	if (key->sum != NULL)
		hold(s, key->sum);
	while (*at != NULL && (*at)->start > start)
		at = &(*at)->next;
	if (*at == NULL || (*at)->start != start)
		return (struct place){at, NULL};
	hold(s, *at);
	return (struct place){NULL, NULL};
}

static int
check(const struct weir_slide *s, const struct place *place, bool back,
    struct weir_error *why)
{
	const struct weir_aggs *aggs = &s->sw->aggs;
	const void *states = place->base != NULL
	    ? (const void *)(place->base + 1)
	    : s->sw->empty;

	if (back && place->at != NULL)
		return weir_fail(why, WEIR_INPUT,
		    "it takes back an event that is not there");
	if (place->at != NULL && weir_aggs_check(aggs, states, why) < 0)
		return -1;
	for (size_t i = 0; i < s->nheld; i++) {
		states = s->held[i] + 1;
		if ((back ? weir_aggs_check_undo(aggs, states, why)
			  : weir_aggs_check(aggs, states, why)) < 0)
			return -1;
		if (back && s->held[i]->events == 0)
			return weir_fail(why, WEIR_INPUT,
			    "it takes back an event that is not there");
	}
	return 1;
}

static void
change(struct weir_slide *s, struct weir_slide_part *part,
    const struct weir_event *ev)
{
	struct weir_aggs *aggs = &s->sw->aggs;
	struct weir_error why;

	if (ev->flags & WEIR_RETRACT) {
		weir_aggs_undo(aggs, part + 1, ev->time, &s->owned, &why);
		part->events--;
	} else {
		weir_aggs_add(aggs, part + 1, ev->time, &s->owned);
		part->events++;
	}
}

/* A part for a pane that the key had no events in. */
static void
insert(struct weir_slide *s, const struct place *place,
    const struct weir_slide_group *g)
{
	struct weir_slide_part *part = weir_slide_part(s, g);

	if (place->base != NULL)
		weir_slide_merge(s, part, place->base);
	part->next = *place->at;
	*place->at = part;
	hold(s, part);
}

int
weir_slide_event(struct weir_slide *s, const struct weir_slide_group *g,
    const struct weir_event *ev, bool *added, struct weir_error *why)
{
	struct weir_str k = g->canonical;
	struct weir_slide_key none = {0}, *key;
	struct place place;

	key = weir_table_get(
	    s->keys, k.s, k.len, weir_table_hash(s->keys, k.s, k.len));
	s->nheld = 0;
	if (key == NULL || in_front(s, key, g->start))
		place = find_in_front(s, key != NULL ? key : &none, g->start);
	else
		place = find_in_back(s, key, g->start);
	if (check(s, &place, ev->flags & WEIR_RETRACT, why) < 0)
		return -1;
	if (key == NULL) {
		key = weir_slide_key(s, k);
		place.at = &key->front;
	}
	*added = place.at != NULL;
	if (*added)
		insert(s, &place, g);
	for (size_t i = 0; i < s->nheld; i++)
		change(s, s->held[i], ev);
	if (key->back != NULL)
		weir_slide_sum(s, key);
	return 1;
}
