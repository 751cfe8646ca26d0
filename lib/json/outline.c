#include "json/outline.h"

#include "base/mem.h"
#include "json/prover.h"
#include "json/scan.h"

#include <stdlib.h>

#define NODES_MAX    1024
#define BRANCHES_MAX 16	 /* that follow one */
#define BEFORE_MAX   256 /* bytes before a value */

struct node {
	struct weir_outline outline;
	struct node *follows, *other; /* the last one met first */
	uint32_t mask;		      /* of the first segment */
	uint32_t len;
	char text[]; /* zeros behind, to whole segments */
};

struct weir_outlines {
	struct node *begin; /* those of first members */
	struct node **all;
	size_t n, cap;
};

struct weir_outlines *
weir_outlines_new(void)
{
	return weir_calloc(1, sizeof(struct weir_outlines));
}

void
weir_outlines_free(struct weir_outlines *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < o->n; i++)
		free(o->all[i]);
	free(o->all);
	free(o);
}

static uint32_t
mask_of(size_t len)
{
	return len >= WEIR_SEGMENT ? UINT32_MAX : (UINT32_C(1) << len) - 1;
}

/* Segment by segment, so that no more is read than the padding allows. */
static bool
same_rest(const struct node *node, const char *s)
{
	size_t at, len;

	for (at = WEIR_SEGMENT; at < node->len; at += WEIR_SEGMENT) {
		len = node->len - at;
		len = len < WEIR_SEGMENT ? len : WEIR_SEGMENT;
		if (!weir_scan_same(s + at, node->text + at, mask_of(len), len))
			return false;
	}
	return true;
}

/* Does it stand at s, with a value behind it, not more blanks? */
static inline bool
is_here(const struct node *node, const char *s)
{
	size_t len = node->len < WEIR_SEGMENT ? node->len : WEIR_SEGMENT;

	return weir_scan_same(s, node->text, node->mask, len) &&
	    (node->len <= WEIR_SEGMENT || same_rest(node, s)) &&
	    (unsigned char)s[node->len] > ' ';
}

/* --- learning --- */

static struct node *
add_node(struct weir_outlines *o, struct node *after, const char *s,
    struct weir_str name, size_t len)
{
	size_t room = (len / WEIR_SEGMENT + 1) * WEIR_SEGMENT;
	struct node *node = weir_calloc(1, sizeof *node + room);
	struct weir_str before = {node->text, len};

	memcpy(node->text, s, len);
	node->len = (uint32_t)len;
	node->mask = mask_of(len);
	node->outline = (struct weir_outline){
	    .prev = after != NULL ? &after->outline : NULL,
	    .before = before,
	    .name = {node->text + (name.s - s), name.len},
	    .tight = len == name.len + 4,
	    .n = after != NULL ? after->outline.n + 1 : 1,
	    .number = (uint32_t)o->n};
	o->all = weir_grow(o->all, &o->cap, o->n + 1, sizeof *o->all);
	o->all[o->n++] = node;
	return node;
}

/* The name at s, in quotes, and where they end; NULL if it has escapes. */
static const char *
read_name(const char *s, struct weir_str *name)
{
	const char *end;

	if (*s != '"')
		return NULL; /* no member follows */
	for (end = s + 1; *end != '"'; end++)
		if (*end == '\\' || end - s > BEFORE_MAX)
			return NULL;
	*name = (struct weir_str){s + 1, (size_t)(end - s) - 1};
	return end + 1;
}

/* What stands at s, before a value: remember it, if it is worth that. */
static struct node *
learn(struct weir_outlines *o, struct node *after, const char *s)
{
	struct weir_str name;
	const char *at = weir_scan_blanks(s);

	if (o->n == NODES_MAX ||
	    (after != NULL && after->outline.n == WEIR_OUTLINE_MAX) ||
	    *at != (after != NULL ? ',' : '{'))
		return NULL;
	at = read_name(weir_scan_blanks(at + 1), &name);
	if (at == NULL)
		return NULL;
	at = weir_scan_blanks(at);
	if (*at != ':')
		return NULL; /* a blank of another kind */
	at = weir_scan_blanks(at + 1);
	if ((unsigned char)*at <= ' ' || at - s > BEFORE_MAX)
		return NULL;
	return add_node(o, after, s, name, (size_t)(at - s));
}

/* It is not what came last here: one of the others, or new. */
static __attribute__((noinline)) struct node *
find_other(struct weir_outlines *o, struct node *after, const char *s)
{
	struct node **first = after != NULL ? &after->follows : &o->begin;
	struct node **at, *node;
	unsigned n = 0;

	for (at = first; (node = *at) != NULL; at = &node->other, n++)
		if (is_here(node, s)) {
			*at = node->other;
			break;
		}
	if (node == NULL && n < BRANCHES_MAX)
		node = learn(o, after, s);
	if (node != NULL) {
		node->other = *first;
		*first = node;
	}
	return node;
}

/* --- reading --- */

static inline const char *
value_end(const char *s)
{
	const char *end;

	if (*s == '"') {
		end = weir_scan_string(s + 1);
		return *end == '"' ? end + 1 : weir_json_skip(s);
	}
	return *s == '{' || *s == '[' ? weir_json_skip(s) : weir_scan_plain(s);
}

const struct weir_outline *
weir_outline_read(
    struct weir_outlines *o, const char *s, struct weir_value_place *values)
{
	struct node *node = o->begin, *after = NULL;

	for (;; after = node, node = node->follows, values++) {
		if (node == NULL || !is_here(node, s)) {
			if (after != NULL && *weir_scan_blanks(s) == '}')
				return &after->outline;
			node = find_other(o, after, s);
			if (node == NULL)
				return NULL;
		}
		values->begin = s + node->len;
		values->end = s = value_end(values->begin);
	}
}
