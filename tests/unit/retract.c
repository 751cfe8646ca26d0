/*
 * retract: an event that takes another back says so in text, once, wherever the
 * member was. Objects are rewritten, and written in each format, and compared.
 */
#define _GNU_SOURCE
#include "event/retract.h"

#include "tests/unit/frames.h"
#include "tests/unit/tap.h"

static struct weir_error err;

static void
becomes(const char *json, const char *want)
{
	struct weir_buf text = {0}, out = {0};

	weir_buf_puts(&text, json);
	memset(weir_buf_reserve(&text, WEIR_PAD), 0, WEIR_PAD);
	weir_retract_write(&out, text.data, text.len);
	is_text(out.data, out.len, want);
	weir_buf_fini(&text);
	weir_buf_fini(&out);
}

static void
objects(void)
{
	becomes("{}", "{\"retract\":true}");
	becomes("{ \"a\": 1 }", "{\"a\": 1 ,\"retract\":true}");
	becomes("{\"a\":1,\"retract\":true}", "{\"a\":1,\"retract\":true}");
	becomes("{\"retract\":true}", "{\"retract\":true}");
	becomes("{\"retract\": true,\"a\":1}", "{\"retract\": true,\"a\":1}");
	becomes("{\"retract\":false,\"a\":1}", "{\"retract\":true,\"a\":1}");
	becomes("{\"retract\":true,\"a\":1,\"retract\":null}",
	    "{\"retract\":true,\"a\":1}");
	becomes("{\"retr\\u0061ct\":0}", "{\"retr\\u0061ct\":true}");
	becomes("{\"a\":{\"retract\":true}}",
	    "{\"a\":{\"retract\":true},\"retract\":true}");
	becomes("{\"b\":1,\"a,\\\"retract\":true}",
	    "{\"b\":1,\"a,\\\"retract\":true,\"retract\":true}");
}

/* What a writer makes of {"a":1}, a retraction, and both again by put. */
static void
written(enum weir_format format, const char *want)
{
	static const char json[] = "{\"a\":1}", back[] = "{\"a\":2}";
	struct weir_end end = {0};
	struct weir_writer *w;
	struct made m = {0};
	char text[512];
	ssize_t n;
	int fd = memfd_create("retract", 0);

	w = weir_writer_new(fd, format);
	made_add(&m, json, strlen(json), 0);
	made_add(&m, back, strlen(back), 0)->flags = WEIR_RETRACT;
	made_add(&m, json, strlen(json), 3);
	weir_writer_shape(
	    w, &(struct weir_shape){.columns = "a,retract"}, NULL, NULL);
	ok(weir_writer_pass(w, &m.b, 0, 3, 0, &err) == 1 &&
		weir_writer_put(
		    w, back, strlen(back), 1, 1, WEIR_RETRACT, &err) == 1 &&
		weir_writer_put(w, json, strlen(json), 1, 1, 0, &err) == 1 &&
		weir_writer_end(w, &end, &err) == 1,
	    "it is written");
	ok(weir_writer_events(w) == 5, "and counted");
	n = pread(fd, text, sizeof text, 0);
	is_text(text, (size_t)n, want);
	weir_writer_free(w);
	close(fd);
	made_fini(&m);
}

int
main(void)
{
	objects();
	written(WEIR_FORMAT_JSON,
	    "{\"a\":1}\n{\"a\":2,\"retract\":true}\n{\"a\":1}\n"
	    "{\"a\":2,\"retract\":true}\n{\"a\":1}\n");
	written(WEIR_FORMAT_SEQ,
	    "\x1e{\"a\":1}\n\x1e{\"a\":2,\"retract\":true}\n\x1e{\"a\":1}\n"
	    "\x1e{\"a\":2,\"retract\":true}\n\x1e{\"a\":1}\n");
	written(WEIR_FORMAT_CSV, "a,retract\n1,\n2,true\n1,\n2,true\n1,\n");
	return done();
}
