/*
 * error.h - how a failure travels: one struct, filled where it happens.
 *
 * Functions that can fail return 1 (yes, one), 0 (no, clean end) or -1 with
 * *err filled. weir_fail() fills it and returns -1, so that failing is one
 * statement. The status is the exit status a tool ends with.
 */
#ifndef WEIR_BASE_ERROR_H
#define WEIR_BASE_ERROR_H

enum weir_status {
	WEIR_OK = 0,
	WEIR_NO = 1,       /* `sfilter -q`: no match */
	WEIR_USAGE = 2,    /* options, or an expression that does not compile */
	WEIR_INPUT = 3,    /* bad input, corrupt frames */
	WEIR_UPSTREAM = 4, /* the writer before us died */
	WEIR_STATE = 5,    /* state cannot be restored or does not fit */
	WEIR_SYSTEM = 6    /* I/O, memory */
};

struct weir_error {
	int status;      /* enum weir_status */
	char text[1020]; /* what is wrong, no newline at the end; may hold
	                    inner newlines (an expression and its caret) */
};

/*
 * Fill *err (err may be NULL) and return -1. Text from outside must be
 * escaped by the caller with weir_show() (base/text.h).
 */
int weir_fail(struct weir_error *err, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with WEIR_SYSTEM and ": strerror(errno)" behind the text. */
int weir_fail_errno(struct weir_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
