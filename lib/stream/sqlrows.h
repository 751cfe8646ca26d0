/*
 * sqlrows.h - events as rows of a table in an SQLite database.
 *
 * The one module that includes sqlite3. Rows and the place in the sink's stream
 * that they reach are written in one transaction; the place is kept in the
 * table weir_commits, by job and sink. The table of the rows is made if it is
 * not there, and gets a column for each new field of an event, without a type,
 * so that values stay what they are. A field that cannot have a column (too
 * many, a name too long, two names that differ in case only) goes into the
 * column `_rest`, a JSON object.
 *
 *     int64 INTEGER, other numbers REAL, string TEXT, true 1, false 0,
 *     null NULL, objects and arrays TEXT (JSON); a number that neither INTEGER
 *     nor REAL holds: TEXT
 */
#ifndef WEIR_STREAM_SQLROWS_H
#define WEIR_STREAM_SQLROWS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR_SQL_COLUMNS 256 /* with those that the table had before */
#define WEIR_SQL_NAME	 128 /* bytes of a name */

struct weir_sqlrows;

/*
 * Can it be the name of a table (not one of sqlite's or ours)? 1 or -1 with
 * *err (WEIR_USAGE).
 */
int weir_sqlrows_name(const char *table, struct weir_error *err);
/*
 * Open a database, made if create is set. NULL with *err: WEIR_STATE if it is
 * none, WEIR_SYSTEM otherwise.
 */
struct weir_sqlrows *weir_sqlrows_open(
    const char *path, const char *table, bool create, struct weir_error *err);
void weir_sqlrows_close(struct weir_sqlrows *r); /* undoes what is not ended */

/* Where job and sink have got to: 1, 0 if they are not known, -1. */
int weir_sqlrows_place(struct weir_sqlrows *r, const char *job,
    const char *sink, uint64_t *at, struct weir_error *err);
/* Make them known, at 0. */
int weir_sqlrows_enter(struct weir_sqlrows *r, const char *job,
    const char *sink, struct weir_error *err);
/* Is there a row in the table? 1, 0, -1. */
int weir_sqlrows_any(struct weir_sqlrows *r, struct weir_error *err);

/* A transaction: begin, add events, end, which is when it counts. */
int weir_sqlrows_begin(struct weir_sqlrows *r, struct weir_error *err);
/* The JSON text of an event, proven; WEIR_PAD bytes behind it are readable. */
int weir_sqlrows_add(
    struct weir_sqlrows *r, const char *text, struct weir_error *err);
int weir_sqlrows_end(struct weir_sqlrows *r, const char *job, const char *sink,
    uint64_t at, struct weir_error *err);

#endif
