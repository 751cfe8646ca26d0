#include "stream/foreign.h"

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
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

/* The next | that is not quoted, or the end. */
static const char *
segment_end(const char *p)
{
	char quote = '\0';

	for (; *p != '\0'; p++) {
		if (*p == '\\' && quote != '\'' && p[1] != '\0')
			p++;
		else if (quote != '\0')
			quote = *p == quote ? '\0' : quote;
		else if (*p == '\'' || *p == '"')
			quote = *p;
		else if (*p == '|')
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
		pipeline = segment_end(word);
		pipeline += *pipeline == '|';
	}
	return out;
}
