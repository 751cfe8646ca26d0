/*
 * Beyond CEL: addresses of the internet, and URLs.
 */
#include "base/text.h"
#include "base/utf8.h"
#include "expr/func.h"
#include "expr/loop.h"

#include <arpa/inet.h>
#include <string.h>

/* --- addresses --- */

struct address {
	unsigned char bytes[16];
	int bits; /* 32 or 128 */
};

/* 1, or 0 if it is none. IPv4 inside IPv6 (::ffff:1.2.3.4) is IPv4. */
static int
read_address(const char *s, size_t len, struct address *a)
{
	static const unsigned char mapped[12] = {
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
	char text[INET6_ADDRSTRLEN];

	if (len >= sizeof text || (len != 0 && memchr(s, '\0', len) != NULL))
		return 0;
	memcpy(text, s, len);
	text[len] = '\0';
	a->bits = 32;
	if (inet_pton(AF_INET, text, a->bytes) == 1)
		return 1;
	a->bits = 128;
	if (inet_pton(AF_INET6, text, a->bytes) != 1)
		return 0;
	if (memcmp(a->bytes, mapped, sizeof mapped) == 0) {
		memmove(a->bytes, a->bytes + 12, 4);
		a->bits = 32;
	}
	return 1;
}

/* ADDRESS/BITS, or an address alone, which is all of its bits. */
static int
read_block(struct weir_value v, struct address *a, int *bits)
{
	const char *slash = v.aux != 0 ? memchr(v.s, '/', v.aux) : NULL;
	size_t len = slash != NULL ? (size_t)(slash - v.s) : v.aux;
	const char *p = slash, *end = v.s + v.aux;
	int n = 0, written;

	if (!read_address(v.s, len, a))
		return 0;
	*bits = a->bits;
	if (slash == NULL)
		return 1;
	for (p++; p < end && *p >= '0' && *p <= '9' && n <= 128; p++)
		n = n * 10 + *p - '0';
	written = memchr(v.s, ':', len) != NULL ? 128 : 32;
	n -= written - a->bits; /* ::ffff:10.0.0.0/104 is 10.0.0.0/8 */
	*bits = n;
	return p == end && p != slash + 1 && n >= 0 && n <= a->bits;
}

static bool
same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
	int whole = bits / 8, rest = bits % 8;

	return memcmp(a, b, (size_t)whole) == 0 &&
	    (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

/* ip_in(ip, cidr) */
static struct weir_value
fn_ip_in(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value ip = c->args[0], cidr = c->args[1];
	struct address a, block;
	char show[80];
	int bits;

	if (ip.kind != WEIR_STRING || cidr.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	if (!read_address(ip.s, ip.aux, &a))
		return weir_error_value(env, "ip_in: \"%s\" is no IP address",
		    weir_show_into(show, sizeof show, ip.s, ip.aux));
	if (!read_block(cidr, &block, &bits))
		return weir_error_value(env,
		    "ip_in: \"%s\" is no block of addresses (like "
		    "10.0.0.0/8)",
		    weir_show_into(show, sizeof show, cidr.s, cidr.aux));
	return weir_bool(
	    a.bits == block.bits && same_bits(a.bytes, block.bytes, bits));
}

/* --- URLs --- */

#define URL_PARTS 7

/* A map while its entries are found. */
struct entries {
	struct weir_env *env;
	struct weir_value *keys, *values;
	size_t n;
};

static void
put(struct entries *e, const char *key, struct weir_value v)
{
	e->keys[e->n] = weir_text(key, strlen(key));
	e->values[e->n++] = v;
}

static struct weir_value
as_map(const struct entries *e)
{
	struct weir_map *map = weir_arena_alloc(e->env->arena, sizeof *map);

	*map = (struct weir_map){e->n, e->keys, e->values};
	return (struct weir_value){.kind = WEIR_MAP, .map = map};
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Without its %XX, and in a query + as a space. What would not be UTF-8 then
 * stays as it is.
 */
static struct weir_value
decode(struct weir_env *env, struct weir_str s, bool query)
{
	size_t i, n = 0;
	char *out;

	for (i = 0; i < s.len; i++)
		if (s.s[i] == '%' || (query && s.s[i] == '+'))
			break;
	if (i == s.len)
		return weir_text(s.s, s.len);
	out = weir_arena_alloc(env->arena, s.len);
	for (i = 0; i < s.len; i++) {
		out[n] = query && s.s[i] == '+' ? ' ' : s.s[i];
		if (s.s[i] == '%' && s.len - i > 2 && hex(s.s[i + 1]) >= 0 &&
		    hex(s.s[i + 2]) >= 0) {
			out[n] = (char)(hex(s.s[i + 1]) << 4 | hex(s.s[i + 2]));
			i += 2;
		}
		n++;
	}
	if (weir_utf8_valid(out, n) != n)
		return weir_text(s.s, s.len);
	return weir_text(out, n);
}

static struct weir_value
lower(struct weir_env *env, struct weir_value v)
{
	char *out = weir_arena_alloc(env->arena, v.aux);
	size_t i;

	for (i = 0; i < v.aux; i++)
		out[i] = v.s[i] >= 'A' && v.s[i] <= 'Z' ? (char)(v.s[i] | 0x20)
							: v.s[i];
	return weir_text(out, v.aux);
}

/* What stands before the first of stop in *s, which then begins at it. */
static struct weir_str
before(struct weir_str *s, const char *stop)
{
	struct weir_str part = {s->s, 0};
	size_t n = strlen(stop);

	while (part.len < s->len && memchr(stop, s->s[part.len], n) == NULL)
		part.len++;
	s->s += part.len;
	s->len -= part.len;
	return part;
}

/* Step over one byte if it is c. */
static bool
take(struct weir_str *s, char c)
{
	if (s->len == 0 || *s->s != c)
		return false;
	s->s++;
	s->len--;
	return true;
}

/* name=value&...: of a name that comes twice the last one counts. */
static int
read_query(struct weir_env *env, struct weir_str s, struct weir_value *out)
{
	struct entries e = {.env = env};
	struct weir_value name, value;
	struct weir_str part;
	size_t most = 1, i;

	for (i = 0; i < s.len; i++)
		most += s.s[i] == '&';
	if (!weir_room(env, 2 * most * sizeof name + s.len, out))
		return 0;
	e.keys = weir_arena_alloc(env->arena, most * sizeof name);
	e.values = weir_arena_alloc(env->arena, most * sizeof name);
	for (; s.len > 0; take(&s, '&')) {
		part = before(&s, "&");
		if (part.len == 0)
			continue;
		name = decode(env, before(&part, "="), true);
		take(&part, '=');
		value = decode(env, part, true);
		if (!weir_spend(env, e.n / 8, out))
			return 0;
		for (i = 0; i < e.n; i++)
			if (weir_value_compare(e.keys[i], name) == 0)
				break;
		e.keys[i] = name;
		e.values[i] = value;
		e.n += i == e.n;
	}
	*out = as_map(&e);
	return 1;
}

/* [user@]host[:port], the host perhaps in brackets: 0 if the port is none. */
static int
read_authority(struct entries *e, struct weir_str s)
{
	struct weir_str host = s, user = {s.s, 0};
	size_t i;
	int port = 0;

	for (i = 0; i < s.len; i++)
		if (s.s[i] == '@')
			user.len = i + 1;
	host.s += user.len;
	host.len -= user.len;
	if (user.len > 0) {
		user.len--;
		put(e, "user", decode(e->env, before(&user, ":"), false));
	}
	s = host;
	if (take(&s, '[')) {
		host = before(&s, "]");
		if (!take(&s, ']'))
			return 0;
	} else {
		host = before(&s, ":");
	}
	if (host.len > 0)
		put(e, "host", lower(e->env, decode(e->env, host, false)));
	if (s.len == 0)
		return 1;
	if (!take(&s, ':'))
		return 0;
	if (s.len == 0)
		return 1;
	for (; s.len > 0 && port <= 65535; s.s++, s.len--) {
		if (*s.s < '0' || *s.s > '9')
			return 0;
		port = port * 10 + *s.s - '0';
	}
	put(e, "port", weir_int(port));
	return port <= 65535;
}

/* scheme: 1 if there is one, and *s then begins behind its colon. */
static int
read_scheme(struct weir_str *s, struct weir_str *scheme)
{
	struct weir_str rest = *s;
	size_t i;
	char c;

	*scheme = before(&rest, ":/?#");
	if (scheme->len == 0 || rest.len == 0 || *rest.s != ':')
		return 0;
	for (i = 0; i < scheme->len; i++) {
		c = scheme->s[i];
		if (((c | 0x20) < 'a' || (c | 0x20) > 'z') &&
		    (i == 0 || memchr("0123456789+-.", c, 13) == NULL))
			return 0;
	}
	take(&rest, ':');
	*s = rest;
	return 1;
}

/* url_parts(s): scheme, user, host, port, path, query, fragment */
static struct weir_value
fn_url_parts(struct weir_env *env, const struct weir_call *c)
{
	struct weir_value query, v = c->args[0];
	struct entries e = {.env = env};
	struct weir_str s = {v.s, v.aux}, part;
	char show[80];

	if (v.kind != WEIR_STRING)
		return weir_no_overload(env, c);
	if (!weir_room(env, 4 * (size_t)v.aux, &query))
		return query;
	e.keys = weir_arena_alloc(env->arena, URL_PARTS * sizeof *e.keys);
	e.values = weir_arena_alloc(env->arena, URL_PARTS * sizeof *e.keys);
	if (read_scheme(&s, &part))
		put(&e, "scheme", lower(env, weir_text(part.s, part.len)));
	if (s.len > 1 && s.s[0] == '/' && s.s[1] == '/') {
		s.s += 2;
		s.len -= 2;
		if (!read_authority(&e, before(&s, "/?#")))
			return weir_error_value(env,
			    "url_parts: bad host or port in \"%s\"",
			    weir_show_into(show, sizeof show, v.s, v.aux));
	}
	put(&e, "path", decode(env, before(&s, "?#"), false));
	if (take(&s, '?')) {
		if (!read_query(env, before(&s, "#"), &query))
			return query;
		put(&e, "query", query);
	}
	if (take(&s, '#'))
		put(&e, "fragment", decode(env, s, false));
	return as_map(&e);
}

/* clang-format off */
const struct weir_func weir_funcs_net[] = {
	{"ip_in",     fn_ip_in,     2, 2, WEIR_F_GLOBAL, 0},
	{"url_parts", fn_url_parts, 1, 1, WEIR_F_GLOBAL, 0},
	{0}
};
/* clang-format on */
