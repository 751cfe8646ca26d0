/*
 * outs.h - what a job has put out, in files, in directories of part files, in
 * tables, and to commands.
 */
#ifndef WEIR_TESTS_CRASH_OUTS_H
#define WEIR_TESTS_CRASH_OUTS_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 4096 /* of a directory */

struct text {
	char *s;
	size_t len;
};

static struct text
slurp(const char *path)
{
	struct text t = {0};
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd == -1 || fstat(fd, &st) == -1)
		return t;
	t.s = malloc((size_t)st.st_size + 1);
	t.len = (size_t)read(fd, t.s, (size_t)st.st_size);
	close(fd);
	return t;
}

/* The part files below, but what is hidden: their paths, malloc'd. */
static size_t
files_below(const char *path, char **files, size_t n)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL && n < FILES_MAX) {
		size_t len = strlen(path) + strlen(e->d_name) + 2;
		char *name;

		if (e->d_name[0] == '.')
			continue;
		name = malloc(len);
		snprintf(name, len, "%s/%s", path, e->d_name);
		if (strncmp(e->d_name, "part-", 5) == 0) {
			files[n++] = name;
		} else {
			n = files_below(name, files, n);
			free(name);
		}
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

/* Parts have their numbers whatever directory they are in. */
static int
by_number(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	return strcmp(strrchr(x, '/'), strrchr(y, '/'));
}

/* All parts, one behind the other. */
static struct text
slurp_dir(const char *path)
{
	static char *files[FILES_MAX];
	size_t n = files_below(path, files, 0);
	struct text all = {0};

	qsort(files, n, sizeof *files, by_number);
	for (size_t i = 0; i < n; i++) {
		struct text t = slurp(files[i]);

		all.s = realloc(all.s, all.len + t.len + 1);
		if (t.len > 0)
			memcpy(all.s + all.len, t.s, t.len);
		all.len += t.len;
		free(t.s);
		free(files[i]);
	}
	return all;
}

static bool
out_is_dir(const char *path)
{
	return path[strlen(path) - 1] == '/';
}

static bool
out_is_rows(const char *path)
{
	size_t len = strlen(path);

	return len > 3 && strcmp(path + len - 3, ".db") == 0;
}

/* The rows as the events that they were. */
static struct text
slurp_rows(const char *path)
{
	char command[512];

	snprintf(command, sizeof command,
	    "sqlite3 %s \"SELECT json_object('window_start', window_start, "
	    "'window_end', window_end, 'host', host, 'n', n, 'worst', worst) "
	    "FROM rows ORDER BY rowid\" >rows.text",
	    path);
	if (system(command) != 0)
		unlink("rows.text");
	return slurp("rows.text");
}

static bool
out_is_taken(const char *path)
{
	size_t len = strlen(path);

	return len > 6 && strcmp(path + len - 6, ".taken") == 0;
}

/* Append t to all from byte at on, where it must say the same up to its end. */
static bool
goes_on_at(struct text *all, size_t at, const struct text *t)
{
	size_t both = all->len - at < t->len ? all->len - at : t->len;

	if (both > 0 && memcmp(all->s + at, t->s, both) != 0)
		return false;
	if (t->len > both) {
		all->s = realloc(all->s, at + t->len + 1);
		memcpy(all->s + at, t->s, t->len);
		all->len = at + t->len;
	}
	return true;
}

/*
 * What the next one that was started got begins with a line that was given
 * before, or the next one. No two lines are the same.
 */
static bool
take_over(struct text *all, const struct text *t)
{
	for (size_t at = 0; at < all->len; at++)
		if ((at == 0 || all->s[at - 1] == '\n') &&
		    goes_on_at(all, at, t))
			return true;
	return (all->len == 0 || all->s[all->len - 1] == '\n') &&
	    goes_on_at(all, all->len, t);
}

/* What commands got in turn, without what came again; else nothing. */
static struct text
slurp_taken(const char *path)
{
	struct text all = {0};
	bool good = true;
	char name[512];

	for (int i = 0; good && i < 1000000; i++) {
		struct text t;

		snprintf(name, sizeof name, "%s/%06d", path, i);
		if (access(name, F_OK) == -1)
			break;
		t = slurp(name);
		good = take_over(&all, &t);
		free(t.s);
	}
	if (!good) /* not a place where it could go on */
		all.len = 0;
	return all;
}

static struct text
slurp_out(const char *path)
{
	if (out_is_rows(path))
		return slurp_rows(path);
	if (out_is_taken(path))
		return slurp_taken(path);
	return out_is_dir(path) ? slurp_dir(path) : slurp(path);
}

#endif
