/*
 * edit.h - set and remove members of a JSON object, in proven text.
 *
 * Members that are not named stay byte for byte and in their order. A member
 * that is set keeps the place of its first occurrence, and what it occurred
 * again is left out; one that is new goes last.
 */
#ifndef WEIR_JSON_EDIT_H
#define WEIR_JSON_EDIT_H

#include "base/buf.h"
#include "json/value.h"

#include <stdbool.h>

struct weir_edit {
	struct weir_str name;	 /* what it stands for */
	struct weir_str key;	 /* its JSON text with quotes and colon */
	struct weir_value value; /* one with JSON; WEIR_ABSENT: remove it */
	bool done;		 /* for weir_json_edit(); false at first */
};

/*
 * Append the object at text, edited. WEIR_PAD bytes behind it must be readable;
 * *room is scratch.
 */
void weir_json_edit(struct weir_buf *out, const char *text,
    struct weir_edit *edits, size_t n, struct weir_buf *room);
/*
 * The same when the object, with the blanks around it len bytes long, is known
 * to have none of the members: no need to go through it.
 */
void weir_json_append(struct weir_buf *out, const char *text, size_t len,
    const struct weir_edit *edits, size_t n);

#endif
