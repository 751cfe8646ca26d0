/*
 * Goal: an event becomes a row that says what it said, whatever its names and
 * values are, and a row counts only with the place of its stream. Method: rows
 * of texts go to a database of the test's own; another connection asks for them.
 */
#define _POSIX_C_SOURCE 200809L
#include "tests/unit/tap.h"
#include "tests/unit/scratch.h"
#include "json/prover.h"
#include "stream/sqlrows.h"

#include <sqlite3.h>

static struct weir_error err;
static struct weir_sqlrows *rows;

/* --- asking --- */

/* Does the answer, its rows joined by ';', read so? */
static void
asks(const char *sql, const char *want)
{
	struct weir_buf got = {0};
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	int nrows = 0;

	if (sqlite3_open_v2("db", &db, SQLITE_OPEN_READONLY, NULL) ==
		SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK)
		while (sqlite3_step(st) == SQLITE_ROW) {
			weir_buf_puts(&got, nrows++ > 0 ? ";" : "");
			for (int i = 0; i < sqlite3_column_count(st); i++) {
				const void *s = sqlite3_column_blob(st, i);
				int len = sqlite3_column_bytes(st, i);

				weir_buf_puts(&got, i > 0 ? "|" : "");
				weir_buf_add(&got, s, (size_t)len);
			}
		}
	else
		weir_buf_puts(&got, sqlite3_errmsg(db));
	is_text(got.data, got.len, want);
	sqlite3_finalize(st);
	sqlite3_close(db);
	weir_buf_fini(&got);
}

/* An event, with room behind it. */
static int
add(const char *text)
{
	size_t len = strlen(text);
	char *s = calloc(1, len + WEIR_PAD);
	int got;

	memcpy(s, text, len);
	got = weir_sqlrows_add(rows, s, &err);
	free(s);
	return got;
}

static void
begin(const char *table)
{
	shell("rm -f db db-journal");
	rows = weir_sqlrows_open("db", table, true, &err);
	ok(rows != NULL && weir_sqlrows_enter(rows, "job", "out", &err) == 1 &&
		weir_sqlrows_begin(rows, &err) == 1,
	    "a new database, table %s", table);
}

static void
end(void)
{
	ok(weir_sqlrows_end(rows, "job", "out", 7, &err) == 1, "committed");
	weir_sqlrows_close(rows);
	rows = NULL;
}

/* --- values --- */

static void
test_values(void)
{
	static const char *const cases[][2] = {
	    {"0", "integer|0"},
	    {"-1", "integer|-1"},
	    {"9223372036854775807", "integer|9223372036854775807"},
	    {"-9223372036854775808", "integer|-9223372036854775808"},
	    {"9223372036854775808", "text|9223372036854775808"},
	    {"-9223372036854775809", "text|-9223372036854775809"},
	    {"123456789012345678901234", "text|123456789012345678901234"},
	    {"1.5", "real|1.5"},
	    {"-0", "real|0.0"}, /* SQLite keeps no sign of 0 */
	    {"1e3", "real|1000.0"},
	    {"0.12345678901234567", "real|0.123456789012346"},
	    {"0.123456789012345678", "text|0.123456789012345678"},
	    {"0.000000000000000000001", "real|1.0e-21"},
	    {"1e400", "text|1e400"},
	    {"-1E400", "text|-1E400"},
	    {"true", "integer|1"},
	    {"false", "integer|0"},
	    {"null", "null|"},
	    {"\"\"", "text|"},
	    {"\"12\"", "text|12"},
	    {"\"it's \\\"so\\\"\"", "text|it's \"so\""},
	    {"\"\\u00e9\\ud83d\\ude00\"", "text|\xc3\xa9\xf0\x9f\x98\x80"},
	    {"{\"k\": [1]}", "text|{\"k\": [1]}"},
	    {"[ ]", "text|[ ]"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[128];

		begin("t");
		snprintf(text, sizeof text, "{\"v\":%s}", cases[i][0]);
		add(text);
		end();
		asks("SELECT typeof(v), v FROM t", cases[i][1]);
	}
}

/* SQLite keeps a NUL in a text, though many of its functions stop there. */
static void
test_nul(void)
{
	begin("t");
	add("{\"v\":\"a\\u0000b\",\"n\\u0000m\":1}");
	end();
	asks("SELECT hex(v), typeof(v), _rest FROM t",
	    "610062|text|{\"n\\u0000m\":1}");
}

/* --- names --- */

static void
test_names(void)
{
	begin("a \"b\"; DROP TABLE x;--");
	add("{\"q\\\"q\":1,\"it's\":2,\"\xc3\xa9\":3,\"\xc3\x89\":4,"
	    "\"select\":5,\"a]b`c\":6,\"rowid\":7}");
	add("{\"\\u00e9\":8}");
	end();
	asks("SELECT name FROM pragma_table_info('a \"b\"; DROP TABLE x;--')",
	    "q\"q;it's;\xc3\xa9;\xc3\x89;select;a]b`c;rowid");
	asks("SELECT \"q\"\"q\", \"it's\", \"\xc3\xa9\", \"\xc3\x89\", "
	     "\"select\", \"a]b`c\", \"rowid\" "
	     "FROM \"a \"\"b\"\"; DROP TABLE x;--\"",
	    "1|2|3|4|5|6|7;||8||||");
}

static void
test_same_but_for_case(void)
{
	begin("t");
	add("{\"Name\":1,\"name\":2,\"NAME\":3}");
	add("{\"name\":4}");
	add("{\"Name\":5,\"Name\":6}");
	end();
	asks("SELECT name FROM pragma_table_info('t')", "Name;_rest");
	asks("SELECT Name, _rest FROM t",
	    "1|{\"name\":2,\"NAME\":3};|{\"name\":4};6|");
}

static void
test_rest(void)
{
	char text[WEIR_SQL_NAME + 32], name[WEIR_SQL_NAME + 2];

	begin("t");
	add("{\"\":1,\"_rest\":{\"x\":2},\"a\":\"\\ud800\",\"\\ud800\":3}");
	add("{}");
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	snprintf(text, sizeof text, "{\"%s\":1}", name);
	add(text); /* too long by one */
	snprintf(text, sizeof text, "{\"%s\":9}", name + 1);
	add(text);
	end();
	asks("SELECT _rest FROM t LIMIT 1",
	    "{\"\":1,\"_rest\":{\"x\":2},\"a\":\"\\ud800\"}");
	asks("SELECT \"\\ud800\" FROM t LIMIT 1", "3");
	asks("SELECT length(_rest) FROM t WHERE rowid = 3", "135");
	asks("SELECT count(*), count(_rest) FROM t", "4|2");
	asks("SELECT max(length(name)) FROM pragma_table_info('t')", "128");
}

static void
test_limit(void)
{
	char text[64];

	begin("t");
	for (int i = 0; i < 300; i++) {
		snprintf(text, sizeof text, "{\"a\":0,\"f%d\":%d}", i, i);
		add(text);
	}
	end();
	asks("SELECT count(*) FROM pragma_table_info('t')", "257");
	asks("SELECT f254 FROM t WHERE rowid = 255", "254");
	asks("SELECT _rest FROM t WHERE rowid IN (255, 256, 300)",
	    ";{\"f255\":255};{\"f299\":299}");
	asks("SELECT count(_rest) FROM t", "45");
}

static void
test_table_names(void)
{
	static const char *const bad[] = {
	    "", "sqlite_x", "SQLite_master", "weir_commits", "WEIR_Commits"};
	char name[WEIR_SQL_NAME + 2];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(weir_sqlrows_name(bad[i], &err) == -1 &&
			err.status == WEIR_USAGE,
		    "table '%s' is refused", bad[i]);
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	ok(weir_sqlrows_name(name, &err) == -1, "a name too long by one");
	ok(weir_sqlrows_name(name + 1, &err) == 1, "the longest name");
}

/* --- transactions --- */

static void
test_undone(void)
{
	uint64_t at = 99;

	begin("t");
	add("{\"a\":1}");
	end();
	rows = weir_sqlrows_open("db", "t", false, &err);
	ok(weir_sqlrows_begin(rows, &err) == 1, "a second transaction");
	add("{\"a\":2,\"b\":3}");
	asks("SELECT * FROM t", "1");
	weir_sqlrows_close(rows);
	asks("SELECT * FROM t", "1");
	rows = weir_sqlrows_open("db", "t", false, &err);
	ok(weir_sqlrows_place(rows, "job", "out", &at, &err) == 1 && at == 7,
	    "the place is that of what counts");
	ok(weir_sqlrows_place(rows, "job", "in", &at, &err) == 0,
	    "a sink that is not known");
	ok(weir_sqlrows_any(rows, &err) == 1, "there are rows");
	weir_sqlrows_close(rows);
}

static void
test_refused(void)
{
	begin("t");
	add("{\"a\":1}");
	end();
	shell("rm db");
	ok(weir_sqlrows_open("db", "t", false, &err) == NULL,
	    "a database that is gone");
	shell("head -c 5000 /dev/zero | tr '\\0' x >db");
	rows = weir_sqlrows_open("db", "t", false, &err);
	ok((rows == NULL || weir_sqlrows_begin(rows, &err) == -1) &&
		err.status == WEIR_STATE,
	    "a file that is none: %s", err.text);
	weir_sqlrows_close(rows);
}

int
main(void)
{
	char dir[64];

	scratch_begin(dir);
	test_values();
	test_nul();
	test_names();
	test_same_but_for_case();
	test_rest();
	test_limit();
	test_table_names();
	test_undone();
	test_refused();
	scratch_end(dir);
	return done();
}
