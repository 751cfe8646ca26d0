/*
 * code.h - a compiled expression: instructions for a small stack machine.
 *
 * Each instruction pops its operands and pushes its result, 16-byte values.
 * Errors and absence are values like others, so that && and || can absorb them.
 * Local variables (of macros) lie below the stack.
 */
#ifndef WEIR_EXPR_CODE_H
#define WEIR_EXPR_CODE_H

#include "expr/expr.h"
#include "expr/func.h"

enum weir_opcode {
	WEIR_I_RETURN,
	WEIR_I_CONST, /* push consts[a] */
	WEIR_I_FIELD, /* push fields[a] */
	WEIR_I_EVENT,
	WEIR_I_VAR,	  /* push row.vars[a] */
	WEIR_I_LOCAL,	  /* push locals[a] */
	WEIR_I_HAS_FIELD, /* push whether fields[a] is there */
	WEIR_I_HAS,	  /* pop a map: has it consts[a]? */
	WEIR_I_SELECT,	  /* pop a map: its entry consts[a] */
	WEIR_I_INDEX,
	WEIR_I_UNARY,  /* op n */
	WEIR_I_BINARY, /* op n */
	/* Comparisons without pushing: op n of fields[a] and consts[b]. */
	WEIR_I_FIELD_NUMBER, /* an int, uint or double */
	WEIR_I_FIELD_STRING, /* == or != a string */
	WEIR_I_AND_JUMP,     /* jump to a if the top is false */
	WEIR_I_AND,
	WEIR_I_OR_JUMP,
	WEIR_I_OR,
	WEIR_I_BRANCH, /* pop a bool: if false jump to a; no bool: push, to b */
	WEIR_I_JUMP,
	WEIR_I_CALL,	  /* funcs[a] with n arguments; regexes[b], or NONE */
	WEIR_I_LIST,	  /* of n values */
	WEIR_I_MAP,	  /* of n keys and values */
	WEIR_I_MAYBE,	  /* mark an optional as one element, or none */
	WEIR_I_SET_LOCAL, /* pop into locals[a] */
	/* Loops of kind n (loop.h), with locals from a on. */
	WEIR_I_LOOP_BEGIN, /* pop what to go over; if it is bad, push, to b */
	WEIR_I_LOOP_NEXT,  /* set the variables, or jump to b at the end */
	WEIR_I_LOOP_IF,	   /* pop a bool: if it does not hold jump to b */
	WEIR_I_LOOP_STEP,  /* pop the body's value; if not decided jump to b */
	WEIR_I_LOOP_END,   /* push the result */
	WEIR_I_OPT_SELECT, /* a.?b: pop, push an optional; name consts[a] */
	WEIR_I_OPT_INDEX,
	WEIR_I_OPT_BEGIN, /* pop into locals[a]; if it has no value push, to b */
	WEIR_I_OPT_WRAP
};

struct weir_insn {
	uint16_t op; /* enum weir_opcode */
	uint16_t n;
	uint32_t a, b;
};

#define WEIR_EXPR_NONE UINT32_MAX

/* A path of names in the event. */
struct weir_field {
	int slot;
	uint32_t parent; /* field of the path without its last name, or NONE */
	uint32_t type; /* constant it means where there is no event, or NONE */
	uint32_t dotted, ndotted; /* other places to look at first */
};

/*
 * a.b.c may be in the event's field "a.b.c", or in "a.b": where it is if the
 * field in slot is there.
 */
struct weir_dotted {
	int slot;
	uint32_t rest, nrest; /* constants: the names behind */
};

struct weir_expr {
	struct weir_arena arena; /* what constants point to */
	char *text;		 /* canonical */
	struct weir_insn *code;
	struct weir_value *consts;
	struct weir_field *fields;
	struct weir_dotted *dotted;
	const struct weir_func **funcs;
	struct weir_regex **regexes;
	size_t nregexes;
	struct weir_zones *zones; /* NULL if no function wants any */
	uint32_t locals;	  /* variables below the stack */
	uint32_t stack; /* values that the frame holds at most, locals too */
	uint32_t field; /* if it is just that field, else NONE */
};

/* Is one of the field's other places there? Else NULL. */
const struct weir_dotted *weir_dotted_find(const struct weir_expr *x,
    const struct weir_field *f, const struct weir_slot *slots);
/* What the field is in that place. */
struct weir_value weir_dotted_load(struct weir_env *env,
    const struct weir_expr *x, const struct weir_dotted *d);

/* Run it; the result may be WEIR_ABSENT or WEIR_ERROR. */
struct weir_value weir_eval(const struct weir_expr *x,
    const struct weir_row *row, struct weir_arena *arena);

#endif
