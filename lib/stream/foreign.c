#include "stream/foreign.h"

#include "base/mem.h"
#include "base/text.h"
#include "stream/edges.h"

#include <stdlib.h>
#include <string.h>

/* Ours, and what prepares the way of a stream, or begins a command of ours. */
static bool
is_ours(const char *word, size_t len)
{
	static const char *const ours[] = {"sfilter", "smap", "swindow",
	    "sjoin", "smerge", "sdedup", "scheckpoint", "tee", "rm", "mkdir",
	    "mkfifo", "cd", "set", "trap", "export", "exec", "env", "time"};

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (len == strlen(ours[i]) && memcmp(word, ours[i], len) == 0)
			return true;
	return false;
}

/* Behind assignments, which only prepare the way: NAME=VALUE; */
static const char *
skip_assignments(const char *p)
{
	for (;;) {
		const char *word = p + strspn(p, " \t\n|;");
		size_t len = strcspn(word, " \t\n|;&<>");

		if (memchr(word, '=', len) == NULL ||
		    strspn(word,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"
			"abcdefghijklmnopqrstuvwxyz") != strcspn(word, "="))
			return word;
		p = word + len;
	}
}

/* The next of these that is not quoted, or the end. */
static const char *
segment_end(const char *p, const char *ends)
{
	char quote = '\0';

	for (; *p != '\0'; p++) {
		if (*p == '\\' && quote != '\'' && p[1] != '\0')
			p++;
		else if (quote != '\0')
			quote = *p == quote ? '\0' : quote;
		else if (*p == '\'' || *p == '"')
			quote = *p;
		else if (strchr(ends, *p) != NULL)
			break;
	}
	return p;
}

char *
weir_foreign_stage(const char *pipeline, char out[WEIR_FOREIGN_SHOW])
{
	out[0] = '\0';
	while (pipeline != NULL && *pipeline != '\0') {
		const char *word = skip_assignments(pipeline);
		size_t len = strcspn(word, " \t\n|;&<>"), path = len;

		while (path > 0 && word[path - 1] != '/')
			path--;
		if (len > 0 && !is_ours(word + path, len - path))
			weir_show_into(out, WEIR_FOREIGN_SHOW, word, len);
		pipeline = segment_end(word, "|");
		pipeline += *pipeline == '|';
	}
	return out;
}

/* -t, --time, --left-time and so on; a format may have a time of its own. */
static bool
gives_time(const char *word, size_t len)
{
	static const char *const signs[] = {
	    "time", "-i", "--input", "smerge", "scheckpoint"};

	if (len > 1 && word[0] == '-' && word[1] != '-' &&
	    memchr(word, 't', len) != NULL)
		return true;
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		size_t n = strlen(signs[i]);

		for (size_t at = 0; at + n <= len; at++)
			if (memcmp(word + at, signs[i], n) == 0)
				return true;
	}
	return false;
}

static bool
is_timed(const char *pipeline)
{
	while (*pipeline != '\0') {
		size_t len = strcspn(pipeline, " \t\n'\"");

		if (gives_time(pipeline, len))
			return true;
		pipeline += len + (pipeline[len] != '\0');
	}
	return false;
}

bool
weir_foreign_untimed(const char *pipeline, const char *const *names, size_t n,
    const char *meet[2])
{
	bool met = false;

	if (is_timed(pipeline))
		return false;
	while (!met && *pipeline != '\0') {
		const char *end = segment_end(pipeline, "|;&\n");
		char *command =
		    weir_strndup(pipeline, (size_t)(end - pipeline));
		size_t found = 0;

		for (size_t i = 0; i < n && found < 2; i++)
			if (weir_edge_mentioned(command, names[i]))
				meet[found++] = names[i];
		met = found == 2;
		free(command);
		pipeline = end + (*end != '\0');
	}
	return met;
}
