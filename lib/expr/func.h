/*
 * func.h - the functions of the language: one table, in parts by topic.
 *
 * A function gets its arguments evaluated, neither absent nor errors (strict),
 * with the receiver of a method first. It picks its overload by their kinds.
 */
#ifndef WEIR_EXPR_FUNC_H
#define WEIR_EXPR_FUNC_H

#include "base/arena.h"
#include "base/buf.h"
#include "expr/expr.h"
#include "json/value.h"

#define WEIR_EVAL_MEMORY ((size_t)256 << 20) /* bytes for one evaluation */
#define WEIR_EVAL_STEPS	 1000000	     /* of loops, for one evaluation */

/* What evaluation works with. */
struct weir_env {
	const struct weir_row *row;
	struct weir_arena *arena;
	uint64_t budget; /* steps of loops that are left */
	struct weir_zones *zones;
};

struct weir_call {
	const struct weir_func *func;
	const struct weir_value *args;
	size_t n;
	const struct weir_regex *regex; /* of a constant pattern, or NULL */
};

enum {
	WEIR_F_GLOBAL = 1,  /* f(a, b) */
	WEIR_F_METHOD = 2,  /* a.f(b) */
	WEIR_F_IMPURE = 4,  /* not a function of its arguments alone */
	WEIR_F_CHECKED = 8, /* an error for constant arguments is found early */
	WEIR_F_LAX = 16,    /* wants absent arguments and errors, too */
	WEIR_F_PATTERN = 32, /* argument 1 is a regular expression */
	WEIR_F_ZONE = 64,    /* the last argument, if given, is a time zone */
	WEIR_F_FORMAT = 128  /* argument 1 is a time's format */
};

struct weir_func {
	const char *name; /* "size", "math.abs" */
	struct weir_value (*fn)(
	    struct weir_env *env, const struct weir_call *call);
	uint8_t min, max; /* arguments, a receiver included */
	uint8_t flags;
	uint8_t which; /* tells apart functions that share fn */
};

/* The parts; each ends with a name of NULL. */
extern const struct weir_func weir_funcs_basic[];
extern const struct weir_func weir_funcs_convert[];
extern const struct weir_func weir_funcs_string[];
extern const struct weir_func weir_funcs_time[];
extern const struct weir_func weir_funcs_optional[];
extern const struct weir_func weir_funcs_math[];
extern const struct weir_func weir_funcs_text[];
extern const struct weir_func weir_funcs_format[];
extern const struct weir_func weir_funcs_list[];
extern const struct weir_func weir_funcs_sets[];
extern const struct weir_func weir_funcs_regex[];
extern const struct weir_func weir_funcs_clock[];
extern const struct weir_func weir_funcs_data[];
extern const struct weir_func weir_funcs_net[];

/*
 * The function of that name that can be called so (WEIR_F_GLOBAL or
 * WEIR_F_METHOD); NULL if there is none.
 */
const struct weir_func *weir_func_find(struct weir_str name, unsigned how);
/* The nearest name to suggest, or NULL. */
const char *weir_func_suggest(struct weir_str name, unsigned how);

/* An error value with a message made in the arena. */
struct weir_value weir_error_value(struct weir_env *env, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Is there room for so many more bytes? If not, *error is an error value. */
bool weir_room(struct weir_env *env, size_t bytes, struct weir_value *error);
/* "no such overload: size(int)". */
struct weir_value weir_no_overload(
    struct weir_env *env, const struct weir_call *call);

/* The time zone that the last argument names; NULL with *error. */
struct weir_zone;
const struct weir_zone *weir_zone_of(
    struct weir_env *env, const struct weir_call *c, struct weir_value *error);

/* The CEL name of a value's type. */
struct weir_str weir_type_name(struct weir_value v);
/* The constant for a name of a type: 1, or 0 if it is none. */
int weir_type_named(struct weir_str name, struct weir_value *v);

static inline struct weir_value
weir_bool(bool b)
{
	return (struct weir_value){.kind = WEIR_BOOL, .b = b};
}

static inline struct weir_value
weir_int(int64_t i)
{
	return (struct weir_value){.kind = WEIR_INT, .i = i};
}

static inline struct weir_value
weir_double(double d)
{
	return (struct weir_value){.kind = WEIR_DOUBLE, .d = d};
}

static inline struct weir_value
weir_text(const char *s, size_t len)
{
	return (struct weir_value){
	    .kind = WEIR_STRING, .aux = (uint32_t)len, .s = s};
}

/* A string (or bytes) out of a buffer, which is emptied; or an error. */
struct weir_value weir_text_of(struct weir_env *env, struct weir_buf *b);
/* A string with a NUL behind it: NULL if it has one inside. */
const char *weir_cstr(struct weir_env *env, struct weir_value s);
/* Is a constant format what that function can take? -1 with *err. */
int weir_format_check(
    const struct weir_func *f, const char *format, struct weir_error *err);

/* A timestamp or a duration, or an error where it is out of range. */
struct weir_value weir_timestamp(
    struct weir_env *env, int64_t sec, int64_t nanos);
struct weir_value weir_duration(
    struct weir_env *env, int64_t sec, int64_t nanos);

#endif
