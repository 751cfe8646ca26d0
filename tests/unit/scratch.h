/*
 * scratch.h - a directory of a test's own, gone when it ends.
 */
#ifndef WEIR_TESTS_UNIT_SCRATCH_H
#define WEIR_TESTS_UNIT_SCRATCH_H

#include "base/buf.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Run a shell command: its exit status. */
static inline int
shell(const char *command)
{
	int st = system(command);

	return WIFEXITED(st) ? WEXITSTATUS(st) : 255;
}

/* Make an empty directory and enter it. path gets its absolute name. */
static inline void
scratch_begin(char path[64])
{
	strcpy(path, "/tmp/weir-unit.XXXXXX");
	if (mkdtemp(path) == NULL || chdir(path) != 0) {
		perror(path);
		exit(1);
	}
}

static inline void
scratch_end(const char *path)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", path);
	if (chdir("/") != 0 || shell(command) != 0)
		perror(path);
}

/* Write a file from scratch; read one whole. */
static inline void
spill(const char *file, const void *data, size_t len)
{
	FILE *f = fopen(file, "we");

	if (f == NULL || fwrite(data, 1, len, f) != len || fclose(f) != 0) {
		perror(file);
		exit(1);
	}
}

static inline struct weir_buf
load(const char *file)
{
	struct weir_buf b = {0};
	FILE *f = fopen(file, "re");
	size_t n;

	if (f == NULL) {
		perror(file);
		exit(1);
	}
	while ((n = fread(weir_buf_reserve(&b, 4096), 1, 4096, f)) > 0)
		b.len += n;
	fclose(f);
	return b;
}

#endif
