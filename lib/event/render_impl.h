/*
 * render_impl.h - what the renderers share: columns, and values as text.
 */
#ifndef WEIR_EVENT_RENDER_IMPL_H
#define WEIR_EVENT_RENDER_IMPL_H

#include "event/render.h"
#include "json/members.h"

#include <stdint.h>

/* Named columns, and the values that an event has for them. */
struct weir_render_columns {
	size_t n;
	bool given; /* they are what was asked for */
	struct weir_str names[WEIR_COLUMNS_MAX];  /* copies */
	struct weir_str values[WEIR_COLUMNS_MAX]; /* JSON text; len 0: none */
};

struct weir_screen;

struct weir_render {
	enum weir_format format;
	struct weir_render_columns columns;
	bool began; /* the header is out */
	struct weir_screen *screen;
	struct weir_buf room, text; /* scratch: names, strings */
	char why[240];
};

/*
 * Find the values of the event at text. With grow, columns are added for fields
 * that have none; otherwise that is a reason to refuse, unless columns were
 * given. 1, or 0 with r->why.
 */
int weir_render_values(struct weir_render *r, const char *text, bool grow);
int weir_render_any(struct weir_render *r); /* are there columns? As above */

/*
 * A value as plain text: a string without quotes and escapes, anything else as
 * it stands in JSON. Lives until the next call. Behind it is a byte that no
 * number has.
 */
struct weir_str weir_render_plain(struct weir_render *r, struct weir_str value);

int weir_render_row(
    struct weir_render *r, const char *text, struct weir_buf *out);
void weir_render_header(struct weir_render *r, struct weir_buf *out);
int weir_render_logfmt(
    struct weir_render *r, const char *text, struct weir_buf *out);

struct weir_screen *weir_screen_new(bool color);
void weir_screen_free(struct weir_screen *t);
int weir_screen_add(
    struct weir_render *r, const char *text, struct weir_buf *out);
bool weir_screen_holds(const struct weir_screen *t);
void weir_screen_print(struct weir_render *r, struct weir_buf *out);

#endif
