/*
 * window_calendar.h - windows that follow the calendar of a time zone.
 *
 * Their sizes are whole days, weeks, months or years; shorter ones begin anew
 * with each day. These are the functions of window.h for them, which it calls.
 */
#ifndef WEIR_OP_WINDOW_CALENDAR_H
#define WEIR_OP_WINDOW_CALENDAR_H

#include "op/window.h"

/* 1; 0 if the options name neither a zone, nor months or years; or -1. */
int weir_window_calendar_parse(struct weir_window_spec *spec, const char *text,
    const char *offset, const char *zone, struct weir_error *err);
void weir_window_calendar_print(
    struct weir_buf *out, const struct weir_window_spec *spec);
struct weir_span weir_window_calendar_pane(
    const struct weir_window_spec *spec, int64_t t);
int weir_window_calendar_ends(const struct weir_window_spec *spec,
    struct weir_span pane, struct weir_window_ends *ends);
uint64_t weir_window_calendar_ended(
    const struct weir_window_ends *ends, int64_t t);
int weir_window_calendar_next(
    const struct weir_window_ends *ends, int64_t t, int64_t *end);
struct weir_span weir_window_calendar_span(
    const struct weir_window_spec *spec, struct weir_span pane, int64_t end);

/* The greatest common measure; both are positive. */
int64_t weir_window_gcd(int64_t a, int64_t b);

#endif
