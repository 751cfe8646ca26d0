/*
 * text.h - text for people: escaping, suggestions, carets.
 */
#ifndef WEIR_BASE_TEXT_H
#define WEIR_BASE_TEXT_H

#include "base/buf.h"

/*
 * Append s so that a terminal cannot be fooled: control characters, DEL, C1
 * controls, marks of writing direction and invalid UTF-8 become \xHH; at most
 * max bytes of input are shown, then "...".
 */
void weir_show(struct weir_buf *out, const char *s, size_t len, size_t max);

/* A text of several lines: the same, but newlines stay. */
void weir_show_lines(struct weir_buf *out, const char *s, size_t len);

/*
 * weir_show() into an array: always NUL-terminated, "..." at the end if cap bytes
 * are too few; returns out.
 */
char *weir_show_into(char *out, size_t cap, const char *s, size_t len);

/*
 * The index of the candidate nearest to word by edit distance (transpositions
 * count one), or -1 when none is near enough to suggest (distance over a third
 * of the longer, or over 3).
 */
int weir_nearest(
    const char *word, size_t len, const char *const *candidates, size_t n);

/*
 * Two lines that show where: the line of text around byte offset at, and a
 * caret under it (columns count code points; long lines are cut around it).
 * The text is shown as by weir_show(); no newline at the end.
 */
void weir_caret(struct weir_buf *out, const char *text, size_t len, size_t at);

#endif
