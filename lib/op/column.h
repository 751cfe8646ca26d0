/*
 * column.h - the name of a result's field, as JSON has it.
 */
#ifndef WEIR_OP_COLUMN_H
#define WEIR_OP_COLUMN_H

#include "base/buf.h"

/* `,"name":`, NUL-terminated; the caller's. */
char *weir_column(struct weir_str name);

#endif
