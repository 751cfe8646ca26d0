/*
 * zones.h - the time zones that an expression has met.
 *
 * Reading a zone is slow, so an expression keeps those that it used last, by
 * name. Constant names are looked up when it is compiled.
 */
#ifndef WEIR_EXPR_ZONES_H
#define WEIR_EXPR_ZONES_H

#include "base/buf.h"
#include "base/zone.h"

struct weir_zones;

struct weir_zones *weir_zones_new(void);
void weir_zones_free(struct weir_zones *zones);

/* The zone of that name, good until the next call; NULL with *err. */
const struct weir_zone *weir_zones_get(
    struct weir_zones *zones, struct weir_str name, struct weir_error *err);

#endif
