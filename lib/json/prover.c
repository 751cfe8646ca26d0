#include "json/prover.h"

#include "base/mem.h"
#include "json/intern.h"
#include "json/proof.h"
#include "json/unescape.h"

#include <stdlib.h>

/* How many keys in a row may be left out without a look-up. */
#define LEFT_OUT 3

/* A wanted path: its own key, and the top-level one that it begins with. */
struct want {
	uint16_t key, top;
};

/* One of the slots inside a key's value. */
struct link {
	uint16_t slot, next;
};

struct weir_prover {
	struct weir_keys keys;
	const char *line; /* what is being proven, and what it fills */
	struct weir_slot *slots;
	uint16_t *index;
	size_t n_slots;
	struct want wants[WEIR_PATHS_MAX];
	struct link *links; /* [0] is not used */
	size_t n_links, links_cap;
	size_t n_columns;
	uint16_t columns[WEIR_INDEX_MAX]; /* their keys */
	int unlearned; /* a top-level name went by that was not learned */
	char *name;    /* room to unescape a name into */
	size_t name_cap;
};

struct weir_prover *
weir_prover_new(void)
{
	struct weir_prover *p = weir_calloc(1, sizeof(*p));

	weir_keys_init(&p->keys);
	p->n_links = 1;
	p->name_cap = WEIR_KEY_LEN;
	p->name = weir_malloc(p->name_cap);
	return p;
}

void
weir_prover_free(struct weir_prover *p)
{
	if (p == NULL)
		return;
	weir_keys_fini(&p->keys);
	free(p->links);
	free(p->name);
	free(p);
}

/* The key at a path, or WEIR_KEY_NONE if some name of it is not known. */
static unsigned
find_path(
    const struct weir_prover *p, const struct weir_str *path, size_t depth)
{
	unsigned id = WEIR_KEY_ROOT;

	for (size_t i = 0; i < depth && id != WEIR_KEY_NONE; i++)
		id = weir_keys_find(&p->keys, id, path[i]);
	return id;
}

/* The key of a name on a wanted path. */
static unsigned
want_key(struct weir_prover *p, unsigned parent, struct weir_str name)
{
	size_t n = p->keys.n;
	unsigned id = weir_keys_want(&p->keys, parent, name);

	/*
	 * Once a name went by unlearned it may have been this one; events
	 * before now would wrongly seem to lack it if it got a column.
	 */
	if (id == n && parent == WEIR_KEY_ROOT && p->unlearned)
		p->keys.keys[id].column = WEIR_KEY_BARRED;
	if (name.len > p->name_cap) {
		p->name_cap = name.len;
		p->name = weir_realloc(p->name, p->name_cap);
	}
	return id;
}

static void
link_slot(struct weir_prover *p, unsigned id, size_t slot)
{
	struct weir_key *key = &p->keys.keys[id];

	p->links = weir_grow(
	    p->links, &p->links_cap, p->n_links + 1, sizeof(*p->links));
	p->links[p->n_links] = (struct link){(uint16_t)slot, key->below};
	key->below = (uint16_t)p->n_links++;
}

int
weir_prover_want(
    struct weir_prover *p, const struct weir_str *path, size_t depth)
{
	unsigned ids[WEIR_PATH_DEPTH], id;
	size_t slot = p->n_slots;

	if (depth == 0 || depth > WEIR_PATH_DEPTH)
		return WEIR_NO_SLOT;
	id = find_path(p, path, depth);
	if (id != WEIR_KEY_NONE && p->keys.keys[id].slot != WEIR_KEY_UNSET)
		return p->keys.keys[id].slot;
	if (slot == WEIR_PATHS_MAX)
		return WEIR_NO_SLOT;
	id = WEIR_KEY_ROOT;
	for (size_t i = 0; i < depth; i++)
		ids[i] = id = want_key(p, id, path[i]);
	for (size_t i = 0; i + 1 < depth; i++)
		link_slot(p, ids[i], slot);
	p->keys.keys[id].slot = (uint16_t)slot;
	p->wants[slot] = (struct want){(uint16_t)id, (uint16_t)ids[0]};
	p->n_slots++;
	return (int)slot;
}

size_t
weir_prover_slots(const struct weir_prover *p)
{
	return p->n_slots;
}

size_t
weir_prover_index_count(const struct weir_prover *p)
{
	return p->n_columns;
}

struct weir_str
weir_prover_index_name(const struct weir_prover *p, size_t i)
{
	return p->keys.names[p->columns[i]].name;
}

struct weir_str
weir_prover_slot_name(const struct weir_prover *p, size_t slot, int *nested)
{
	*nested = p->wants[slot].key != p->wants[slot].top;
	return p->keys.names[p->wants[slot].top].name;
}

/* The key of a name, learned; a top-level one gets its column. */
static unsigned
learn(struct weir_prover *p, unsigned parent, struct weir_str name)
{
	unsigned id = WEIR_KEY_NONE;
	struct weir_key *key;

	if (name.len <= p->name_cap)
		id = weir_keys_learn(&p->keys, parent, name);
	if (parent != WEIR_KEY_ROOT)
		return id;
	key = &p->keys.keys[id];
	if (id == WEIR_KEY_NONE) {
		p->unlearned = 1;
	} else if (key->column == WEIR_KEY_UNSET &&
	    p->n_columns < WEIR_INDEX_MAX) {
		key->column = (uint16_t)p->n_columns;
		p->columns[p->n_columns++] = (uint16_t)id;
	}
	return id;
}

/* The key of a name as it stands in the text, escapes and all. */
static unsigned
lookup(struct weir_prover *p, unsigned parent, const char *s, size_t len)
{
	struct weir_str name = {s, len};

	if (memchr(s, '\\', len) != NULL) {
		name.s = p->name;
		name.len = weir_json_unescape(s, len, p->name, p->name_cap);
	}
	return learn(p, parent, name);
}

void
weir_prover_key(
    struct weir_prover *p, struct weir_str name, int *slot, int *column)
{
	unsigned id = learn(p, WEIR_KEY_ROOT, name);
	const struct weir_key *key = &p->keys.keys[id];

	*slot = *column = WEIR_NO_SLOT;
	if (key->slot != WEIR_KEY_UNSET)
		*slot = key->slot;
	if (key->column < WEIR_INDEX_MAX)
		*column = key->column;
}

static inline int
begins(const char *s, const struct weir_key *key)
{
	return weir_scan_same(s, key->segment, key->mask, key->len);
}

/*
 * The member at s is not the likely one: perhaps it is the other that came
 * here, or the likely one is left out and it is one of those behind it.
 * Returns its key, or WEIR_KEY_NONE.
 */
static inline unsigned
guess_again(
    const struct weir_key *keys, const char *s, const struct weir_guess *guess)
{
	unsigned id = guess->likely;

	if (begins(s, &keys[guess->other]))
		return guess->other;
	for (int i = 0; i < LEFT_OUT; i++) {
		id = keys[id].next.likely;
		if (begins(s, &keys[id]))
			return id;
	}
	return WEIR_KEY_NONE;
}

/*
 * The member at s does not begin as the likely one would: guess again, or read
 * its name, look it up and expect it here from now on. Returns where its value
 * begins, or not far before, with the key's number in *id.
 */
static __attribute__((noinline)) const char *
unlikely(struct weir_prover *p, const char *s, unsigned parent,
    struct weir_guess *guess, unsigned *id)
{
	struct weir_key *keys = p->keys.keys;
	const char *start = s, *name, *end;

	*id = guess_again(keys, s, guess);
	if (*id != WEIR_KEY_NONE)
		return s + keys[*id].step;
	s = weir_scan_blanks(s);
	if (*s != '"')
		return NULL;
	name = s + 1;
	s = weir_proof_string(name);
	if (s == NULL)
		return NULL;
	end = s - 1;
	s = weir_scan_blanks(s);
	if (*s != ':')
		return NULL;
	s = weir_scan_blanks(s + 1);
	*id = lookup(p, parent, name, (size_t)(end - name));
	if (*id != WEIR_KEY_NONE) {
		weir_key_segment(&keys[*id], start, (size_t)(s - start));
		guess->other = guess->likely;
		guess->likely = (uint16_t)*id;
	}
	return s;
}

/* What an earlier duplicate of this key put into slots is no longer there. */
static void
clear_below(struct weir_prover *p, const struct weir_key *key)
{
	for (unsigned i = key->below; i != 0; i = p->links[i].next)
		p->slots[p->links[i].slot] = (struct weir_slot){0, 0};
}

static inline void
record(struct weir_prover *p, const struct weir_key *key, const char *s,
    const char *end)
{
	size_t off = (size_t)(s - p->line);

	if (key->slot != WEIR_KEY_UNSET)
		p->slots[key->slot] =
		    (struct weir_slot){(uint32_t)off, (uint32_t)(end - s)};
	if (p->index != NULL && key->column < WEIR_INDEX_MAX)
		p->index[key->column] =
		    off < UINT16_MAX ? (uint16_t)off : UINT16_MAX;
}

/*
 * The members of the object that is parent's value, from behind its opening
 * bracket to behind the closing one; it is at this depth itself.
 */
static const char *
members(struct weir_prover *p, const char *s, unsigned parent, unsigned depth)
{
	struct weir_key *keys = p->keys.keys, *key;
	struct weir_guess *guess = &keys[parent].inside;

	if (*s <= ' ')
		s = weir_scan_blanks(s);
	if (*s == '}')
		return s + 1;
	for (;;) {
		unsigned id = guess->likely;
		const char *value;

		key = &keys[id];
		if (begins(s, key)) {
			s += key->step;
		} else {
			s = unlikely(p, s, parent, guess, &id);
			if (s == NULL)
				return NULL;
			key = &keys[id];
		}
		if (*s <= ' ')
			s = weir_scan_blanks(s);
		value = s;
		if (key->below != 0)
			clear_below(p, key);
		if (*s == '"')
			s = weir_proof_string(s + 1);
		else if ((unsigned char)(*s - '0') < 10)
			s = weir_proof_number(s);
		else if (*s == '{' && id != WEIR_KEY_NONE)
			s = depth < WEIR_DEPTH_MAX
			    ? members(p, s + 1, id, depth + 1)
			    : NULL;
		else
			s = weir_proof_value(s, depth);
		if (s == NULL)
			return NULL;
		record(p, key, value, s);
		if (id != WEIR_KEY_NONE)
			guess = &key->next;
		if (*s <= ' ')
			s = weir_scan_blanks(s);
		if (*s == '}')
			return s + 1;
		if (*s != ',')
			return NULL;
		s++;
	}
}

const char *
weir_prover_line(struct weir_prover *p, const char *s, struct weir_slot *slots,
    uint16_t *index)
{
	p->line = s;
	p->slots = slots;
	p->index = index;
	for (size_t i = 0; i < p->n_slots; i++)
		slots[i] = (struct weir_slot){0, 0};
	if (index != NULL)
		memset(index, 0, WEIR_INDEX_MAX * sizeof(*index));
	s = weir_scan_blanks(s);
	if (*s != '{')
		return NULL;
	s = members(p, s + 1, WEIR_KEY_ROOT, 1);
	if (s == NULL)
		return NULL;
	s = weir_scan_blanks(s);
	return *s == '\n' ? s : NULL;
}
