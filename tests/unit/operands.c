/*
 * operands: an operator that tells its inputs apart. Files in memory are read
 * through a stage, and what the operator sees is written down as it comes.
 */
#define _GNU_SOURCE
#include "stream/options.h"
#include "stream/stage.h"

#include "tests/unit/tap.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILES 3

static struct weir_error err;

struct seen {
	struct weir_buf log;
	volatile sig_atomic_t *reread;
	int tables;
	bool skip;
};

static int
open_op(void *self, struct weir_stage *st, struct weir_error *e)
{
	struct seen *s = self;

	(void)e;
	weir_stage_set_due(st, WEIR_TIME_NONE);
	if (s->skip)
		weir_stage_skip_tables(st);
	return 1;
}

static void
show_time(struct weir_buf *out, int64_t t)
{
	if (t == WEIR_TIME_NONE)
		weir_buf_puts(out, "-");
	else if (t == WEIR_TIME_MAX)
		weir_buf_puts(out, "+");
	else
		weir_buf_printf(out, "%lld", (long long)(t / 1000000000));
}

/* An event as OPERAND:TEXT@TIME/WATERMARK. */
static int
events(void *self, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *e)
{
	struct seen *s = self;

	(void)e;
	for (; n > 0; i++, n--) {
		const struct weir_event *ev = &b->events[i];

		weir_buf_printf(&s->log, "%zu:%.*s@", weir_stage_operand(st),
		    (int)ev->len, b->text + ev->off);
		show_time(&s->log, ev->time);
		weir_buf_putc(&s->log, '/');
		show_time(&s->log, ev->watermark);
		weir_buf_putc(&s->log, ' ');
	}
	return 1;
}

static int
table(void *self, struct weir_stage *st, size_t operand, struct weir_error *e)
{
	struct seen *s = self;

	(void)e;
	weir_buf_printf(&s->log, "T%zu ", operand);
	if (operand != weir_stage_operand(st) ||
	    weir_stage_input_watermark(st, operand) != WEIR_TIME_MAX)
		weir_buf_puts(&s->log, "WRONG ");
	if (s->tables-- > 0)
		*s->reread = 1;
	return 1;
}

static int
advance(void *self, struct weir_stage *st, int64_t w, struct weir_error *e)
{
	struct seen *s = self;

	(void)e;
	weir_buf_puts(&s->log, "W");
	show_time(&s->log, w);
	for (size_t k = 0; k < FILES; k++) {
		weir_buf_putc(&s->log, k == 0 ? '(' : ',');
		show_time(&s->log, weir_stage_input_watermark(st, k));
	}
	weir_buf_puts(&s->log, ") ");
	return 1;
}

/* Run over the texts; what was seen is in s->log. */
static int
run(struct seen *s, struct weir_stage_config *c, const char *const *texts)
{
	static const struct weir_stage_ops ops = {.open = open_op,
	    .events = events,
	    .table = table,
	    .advance = advance};
	volatile sig_atomic_t reread = 0;
	const char *names[FILES];
	char name[FILES][40];
	int fd[FILES], status;
	struct weir_stage *st;

	for (size_t k = 0; k < c->nfiles; k++) {
		fd[k] = memfd_create("operands", 0);
		if (fd[k] < 0 || write(fd[k], texts[k], strlen(texts[k])) < 0)
			abort();
		snprintf(name[k], sizeof name[k], "/proc/self/fd/%d", fd[k]);
		names[k] = name[k];
	}
	c->files = names;
	c->out_fd = -1;
	c->reread = s->reread = &reread;
	st = weir_stage_new(c, &ops, s);
	status = weir_stage_run(st, &err);
	weir_stage_free(st);
	for (size_t k = 0; k < c->nfiles; k++)
		close(fd[k]);
	return status;
}

static void
see(struct seen *s, struct weir_stage_config *c, const char *const *texts,
    const char *want)
{
	ok(run(s, c, texts) == 0, "it runs");
	is_text(s->log.data, s->log.len, want);
	weir_buf_fini(&s->log);
}

static void
sides(void)
{
	const char *const texts[] = {"{\"a\":1}\n{\"a\":3}\n",
	    "{\"b\":1000}\n{\"b\":3000}\n{\"b\":4000}\n"};
	static const int64_t delay = INT64_C(1000000000);
	static const int ms = WEIR_MS;
	static const struct weir_operand_config own[] = {
	    {.time = NULL},
	    {.time = "b",
		.time_option = "--right-time",
		.time_unit = &ms,
		.max_delay_ns = &delay},
	};
	struct weir_stage_config c;
	struct seen s = {0};

	weir_stage_defaults(&c, "test");
	c.time = "a";
	c.time_unit = WEIR_S;
	c.nfiles = c.noperands = 2;
	c.operands = own;
	c.needs_time = true;
	see(&s, &c, texts,
	    "W-(-,-,+) 0:{\"a\":1}@1/- W-(1,-,+) 1:{\"b\":1000}@1/- "
	    "W0(1,0,+) 1:{\"b\":3000}@3/0 W1(1,2,+) 0:{\"a\":3}@3/1 "
	    "W2(3,2,+) W2(3,2,+) 1:{\"b\":4000}@4/2 W3(3,3,+) W+(+,+,+) ");
}

static void
one_table(void)
{
	const char *const texts[] = {
	    "{\"a\":1}\n", "k,v\n1,x\n2,y\n", "{\"a\":2}\n"};
	struct weir_operand_config own[] = {
	    {.table = false}, {.table = true, .input = WEIR_FORMAT_CSV}};
	struct weir_stage_config c;
	struct seen s = {0};

	weir_stage_defaults(&c, "test");
	c.time = "a";
	c.nfiles = 3;
	c.noperands = 2;
	c.operands = own;
	c.needs_time = true;
	see(&s, &c, texts,
	    "1:{\"k\":1,\"v\":\"x\"}@-/- 1:{\"k\":2,\"v\":\"y\"}@-/- T1 "
	    "W-(-,+,-) 0:{\"a\":1}@1/- W-(1,+,-) 2:{\"a\":2}@2/- W1(1,+,2) "
	    "W2(+,+,2) W+(+,+,+) ");
	s.tables = 1;
	c.nfiles = 2;
	see(&s, &c, texts,
	    "1:{\"k\":1,\"v\":\"x\"}@-/- 1:{\"k\":2,\"v\":\"y\"}@-/- T1 "
	    "1:{\"k\":1,\"v\":\"x\"}@-/- 1:{\"k\":2,\"v\":\"y\"}@-/- T1 "
	    "W-(-,+,+) 0:{\"a\":1}@1/- W1(1,+,+) W+(+,+,+) ");
	s.skip = true;
	see(&s, &c, texts, "W-(-,+,+) 0:{\"a\":1}@1/- W1(1,+,+) W+(+,+,+) ");
	s.skip = false;
	own[1].time = "k";
	see(&s, &c, texts,
	    "1:{\"k\":1,\"v\":\"x\"}@1/- 1:{\"k\":2,\"v\":\"y\"}@2/- T1 "
	    "W-(-,+,+) 0:{\"a\":1}@1/- W1(1,+,+) W+(+,+,+) ");
	/* Without any time: the table first, all the same. */
	own[1].time = c.time = NULL;
	c.needs_time = false;
	s.tables = 0;
	see(&s, &c, texts,
	    "1:{\"k\":1,\"v\":\"x\"}@-/- 1:{\"k\":2,\"v\":\"y\"}@-/- T1 "
	    "W-(-,+,+) 0:{\"a\":1}@-/- W+(+,+,+) ");
}

static void
mistakes(void)
{
	const char *const texts[] = {"{\"a\":1}\n", "{\"a\":2}\n"};
	struct weir_operand_config own[] = {
	    {.time = "a"}, {.time_option = "--right-time"}};
	struct weir_stage_config c;
	struct seen s = {0};

	weir_stage_defaults(&c, "test");
	c.nfiles = c.noperands = 2;
	c.operands = own;
	c.needs_time = true;
	ok(run(&s, &c, texts) == WEIR_USAGE, "one side has no time");
	weir_buf_fini(&s.log);
	own[1].time = "1 +";
	ok(run(&s, &c, texts) == WEIR_USAGE &&
		strstr(err.text, "--right-time") != NULL,
	    "an expression that does not compile is shown by its option");
	weir_buf_fini(&s.log);
}

int
main(void)
{
	sides();
	one_table();
	mistakes();
	return done();
}
