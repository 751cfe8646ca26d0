#include "state/terms.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define SHOW 128

void
weir_terms_add(struct weir_terms *t, const char *prefix,
    const struct weir_buf *b, size_t from)
{
	struct weir_buf text = {0};

	while (from < b->len && b->data[from] == ' ')
		from++;
	if (from == b->len || t->n == WEIR_TERMS_MAX)
		return;
	weir_buf_puts(&text, prefix);
	weir_buf_add(&text, b->data + from, b->len - from);
	weir_buf_cstr(&text);
	t->term[t->n++] = text.data;
}

void
weir_terms_fini(struct weir_terms *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->term[i]);
	t->n = 0;
}

bool
weir_term_is_option(const char *term)
{
	return *term == '-';
}

/* The next option from i on, or the end. */
static size_t
option_from(const struct weir_terms *t, size_t i)
{
	while (i < t->n && !weir_term_is_option(t->term[i]))
		i++;
	return i;
}

bool
weir_terms_same_options(const struct weir_terms *a, const struct weir_terms *b)
{
	size_t i = option_from(a, 0), k = option_from(b, 0);

	while (i < a->n && k < b->n && strcmp(a->term[i], b->term[k]) == 0) {
		i = option_from(a, i + 1);
		k = option_from(b, k + 1);
	}
	return i == a->n && k == b->n;
}

static bool
has(const struct weir_terms *t, const char *term)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->term[i], term) == 0)
			return true;
	return false;
}

/* That option with another value, or NULL. */
static const char *
other_value(const struct weir_terms *t, const char *term)
{
	size_t len = strcspn(term, " =");

	for (size_t i = 0; weir_term_is_option(term) && i < t->n; i++)
		if (strcspn(t->term[i], " =") == len &&
		    memcmp(t->term[i], term, len) == 0)
			return t->term[i];
	return NULL;
}

static void
put(struct weir_buf *out, const char *before, const char *term)
{
	weir_buf_puts(out, before);
	weir_show(out, term, strlen(term), SHOW);
}

void
weir_terms_compare(struct weir_buf *out, const struct weir_terms *saved,
    const struct weir_terms *now)
{
	const char *sep = "", *other;

	for (size_t i = 0; i < saved->n; i++) {
		if (has(now, saved->term[i]))
			continue;
		other = other_value(now, saved->term[i]);
		weir_buf_puts(out, sep);
		put(out, "saved with ", saved->term[i]);
		if (other != NULL)
			put(out, ", now ", other);
		else
			weir_buf_puts(out, ", now without");
		sep = "; ";
	}
	for (size_t i = 0; i < now->n; i++) {
		if (has(saved, now->term[i]) ||
		    other_value(saved, now->term[i]) != NULL)
			continue;
		weir_buf_puts(out, sep);
		put(out, "saved without ", now->term[i]);
		sep = "; ";
	}
}
