/*
 * control_write.c - control payloads as JSON.
 */
#include "base/text.h"
#include "base/utf8.h"
#include "event/control.h"
#include "event/frame.h"
#include "json/value.h"

#include <string.h>

/* Bytes that are not UTF-8 (in a path, say) would make it no JSON: \xHH. */
static void
put_string(struct weir_buf *out, const char *s)
{
	size_t len = strlen(s);
	struct weir_buf shown = {0};

	if (weir_utf8_valid(s, len) == len) {
		weir_json_string(out, s, len);
		return;
	}
	weir_show(&shown, s, len, len);
	weir_json_string(out, shown.data, shown.len);
	weir_buf_fini(&shown);
}

static void
put_number(struct weir_buf *out, const char *before, uint64_t n)
{
	weir_buf_printf(out, "%s%llu", before, (unsigned long long)n);
}

static void
put_path(struct weir_buf *out, const struct weir_path *p)
{
	weir_buf_puts(out, "{\"source\":");
	put_string(out, p->source);
	weir_buf_puts(out, ",\"tools\":{");
	for (size_t i = 0; i < p->ntools; i++) {
		if (i > 0)
			weir_buf_putc(out, ',');
		put_string(out, p->tools[i].tool);
		put_number(out, ":", p->tools[i].count);
	}
	weir_buf_puts(out, "}}");
}

static void
put_job(struct weir_buf *out, const struct weir_hello *h)
{
	weir_buf_puts(out, ",\"job\":{\"id\":");
	put_string(out, h->id);
	weir_buf_puts(out, ",\"dir\":");
	put_string(out, h->dir);
	put_number(out, ",\"epoch\":", h->epoch);
	weir_buf_puts(out, ",\"restore\":");
	if (h->restore != NULL)
		put_string(out, h->restore);
	else
		weir_buf_puts(out, "null");
	weir_buf_puts(out, ",\"paths\":[");
	for (size_t i = 0; i < h->npaths; i++) {
		if (i > 0)
			weir_buf_putc(out, ',');
		put_path(out, &h->paths[i]);
	}
	weir_buf_puts(out, "]}");
}

void
weir_hello_write(struct weir_buf *out, const struct weir_hello *h)
{
	put_number(out, "{\"version\":", WEIR_FRAME_VERSION);
	weir_buf_printf(
	    out, ",\"changes\":\"%s\"", h->retract ? "retract" : "append");
	if (h->job)
		put_job(out, h);
	weir_buf_putc(out, '}');
}

static void
put_parts(struct weir_buf *out, const struct weir_parts *p)
{
	weir_buf_puts(out, ",\"parts\":[");
	for (size_t i = 0; i < p->n; i++) {
		weir_buf_puts(out, i > 0 ? ",[" : "[");
		put_string(out, p->part[i].stage);
		weir_buf_putc(out, ',');
		put_string(out, p->part[i].file);
		weir_buf_putc(out, ']');
	}
	weir_buf_puts(out, "]}");
}

void
weir_barrier_write(struct weir_buf *out, const struct weir_barrier *b)
{
	put_number(out, "{\"checkpoint\":", b->checkpoint);
	put_number(out, ",\"events\":", b->events);
	put_parts(out, &b->parts);
}

void
weir_end_write(struct weir_buf *out, const struct weir_end *e)
{
	static const char *const reason[] = {"complete", "suspended", "failed"};

	weir_buf_printf(out, "{\"reason\":\"%s\",\"status\":%d",
	    reason[e->reason], e->status);
	if (e->message != NULL) {
		weir_buf_puts(out, ",\"message\":");
		put_string(out, e->message);
	}
	put_number(out, ",\"checkpoint\":", e->checkpoint);
	put_number(out, ",\"events\":", e->events);
	put_parts(out, &e->parts);
}
