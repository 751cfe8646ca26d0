#include "expr/ast.h"

#include "base/num.h"
#include "expr/lex.h"

#include <string.h>

int
weir_ast_is_call(const struct weir_ast *ast, struct weir_str *name, size_t *n)
{
	if (ast->kind != WEIR_AST_CALL || (ast->flags & WEIR_AST_METHOD))
		return 0;
	if (name != NULL)
		*name = ast->name;
	if (n != NULL)
		*n = ast->n;
	return 1;
}

const struct weir_ast *
weir_ast_arg(const struct weir_ast *ast, size_t i)
{
	return i < ast->n ? ast->kids[i] : NULL;
}

int
weir_ast_is_const(const struct weir_ast *ast, struct weir_value *value)
{
	if (ast->kind != WEIR_AST_CONST)
		return 0;
	*value = ast->value;
	return 1;
}

struct weir_str
weir_ast_span(const struct weir_ast *ast, const char *text)
{
	return (struct weir_str){text + ast->pos, ast->len};
}

int
weir_ast_names(const struct weir_ast *ast,
    int (*fn)(void *arg, struct weir_str name), void *arg)
{
	size_t i;
	int rc = 0;

	if (ast->kind == WEIR_AST_NAME)
		return fn(arg, ast->name);
	for (i = 0; i < ast->n && rc == 0; i++)
		rc = weir_ast_names(ast->kids[i], fn, arg);
	return rc;
}

/* The kids of a node that has some, with other nodes in them: 1, 0 or -1. */
static int
replace_kids(struct weir_arena *arena, const struct weir_ast *ast,
    const struct weir_ast **kids,
    int (*fn)(void *arg, const struct weir_ast **node), void *arg)
{
	int changed = 0;

	for (size_t i = 0; i < ast->n; i++) {
		kids[i] = ast->kids[i];
		if (weir_ast_replace(arena, &kids[i], fn, arg) < 0)
			return -1;
		changed |= kids[i] != ast->kids[i];
	}
	return changed;
}

int
weir_ast_replace(struct weir_arena *arena, const struct weir_ast **ast,
    int (*fn)(void *arg, const struct weir_ast **node), void *arg)
{
	const struct weir_ast **kids;
	struct weir_ast *copy;
	int rc = fn(arg, ast);

	if (rc != 0 || (*ast)->n == 0)
		return rc;
	kids = weir_arena_alloc(arena, (*ast)->n * sizeof *kids);
	rc = replace_kids(arena, *ast, kids, fn, arg);
	if (rc <= 0)
		return rc;
	copy = weir_arena_alloc(arena, sizeof *copy);
	*copy = **ast;
	copy->kids = kids;
	*ast = copy;
	return 1;
}

const char *
weir_op_text(enum weir_op op)
{
	static const char *const text[] = {"!", "-", "+", "-", "*", "/", "%",
	    "==", "!=", "<", "<=", ">", ">=", "in"};

	return text[op];
}

/* What binds more tightly is greater; the grammar's levels. */
enum level { COND = 1, OR, AND, RELATION, ADDITION, PRODUCT, UNARY, MEMBER };

static enum level
level(const struct weir_ast *a)
{
	switch (a->kind) {
	case WEIR_AST_COND: return COND;
	case WEIR_AST_OR: return OR;
	case WEIR_AST_AND: return AND;
	case WEIR_AST_UNARY: return UNARY;
	case WEIR_AST_BINARY:
		if (a->op == WEIR_OP_ADD || a->op == WEIR_OP_SUB)
			return ADDITION;
		return a->op <= WEIR_OP_MOD ? PRODUCT : RELATION;
	default: return MEMBER;
	}
}

/*
 * Print a, in brackets if it binds less tightly than min; (a.b).c is not a.b.c.
 */
static void
print(const struct weir_ast *a, enum level min, struct weir_buf *out)
{
	bool brackets =
	    level(a) < min || (min == MEMBER && (a->flags & WEIR_AST_PARENS));

	if (brackets)
		weir_buf_putc(out, '(');
	weir_ast_print(a, out);
	if (brackets)
		weir_buf_putc(out, ')');
}

/* Bytes of a literal, with the escapes that string and bytes share. */
static void
print_quoted(const char *s, size_t len, bool bytes, struct weir_buf *out)
{
	unsigned char c;
	size_t i;

	weir_buf_putc(out, '"');
	for (i = 0; i < len; i++) {
		c = (unsigned char)s[i];
		if (c == '"' || c == '\\')
			weir_buf_printf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7F || (bytes && c >= 0x80))
			weir_buf_printf(out, "\\x%02x", c);
		else
			weir_buf_putc(out, (char)c);
	}
	weir_buf_putc(out, '"');
}

static void
print_const(struct weir_value v, struct weir_buf *out)
{
	char num[WEIR_NUM_MAX];
	size_t n;

	switch (v.kind) {
	case WEIR_BOOL: weir_buf_puts(out, v.b ? "true" : "false"); return;
	case WEIR_INT: n = weir_num_print_int(num, v.i); break;
	case WEIR_UINT:
		n = weir_num_print_uint(num, v.u);
		num[n++] = 'u';
		break;
	case WEIR_DOUBLE: n = weir_num_print_double(num, v.d, 1); break;
	case WEIR_BYTES: weir_buf_putc(out, 'b'); /* fall through */
	case WEIR_STRING:
		print_quoted(v.s, v.aux, v.kind == WEIR_BYTES, out);
		return;
	default: weir_buf_puts(out, "null"); return;
	}
	weir_buf_add(out, num, n);
}

static void
print_name(const struct weir_ast *a, struct weir_buf *out)
{
	const char *quote = a->flags & WEIR_AST_QUOTED ? "`" : "";

	if (a->flags & WEIR_AST_ROOT)
		weir_buf_putc(out, '.');
	weir_buf_puts(out, quote);
	weir_buf_add(out, a->name.s, a->name.len);
	weir_buf_puts(out, quote);
}

/* Kids from first on, with a comma between, or a colon after every odd one. */
static void
print_kids(const struct weir_ast *a, size_t first, struct weir_buf *out)
{
	bool map = a->kind == WEIR_AST_MAP;
	size_t i;

	for (i = first; i < a->n; i++) {
		if (i > first)
			weir_buf_puts(out, map && i % 2 ? ": " : ", ");
		if (a->kids[i]->flags & WEIR_AST_MAYBE)
			weir_buf_putc(out, '?');
		weir_ast_print(a->kids[i], out);
	}
}

static void
print_call(const struct weir_ast *a, struct weir_buf *out)
{
	size_t first = a->flags & WEIR_AST_METHOD ? 1 : 0;

	if (first == 1) {
		print(a->kids[0], MEMBER, out);
		weir_buf_putc(out, '.');
	}
	print_name(a, out);
	weir_buf_putc(out, '(');
	print_kids(a, first, out);
	weir_buf_putc(out, ')');
}

static void
print_chain(const struct weir_ast *a, struct weir_buf *out)
{
	bool or = a->kind == WEIR_AST_OR;
	size_t i;

	for (i = 0; i < a->n; i++) {
		if (i > 0)
			weir_buf_puts(out, or ? " || " : " && ");
		print(a->kids[i], or ? AND : RELATION, out);
	}
}

static void
print_unary(const struct weir_ast *a, struct weir_buf *out)
{
	struct weir_buf kid = {0};
	bool number;

	print(a->kids[0], UNARY, &kid);
	/* -(5) is not the constant -5, and must not become it. */
	number =
	    a->op == WEIR_OP_NEG && kid.data[0] >= '0' && kid.data[0] <= '9';
	weir_buf_puts(out, weir_op_text((enum weir_op)a->op));
	weir_buf_puts(out, number ? "(" : "");
	weir_buf_add(out, kid.data, kid.len);
	weir_buf_puts(out, number ? ")" : "");
	weir_buf_fini(&kid);
}

void
weir_ast_print(const struct weir_ast *a, struct weir_buf *out)
{
	const char *maybe = a->flags & WEIR_AST_OPTIONAL ? "?" : "";

	switch (a->kind) {
	case WEIR_AST_CONST: print_const(a->value, out); break;
	case WEIR_AST_NAME: print_name(a, out); break;
	case WEIR_AST_SELECT:
		print(a->kids[0], MEMBER, out);
		weir_buf_printf(out, ".%s", maybe);
		print_name(a, out);
		break;
	case WEIR_AST_INDEX:
		print(a->kids[0], MEMBER, out);
		weir_buf_printf(out, "[%s", maybe);
		weir_ast_print(a->kids[1], out);
		weir_buf_putc(out, ']');
		break;
	case WEIR_AST_CALL: print_call(a, out); break;
	case WEIR_AST_UNARY: print_unary(a, out); break;
	case WEIR_AST_BINARY:
		print(a->kids[0], level(a), out);
		weir_buf_printf(out, " %s ", weir_op_text(a->op));
		print(a->kids[1], level(a) + 1, out);
		break;
	case WEIR_AST_AND:
	case WEIR_AST_OR: print_chain(a, out); break;
	case WEIR_AST_COND:
		print(a->kids[0], OR, out);
		weir_buf_puts(out, " ? ");
		print(a->kids[1], OR, out);
		weir_buf_puts(out, " : ");
		print(a->kids[2], COND, out);
		break;
	default: /* WEIR_AST_LIST, WEIR_AST_MAP */
		weir_buf_putc(out, a->kind == WEIR_AST_LIST ? '[' : '{');
		print_kids(a, 0, out);
		weir_buf_putc(out, a->kind == WEIR_AST_LIST ? ']' : '}');
	}
}
