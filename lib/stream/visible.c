#define _XOPEN_SOURCE 700 /* realpath */
/* visible.c - of what kind a sink is. */
#include "stream/visible.h"

#include "base/mem.h"
#include "stream/jobfile.h"
#include "stream/sqlrows.h"

#include <stdlib.h>
#include <string.h>

struct weir_visible {
	const struct weir_visible_ops *ops;
	void *self;
};

enum weir_visible_kind
weir_visible_kind(const char *path)
{
	size_t len = strlen(path);

	if (strncmp(path, WEIR_VISIBLE_SQLITE_IS,
		strlen(WEIR_VISIBLE_SQLITE_IS)) == 0)
		return WEIR_VISIBLE_SQL;
	if (*path == '|')
		return WEIR_VISIBLE_CMD;
	return len > 0 && path[len - 1] == '/' ? WEIR_VISIBLE_DIR
					       : WEIR_VISIBLE_FILE;
}

static const struct weir_visible_ops *
ops_of(const char *path)
{
	switch (weir_visible_kind(path)) {
	case WEIR_VISIBLE_DIR: return &weir_visible_dir;
	case WEIR_VISIBLE_SQL: return &weir_visible_sql;
	case WEIR_VISIBLE_CMD: return &weir_visible_cmd;
	default: return &weir_visible_file;
	}
}

/* --- names --- */

static bool
is_dir(const char *path)
{
	struct stat st;

	return weir_visible_kind(path) == WEIR_VISIBLE_DIR ||
	    (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static bool
has_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;

	return *name != '\0' && strcmp(name, ".") != 0 &&
	    strcmp(name, "..") != 0;
}

/* An absolute path with one slash at its end. */
static char *
dir_name(const char *given, struct weir_error *err)
{
	char *path, *real = realpath(given, NULL);
	struct weir_buf out = {0};
	size_t len = strlen(given);

	while (len > 1 && given[len - 1] == '/')
		len--;
	path = weir_strndup(given, len);
	/* a name that is there, such as `.`, may be none for a file */
	if (real == NULL || has_name(path)) {
		free(real);
		real = weir_absolute(path, err);
	}
	free(path);
	if (real == NULL)
		return NULL;
	weir_buf_puts(&out, real);
	if (strcmp(real, "/") != 0)
		weir_buf_putc(&out, '/');
	free(real);
	return weir_buf_cstr(&out);
}

const char *
weir_visible_table(const char *path)
{
	const char *found = NULL;

	while ((path = strstr(path, WEIR_VISIBLE_TABLE_IS)) != NULL)
		found = path++;
	return found;
}

static char *
sql_name(const char *given, struct weir_error *err)
{
	const char *table = weir_visible_table(given);
	const char *file = given + strlen(WEIR_VISIBLE_SQLITE_IS);
	struct weir_buf out = {0};
	char *path, *real;

	if (weir_sqlrows_name(
		table ? table + strlen(WEIR_VISIBLE_TABLE_IS) : "", err) == -1)
		return NULL;
	path = weir_strndup(file, (size_t)(table - file));
	real = weir_absolute(path, err);
	free(path);
	if (real == NULL)
		return NULL;
	weir_buf_printf(&out, "%s%s%s", WEIR_VISIBLE_SQLITE_IS, real, table);
	free(real);
	return weir_buf_cstr(&out);
}

char *
weir_visible_name(const char *given, struct weir_error *err)
{
	if (weir_visible_kind(given) == WEIR_VISIBLE_SQL)
		return sql_name(given, err);
	if (weir_visible_kind(given) == WEIR_VISIBLE_CMD) {
		if (given[1 + strspn(given + 1, " \t\n")] != '\0')
			return weir_strdup(given);
		weir_fail(err, WEIR_USAGE, "say which command: -o '|COMMAND'");
		return NULL;
	}
	return is_dir(given) ? dir_name(given, err) : weir_absolute(given, err);
}

/* --- the kinds --- */

struct weir_visible *
weir_visible_open(
    const struct weir_visible_config *c, bool create, struct weir_error *err)
{
	struct weir_visible *v = weir_calloc(1, sizeof *v);

	v->ops = ops_of(c->path);
	if (v->ops->open(&v->self, c, create, err) == 1)
		return v;
	free(v);
	return NULL;
}

void
weir_visible_close(struct weir_visible *v)
{
	if (v == NULL)
		return;
	v->ops->close(v->self);
	free(v);
}

const struct weir_rollstate *
weir_visible_parts(struct weir_visible *v)
{
	return v->ops->parts != NULL ? v->ops->parts(v->self) : NULL;
}

int
weir_visible_base(
    struct weir_visible *v, uint64_t *base, struct weir_error *err)
{
	return v->ops->base(v->self, base, err);
}

bool
weir_visible_is(struct weir_visible *v, const struct stat *st)
{
	return v->ops->is(v->self, st);
}

int
weir_visible_forward(struct weir_visible *v, const struct weir_manifest_sink *m,
    struct weir_error *err)
{
	return v->ops->forward(v->self, m, err);
}

int
weir_visible_digest(struct weir_visible *v, uint64_t off, uint64_t len,
    struct weir_digest *digest, struct weir_error *err)
{
	if (v->ops->digest == NULL)
		return weir_fail(err, WEIR_STATE,
		    "a sink that is no file is not written at once");
	return v->ops->digest(v->self, off, len, digest, err);
}

int
weir_visible_cut(struct weir_visible *v, const struct weir_manifest_sink *m,
    bool lines, struct weir_error *err)
{
	return v->ops->cut != NULL ? v->ops->cut(v->self, m, lines, err) : 1;
}

int
weir_visible_start(struct weir_visible *v, struct weir_error *err)
{
	return v->ops->start != NULL ? v->ops->start(v->self, err) : 1;
}

int
weir_visible_check(struct weir_visible *v, struct weir_error *err)
{
	return v->ops->check != NULL ? v->ops->check(v->self, err) : 1;
}

int
weir_visible_finish(struct weir_visible *v, struct weir_error *err)
{
	return v->ops->finish != NULL ? v->ops->finish(v->self, err) : 1;
}

int
weir_visible_verify(const struct weir_visible_config *c,
    const struct weir_manifest_sink *m, struct weir_error *err)
{
	return ops_of(c->path)->verify(c, m, err);
}

bool
weir_visible_is_new(const struct weir_visible_config *c, const uint64_t *base)
{
	return ops_of(c->path)->is_new(c, base);
}
