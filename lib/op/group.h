/*
 * group.h - keys of events, and the groups of a window.
 *
 * A key is canonical text: the JSON of each value, such that equal values have
 * equal text (1 and 1.0 do), and nothing for a field that is absent; with
 * several keys a comma stands behind each. A group shows its key as the first
 * event wrote it, so that text is kept where it is not the canonical one. Most
 * keys are one field whose text is canonical as it stands: those are neither
 * evaluated nor copied.
 */
#ifndef WEIR_OP_GROUP_H
#define WEIR_OP_GROUP_H

#include "expr/expr.h"
#include "expr/items.h"
#include "state/table.h"

#define WEIR_KEYSET_MAX 64 /* keys in a list */

/* --- keys --- */

struct weir_key {
	struct weir_str canonical;
	struct weir_str text; /* as written; the same bytes as canonical, or
				 other ones */
};

struct weir_key_field {
	char *column; /* `,"name":`, as a result has it */
	size_t column_len;
	struct weir_str name; /* unescaped, in the items */
	struct weir_expr *expr;
	int slot; /* the key is just this field, or WEIR_NO_SLOT */
};

struct weir_keyset {
	struct weir_items items;
	size_t n;
	struct weir_key_field *fields;
	struct weir_buf canonical, text; /* scratch */
	bool same;			 /* the two do not differ so far */
};

/* Parse what -k says; text NULL: no keys. 1, or -1 with *err (WEIR_USAGE). */
int weir_keyset_parse(
    struct weir_keyset *keys, const char *text, struct weir_error *err);
int weir_keyset_compile(struct weir_keyset *keys, struct weir_prover *prover,
    struct weir_error *err);
/* The canonical text, for fingerprints. */
void weir_keyset_print(struct weir_buf *out, const struct weir_keyset *keys);
void weir_keyset_fini(struct weir_keyset *keys);

/*
 * The key of an event. It points into the event or into the arena. 1, or -1
 * with the reason in *err.
 */
int weir_keyset_read(struct weir_keyset *keys, const struct weir_row *row,
    struct weir_arena *arena, struct weir_key *out, struct weir_error *err);

/*
 * The key out of its parts, n JSON texts (len 0: absent): what a saved state
 * gives back. As above.
 */
int weir_keyset_join(struct weir_keyset *keys, const struct weir_str *parts,
    struct weir_arena *arena, struct weir_key *out, struct weir_error *err);

/*
 * The parts of a key's text, one a key (len 0: absent); they live until the
 * next call for these keys.
 */
void weir_keyset_split(
    struct weir_keyset *keys, struct weir_str text, struct weir_str *parts);
/* Append `,"name":value` for each part of a key's text that is there. */
void weir_keyset_write(
    struct weir_buf *out, struct weir_keyset *keys, struct weir_str text);

/* Append {"name":value} of them: a saved key. */
void weir_keyset_save(
    struct weir_buf *out, struct weir_keyset *keys, struct weir_str text);

/* --- groups --- */

/*
 * {0} has no groups. The first few are a list, for there may be many windows
 * with few groups each, and a table takes some KiB; the next one makes it one.
 */
struct weir_groups {
	struct weir_group_entry *first, *last;
	size_t nlisted, listed_bytes;
	struct weir_table *table;
	struct weir_buf texts; /* of keys that were not canonical */
	size_t owned;	       /* bytes that the groups' values own */
};

/*
 * The value (size bytes, the same at each call, zeroed when new) of a key. hash
 * is weir_groups_hash(), or NULL. A group that was added must be kept or taken
 * back before the next put.
 */
void *weir_groups_put(struct weir_groups *g, const struct weir_key *key,
    size_t size, const uint64_t *hash, int *added);
void weir_groups_keep(struct weir_groups *g, const struct weir_key *key);
/* The value, or NULL. hash as above. */
void *weir_groups_get(const struct weir_groups *g, const struct weir_key *key,
    const uint64_t *hash);
void weir_groups_undo(struct weir_groups *g, const struct weir_key *key);
/* The value of a key, or NULL. */
void *weir_groups_find(const struct weir_groups *g, struct weir_str canonical);
/* Forget a group that is there, of groups that were never kept. */
void weir_groups_remove(struct weir_groups *g, struct weir_str canonical);

struct weir_group {
	void *value;
	struct weir_str canonical; /* key */
	struct weir_str text;	   /* of the key, as first written */
	/* internal */
	const struct weir_group_entry *entry;
	uint64_t at;
	size_t number, text_at;
};

/* Each group, first seen first; *it starts as {0}. 1, or 0 at the end. */
int weir_groups_next(const struct weir_groups *g, struct weir_group *it);
size_t weir_groups_count(const struct weir_groups *g);
size_t weir_groups_bytes(const struct weir_groups *g);
/* Forget all; what the values own is the caller's to free before. */
void weir_groups_fini(struct weir_groups *g);

#endif
