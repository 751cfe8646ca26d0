#define _GNU_SOURCE
#include "stream/metrics.h"

#include "base/arena.h"
#include "base/timetext.h"
#include "json/value.h"

#include <time.h>

/* What is saved with the state, and where it lies. */
static const struct {
	const char *name;
	size_t offset;
} saved[] = {
    {"in", offsetof(struct weir_metrics, in)},
    {"out", offsetof(struct weir_metrics, out)},
    {"bad", offsetof(struct weir_metrics, bad)},
    {"blank", offsetof(struct weir_metrics, blank)},
    {"late", offsetof(struct weir_metrics, late)},
    {"late_windows", offsetof(struct weir_metrics, late_windows)},
    {"dropped", offsetof(struct weir_metrics, dropped)},
};
#define NSAVED (sizeof saved / sizeof *saved)

static const uint64_t *
at(const struct weir_metrics *m, size_t i)
{
	return (
	    const uint64_t *)(const void *)((const char *)m + saved[i].offset);
}

int64_t
weir_clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void
weir_metrics_save(struct weir_buf *out, const struct weir_metrics *m)
{
	size_t i;

	for (i = 0; i < NSAVED; i++)
		weir_buf_printf(out, "%c\"%s\":%llu", i == 0 ? '{' : ',',
		    saved[i].name, (unsigned long long)*at(m, i));
	weir_buf_putc(out, '}');
}

int
weir_metrics_load(struct weir_metrics *m, const char *s, size_t len)
{
	struct weir_arena arena = {0};
	struct weir_value v;
	size_t i, k;

	v = weir_value_open(weir_value_read(s, len, &arena), &arena);
	for (i = 0; v.kind == WEIR_MAP && i < v.map->n; i++)
		for (k = 0; k < NSAVED; k++) {
			const struct weir_value *key = &v.map->keys[i];
			uint64_t *to =
			    (uint64_t *)(void *)((char *)m + saved[k].offset);

			if (weir_str_eq((struct weir_str){key->s, key->aux},
				saved[k].name) &&
			    v.map->values[i].kind == WEIR_INT)
				*to = (uint64_t)v.map->values[i].i;
		}
	weir_arena_fini(&arena);
	return v.kind == WEIR_MAP;
}

void
weir_metrics_write(
    struct weir_buf *out, const struct weir_metrics *m, const char *tool)
{
	double s = (double)(weir_clock_ns() - m->start_ns) / 1e9;
	char text[WEIR_TIME_TEXT + 2];
	size_t i;

	weir_buf_printf(out, "{\"tool\":\"%s\"", tool);
	for (i = 0; i < NSAVED; i++)
		weir_buf_printf(out, ",\"%s\":%llu", saved[i].name,
		    (unsigned long long)*at(m, i));
	weir_buf_printf(out, ",\"bytes_in\":%llu,\"bytes_out\":%llu",
	    (unsigned long long)m->bytes_in, (unsigned long long)m->bytes_out);
	weir_buf_printf(out, ",\"state_keys\":%llu,\"state_bytes\":%llu",
	    (unsigned long long)m->state_keys,
	    (unsigned long long)m->state_bytes);
	weir_buf_printf(out, ",\"checkpoints\":%llu,\"watermark\":",
	    (unsigned long long)m->checkpoints);
	if (m->watermark == WEIR_TIME_NONE || m->watermark == WEIR_TIME_MAX)
		weir_buf_puts(out, "null");
	else
		weir_buf_add(out, text,
		    weir_time_print_unit(text, m->watermark, WEIR_RFC3339));
	weir_buf_printf(out, ",\"seconds\":%.3f,\"events_per_second\":%.0f}", s,
	    s > 0 ? (double)m->in / s : 0.0);
}
