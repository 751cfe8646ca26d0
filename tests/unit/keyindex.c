/*
 * Goal: a key is found in a part by its index, wherever its lines are, without
 * reading much else; and no damaged or hostile index makes a reader go astray.
 * Method: parts of many keys, of long lines, without keys; every truncation and
 * bit flip of a small part, also with its checksums repaired.
 */
#define _POSIX_C_SOURCE 200809L
#include "base/hash.h"
#include "base/mem.h"
#include "event/wire.h"
#include "state/lz4.h"
#include "state/snapshot.h"
#include "tests/unit/tap.h"
#include "tests/unit/scratch.h"

#include <unistd.h>

static int dir;

/* clang-format off */
static char stage[] = "in/swindow.1", kind[] = "stage", none[] = "";
/* clang-format on */
static struct weir_snapshot_header head = {
    .stage = stage, .kind = kind, .fingerprint = none};

/* The line of key i: its text, and its key. */
static void
line_of(int i, size_t fill, struct weir_buf *line, struct weir_buf *key)
{
	key->len = line->len = 0;
	weir_buf_printf(key, "\"key-%d\"", i);
	weir_buf_printf(
	    line, "{\"k\":{\"a\":%s},\"n\":%d,\"x\":\"", weir_buf_cstr(key), i);
	memset(weir_buf_reserve(line, fill), 'x', fill);
	line->len += fill;
	weir_buf_puts(line, "\"}");
}

static struct weir_str
str(const struct weir_buf *b)
{
	return (struct weir_str){b->data, b->len};
}

/* A part of keys 0 to n - 1; of every fifth one the line has fill bytes more. */
static int
write_keys(const char *file, int n, size_t fill)
{
	struct weir_error err;
	struct weir_buf line = {0}, key = {0};
	struct weir_snapshot_writer *w =
	    weir_snapshot_create(dir, file, &head, &err);
	int r = weir_snapshot_line(w, "{\"closed\":1}", 12, &err);

	for (int i = 0; i < n && r == 1; i++) {
		line_of(i, i % 5 == 4 ? fill : 20, &line, &key);
		r = weir_snapshot_keyed_line(
		    w, str(&key), line.data, line.len, &err);
	}
	if (r == 1)
		r = weir_snapshot_commit(w, NULL, NULL, &err);
	weir_snapshot_abandon(w);
	weir_buf_fini(&line);
	weir_buf_fini(&key);
	return r;
}

/* Look for key i: 1 if its line comes; *seen counts all lines that do. */
static int
find_key(const char *file, int i, size_t fill, long *seen)
{
	struct weir_error err = {0};
	struct weir_buf want = {0}, key = {0};
	struct weir_snapshot_reader *r;
	struct weir_str line;
	int found = 0, got = -1;

	line_of(i, fill, &want, &key);
	r = weir_snapshot_seek(dir, file, str(&key), &err);
	while (r != NULL && (got = weir_snapshot_next(r, &line, &err)) == 1) {
		found += line.len == want.len &&
		    memcmp(line.s, want.data, want.len) == 0;
		++*seen;
	}
	weir_snapshot_close(r);
	weir_buf_fini(&want);
	weir_buf_fini(&key);
	return got == 0 ? found : -1;
}

static int
read_all(const char *file, struct weir_error *err)
{
	struct weir_snapshot_reader *r = weir_snapshot_open(dir, file, err);
	struct weir_str line;
	int n = 0, got = -1;

	while (r != NULL && (got = weir_snapshot_next(r, &line, err)) == 1)
		n++;
	weir_snapshot_close(r);
	return got == 0 ? n : -1;
}

static void
test_many(void)
{
	struct weir_error err = {0};
	int bad = 0, found = 0;
	long seen = 0, all = 0;

	ok(write_keys("many.part", 100000, 20) == 1, "100000 keys");
	ok(read_all("many.part", &err) == 100001, "all of them can be read");
	for (int i = 0; i < 100000; i += 97)
		bad += find_key("many.part", i, 20, &seen) != 1;
	ok(bad == 0, "each that was tried is found, once");
	for (int i = 100000; i < 101000; i++)
		found += find_key("many.part", i, 20, &all) != 0;
	ok(found == 0, "no other one is");
	ok(seen / 1031 < 8000, "%ld lines a key were read", seen / 1031);
	ok(all / 1000 < 2500, "and %ld for one that is not there", all / 1000);
}

static void
test_long(void)
{
	struct weir_error err = {0};
	static const size_t fills[] = {
	    262100, 262143 - 30, 262144, 262144 * 2, 1000000};
	int bad = 0;
	long seen = 0;

	for (size_t f = 0; f < sizeof fills / sizeof *fills; f++) {
		write_keys("long.part", 40, fills[f]);
		bad += read_all("long.part", &err) != 41;
		for (int i = 0; i < 40; i++)
			bad += find_key("long.part", i,
				   i % 5 == 4 ? fills[f] : 20, &seen) != 1;
		unlink("long.part");
	}
	ok(bad == 0, "lines longer than a block are found");
	/* At each distance from a block's end. */
	for (size_t fill = 262144 - 400; fill < 262144 + 40; fill++) {
		write_keys("edge.part", 6, fill);
		for (int i = 0; i < 6; i++)
			bad += find_key("edge.part", i, i == 4 ? fill : 20,
				   &seen) != 1;
		unlink("edge.part");
	}
	ok(bad == 0, "and so are lines at the end of one");
}

static void
test_without(void)
{
	struct weir_error err = {0};
	struct weir_trailer t;
	struct weir_buf b;
	int fd;
	long seen = 0;

	write_keys("few.part", 0, 0);
	b = load("few.part");
	fd = open("few.part", O_RDONLY | O_CLOEXEC);
	ok(weir_lz4_trailer(fd, b.len, &t, &err) == 1 && t.index == 0 &&
		b.data[b.len - 44] == 1,
	    "without keys there is no index, and it is version 1");
	ok(find_key("few.part", 1, 20, &seen) == 0 && seen == 1,
	    "all of it is read then");
	close(fd);
	weir_buf_fini(&b);
}

static void
repair(char *s, size_t len)
{
	struct weir_digest d = weir_digest(s, len - 16);

	memcpy(s + len - 16, &d.lo, 8);
	memcpy(s + len - 8, &d.hi, 8);
}

/* The checksum of the index of a part whose trailer begins at `trailer`. */
static void
repair_index(char *s, size_t trailer)
{
	size_t len = (size_t)weir_get64(s + trailer + 32);
	char *index = s + trailer - len;

	weir_put64(index + len - 8, weir_hash64(index, len - 8));
}

static void
test_damage(void)
{
	struct weir_buf b;
	size_t trailer, index;
	int taken = 0, lost = 0;
	long seen = 0;

	write_keys("c.part", 3, 20);
	b = load("c.part");
	trailer = b.len - WEIR_TRAILER;
	index = trailer - (size_t)weir_get64(b.data + trailer + 32);
	for (size_t n = 0; n < b.len; n++) {
		spill("x.part", b.data, n);
		taken += find_key("x.part", 1, 20, &seen) >= 0;
	}
	ok(taken == 0, "no truncation passes");
	for (size_t bit = 15 * 8; bit < trailer * 8; bit++) {
		b.data[bit / 8] ^= (char)(1 << bit % 8);
		spill("x.part", b.data, b.len);
		taken += (bit / 8 >= index || bit / 8 < index - 8) &&
		    find_key("x.part", 1, 20, &seen) >= 0;
		b.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	ok(taken == 0, "no flipped bit of block or index passes");
	for (size_t bit = index * 8; bit < (trailer - 8) * 8; bit++) {
		b.data[bit / 8] ^= (char)(1 << bit % 8);
		repair_index(b.data, trailer);
		repair(b.data, b.len);
		spill("x.part", b.data, b.len);
		lost += find_key("x.part", 1, 20, &seen) == 0;
		b.data[bit / 8] ^= (char)(1 << bit % 8);
		repair_index(b.data, trailer);
	}
	ok(lost > 0 && lost <= 7,
	    "with its checksum repaired, only the key's own 7 bits lose it");
	weir_buf_fini(&b);
}

/* What a hostile index says of a part of one block. */
static void
test_hostile(void)
{
	static const struct {
		int at;
		uint64_t value;
		const char *what;
	} cases[] = {{16, 0, "no blocks"}, {16, UINT64_MAX, "2^64 blocks"},
	    {16, 1u << 30, "more blocks than bytes"},
	    {24, 0, "a block in the header"},
	    {24, UINT64_MAX - 3, "a block far away"},
	    {40, UINT64_MAX, "a filter without end"},
	    {40, 0, "a filter that is too short"}};
	struct weir_buf b = load("c.part");
	size_t trailer = b.len - WEIR_TRAILER;
	char *index =
	    b.data + trailer - (size_t)weir_get64(b.data + trailer + 32);
	long seen = 0;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t was = weir_get64(index + cases[i].at);

		weir_put64(index + cases[i].at, cases[i].value);
		repair_index(b.data, trailer);
		repair(b.data, b.len);
		spill("x.part", b.data, b.len);
		ok(find_key("x.part", 1, 20, &seen) == -1, "%s", cases[i].what);
		weir_put64(index + cases[i].at, was);
	}
	weir_buf_fini(&b);
}

int
main(void)
{
	char path[64];

	scratch_begin(path);
	dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_many();
	test_long();
	test_without();
	test_damage();
	test_hostile();
	close(dir);
	scratch_end(path);
	return done();
}
