/*
 * Goal: what an expression costs for one event, fields read included.
 * Method: prove one access-log event, evaluate over and over, print the best of
 * several rounds in nanoseconds.
 */
#include "base/mem.h"
#include "expr/expr.h"
#include "json/value.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ROUNDS 9
#define TIMES  200000

static const char event[] =
    "{\"ts\":\"2026-03-01T12:00:00.123Z\",\"host\":\"web-17.example.org\","
    "\"status\":503,\"method\":\"GET\",\"path\":\"/api/v1/orders/12345\","
    "\"bytes\":18432,\"latency_ms\":12.75,\"user\":{\"id\":991,"
    "\"agent\":\"Mozilla/5.0 (X11; Linux x86_64)\"},\"level\":\"error\","
    "\"tags\":[\"a\",\"b\",\"c\"]}";

static const char *const exprs[] = {
    "true",
    "status >= 500",
    "latency_ms > 12.5",
    "host == \"web-17.example.org\"",
    "host == \"web-18.example.com\"",
    "status >= 500 && path.startsWith(\"/api\")",
    "level == \"error\" || level == \"fatal\"",
    "latency_ms * 1000 + 5 > 100 && status != 200",
    "status + bytes * 2 - status / 3 + bytes % 7 * 4 - 1 > 0 && bytes < 99999",
    ("status >= 500 && status < 600 && bytes > 100 && latency_ms < 1000.0 && "
     "level == \"error\" && method != \"POST\" && user.id > 5"),
    "host in [\"web-1\", \"web-17.example.org\"]",
    "path.matches(\"^/api/v[0-9]+/orders\")",
    "user.agent.contains(\"Linux\")",
    "status >= 500 ? \"error\" : \"ok\"",
    "size(tags)",
};

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
measure(const struct weir_expr *x, const struct weir_row *row)
{
	struct weir_arena arena = {0};
	double best = 1e18, t;
	struct weir_value v;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		t = now_ns();
		for (i = 0; i < TIMES; i++) {
			weir_expr_eval(x, row, &arena, &v, NULL);
			weir_arena_reset(&arena);
		}
		t = (now_ns() - t) / TIMES;
		best = t < best ? t : best;
	}
	weir_arena_fini(&arena);
	return best;
}

/* Keys of groups, each appended to an empty buffer. */
static void
measure_key(const char *name, const char *text)
{
	struct weir_arena arena = {0};
	struct weir_buf out = {0};
	double best = 1e18, t;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		t = now_ns();
		for (i = 0; i < TIMES; i++) {
			out.len = 0;
			weir_value_key(
			    &out, weir_value_read(text, strlen(text), &arena));
		}
		t = (now_ns() - t) / TIMES;
		best = t < best ? t : best;
	}
	printf("%7.1f ns  key of %s: %s\n", best, name, text);
	weir_buf_fini(&out);
	weir_arena_fini(&arena);
}

int
main(void)
{
	struct weir_prover *prover = weir_prover_new();
	struct weir_scope scope = {.prover = prover};
	struct weir_expr *x[sizeof exprs / sizeof *exprs];
	struct weir_slot slots[WEIR_PATHS_MAX];
	size_t n = sizeof exprs / sizeof *exprs, i;
	char *line = weir_calloc(1, sizeof event + WEIR_PAD + 1);
	struct weir_row row = {
	    .text = line, .len = sizeof event - 1, .slots = slots};
	struct weir_error err = {0};

	memcpy(line, event, sizeof event - 1);
	line[sizeof event - 1] = '\n';
	for (i = 0; i < n; i++) {
		x[i] = weir_expr_compile(
		    &scope, exprs[i], strlen(exprs[i]), "bench", &err);
		if (x[i] == NULL) {
			fprintf(stderr, "%s\n", err.text);
			return 1;
		}
	}
	if (weir_prover_line(prover, line, slots, NULL) == NULL)
		return 1;
	for (i = 0; i < n; i++) {
		printf("%7.1f ns  %s\n", measure(x[i], &row), exprs[i]);
		weir_expr_free(x[i]);
	}
	measure_key("a string", "\"web-17.example.org\"");
	measure_key("an int", "503");
	measure_key("a double", "12.75");
	measure_key("a list", "[1, 2, \"x\"]");
	weir_prover_free(prover);
	return 0;
}
