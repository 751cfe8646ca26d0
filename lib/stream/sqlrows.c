#include "stream/sqlrows.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/num.h"
#include "json/members.h"
#include "json/value.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHOW 256
#define REST "_rest"
#ifdef WEIR_PROBES /* tests do not wait for long */
#define BUSY_MS 1000
#else
#define BUSY_MS 10000
#endif
#define DIGITS_MAX 17 /* of a number that a double may stand for */

struct column {
	char *name;
	int at; /* the parameter of the statement, from 1; 0: not in it */
};

struct weir_sqlrows {
	sqlite3 *db;
	char *path, *table; /* table quoted */
	sqlite3_stmt *insert;
	int nbound;
	size_t n, cap;
	struct column *col;
	size_t guess; /* where the next field is likely to be */
	struct weir_arena arena;
	struct weir_buf sql, name, rest;
};

/* --- failing --- */

static int
fail(struct weir_sqlrows *r, struct weir_error *err)
{
	int code = sqlite3_errcode(r->db);
	char shown[SHOW];

	weir_show_into(shown, sizeof shown, r->path, strlen(r->path));
	switch (code) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return weir_fail(err, WEIR_SYSTEM,
		    "%s: another program has locked the database for %d s",
		    shown, BUSY_MS / 1000);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return weir_fail(err, WEIR_STATE, "%s: %.200s: give a database",
		    shown, sqlite3_errmsg(r->db));
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_ERROR:
		return weir_fail(err, WEIR_STATE,
		    "%s: the table does not take the rows: %.200s: change the "
		    "table, then run the job again",
		    shown, sqlite3_errmsg(r->db));
	default:
		return weir_fail(err, WEIR_SYSTEM, "%s: %.200s", shown,
		    sqlite3_errmsg(r->db));
	}
}

static int
run(struct weir_sqlrows *r, const char *sql, struct weir_error *err)
{
	if (sqlite3_exec(r->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 1;
	return fail(r, err);
}

/* --- names --- */

/* "name", with quotes in it doubled. */
static void
quote(struct weir_buf *out, const char *name)
{
	weir_buf_putc(out, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"')
			weir_buf_putc(out, '"');
		weir_buf_putc(out, *name);
	}
	weir_buf_putc(out, '"');
}

int
weir_sqlrows_name(const char *table, struct weir_error *err)
{
	char shown[SHOW];

	weir_show_into(shown, sizeof shown, table, strlen(table));
	if (*table == '\0')
		return weir_fail(
		    err, WEIR_USAGE, "say which table: sqlite:FILE?table=NAME");
	if (strlen(table) > WEIR_SQL_NAME)
		return weir_fail(err, WEIR_USAGE,
		    "the name of a table is too long (at most %d bytes)",
		    WEIR_SQL_NAME);
	if (strncasecmp(table, "sqlite_", 7) == 0 ||
	    strcasecmp(table, "weir_commits") == 0)
		return weir_fail(err, WEIR_USAGE,
		    "%s: not a table of yours: give another name", shown);
	return 1;
}

/* --- opening --- */

static int
add_column(struct weir_sqlrows *r, const char *name)
{
	r->col = weir_grow(r->col, &r->cap, r->n + 1, sizeof *r->col);
	r->col[r->n++] = (struct column){.name = weir_strdup(name)};
	return 1;
}

static void
drop_insert(struct weir_sqlrows *r)
{
	sqlite3_finalize(r->insert);
	r->insert = NULL;
}

/* Prepare what r->sql says. */
static sqlite3_stmt *
prepare(struct weir_sqlrows *r, struct weir_error *err)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(r->db, weir_buf_cstr(&r->sql), -1, &st, NULL) ==
	    SQLITE_OK)
		return st;
	fail(r, err);
	return NULL;
}

/* The columns that the table has; none if it is not there. */
static int
read_columns(struct weir_sqlrows *r, struct weir_error *err)
{
	sqlite3_stmt *st;
	int got;

	drop_insert(r);
	for (size_t i = 0; i < r->n; i++)
		free(r->col[i].name);
	r->n = 0;
	r->nbound = 0;
	r->sql.len = 0;
	weir_buf_printf(&r->sql, "PRAGMA table_info(%s)", r->table);
	st = prepare(r, err);
	if (st == NULL)
		return -1;
	while ((got = sqlite3_step(st)) == SQLITE_ROW)
		add_column(r, (const char *)sqlite3_column_text(st, 1));
	sqlite3_finalize(st);
	return got == SQLITE_DONE ? 1 : fail(r, err);
}

struct weir_sqlrows *
weir_sqlrows_open(
    const char *path, const char *table, bool create, struct weir_error *err)
{
	struct weir_sqlrows *r = weir_calloc(1, sizeof *r);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
	    (create ? SQLITE_OPEN_CREATE : 0);
	struct weir_buf name = {0};

	r->path = weir_strdup(path);
	quote(&name, table);
	r->table = weir_buf_cstr(&name);
	if (sqlite3_open_v2(path, &r->db, flags, NULL) != SQLITE_OK) {
		if (r->db != NULL)
			fail(r, err);
		else
			weir_fail(err, WEIR_SYSTEM, "sqlite: no memory");
		goto bad;
	}
	sqlite3_busy_timeout(r->db, BUSY_MS);
	/* a commit must be on the disk, the journal's directory included */
	if (run(r, "PRAGMA synchronous=EXTRA", err) == -1 ||
	    run(r, "PRAGMA trusted_schema=OFF", err) == -1)
		goto bad;
	return r;
bad:
	weir_sqlrows_close(r);
	return NULL;
}

void
weir_sqlrows_close(struct weir_sqlrows *r)
{
	if (r == NULL)
		return;
	drop_insert(r);
	sqlite3_close(r->db);
	for (size_t i = 0; i < r->n; i++)
		free(r->col[i].name);
	free(r->col);
	free(r->path);
	free(r->table);
	weir_arena_fini(&r->arena);
	weir_buf_fini(&r->sql);
	weir_buf_fini(&r->name);
	weir_buf_fini(&r->rest);
	free(r);
}

/* --- the place --- */

/* Is there a table of that name? 1, 0, -1. */
static int
has_table(struct weir_sqlrows *r, const char *quoted, struct weir_error *err)
{
	sqlite3_stmt *st;
	int got;

	r->sql.len = 0;
	weir_buf_printf(&r->sql, "PRAGMA table_info(%s)", quoted);
	st = prepare(r, err);
	if (st == NULL)
		return -1;
	got = sqlite3_step(st);
	sqlite3_finalize(st);
	return got == SQLITE_ROW ? 1 : got == SQLITE_DONE ? 0 : fail(r, err);
}

int
weir_sqlrows_place(struct weir_sqlrows *r, const char *job, const char *sink,
    uint64_t *at, struct weir_error *err)
{
	sqlite3_stmt *st;
	int got = has_table(r, "weir_commits", err);

	if (got != 1)
		return got;
	r->sql.len = 0;
	weir_buf_puts(
	    &r->sql, "SELECT place FROM weir_commits WHERE job=? AND sink=?");
	st = prepare(r, err);
	if (st == NULL)
		return -1;
	sqlite3_bind_text(st, 1, job, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, sink, -1, SQLITE_STATIC);
	got = sqlite3_step(st);
	if (got == SQLITE_ROW)
		*at = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return got == SQLITE_ROW ? 1 : got == SQLITE_DONE ? 0 : fail(r, err);
}

static int
set_place(struct weir_sqlrows *r, const char *job, const char *sink,
    uint64_t at, struct weir_error *err)
{
	sqlite3_stmt *st;
	int got;

	r->sql.len = 0;
	weir_buf_puts(&r->sql,
	    "INSERT OR REPLACE INTO weir_commits(job, sink, place) "
	    "VALUES(?, ?, ?)");
	st = prepare(r, err);
	if (st == NULL)
		return -1;
	sqlite3_bind_text(st, 1, job, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, sink, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, (sqlite3_int64)at);
	got = sqlite3_step(st);
	sqlite3_finalize(st);
	return got == SQLITE_DONE ? 1 : fail(r, err);
}

int
weir_sqlrows_enter(struct weir_sqlrows *r, const char *job, const char *sink,
    struct weir_error *err)
{
	if (run(r, "BEGIN IMMEDIATE", err) == -1 ||
	    run(r,
		"CREATE TABLE IF NOT EXISTS weir_commits(job TEXT NOT NULL, "
		"sink TEXT NOT NULL, place INTEGER NOT NULL, "
		"PRIMARY KEY(job, sink))",
		err) == -1 ||
	    set_place(r, job, sink, 0, err) == -1)
		return -1;
	return run(r, "COMMIT", err);
}

int
weir_sqlrows_any(struct weir_sqlrows *r, struct weir_error *err)
{
	sqlite3_stmt *st;
	int got = has_table(r, r->table, err);

	if (got != 1)
		return got;
	r->sql.len = 0;
	weir_buf_printf(&r->sql, "SELECT 1 FROM %s LIMIT 1", r->table);
	st = prepare(r, err);
	if (st == NULL)
		return -1;
	got = sqlite3_step(st);
	sqlite3_finalize(st);
	return got == SQLITE_ROW ? 1 : got == SQLITE_DONE ? 0 : fail(r, err);
}

/* --- columns --- */

/* Make a column, and the table with the first one. */
static int
make_column(struct weir_sqlrows *r, const char *name, struct weir_error *err)
{
	drop_insert(r);
	r->sql.len = 0;
	weir_buf_printf(&r->sql,
	    r->n == 0 ? "CREATE TABLE %s(" : "ALTER TABLE %s ADD COLUMN ",
	    r->table);
	quote(&r->sql, name);
	if (r->n == 0)
		weir_buf_putc(&r->sql, ')');
	if (run(r, weir_buf_cstr(&r->sql), err) == -1)
		return -1;
	return add_column(r, name);
}

/* The column is to be in the statement. */
static void
use_column(struct weir_sqlrows *r, struct column *c)
{
	if (c->at != 0)
		return;
	drop_insert(r);
	c->at = ++r->nbound;
}

static bool
is_named(const struct column *c, struct weir_str name)
{
	return strlen(c->name) == name.len &&
	    memcmp(c->name, name.s, name.len) == 0;
}

/* Can it have a column beside those that are there? */
static bool
can_be_column(const struct weir_sqlrows *r, struct weir_str name)
{
	if (name.len == 0 || name.len > WEIR_SQL_NAME ||
	    memchr(name.s, '\0', name.len) != NULL || weir_str_eq(name, REST) ||
	    r->n >= WEIR_SQL_COLUMNS)
		return false;
	for (size_t i = 0; i < r->n; i++)
		if (strlen(r->col[i].name) == name.len &&
		    strncasecmp(r->col[i].name, name.s, name.len) == 0)
			return false;
	return true;
}

/* The column of a field: 1 with *c, made if need be; 0 if it has none; -1. */
static int
column_of(struct weir_sqlrows *r, struct weir_str name, struct column **c,
    struct weir_error *err)
{
	char text[WEIR_SQL_NAME + 1];
	size_t i = r->guess < r->n ? r->guess : 0;

	for (size_t k = 0; k < r->n; k++, i = i + 1 < r->n ? i + 1 : 0)
		if (is_named(&r->col[i], name) &&
		    strcmp(r->col[i].name, REST)) {
			r->guess = i + 1;
			*c = &r->col[i];
			return 1;
		}
	if (!can_be_column(r, name))
		return 0;
	memcpy(text, name.s, name.len);
	text[name.len] = '\0';
	if (make_column(r, text, err) == -1)
		return -1;
	*c = &r->col[r->n - 1];
	return 1;
}

/* --- values --- */

/* Does a double stand for this number, as far as it is written out? */
static bool
is_real(struct weir_str s, double d)
{
	bool fraction = false;
	size_t digits = 0;

	for (size_t i = 0; i < s.len && s.s[i] != 'e' && s.s[i] != 'E'; i++)
		if (s.s[i] >= '0' && s.s[i] <= '9' &&
		    (digits > 0 || s.s[i] != '0'))
			digits++;
	for (size_t i = 0; i < s.len; i++)
		fraction |= s.s[i] == '.' || s.s[i] == 'e' || s.s[i] == 'E';
	return (fraction || d == 0) && digits <= DIGITS_MAX && d - d == 0;
}

static int
bind_text(sqlite3_stmt *st, int at, const char *s, size_t len)
{
	return sqlite3_bind_text64(
	    st, at, s, len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/* The text of a string that is one: 1, 0 if it has half a surrogate pair. */
static int
string_of(struct weir_sqlrows *r, struct weir_str s, struct weir_value *v)
{
	weir_arena_reset(&r->arena);
	*v = weir_value_read(s.s, s.len, &r->arena);
	return v->kind == WEIR_STRING;
}

/* Bind a value that goes into a column. */
static int
bind(struct weir_sqlrows *r, int at, struct weir_str s)
{
	struct weir_value v;
	struct weir_num n;

	switch (*s.s) {
	case '"':
		string_of(r, s, &v);
		return bind_text(r->insert, at, v.s, v.aux);
	case '{':
	case '[': return bind_text(r->insert, at, s.s, s.len);
	case 't': return sqlite3_bind_int(r->insert, at, 1);
	case 'f': return sqlite3_bind_int(r->insert, at, 0);
	case 'n': return sqlite3_bind_null(r->insert, at);
	default: break;
	}
	weir_num_read(s.s, s.len, &n);
	if (n.kind == WEIR_NUM_INT)
		return sqlite3_bind_int64(r->insert, at, n.i);
	if (n.kind == WEIR_NUM_DOUBLE && is_real(s, n.d))
		return sqlite3_bind_double(r->insert, at, n.d);
	return bind_text(r->insert, at, s.s, s.len);
}

/* --- rows --- */

static int
prepare_insert(struct weir_sqlrows *r, struct weir_error *err)
{
	r->sql.len = 0;
	weir_buf_printf(&r->sql, "INSERT INTO %s(", r->table);
	for (int at = 1; at <= r->nbound; at++)
		for (size_t i = 0; i < r->n; i++)
			if (r->col[i].at == at) {
				weir_buf_puts(&r->sql, at > 1 ? "," : "");
				quote(&r->sql, r->col[i].name);
			}
	weir_buf_puts(&r->sql, ") VALUES(");
	for (int at = 1; at <= r->nbound; at++)
		weir_buf_puts(&r->sql, at > 1 ? ",?" : "?");
	weir_buf_putc(&r->sql, ')');
	r->insert = prepare(r, err);
	return r->insert == NULL ? -1 : 1;
}

/* The column of a member's value: 1 with *c, 0 if it is to go to the rest. */
static int
find_column(struct weir_sqlrows *r, const struct weir_member *m,
    struct column **c, struct weir_error *err)
{
	struct weir_value v;

	if (*m->value.s == '"' && !string_of(r, m->value, &v))
		return 0;
	return column_of(r, weir_member_name(m, &r->name), c, err);
}

static int
use_rest(struct weir_sqlrows *r, struct weir_error *err)
{
	size_t i = 0;

	while (i < r->n && strcmp(r->col[i].name, REST) != 0)
		i++;
	if (i == r->n && make_column(r, REST, err) == -1)
		return -1;
	use_column(r, &r->col[i]);
	return 1;
}

/* Before anything is bound: all columns are there, and in the statement. */
static int
use_columns(struct weir_sqlrows *r, const char *text, struct weir_error *err)
{
	const char *at = weir_members(text);
	struct weir_member m;
	struct column *c;
	bool rest = false;

	r->guess = 0;
	while (weir_member_next(&at, &m) == 1) {
		int got = find_column(r, &m, &c, err);

		if (got == -1)
			return -1;
		rest |= got == 0;
		if (got == 1)
			use_column(r, c);
	}
	/* a row needs a column, if only an empty one */
	if ((rest || r->nbound == 0) && use_rest(r, err) == -1)
		return -1;
	return r->insert != NULL ? 1 : prepare_insert(r, err);
}

static int
bind_rest(struct weir_sqlrows *r)
{
	weir_buf_putc(&r->rest, '}');
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->col[i].name, REST) == 0)
			return bind_text(
			    r->insert, r->col[i].at, r->rest.data, r->rest.len);
	return SQLITE_OK;
}

static int
bind_all(struct weir_sqlrows *r, const char *text, struct weir_error *err)
{
	const char *at = weir_members(text);
	struct weir_member m;
	struct column *c;
	int code = SQLITE_OK;

	r->guess = 0;
	r->rest.len = 0;
	while (code == SQLITE_OK && weir_member_next(&at, &m) == 1) {
		if (find_column(r, &m, &c, err) == 1) {
			code = bind(r, c->at, m.value);
			continue;
		}
		weir_buf_puts(&r->rest, r->rest.len > 0 ? ",\"" : "{\"");
		weir_buf_add(&r->rest, m.name.s, m.name.len);
		weir_buf_puts(&r->rest, "\":");
		weir_buf_add(&r->rest, m.value.s, m.value.len);
	}
	if (code == SQLITE_OK && r->rest.len > 0)
		code = bind_rest(r);
	return code == SQLITE_OK ? 1 : fail(r, err);
}

int
weir_sqlrows_begin(struct weir_sqlrows *r, struct weir_error *err)
{
	if (run(r, "BEGIN IMMEDIATE", err) == -1)
		return -1;
	return read_columns(r, err);
}

int
weir_sqlrows_add(
    struct weir_sqlrows *r, const char *text, struct weir_error *err)
{
	if (use_columns(r, text, err) == -1)
		return -1;
	sqlite3_reset(r->insert);
	sqlite3_clear_bindings(r->insert);
	if (bind_all(r, text, err) == -1)
		return -1;
	return sqlite3_step(r->insert) == SQLITE_DONE ? 1 : fail(r, err);
}

int
weir_sqlrows_end(struct weir_sqlrows *r, const char *job, const char *sink,
    uint64_t at, struct weir_error *err)
{
	drop_insert(r);
	if (set_place(r, job, sink, at, err) == -1)
		return -1;
	return run(r, "COMMIT", err);
}
