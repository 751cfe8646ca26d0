/*
 * replay - runs a fuzz target over files, without a fuzzer.
 *
 *     TARGET [-v] FILE|DIRECTORY...
 *
 * Linked with any target of tests/fuzz: calls its entry once for each file (and
 * each file in a directory, sorted by name); a target that finds a fault
 * aborts. -v names each file first.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int verbose;
static size_t n_files;

static _Noreturn void
fail(const char *name)
{
	perror(name);
	exit(1);
}

static void
replay_file(const char *name)
{
	FILE *f = fopen(name, "rb");
	uint8_t *data;
	long size = -1;

	if (f != NULL && fseek(f, 0, SEEK_END) == 0)
		size = ftell(f);
	if (size < 0)
		fail(name);
	rewind(f);
	/* exactly as large as the input, so that a sanitizer sees any excess */
	data = malloc((size_t)size + (size == 0));
	if (data == NULL || fread(data, 1, (size_t)size, f) != (size_t)size)
		fail(name);
	fclose(f);
	if (verbose)
		fprintf(stderr, "%s (%ld bytes)\n", name, size);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	n_files++;
}

static int
visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
replay(const char *name)
{
	struct dirent **entries;
	int n = scandir(name, &entries, visible, alphasort);
	char path[4096];

	if (n < 0 && errno == ENOTDIR) {
		replay_file(name);
		return;
	}
	if (n < 0)
		fail(name);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", name, entries[i]->d_name);
		replay(path);
		free(entries[i]);
	}
	free(entries);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-v") == 0)
			verbose = 1;
		else
			replay(argv[i]);
	}
	printf("%zu inputs, no fault\n", n_files);
	return n_files == 0;
}
