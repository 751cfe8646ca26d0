#include "base/zone.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/timetext.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX   (64 * 1024)
#define TIMES_MAX  4096
#define TYPES_MAX  256
#define HEADER	   44
#define EAST_MAX_S (26 * 3600)

struct weir_zone {
	size_t ntimes, ntypes;
	int64_t *times; /* when each type begins, ascending */
	uint8_t *types;
	struct weir_zone_half *halves; /* the types */
	struct weir_zone_rule rule;    /* behind the last time */
	int has_rule;
};

/* --- a file's bytes --- */

/* What a header says. */
struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

static uint32_t
get32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static int64_t
get64(const unsigned char *p)
{
	return (int64_t)((uint64_t)get32(p) << 32 | get32(p + 4));
}

/*
 * A header and what follows, with times of so many bytes: its length, or 0 if
 * that is not what the rest holds.
 */
static size_t
read_header(
    const unsigned char *p, size_t len, size_t time_size, struct counts *c)
{
	uint64_t need;

	if (len < HEADER || memcmp(p, "TZif", 4) != 0)
		return 0;
	c->isut = get32(p + 20);
	c->isstd = get32(p + 24);
	c->leap = get32(p + 28);
	c->time = get32(p + 32);
	c->type = get32(p + 36);
	c->chars = get32(p + 40);
	need = HEADER + (uint64_t)c->time * (time_size + 1) +
	    (uint64_t)c->type * 6 + c->chars +
	    (uint64_t)c->leap * (time_size + 4) + c->isstd + c->isut;
	return need <= len ? (size_t)need : 0;
}

static int
read_types(struct weir_zone *z, const unsigned char *p,
    const unsigned char *chars, size_t nchars)
{
	struct weir_zone_half *h = z->halves;
	const unsigned char *name, *nul;
	size_t i;

	for (i = 0; i < z->ntypes; i++, p += 6, h++) {
		h->east_s = (int)(int32_t)get32(p);
		if (h->east_s < -EAST_MAX_S || h->east_s > EAST_MAX_S ||
		    p[4] > 1 || p[5] >= nchars)
			return 0;
		name = chars + p[5];
		nul = memchr(name, '\0', nchars - p[5]);
		if (nul == NULL || nul - name >= WEIR_ZONE_ABBR)
			return 0;
		memcpy(h->abbr, name, (size_t)(nul - name) + 1);
	}
	return 1;
}

static int
read_times(struct weir_zone *z, const unsigned char *p, size_t time_size)
{
	const unsigned char *types = p + z->ntimes * time_size;
	size_t i;

	for (i = 0; i < z->ntimes; i++) {
		z->times[i] = time_size == 8 ? get64(p + 8 * i)
					     : (int32_t)get32(p + 4 * i);
		z->types[i] = types[i];
		if (types[i] >= z->ntypes ||
		    (i > 0 && z->times[i] <= z->times[i - 1]))
			return 0;
	}
	return 1;
}

static int
read_footer(struct weir_zone *z, const char *p, size_t len)
{
	const char *end;

	if (len < 2 || p[0] != '\n')
		return 0;
	end = memchr(p + 1, '\n', len - 1);
	if (end == NULL)
		return 0;
	z->has_rule = end > p + 1;
	return !z->has_rule ||
	    weir_zone_rule_read(&z->rule, p + 1, (size_t)(end - p) - 1);
}

static int
read_block(struct weir_zone *z, const unsigned char *p, const struct counts *c,
    size_t time_size)
{
	const unsigned char *types;

	if (c->time > TIMES_MAX || c->type == 0 || c->type > TYPES_MAX ||
	    c->leap != 0)
		return 0;
	z->ntimes = c->time;
	z->ntypes = c->type;
	z->times = weir_calloc(z->ntimes + 1, sizeof *z->times);
	z->types = weir_calloc(z->ntimes + 1, sizeof *z->types);
	z->halves = weir_calloc(z->ntypes, sizeof *z->halves);
	p += HEADER;
	types = p + z->ntimes * (time_size + 1);
	return read_times(z, p, time_size) &&
	    read_types(z, types, types + 6 * z->ntypes, c->chars);
}

struct weir_zone *
weir_zone_parse(const void *data, size_t len)
{
	const unsigned char *p = data;
	struct weir_zone *z;
	size_t size, time_size = 4;
	struct counts c;
	int good;

	size = read_header(p, len, time_size, &c);
	if (size == 0)
		return NULL;
	if (p[4] >= '2') {
		/* The same again, with times of 64 bits. */
		time_size = 8;
		p += size;
		len -= size;
		size = read_header(p, len, time_size, &c);
		if (size == 0)
			return NULL;
	}
	z = weir_calloc(1, sizeof *z);
	good = read_block(z, p, &c, time_size) &&
	    (time_size == 4 ||
		read_footer(z, (const char *)p + size, len - size));
	if (good)
		return z;
	weir_zone_free(z);
	return NULL;
}

void
weir_zone_free(struct weir_zone *z)
{
	if (z == NULL)
		return;
	free(z->times);
	free(z->types);
	free(z->halves);
	free(z);
}

int
weir_zone_east(const struct weir_zone *z, int64_t sec, char *abbr)
{
	const struct weir_zone_half *h;
	size_t lo = 0, hi = z->ntimes, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (z->times[mid] <= sec)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* Before the first change the first type holds. */
	if (lo == z->ntimes && z->has_rule)
		h = weir_zone_rule_at(&z->rule, sec);
	else
		h = &z->halves[lo > 0 ? z->types[lo - 1] : 0];
	if (abbr != NULL)
		memcpy(abbr, h->abbr, WEIR_ZONE_ABBR);
	return h->east_s;
}

int64_t
weir_zone_utc(const struct weir_zone *z, int64_t local_s)
{
	/* In two days the clock is set at most once. */
	int before = weir_zone_east(z, local_s - 86400, NULL);
	int after = weir_zone_east(z, local_s + 86400, NULL);

	if (weir_zone_east(z, local_s - before, NULL) != before &&
	    weir_zone_east(z, local_s - after, NULL) == after)
		return local_s - after;
	return local_s - before;
}

/* --- names --- */

/* [+-]h:mm or [+-]hh:mm, which becomes +hh:mm in text: 1, or 0. */
static int
offset(const char *s, size_t len, char text[6], int *east_s)
{
	int signed_ = len > 0 && (*s == '+' || *s == '-');
	size_t n = len - (size_t)signed_;

	if ((n != 4 && n != 5) || s[len - 3] != ':')
		return 0;
	text[0] = signed_ ? *s : '+';
	text[1] = '0';
	memcpy(text + 6 - n, s + signed_, n);
	return weir_zone_read(text, 6, east_s) == 6;
}

/* UTC and offsets: a zone, or NULL. */
static struct weir_zone *
fixed(const char *s, size_t len)
{
	struct weir_zone *z;
	int east = 0;
	char text[6];

	if (!(len == 3 && memcmp(s, "UTC", 3) == 0) &&
	    !(len == 3 && memcmp(s, "GMT", 3) == 0) &&
	    !(len == 1 && *s == 'Z') && !offset(s, len, text, &east))
		return NULL;
	z = weir_calloc(1, sizeof *z);
	z->has_rule = 1;
	z->rule.standard.east_s = east;
	if (east == 0)
		memcpy(z->rule.standard.abbr, "UTC", 4);
	else
		memcpy(z->rule.standard.abbr, text, 6);
	return z;
}

/* No way out of the database, and nothing but what names there have. */
static int
is_name(const char *s, size_t len)
{
	size_t i;

	if (len == 0 || len >= WEIR_ZONE_NAME || *s == '/' || s[len - 1] == '/')
		return 0;
	for (i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') ||
			(s[i] >= 'A' && s[i] <= 'Z') ||
			(s[i] >= '0' && s[i] <= '9') || s[i] == '_' ||
			s[i] == '+' || s[i] == '-' ||
			(s[i] == '/' && s[i - 1] != '/')))
			return 0;
	return 1;
}

/* The bytes of a plain file: how many, 0 if it has too many, -1 as errno. */
static ssize_t
read_file(const char *path, unsigned char *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = 0, got;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = ENOENT;
		return -1;
	}
	while (n <= FILE_MAX) {
		got = read(fd, out + n, (size_t)(FILE_MAX + 1 - n));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += got;
	}
	close(fd);
	return n > FILE_MAX ? 0 : n;
}

struct weir_zone *
weir_zone_new(const char *name, size_t len, struct weir_error *err)
{
	static const char *const places[] = {"/usr/share/zoneinfo",
	    "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"};
	char path[WEIR_ZONE_NAME + 32], show[80];
	struct weir_zone *z = fixed(name, len);
	unsigned char *data;
	ssize_t n = -1;
	int found = 0;
	size_t i;

	if (z != NULL)
		return z;
	weir_show_into(show, sizeof show, name, len);
	if (!is_name(name, len)) {
		weir_fail(err, WEIR_USAGE, "unknown time zone \"%s\"", show);
		return NULL;
	}
	data = weir_malloc(FILE_MAX + 1);
	for (i = 0; i < sizeof places / sizeof *places && n < 0; i++) {
		found |= access(places[i], X_OK) == 0;
		snprintf(
		    path, sizeof path, "%s/%.*s", places[i], (int)len, name);
		n = read_file(path, data);
	}
	if (n >= 0)
		z = weir_zone_parse(data, (size_t)n);
	free(data);
	if (z == NULL && n >= 0)
		weir_fail(err, WEIR_USAGE, "%s is no time zone's file", path);
	else if (z == NULL && found)
		weir_fail(err, WEIR_USAGE, "unknown time zone \"%s\"", show);
	else if (z == NULL)
		weir_fail(err, WEIR_USAGE,
		    "time zone \"%s\": there is no %s (install tzdata)", show,
		    places[0]);
	return z;
}
