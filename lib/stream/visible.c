/* visible.c - of what kind a sink is. */
#include "stream/visible.h"

#include "base/mem.h"
#include "stream/jobfile.h"

#include <stdlib.h>

struct weir_visible {
	const struct weir_visible_ops *ops;
	void *self;
};

static const struct weir_visible_ops *
kind_of(const char *path)
{
	(void)path;
	return &weir_visible_file;
}

char *
weir_visible_name(const char *given, struct weir_error *err)
{
	return weir_absolute(given, err);
}

struct weir_visible *
weir_visible_open(
    const struct weir_visible_config *c, bool create, struct weir_error *err)
{
	struct weir_visible *v = weir_calloc(1, sizeof *v);

	v->ops = kind_of(c->path);
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

bool
weir_visible_is_new(const char *path, const uint64_t *base)
{
	return kind_of(path)->is_new(path, base);
}
