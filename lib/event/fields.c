#include "base/mem.h"
#include "base/text.h"
#include "event/object.h"

#include <stdlib.h>

size_t
weir_key_text(char *out, struct weir_str name)
{
	struct weir_object o = {.out = out + 2};
	const char *s = name.s, *end = s + name.len;

	out[0] = ',';
	out[1] = '"';
	while (s < end) {
		unsigned char c = (unsigned char)*s;

		if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\')
			*o.out++ = *s++;
		else
			s = weir_put_odd(&o, s, end);
	}
	*o.out++ = '"';
	*o.out++ = ':';
	return (size_t)(o.out - out);
}

static int
by_name(const void *va, const void *vb)
{
	const struct weir_str *a = va, *b = vb;
	size_t n = a->len < b->len ? a->len : b->len;
	int r = n > 0 ? memcmp(a->s, b->s, n) : 0;

	if (r != 0)
		return r;
	return a->len < b->len ? -1 : a->len > b->len;
}

/* Names that no event could tell apart are refused. */
static int
check_names(const struct weir_str *names, size_t n, struct weir_error *err)
{
	struct weir_str *sorted = weir_malloc((n + 1) * sizeof *sorted);
	char shown[128];
	size_t i;
	int r = 1;

	memcpy(sorted, names, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_name);
	for (i = 0; i < n && r > 0; i++) {
		weir_show_into(shown, sizeof shown, sorted[i].s, sorted[i].len);
		if (sorted[i].len == 0)
			r = weir_fail(err, WEIR_INPUT,
			    "the header has a column without a name; "
			    "--header=a,b,… names them");
		else if (sorted[i].len > WEIR_NAME_MAX)
			r = weir_fail(err, WEIR_INPUT,
			    "the header has a name of more than %d bytes",
			    WEIR_NAME_MAX);
		else if (i > 0 && by_name(&sorted[i - 1], &sorted[i]) == 0)
			r = weir_fail(err, WEIR_INPUT,
			    "the header has two columns `%s`; "
			    "--header=a,b,… names them",
			    shown);
	}
	free(sorted);
	return r;
}

int
weir_fields_init(struct weir_fields *f, const struct weir_str *names, size_t n,
    struct weir_error *err)
{
	size_t room = WEIR_KEY_ROOM, at = 0;

	if (check_names(names, n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		room += 4 + WEIR_EXPANSION * names[i].len;
	*f = (struct weir_fields){.n = n};
	f->text = weir_calloc(1, room);
	f->f = weir_calloc(n + 1, sizeof *f->f);
	f->names = weir_calloc(n + 1, sizeof *f->names);
	for (size_t i = 0; i < n; i++) {
		f->names[i].s = weir_strndup(names[i].s, names[i].len);
		f->names[i].len = names[i].len;
		f->f[i] = (struct weir_field){.key = f->text + at,
		    .slot = WEIR_NO_SLOT,
		    .column = WEIR_NO_SLOT};
		f->f[i].len = (uint32_t)weir_key_text(f->text + at, names[i]);
		at += f->f[i].len;
	}
	f->keys_len = at;
	return 1;
}

void
weir_fields_fini(struct weir_fields *f)
{
	for (size_t i = 0; i < f->n; i++)
		free((void *)(uintptr_t)f->names[i].s);
	free(f->names);
	free(f->text);
	free(f->f);
	*f = (struct weir_fields){0};
}

void
weir_fields_bind(struct weir_fields *f, struct weir_prover *p)
{
	int slot, column;

	for (size_t i = 0; i < f->n; i++) {
		weir_prover_key(p, f->names[i], &slot, &column);
		f->f[i].slot = (int16_t)slot;
		f->f[i].column = (int16_t)column;
	}
}
