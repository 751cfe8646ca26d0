#include "expr/lex.h"

#include "base/num.h"
#include "expr/lexstr.h"

#include <math.h>
#include <string.h>

static int
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static int
is_hex(int c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static int
is_word(int c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '_';
}

/* The byte at pos + i, or 0 past the end. */
static int
peek(const struct weir_lexer *lx, size_t i)
{
	size_t at = lx->pos + i;

	return at < lx->src->len ? (unsigned char)lx->src->text[at] : 0;
}

int
weir_lex_reserved(struct weir_str word)
{
	static const char *const words[] = {"as", "break", "const", "continue",
	    "else", "for", "function", "if", "import", "let", "loop", "package",
	    "namespace", "return", "var", "void", "while"};
	size_t i;

	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (weir_str_eq(word, words[i]))
			return 1;
	return 0;
}

/* White space and comments. */
static void
skip_blanks(struct weir_lexer *lx)
{
	int c;

	for (;;) {
		c = peek(lx, 0);
		if (c == ' ' || (c >= '\t' && c <= '\r' && c != '\v')) {
			lx->pos++;
		} else if (c == '/' && peek(lx, 1) == '/') {
			while (lx->pos < lx->src->len && peek(lx, 0) != '\n')
				lx->pos++;
		} else {
			return;
		}
	}
}

static int
lex_hex(struct weir_lexer *lx, struct weir_token *tok)
{
	uint64_t u = 0;
	size_t i = 2;
	int c;

	for (; is_hex(c = peek(lx, i)); i++) {
		if (u >> 60 != 0)
			return weir_source_fail(
			    lx->src, tok->pos, "number too big");
		u = u << 4 |
		    (uint64_t)(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	if (i == 2)
		return weir_source_fail(
		    lx->src, tok->pos, "hexadecimal digits missing after 0x");
	tok->kind = WEIR_T_INT;
	tok->u = u;
	lx->pos += i;
	return 1;
}

static int
lex_decimal(struct weir_lexer *lx, struct weir_token *tok)
{
	const char *s = lx->src->text + lx->pos;
	struct weir_buf text = {0};
	uint64_t u = 0;
	size_t i = 0, e;
	bool real = false, big = false;

	for (; is_digit(peek(lx, i)); i++) {
		big |= __builtin_mul_overflow(u, (uint64_t)10, &u);
		big |= __builtin_add_overflow(u, (uint64_t)(s[i] - '0'), &u);
	}
	if (peek(lx, i) == '.' && is_digit(peek(lx, i + 1))) {
		real = true;
		for (i++; is_digit(peek(lx, i)); i++)
			continue;
	}
	if ((peek(lx, i) | 0x20) == 'e') {
		e = i + 1;
		if (peek(lx, e) == '+' || peek(lx, e) == '-')
			e++;
		if (is_digit(peek(lx, e))) {
			real = true;
			for (i = e; is_digit(peek(lx, i)); i++)
				continue;
		}
	}
	lx->pos += i;
	tok->kind = WEIR_T_INT;
	tok->u = u;
	if (!real && big)
		return weir_source_fail(lx->src, tok->pos, "number too big");
	if (!real)
		return 1;
	tok->kind = WEIR_T_DOUBLE;
	/* JSON, which the reader wants, has no .5 and no leading zeros. */
	for (; i > 1 && *s == '0' && is_digit((unsigned char)s[1]); i--)
		s++;
	if (*s == '.')
		weir_buf_putc(&text, '0');
	weir_buf_add(&text, s, i);
	tok->d = weir_num_read_double(text.data, text.len);
	weir_buf_fini(&text);
	return isinf(tok->d)
	    ? weir_source_fail(lx->src, tok->pos, "number too big")
	    : 1;
}

static int
lex_number(struct weir_lexer *lx, struct weir_token *tok)
{
	int rc = peek(lx, 0) == '0' && (peek(lx, 1) | 0x20) == 'x'
	    ? lex_hex(lx, tok)
	    : lex_decimal(lx, tok);

	if (rc > 0 && tok->kind == WEIR_T_INT && (peek(lx, 0) | 0x20) == 'u') {
		tok->kind = WEIR_T_UINT;
		lx->pos++;
	}
	if (rc > 0 && is_word(peek(lx, 0)))
		return weir_source_fail(lx->src, lx->pos,
		    "unexpected '%c' after a number", peek(lx, 0));
	return rc;
}

static void
lex_word(struct weir_lexer *lx, struct weir_token *tok)
{
	static const struct {
		const char *word;
		enum weir_token_kind kind;
	} words[] = {{"true", WEIR_T_TRUE}, {"false", WEIR_T_FALSE},
	    {"null", WEIR_T_NULL}, {"in", WEIR_T_IN}};
	size_t i = 1;

	while (is_word(peek(lx, i)))
		i++;
	tok->kind = WEIR_T_NAME;
	tok->str = (struct weir_str){lx->src->text + lx->pos, i};
	lx->pos += i;
	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (weir_str_eq(tok->str, words[i].word))
			tok->kind = words[i].kind;
}

static int
lex_quoted(struct weir_lexer *lx, struct weir_token *tok)
{
	const char *s = lx->src->text + lx->pos + 1;
	const char *end = memchr(s, '`', lx->src->len - lx->pos - 1), *c;

	if (end == NULL)
		return weir_source_fail(
		    lx->src, tok->pos, "backquote is not closed");
	if (end == s)
		return weir_source_fail(lx->src, tok->pos, "empty name");
	for (c = s; c < end; c++)
		if ((unsigned char)*c < 0x20)
			return weir_source_fail(lx->src,
			    (size_t)(c - lx->src->text),
			    "control character in a name (write "
			    "event[\"...\"] with an escape)");
	tok->kind = WEIR_T_QUOTED;
	tok->str = (struct weir_str){s, (size_t)(end - s)};
	lx->pos += tok->str.len + 2;
	return 1;
}

static int
lex_sign(struct weir_lexer *lx, struct weir_token *tok)
{
	static const struct {
		char text[3];
		uint8_t kind;
	} signs[] = {{"==", WEIR_T_EQ}, {"!=", WEIR_T_NE}, {"<=", WEIR_T_LE},
	    {">=", WEIR_T_GE}, {"&&", WEIR_T_AND}, {"||", WEIR_T_OR},
	    {"<", WEIR_T_LT}, {">", WEIR_T_GT}, {"(", WEIR_T_LPAREN},
	    {")", WEIR_T_RPAREN}, {"[", WEIR_T_LBRACKET},
	    {"]", WEIR_T_RBRACKET}, {"{", WEIR_T_LBRACE}, {"}", WEIR_T_RBRACE},
	    {".", WEIR_T_DOT}, {",", WEIR_T_COMMA}, {":", WEIR_T_COLON},
	    {"?", WEIR_T_QUESTION}, {"!", WEIR_T_NOT}, {"-", WEIR_T_MINUS},
	    {"+", WEIR_T_PLUS}, {"*", WEIR_T_STAR}, {"/", WEIR_T_SLASH},
	    {"%", WEIR_T_PERCENT}, {"=", WEIR_T_ASSIGN}};
	int c = peek(lx, 0);
	size_t i, n;

	for (i = 0; i < sizeof signs / sizeof *signs; i++) {
		n = signs[i].text[1] != '\0' ? 2 : 1;
		if (signs[i].text[0] != c ||
		    (n == 2 && signs[i].text[1] != peek(lx, 1)))
			continue;
		tok->kind = signs[i].kind;
		lx->pos += n;
		return 1;
	}
	if (c == '&' || c == '|')
		return weir_source_fail(lx->src, lx->pos,
		    "single '%c': write %c%c for \"%s\"", c, c, c,
		    c == '&' ? "and" : "or");
	if (c > ' ' && c < 0x7F)
		return weir_source_fail(
		    lx->src, lx->pos, "unexpected character '%c'", c);
	if (c >= 0x80)
		return weir_source_fail(lx->src, lx->pos,
		    "unexpected character (a field name beyond ASCII goes in "
		    "`backquotes`)");
	return weir_source_fail(
	    lx->src, lx->pos, "unexpected control character 0x%02x", c);
}

int
weir_lex(struct weir_lexer *lx, struct weir_token *tok)
{
	int c, rc = 1;

	skip_blanks(lx);
	*tok = (struct weir_token){.kind = WEIR_T_END, .pos = lx->pos};
	if (lx->pos >= lx->src->len)
		return 1;
	c = peek(lx, 0);
	if (weir_lex_is_string(lx))
		rc = weir_lex_string(lx, tok);
	else if (is_digit(c) || (c == '.' && is_digit(peek(lx, 1))))
		rc = lex_number(lx, tok);
	else if (is_word(c) || (c == '@' && is_word(peek(lx, 1))))
		lex_word(lx, tok);
	else if (c == '`')
		rc = lex_quoted(lx, tok);
	else
		rc = lex_sign(lx, tok);
	tok->len = lx->pos - tok->pos;
	return rc;
}
