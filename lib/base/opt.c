#include "base/opt.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MAX 256 /* that are looked through for a suggestion */

char
weir_opt_letter(const struct weir_command *c, const struct weir_option *o)
{
	const struct weir_option *p;
	size_t t;

	for (t = 0; o->letter != 0 && t < c->ntables; t++)
		for (p = c->tables[t]; p->id != 0; p++)
			if (p->letter == o->letter)
				return p == o ? o->letter : 0;
	return 0;
}

/* --- suggestions --- */

static int
no_such(const struct weir_command *c, const char *word, const char *name,
    size_t len, struct weir_error *err)
{
	const char *names[NAMES_MAX];
	const struct weir_option *o;
	char shown[128];
	size_t n = 0, t;
	int i;

	for (t = 0; t < c->ntables; t++)
		for (o = c->tables[t]; o->id != 0 && n < NAMES_MAX; o++)
			if (o->help != NULL)
				names[n++] = o->name;
	weir_show_into(shown, sizeof shown, word, strlen(word));
	i = weir_nearest(name, len, names, n);
	if (i < 0)
		return weir_fail(
		    err, WEIR_USAGE, "there is no option '%s'", shown);
	return weir_fail(err, WEIR_USAGE,
	    "there is no option '%s'; did you mean '--%s'?", shown, names[i]);
}

/* --- long options --- */

/*
 * The option with this name or a beginning of it: 1, 0 none, 2 if several
 * begin so (*o and *other are two of them).
 */
static int
find_long(const struct weir_command *c, const char *name, size_t len,
    const struct weir_option **o, const struct weir_option **other)
{
	const struct weir_option *p;
	int found = 0;
	size_t t;

	for (t = 0; t < c->ntables; t++)
		for (p = c->tables[t]; p->id != 0; p++) {
			if (strncmp(p->name, name, len) != 0)
				continue;
			if (p->name[len] == '\0') {
				*o = p;
				return 1;
			}
			if (p->help == NULL)
				continue;
			if (found == 0)
				*o = p;
			else if (found == 1)
				*other = p;
			found = found == 0 ? 1 : 2;
		}
	return found;
}

static int
needs(const struct weir_option *o, const char *dashes, const char *name,
    struct weir_error *err)
{
	return weir_fail(
	    err, WEIR_USAGE, "%s%s needs a value: %s", dashes, name, o->arg);
}

static int
next_long(struct weir_opt *o, struct weir_error *err)
{
	const char *word = o->argv[o->at++], *name = word + 2;
	size_t len = strcspn(name, "=");
	const struct weir_option *other = NULL;
	char shown[128];
	int got;

	got =
	    len > 0 ? find_long(o->command, name, len, &o->option, &other) : 0;
	if (got == 0)
		return no_such(o->command, word, name, len, err);
	if (got == 2)
		return weir_fail(err, WEIR_USAGE,
		    "'%s' may be '--%s' or '--%s'",
		    weir_show_into(shown, sizeof shown, word, strlen(word)),
		    o->option->name, other->name);
	if (name[len] == '=') {
		if (o->option->arg == NULL)
			return weir_fail(err, WEIR_USAGE, "--%s takes no value",
			    o->option->name);
		o->value = name + len + 1;
	} else if (weir_option_needs(o->option)) {
		if (o->at >= o->argc)
			return needs(o->option, "--", o->option->name, err);
		o->value = o->argv[o->at++];
	}
	return o->option->id;
}

/* --- letters --- */

static const struct weir_option *
find_letter(const struct weir_command *c, char letter)
{
	const struct weir_option *p;
	size_t t;

	for (t = 0; t < c->ntables; t++)
		for (p = c->tables[t]; p->id != 0; p++)
			if (p->letter == letter)
				return p;
	return NULL;
}

/* "-status" was perhaps meant to be "--stats", and "-é" is more than a byte. */
static int
no_letter(struct weir_opt *o, struct weir_error *err)
{
	const char *word = o->argv[o->at];
	char letter[3] = {'-', o->group[0], '\0'};

	if (strlen(word) > 3 || (unsigned char)letter[1] >= 0x80)
		return no_such(
		    o->command, word, word + 1, strcspn(word + 1, "="), err);
	return no_such(o->command, letter, "", 0, err);
}

static int
next_letter(struct weir_opt *o, struct weir_error *err)
{
	char letter[2] = {o->group[0], '\0'};

	o->option = find_letter(o->command, letter[0]);
	if (o->option == NULL)
		return no_letter(o, err);
	o->group++;
	if (!weir_option_needs(o->option)) {
		if (o->group[0] == '\0') {
			o->group = NULL;
			o->at++;
		}
		return o->option->id;
	}
	o->at++;
	if (o->group[0] != '\0') {
		o->value = o->group;
	} else {
		if (o->at >= o->argc)
			return needs(o->option, "-", letter, err);
		o->value = o->argv[o->at++];
	}
	o->group = NULL;
	return o->option->id;
}

int
weir_opt_next(struct weir_opt *o, struct weir_error *err)
{
	const char *word;

	o->value = NULL;
	o->option = NULL;
	if (o->group != NULL)
		return next_letter(o, err);
	if (o->at == 0)
		o->at = 1;
	if (o->at >= o->argc)
		return 0;
	word = o->argv[o->at];
	if (word[0] != '-' || word[1] == '\0')
		return 0;
	if (word[1] == '-' && word[2] == '\0') {
		o->at++;
		return 0;
	}
	if (word[1] == '-')
		return next_long(o, err);
	o->group = word + 1;
	return next_letter(o, err);
}
