/*
 * render.h - events as the text of other formats: csv, tsv, logfmt, table.
 *
 * A renderer appends an event's text to a buffer. csv and tsv have columns:
 * those that were asked for, else the fields of the first event; then an event
 * with another field is refused rather than cut. A table gathers a screen of
 * rows to see how wide its columns are; what it has is printed when the screen
 * is full, when input rests, and at the end.
 */
#ifndef WEIR_EVENT_RENDER_H
#define WEIR_EVENT_RENDER_H

#include "base/buf.h"
#include "base/error.h"
#include "event/writer.h"

#include <stdbool.h>

#define WEIR_COLUMNS_MAX 1024

struct weir_render;

/* Is it one of the formats that are rendered? */
bool weir_render_is(enum weir_format format);
/* Is --columns=a,b,c a list of different names? 1, or -1 with *err. */
int weir_render_check(const char *columns, struct weir_error *err);

/* shape may be NULL; its columns were checked. */
struct weir_render *weir_render_new(
    enum weir_format format, const struct weir_shape *shape);
void weir_render_free(struct weir_render *r);

/*
 * Append the event at text, which WEIR_PAD readable bytes follow: 1, or 0 with
 * *why (until the next call) if it does not fit the format.
 */
int weir_render_event(struct weir_render *r, const char *text,
    struct weir_buf *out, const char **why);
bool weir_render_holds(const struct weir_render *r); /* has it gathered? */
/* Append what was gathered. */
void weir_render_rest(struct weir_render *r, struct weir_buf *out);
/* The same at the end of the stream. */
void weir_render_end(struct weir_render *r, struct weir_buf *out);

#endif
