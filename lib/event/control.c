/*
 * control.c - what control frames say, as structs: copies, counts, names.
 */
#include "event/control.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void
path_fini(struct weir_path *p)
{
	for (size_t i = 0; i < p->ntools; i++)
		free(p->tools[i].tool);
	free(p->tools);
	free(p->source);
}

void
weir_hello_fini(struct weir_hello *h)
{
	for (size_t i = 0; i < h->npaths; i++)
		path_fini(&h->paths[i]);
	free(h->paths);
	free(h->id);
	free(h->dir);
	free(h->restore);
	*h = (struct weir_hello){0};
}

void
weir_barrier_fini(struct weir_barrier *b)
{
	weir_parts_fini(&b->parts);
	*b = (struct weir_barrier){0};
}

void
weir_end_fini(struct weir_end *e)
{
	free(e->message);
	weir_parts_fini(&e->parts);
	*e = (struct weir_end){0};
}

static char *
copy_string(const char *s)
{
	return s == NULL ? NULL : weir_strdup(s);
}

void
weir_hello_copy(struct weir_hello *to, const struct weir_hello *from)
{
	*to = *from;
	to->id = copy_string(from->id);
	to->dir = copy_string(from->dir);
	to->restore = copy_string(from->restore);
	to->paths = weir_calloc(from->npaths + 1, sizeof *to->paths);
	for (size_t i = 0; i < from->npaths; i++) {
		const struct weir_path *p = &from->paths[i];
		struct weir_path *q = &to->paths[i];

		q->source = copy_string(p->source);
		q->ntools = p->ntools;
		q->tools = weir_calloc(p->ntools + 1, sizeof *q->tools);
		for (size_t j = 0; j < p->ntools; j++)
			q->tools[j] = (struct weir_tool_count){
			    copy_string(p->tools[j].tool), p->tools[j].count};
	}
}

/* The path's count of a tool, which is there from now on. */
static uint32_t *
tool_count(struct weir_path *p, const char *tool)
{
	struct weir_tool_count *t;

	for (size_t i = 0; i < p->ntools; i++)
		if (strcmp(p->tools[i].tool, tool) == 0)
			return &p->tools[i].count;
	p->tools = weir_realloc(p->tools, (p->ntools + 1) * sizeof *p->tools);
	t = &p->tools[p->ntools++];
	*t = (struct weir_tool_count){weir_strdup(tool), 0};
	return &t->count;
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool
weir_hello_same_job(const struct weir_hello *a, const struct weir_hello *b)
{
	if (!a->job || !b->job)
		return a->job == b->job;
	return same(a->id, b->id) && same(a->dir, b->dir) &&
	    a->epoch == b->epoch && same(a->restore, b->restore);
}

/* The path from a source, which is there from now on. */
static struct weir_path *
path_from(struct weir_hello *h, const char *source)
{
	struct weir_path *p;

	for (size_t i = 0; i < h->npaths; i++)
		if (strcmp(h->paths[i].source, source) == 0)
			return &h->paths[i];
	h->paths = weir_realloc(h->paths, (h->npaths + 1) * sizeof *h->paths);
	p = &h->paths[h->npaths++];
	*p = (struct weir_path){.source = weir_strdup(source)};
	return p;
}

void
weir_hello_join(struct weir_hello *to, const struct weir_hello *more)
{
	to->retract |= more->retract;
	for (size_t i = 0; i < more->npaths; i++) {
		const struct weir_path *from = &more->paths[i];
		struct weir_path *p = path_from(to, from->source);

		for (size_t j = 0; j < from->ntools; j++) {
			const struct weir_tool_count *t = &from->tools[j];
			uint32_t *count = tool_count(p, t->tool);

			*count = t->count > *count ? t->count : *count;
		}
	}
}

uint32_t
weir_hello_count(struct weir_hello *h, const char *tool)
{
	uint32_t ordinal = 1;

	for (size_t i = 0; i < h->npaths; i++) {
		uint32_t n = ++*tool_count(&h->paths[i], tool);

		ordinal = n > ordinal ? n : ordinal;
	}
	return ordinal;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *
weir_hello_identity(
    const struct weir_hello *h, const char *tool, uint32_t ordinal)
{
	char **names = weir_calloc(h->npaths + 1, sizeof *names);
	struct weir_buf out = {0};

	for (size_t i = 0; i < h->npaths; i++)
		names[i] = h->paths[i].source;
	qsort(names, h->npaths, sizeof *names, by_name);
	for (size_t i = 0; i < h->npaths; i++) {
		if (i > 0 && strcmp(names[i], names[i - 1]) == 0)
			continue;
		if (i > 0)
			weir_buf_putc(&out, '+');
		weir_buf_puts(&out, names[i]);
	}
	weir_buf_printf(&out, "/%s.%lu", tool, (unsigned long)ordinal);
	free(names);
	return weir_buf_cstr(&out);
}

void
weir_parts_add(struct weir_parts *p, const char *stage, const char *file)
{
	p->part = weir_grow(p->part, &p->cap, p->n + 1, sizeof *p->part);
	p->part[p->n++] =
	    (struct weir_part_ref){weir_strdup(stage), weir_strdup(file)};
}

static bool
has_part(const struct weir_parts *p, const struct weir_part_ref *part)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->part[i].stage, part->stage) == 0 &&
		    strcmp(p->part[i].file, part->file) == 0)
			return true;
	return false;
}

void
weir_parts_join(struct weir_parts *p, const struct weir_parts *more)
{
	for (size_t i = 0; i < more->n; i++)
		if (!has_part(p, &more->part[i]))
			weir_parts_add(
			    p, more->part[i].stage, more->part[i].file);
}

void
weir_parts_fini(struct weir_parts *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->part[i].stage);
		free(p->part[i].file);
	}
	free(p->part);
	*p = (struct weir_parts){0};
}
