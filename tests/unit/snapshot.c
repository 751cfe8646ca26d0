/*
 * Goal: a snapshot reads back as it was written, other tools can open it, and
 * no damaged one is ever taken for whole.
 * Method: round trips; lz4 and jq if they are here; every truncation and every
 * bit flip of a small part, also with its digest repaired.
 */
#define _POSIX_C_SOURCE 200809L
#include "base/hash.h"
#include "base/mem.h"
#include "base/timetext.h"
#include "state/publish.h"
#include "state/snapshot.h"
#include "tests/unit/tap.h"
#include "tests/unit/scratch.h"

#include <signal.h>
#include <sys/resource.h>

static int dir;

/* clang-format off */
static char stage[] = "in/swindow.1", kind[] = "stage", fpr[] = "-w 1m -k host";
/* clang-format on */
static struct weir_snapshot_header head = {.stage = stage,
    .kind = kind,
    .fingerprint = fpr,
    .watermark = 1760000000000000000,
    .checkpoint = 7,
    .epoch = 2};

static int
write_part(const char *file, const char *const *lines, size_t n)
{
	struct weir_error err;
	struct weir_snapshot_writer *w =
	    weir_snapshot_create(dir, file, &head, &err);
	int r = w != NULL;

	for (size_t i = 0; i < n && r == 1; i++)
		r = weir_snapshot_line(w, lines[i], strlen(lines[i]), &err);
	if (r == 1)
		r = weir_snapshot_commit(w, NULL, NULL, &err);
	weir_snapshot_abandon(w);
	return r;
}

/* Read a part to its end: the number of lines, or -1 if it is refused. */
static long
read_part(const char *file, struct weir_error *err)
{
	struct weir_snapshot_reader *r = weir_snapshot_open(dir, file, err);
	struct weir_str line;
	long n = 0;
	int got;

	if (r == NULL)
		return -1;
	while ((got = weir_snapshot_next(r, &line, err)) == 1)
		n++;
	if (got == 0 && weir_snapshot_next(r, &line, err) != 0)
		got = -1;
	weir_snapshot_close(r);
	return got == 0 ? n : -1;
}

static void
test_round_trip(void)
{
	static const char *const lines[] = {
	    "{\"k\":\"a\",\"n\":1}", "[1,2,{\"x\":null}]", "{}"};
	struct weir_snapshot_reader *r;
	const struct weir_snapshot_header *h;
	struct weir_error err = {0};
	struct weir_str line;
	struct weir_digest d;
	uint64_t len = 0;
	struct weir_buf b;

	ok(write_part("a.part", lines, 3) == 1, "write a part");
	ok(write_part("a.part", lines, 3) != 1, "but only once");
	r = weir_snapshot_open(dir, "a.part", &err);
	if (!ok(r != NULL, "open it"))
		return;
	h = weir_snapshot_header(r);
	is_text(h->stage, strlen(h->stage), stage);
	is_text(h->kind, strlen(h->kind), kind);
	is_text(h->fingerprint, strlen(h->fingerprint), fpr);
	ok(h->watermark == head.watermark && h->checkpoint == 7 &&
		h->epoch == 2 && h->entries == 3,
	    "its numbers");
	for (int i = 0; i < 3; i++) {
		ok(weir_snapshot_next(r, &line, &err) == 1, "line %d", i);
		is_text(line.s, line.len, lines[i]);
	}
	ok(weir_snapshot_next(r, &line, &err) == 0, "the end");
	ok(weir_snapshot_next(r, &line, &err) == 0, "and again");
	weir_snapshot_close(r);

	b = load("a.part");
	ok(weir_snapshot_check(dir, "a.part", &len, &d, &err) == 1 &&
		len == b.len,
	    "check says its length");
	ok(memcmp(&d.lo, b.data + len - 16, 8) == 0 &&
		d.hi == weir_digest(b.data, len - 16).hi,
	    "and digest: of all bytes before the last 16");
	weir_buf_fini(&b);
	ok(weir_snapshot_check(dir, "none", &len, &d, &err) == 0, "no part");
	ok(weir_snapshot_open(dir, "none", &err) == NULL &&
		err.status == WEIR_STATE,
	    "%s", err.text);

	head.watermark = WEIR_TIME_NONE;
	ok(write_part("empty.part", NULL, 0) == 1 &&
		read_part("empty.part", &err) == 0,
	    "no lines at all");
	r = weir_snapshot_open(dir, "empty.part", &err);
	ok(r != NULL && weir_snapshot_header(r)->watermark == WEIR_TIME_NONE,
	    "no watermark");
	weir_snapshot_close(r);
	if (shell("command -v lz4 jq >/dev/null") == 0)
		ok(shell("test \"$(lz4 -dc a.part 2>err | jq -c .)\" = "
			 "'{\"weir\":\"snapshot\",\"version\":1,"
			 "\"stage\":\"in/swindow.1\",\"kind\":\"stage\","
			 "\"fingerprint\":\"-w 1m -k host\","
			 "\"watermark\":1760000000000000000,"
			 "\"checkpoint\":7,\"epoch\":2}\n"
			 "{\"k\":\"a\",\"n\":1}\n[1,2,{\"x\":null}]\n{}\n"
			 "{\"end\":true,\"entries\":3}' && test ! -s err"),
		    "lz4 -dc | jq shows it");
}

/* Lines of many lengths, so that they end at every place in a piece. */
static void
test_big(void)
{
	struct weir_error err = {0};
	struct weir_snapshot_writer *w =
	    weir_snapshot_create(dir, "big.part", &head, &err);
	struct weir_snapshot_reader *r;
	char *text = weir_calloc(1, 3 << 20);
	struct weir_str line;
	size_t len;
	int bad = 0;

	memset(text, 'x', 3 << 20);
	memcpy(text, "{\"\":\"", 5);
	for (size_t i = 0; i < 3000; i++) {
		len = i == 1500 ? 3 << 20 : 8 + i * 7919 % 1000;
		memcpy(text + len - 2, "\"}", 2);
		bad += weir_snapshot_line(w, text, len, &err) != 1;
		memcpy(text + len - 2, "xx", 2);
	}
	bad += weir_snapshot_commit(w, NULL, NULL, &err) != 1;
	weir_snapshot_abandon(w);
	r = weir_snapshot_open(dir, "big.part", &err);
	for (size_t i = 0; i < 3000; i++) {
		len = i == 1500 ? 3 << 20 : 8 + i * 7919 % 1000;
		bad += weir_snapshot_next(r, &line, &err) != 1;
		bad += line.len != len || memcmp(line.s, text, len - 2) != 0 ||
		    line.s[len] != '\n';
	}
	bad += weir_snapshot_next(r, &line, &err) != 0;
	weir_snapshot_close(r);
	ok(bad == 0, "3000 lines of 8 bytes to 3 MiB");
	free(text);
}

/* Give damaged bytes a digest (and, if cut, a trailer) that fits. */
static void
repair(char *s, size_t len)
{
	struct weir_digest d = weir_digest(s, len - 16);

	memcpy(s + len - 16, &d.lo, 8);
	memcpy(s + len - 8, &d.hi, 8);
}

static void
test_damage(void)
{
	static const char *const lines[] = {"{\"k\":\"a\"}", "[1]"};
	struct weir_error err = {0};
	struct weir_buf b;
	int taken = 0, wrong = 0, repaired = 0;
	long got;

	write_part("c.part", lines, 2);
	b = load("c.part");
	for (size_t n = 0; n < b.len; n++) {
		spill("x.part", b.data, n);
		taken += read_part("x.part", &err) >= 0;
		wrong += err.status != WEIR_STATE;
	}
	ok(taken == 0, "no truncation is taken for whole (%zu)", b.len);
	ok(wrong == 0 && strstr(err.text, "x.part: ") == err.text,
	    "and all are bad state: %s", err.text);
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		b.data[bit / 8] ^= (char)(1 << bit % 8);
		spill("x.part", b.data, b.len);
		taken += read_part("x.part", &err) >= 0;
		wrong += err.status != WEIR_STATE;
		b.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	ok(taken == 0, "no flipped bit passes");
	ok(wrong == 0, "and all are bad state");
	for (size_t bit = 0; bit < (b.len - 16) * 8; bit++) {
		b.data[bit / 8] ^= (char)(1 << bit % 8);
		repair(b.data, b.len);
		spill("x.part", b.data, b.len);
		got = read_part("x.part", &err);
		repaired += got >= 0 && got != 2;
		b.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	ok(repaired == 0, "with its digest repaired it reads the same or not");
	weir_buf_add(&b, "junk", 4);
	spill("x.part", b.data, b.len);
	ok(read_part("x.part", &err) == -1, "bytes behind: %s", err.text);
	weir_buf_fini(&b);
}

static void
test_refusals(void)
{
	static const char *const lines[] = {"{\"k\":\"a\"}", "[1]"};
	static const char *const notjson[] = {"{\"k\":}"};
	static const char *const notall[] = {"[1]]"};
	static const char *const wrap[] = {"[1],\"a\":[2]"};
	struct weir_error err = {0};
	struct weir_buf b;

	write_part("d.part", lines, 2);
	b = load("d.part");
	b.data[b.len - 44] = 3; /* version */
	repair(b.data, b.len);
	spill("x.part", b.data, b.len);
	ok(read_part("x.part", &err) == -1 && strstr(err.text, "version 3"),
	    "%s", err.text);
	b.data[b.len - 44] = 1;
	b.data[b.len - 32] = 3; /* entries */
	repair(b.data, b.len);
	spill("x.part", b.data, b.len);
	ok(read_part("x.part", &err) == -1, "entries: %s", err.text);
	weir_buf_fini(&b);

	write_part("e.part", notjson, 1);
	ok(read_part("e.part", &err) == -1, "%s", err.text);
	write_part("f.part", notall, 1);
	ok(read_part("f.part", &err) == -1, "]]: %s", err.text);
	write_part("g.part", wrap, 1);
	ok(read_part("g.part", &err) == -1, "two values: %s", err.text);
	ok(symlink("d.part", "l.part") == 0 && read_part("l.part", &err) == -1,
	    "%s", err.text);
	ok(mkfifo("f", 0600) == 0 && read_part("f", &err) == -1, "%s",
	    err.text);
	ok(weir_snapshot_mismatch(&head, "-w 5m", NULL, &err) == -1 &&
		err.status == WEIR_STATE && strstr(err.text, "-w 1m") &&
		strstr(err.text, "-w 5m"),
	    "both fingerprints are shown");
}

static void
test_full(void)
{
	struct rlimit was, small;
	struct weir_error err = {0};
	struct weir_snapshot_writer *w;
	char line[4096];
	uint64_t r = 88172645463325252u;
	int got = 1;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	small = was;
	small.rlim_cur = 500000;
	setrlimit(RLIMIT_FSIZE, &small);
	w = weir_snapshot_create(dir, "full.part", &head, &err);
	for (int i = 0; i < 1000 && got == 1; i++) {
		line[0] = '[';
		line[1] = '"';
		for (size_t k = 2; k < 4000; k++) {
			r ^= r << 13;
			r ^= r >> 7;
			r ^= r << 17;
			line[k] = "0123456789abcdef"[r >> 33 & 15];
		}
		memcpy(line + 4000, "\"]", 2);
		got = weir_snapshot_line(w, line, 4002, &err);
	}
	ok(got == -1 && err.status == WEIR_SYSTEM, "no room: %s", err.text);
	weir_snapshot_abandon(w);
	setrlimit(RLIMIT_FSIZE, &was);
	ok(shell("test -z \"$(ls -A | grep -e full -e tmp)\"") == 0,
	    "nothing is left");
}

int
main(void)
{
	char path[64];

	scratch_begin(path);
	dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_round_trip();
	test_big();
	test_damage();
	test_refusals();
	test_full();
	close(dir);
	scratch_end(path);
	return done();
}
