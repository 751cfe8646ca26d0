#define PCRE2_CODE_UNIT_WIDTH 8

#include "expr/regex.h"

#include "base/mem.h"
#include "expr/resyntax.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

/* Steps of backtracking from one place; machine code is quicker. */
#define MATCH_LIMIT	 300000u
#define MATCH_LIMIT_FAST 1000000u
#define HEAP_LIMIT	 20000u /* KiB */
#define STACK_FIRST	 ((size_t)32 << 10)
#define STACK_LIMIT	 ((size_t)4 << 20)
#define PATTERN_MAX	 ((size_t)16 << 10)
#define SUBJECT_MAX	 ((size_t)1 << 20)

struct weir_regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack;
};

static int
refuse(char *why, const char *reason)
{
	snprintf(why, WEIR_REGEX_ERROR, "%s", reason);
	return -1;
}

/* The engine's code for it, or NULL with why and *at. */
static pcre2_code *
translate(const char *pattern, size_t len, char *why, size_t *at)
{
	PCRE2_UCHAR text[WEIR_REGEX_ERROR];
	uint32_t references = 0;
	pcre2_code *code;
	int rc;

	code = pcre2_compile((PCRE2_SPTR)pattern, len,
	    PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C, &rc, at,
	    NULL);
	if (code == NULL) {
		pcre2_get_error_message(rc, text, sizeof text);
		refuse(why, (const char *)text);
		return NULL;
	}
	/* \12 is an octal number only where there are not so many groups. */
	pcre2_pattern_info(code, PCRE2_INFO_BACKREFMAX, &references);
	if (references == 0)
		return code;
	pcre2_code_free(code);
	refuse(why, "back references are not supported");
	return NULL;
}

/* The same, of a pattern that may be anything. */
static pcre2_code *
compile(const char *pattern, size_t len, char *why, size_t *at)
{
	pcre2_code *code = NULL;
	const char *reason;
	char *copy;

	*at = 0;
	if (len > PATTERN_MAX) {
		refuse(why, "pattern too long");
		return NULL;
	}
	copy = weir_strndup(pattern, len);
	reason = weir_regex_syntax(copy, len, at);
	if (reason != NULL)
		refuse(why, reason);
	else
		code = translate(copy, len, why, at);
	free(copy);
	return code;
}

struct weir_regex *
weir_regex_new(const char *pattern, size_t len, char *why, size_t *at)
{
	pcre2_code *code = compile(pattern, len, why, at);
	struct weir_regex *re;

	if (code == NULL)
		return NULL;
	re = weir_malloc(sizeof *re);
	re->code = code;
	re->data = pcre2_match_data_create(WEIR_REGEX_GROUPS, NULL);
	re->limits = pcre2_match_context_create(NULL);
	if (re->data == NULL || re->limits == NULL)
		abort();
	pcre2_set_match_limit(re->limits, MATCH_LIMIT);
	pcre2_set_heap_limit(re->limits, HEAP_LIMIT);
	re->stack = NULL;
	return re;
}

void
weir_regex_speed_up(struct weir_regex *re)
{
	/* Where the system forbids it, the interpreter goes on. */
	if (pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE) != 0)
		return;
	pcre2_set_match_limit(re->limits, MATCH_LIMIT_FAST);
	re->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_LIMIT, NULL);
	if (re->stack != NULL)
		pcre2_jit_stack_assign(re->limits, NULL, re->stack);
}

void
weir_regex_free(struct weir_regex *re)
{
	if (re == NULL)
		return;
	pcre2_jit_stack_free(re->stack);
	pcre2_match_context_free(re->limits);
	pcre2_match_data_free(re->data);
	pcre2_code_free(re->code);
	free(re);
}

int
weir_regex_find(const struct weir_regex *re, struct weir_str s, size_t from,
    struct weir_str *groups, char *why)
{
	PCRE2_UCHAR text[WEIR_REGEX_ERROR];
	PCRE2_SIZE *ends = pcre2_get_ovector_pointer(re->data);
	int rc, i;

	if (s.len > SUBJECT_MAX)
		return refuse(why, "text too long to match");
	rc = pcre2_match(re->code, (PCRE2_SPTR)s.s, s.len, from,
	    PCRE2_NO_UTF_CHECK, re->data, re->limits);
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc >= 0 && groups == NULL)
		return 1;
	for (i = 0; rc >= 0 && i < WEIR_REGEX_GROUPS; i++) {
		groups[i] = (struct weir_str){0};
		if ((i < rc || rc == 0) && ends[2 * i] != PCRE2_UNSET)
			groups[i] = (struct weir_str){
			    s.s + ends[2 * i], ends[2 * i + 1] - ends[2 * i]};
	}
	if (rc >= 0)
		return 1;
	pcre2_get_error_message(rc, text, sizeof text);
	return refuse(why, (const char *)text);
}

size_t
weir_regex_groups(const struct weir_regex *re)
{
	uint32_t n = 0;

	pcre2_pattern_info(re->code, PCRE2_INFO_CAPTURECOUNT, &n);
	return n;
}

size_t
weir_regex_names(const struct weir_regex *re)
{
	uint32_t n = 0;

	pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &n);
	return n;
}

struct weir_str
weir_regex_name(const struct weir_regex *re, size_t i, unsigned *group)
{
	PCRE2_SPTR table = NULL, entry;
	uint32_t size = 0;

	/* An entry is the group's number in two bytes, then its name. */
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &table);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	entry = table + i * size;
	*group = (unsigned)entry[0] << 8 | entry[1];
	return weir_str((const char *)entry + 2);
}

void
weir_regex_keep(struct weir_regex *re)
{
	pcre2_match_data_free(re->data);
	re->data = pcre2_match_data_create_from_pattern(re->code, NULL);
	if (re->data == NULL)
		abort();
}

struct weir_str
weir_regex_group(const struct weir_regex *re, struct weir_str s, unsigned group)
{
	const PCRE2_SIZE *ends =
	    pcre2_get_ovector_pointer(re->data) + 2 * (size_t)group;

	if (ends[0] == PCRE2_UNSET || ends[1] < ends[0])
		return (struct weir_str){NULL, 0};
	return (struct weir_str){s.s + ends[0], ends[1] - ends[0]};
}
