/*
 * opt.h - one table of options a tool: parsing, help, completions.
 *
 * `--help`, the synopsis and the completions for bash, zsh and fish are made
 * from the table; a test holds the man page against it. Short options group,
 * `--` ends options, every option has a long form, long ones may be shortened
 * while unambiguous, a near miss gets a suggestion.
 */
#ifndef WEIR_BASE_OPT_H
#define WEIR_BASE_OPT_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct weir_option {
	int id;		  /* what weir_opt_next() returns; > 0 */
	char letter;	  /* 0: none */
	const char *name; /* long form without the dashes */
	/* "DUR", "FILE", …; "[SIZE]": only behind =; NULL: takes none */
	const char *arg;
	const char *help; /* one line, lower case; NULL: a hidden option */
	/* Completions: words divided by '|'; FILE and DIR complete paths. */
	const char *values;
};

/* A tool as its help and completions show it. */
struct weir_command {
	const char *name;     /* "sfilter", or "scheckpoint run" */
	const char *synopsis; /* "[-v] [-n N] EXPR [FILE...]" */
	const char *summary;  /* "keep the events for which EXPR holds" */
	const char *example;  /* one command line; more divided by '\n' */
	const struct weir_option *const *tables; /* each ends with id 0 */
	size_t ntables;
	const struct weir_command *const *subs; /* subcommands */
	size_t nsubs;
};

/* Does it take the next word, if there is none behind =? */
static inline bool
weir_option_needs(const struct weir_option *o)
{
	return o->arg != NULL &&
	    (o->arg[0] != '[' || o->arg[strlen(o->arg) - 1] != ']');
}

struct weir_opt {
	const struct weir_command *command;
	int argc;
	char **argv; /* argv[0] is skipped */
	int at;	     /* internal: next word */
	const char *group;
	const char *value; /* of the option returned last, or NULL */
	const struct weir_option *option;
};

/*
 * The next option: its id; 0 at the end, with the operands in
 * argv[at..argc); -1 with *err (WEIR_USAGE). The first operand ends the options,
 * as POSIX says; a lone "-" is an operand.
 */
int weir_opt_next(struct weir_opt *o, struct weir_error *err);

/*
 * The letter of an option of c, or 0: tables hold theirs against those behind
 * them (`scheckpoint run -i` is a source, not --input).
 */
char weir_opt_letter(const struct weir_command *c, const struct weir_option *o);

/*
 * One screen of 24 lines, beginning with the example. The first table is
 * always told in full (unless there are subcommands), those behind it as far
 * as there is room.
 */
void weir_opt_help(struct weir_buf *out, const struct weir_command *c);
/* A completion file for a shell: "bash", "zsh", "fish". */
void weir_opt_complete(
    struct weir_buf *out, const struct weir_command *c, const char *shell);
/* "sfilter [-v] [-n N] EXPR [FILE...]" for usage hints. */
void weir_opt_usage(struct weir_buf *out, const struct weir_command *c);

#endif
