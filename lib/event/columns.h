/*
 * columns.h - what csv and tsv share: named columns, and their header.
 *
 * A header is read by the rules for rows: as one whose columns have no names
 * yet, whose values are then the names.
 */
#ifndef WEIR_EVENT_COLUMNS_H
#define WEIR_EVENT_COLUMNS_H

#include "event/convert.h"

/* Stands for columns beyond those that have names. */
extern const struct weir_field weir_column_extra;

static inline const struct weir_field *
weir_column(const struct weir_converter *k, size_t i)
{
	return i < k->fields.n ? &k->fields.f[i] : &weir_column_extra;
}

/* The verdict on a row of n columns. */
enum weir_verdict weir_columns_end(
    struct weir_converter *k, struct weir_object *o, size_t n);

#endif
