#include "op/slide.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define OVERHEAD 16 /* bytes that malloc adds, about */

/* --- parts --- */

static struct weir_slide_part *
new_part(struct weir_slide *s)
{
	return weir_calloc(
	    1, sizeof(struct weir_slide_part) + s->sw->aggs.size);
}

static void
free_part(struct weir_slide *s, struct weir_slide_part *part)
{
	if (part == NULL)
		return;
	weir_aggs_drop(&s->sw->aggs, part + 1, &s->owned);
	if (part->text != NULL)
		s->owned -= strlen(part->text) + 1 + OVERHEAD;
	free(part->text);
	free(part);
}

void
weir_slide_free(struct weir_slide *s, struct weir_slide_part *list)
{
	struct weir_slide_part *next;

	for (; list != NULL; list = next) {
		next = list->next;
		free_part(s, list);
		s->nparts--;
	}
}

void
weir_slide_free_sum(struct weir_slide *s, struct weir_slide_key *key)
{
	if (key->sum != NULL)
		s->nsums--;
	free_part(s, key->sum);
	key->sum = NULL;
}

/* Add what other holds. */
void
weir_slide_merge(struct weir_slide *s, struct weir_slide_part *part,
    const struct weir_slide_part *other)
{
	struct weir_error why;

	if (other->first < part->first)
		part->first = other->first;
	part->events += other->events;
	if (weir_aggs_merge(
		&s->sw->aggs, part + 1, other + 1, &s->owned, &why) < 0)
		s->unmerged++;
}

/* A part that holds what other holds. */
static struct weir_slide_part *
copy_part(struct weir_slide *s, const struct weir_slide_part *other)
{
	struct weir_slide_part *part = new_part(s);

	part->first = UINT64_MAX;
	weir_slide_merge(s, part, other);
	return part;
}

/* Two or more parts of the back have a sum, once a front needs it. */
void
weir_slide_sum(struct weir_slide *s, struct weir_slide_key *key)
{
	if (key->front == NULL || key->sum != NULL || key->back->next == NULL)
		return;
	key->sum = copy_part(s, key->back);
	s->nsums++;
	for (struct weir_slide_part *p = key->back->next; p != NULL;
	     p = p->next)
		weir_slide_merge(s, key->sum, p);
}

/* --- the whole --- */

void
weir_slide_init(struct weir_slide *s, struct weir_swindow *sw)
{
	*s = (struct weir_slide){.sw = sw,
	    .grows = sw->spec.kind == WEIR_CUMULATE,
	    .told = WEIR_TIME_NONE,
	    .live = {
		.first = WEIR_TIME_NONE, .last = WEIR_TIME_NONE, .stride = 1}};
	s->keys = weir_table_new(sizeof(struct weir_slide_key));
	for (size_t i = 0; i < sw->aggs.n; i++)
		s->gathers |= sw->aggs.aggs[i].ops->gathers;
}

void
weir_slide_clear(struct weir_slide *s)
{
	struct weir_slide_key *key;
	const char *text;
	uint64_t at = 0;
	size_t len;

	if (weir_table_count(s->keys) == 0)
		return;
	while ((key = weir_table_next(s->keys, &at, &text, &len)) != NULL) {
		weir_slide_free(s, key->front);
		weir_slide_free(s, key->back);
		weir_slide_free_sum(s, key);
	}
	weir_table_clear(s->keys);
}

void
weir_slide_fini(struct weir_slide *s)
{
	if (s->keys == NULL)
		return;
	weir_slide_clear(s);
	weir_table_free(s->keys);
	free_part(s, s->scratch);
	free(s->held);
}

size_t
weir_slide_bytes(const struct weir_slide *s)
{
	if (s->keys == NULL)
		return 0;
	return weir_table_bytes(s->keys) + s->owned +
	    (s->nparts + s->nsums) *
	    (sizeof(struct weir_slide_part) + s->sw->aggs.size + OVERHEAD);
}

struct weir_slide_key *
weir_slide_key(struct weir_slide *s, struct weir_str key)
{
	int added;

	return weir_table_put(s->keys, key.s, key.len,
	    weir_table_hash(s->keys, key.s, key.len), &added);
}

/* --- panes come in --- */

struct weir_slide_part *
weir_slide_part(struct weir_slide *s, const struct weir_slide_group *g)
{
	struct weir_slide_part *part = new_part(s);

	part->start = g->start;
	part->seq = part->first = g->seq;
	part->events = g->events;
	if (g->states != NULL)
		memcpy(part + 1, g->states, s->sw->aggs.size);
	if (g->text.s != g->canonical.s) {
		part->text = weir_strndup(g->text.s, g->text.len);
		s->owned += g->text.len + 1 + OVERHEAD;
	}
	s->nparts++;
	return part;
}

/* Behind all that are older. */
static struct weir_slide_part **
place_in_front(struct weir_slide_key *key, int64_t start)
{
	struct weir_slide_part **at = &key->front;

	while (*at != NULL && (*at)->start < start)
		at = &(*at)->next;
	return at;
}

/* Windows that grow: all is one part, which is called as its first was. */
static void
grow(struct weir_slide *s, struct weir_slide_part *part,
    struct weir_slide_part *more)
{
	char *text;

	if (more->first < part->first) {
		text = part->text;
		part->text = more->text;
		more->text = text;
		part->seq = more->seq;
	}
	weir_slide_merge(s, part, more);
	more->next = NULL;
	weir_slide_free(s, more);
}

void
weir_slide_push(struct weir_slide *s, const struct weir_slide_group *g)
{
	struct weir_slide_key *key = weir_slide_key(s, g->canonical);
	struct weir_slide_part *part = weir_slide_part(s, g), **at;

	if (s->grows && key->front != NULL) {
		grow(s, key->front, part);
	} else if (s->grows || s->gathers) {
		at = place_in_front(key, g->start);
		part->next = *at;
		*at = part;
	} else {
		part->next = key->back;
		key->back = part;
		if (key->sum != NULL)
			weir_slide_merge(s, key->sum, part);
		else
			weir_slide_sum(s, key);
	}
}

void
weir_slide_live(struct weir_slide *s, struct weir_span pane,
    const struct weir_window_ends *ends)
{
	if (s->live.last != WEIR_TIME_NONE && ends->last <= s->live.last)
		return;
	s->live = *ends;
	s->live_pane = pane;
}

/* --- windows --- */

/* Make the front out of what is left of the back. */
static void
flip(struct weir_slide *s, struct weir_slide_key *key, int64_t start)
{
	struct weir_slide_part *part, *list = key->back;

	weir_slide_free_sum(s, key);
	key->back = NULL;
	while ((part = list) != NULL) {
		list = part->next;
		if (part->start < start) {
			part->next = NULL;
			weir_slide_free(s, part);
			continue;
		}
		if (key->front != NULL)
			weir_slide_merge(s, part, key->front);
		part->next = key->front;
		key->front = part;
	}
}

/* Let go of what is older than start. */
static void
evict(struct weir_slide *s, struct weir_slide_key *key, int64_t start)
{
	struct weir_slide_part *part;

	while ((part = key->front) != NULL && part->start < start) {
		key->front = part->next;
		part->next = NULL;
		weir_slide_free(s, part);
	}
	if (key->front == NULL && key->back != NULL)
		flip(s, key, start);
}

static const struct weir_slide_part *
back_of(const struct weir_slide_key *key)
{
	return key->sum != NULL ? key->sum : key->back;
}

static uint64_t
first_of(const struct weir_slide *s, const struct weir_slide_key *key)
{
	const struct weir_slide_part *p = key->front, *back = back_of(key);
	uint64_t first = p->first;

	if (back != NULL && back->first < first)
		first = back->first;
	for (; s->gathers && p != NULL; p = p->next)
		first = p->first < first ? p->first : first;
	return first;
}

struct weir_slide_result *
weir_slide_window(struct weir_slide *s, int64_t start, size_t *n)
{
	size_t cap = weir_table_count(s->keys), len;
	struct weir_slide_result *all = weir_malloc((cap + 1) * sizeof *all);
	struct weir_slide_key *key;
	const char *text;
	uint64_t at = 0;

	*n = 0;
	while ((key = weir_table_next(s->keys, &at, &text, &len)) != NULL) {
		evict(s, key, start);
		if (key->front != NULL)
			all[(*n)++] = (struct weir_slide_result){
			    first_of(s, key), key, {text, len}};
		else
			weir_table_remove(s->keys, text, len,
			    weir_table_hash(s->keys, text, len));
	}
	return weir_slide_sort(all, *n);
}

/* How the first of a window's groups of a key wrote the key. */
static struct weir_str
text_of(const struct weir_slide_result *r)
{
	const struct weir_slide_part *p = r->key->front;

	while (p != NULL && p->seq != r->first)
		p = p->next;
	for (p = p != NULL ? p : r->key->back; p != NULL; p = p->next)
		if (p->seq == r->first)
			return p->text != NULL ? weir_str(p->text)
					       : r->canonical;
	return r->canonical;
}

void
weir_slide_end(struct weir_slide *s)
{
	if (s->scratch == NULL)
		return;
	weir_aggs_reset(&s->sw->aggs, s->scratch + 1, &s->owned);
	s->scratch->events = 0;
}

static struct weir_slide_part *
clean_scratch(struct weir_slide *s)
{
	weir_slide_end(s);
	if (s->scratch == NULL)
		s->scratch = new_part(s);
	return s->scratch;
}

void *
weir_slide_states(struct weir_slide *s, const struct weir_slide_result *r,
    struct weir_str *text)
{
	struct weir_slide_part *front = r->key->front, *all = front;
	const struct weir_slide_part *back = back_of(r->key);

	if (back != NULL || (s->gathers && front->next != NULL)) {
		all = clean_scratch(s);
		weir_slide_merge(s, all, front);
		for (; s->gathers && front->next != NULL; front = front->next)
			weir_slide_merge(s, all, front->next);
		if (back != NULL)
			weir_slide_merge(s, all, back);
	}
	*text = text_of(r);
	return all->events > 0 ? all + 1 : NULL;
}
