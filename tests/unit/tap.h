/*
 * tap.h - unit tests that print TAP, for prove(1).
 *
 * A test is one C file: ok() for each thing that must hold, `return done();`
 * at the end of main. A plan printed last proves that the test got there.
 */
#ifndef WEIR_TESTS_UNIT_TAP_H
#define WEIR_TESTS_UNIT_TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 5, 6))) static inline int
tap_ok(int good, const char *cond, const char *file, int line, const char *fmt,
    ...)
{
	va_list ap;
	char name[400], *p;

	va_start(ap, fmt);
	vsnprintf(name, sizeof name, fmt, ap);
	va_end(ap);
	/* A test is one line, whatever it is about. */
	for (p = name; *p != '\0'; p++)
		if (*p == '\n' || *p == '#' || *p == '\r')
			*p = '.';
	printf("%sok %d - %s\n", good ? "" : "not ", ++tap_count, name);
	if (!good) {
		tap_failed++;
		printf("# %s:%d: %s\n", file, line, cond);
	}
	fflush(stdout);
	return good;
}

/* ok(cond, fmt, ...): cond must hold; the rest names it. Gives cond's truth. */
#define ok(cond, ...)                                                          \
	tap_ok((cond) != 0, #cond, __FILE__, __LINE__, __VA_ARGS__)

/* The bytes got must be the C string want; says both when they are not. */
static inline int
tap_is(
    const char *got, size_t len, const char *want, const char *file, int line)
{
	int good = len == strlen(want) && memcmp(got, want, len) == 0;

	tap_ok(good, "same text", file, line, "%s", want);
	if (!good)
		printf("# got:  %.*s\n# want: %s\n", (int)len, got, want);
	return good;
}

#define is_text(got, len, want) tap_is((got), (len), (want), __FILE__, __LINE__)

/* Print the plan; the exit status of main. */
static inline int
done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

#endif
