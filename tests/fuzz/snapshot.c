/*
 * Goal: no file in a state directory, however hostile, makes its reader step
 * outside it, and what is accepted survives being written and read again.
 * Method: the first byte says what the rest is: a part as it is; an LZ4 frame
 * that gets a trailer; a part's text that is compressed; a part with an index of
 * keys in which bytes are changed; or a manifest or job file that gets its
 * digest, or does not. Checksums over what was changed are made right.
 */
#define _GNU_SOURCE
#include "base/hash.h"
#include "base/mem.h"
#include "event/wire.h"
#include "state/dir.h"
#include "state/lz4.h"
#include "state/publish.h"
#include "state/record.h"
#include "state/snapshot.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_PAD 1000 /* so that lines are in several blocks */
#define LINES	 600
#define EDITS	 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[64];
static struct weir_dir dir;
static int cp_fd = -1;
static const struct weir_cp cp = {1, 1};

static void
must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "snapshot: %s\n", what);
	abort();
}

static void
clean(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", root);
	must(system(command) == 0, command);
}

/* A state directory with one checkpoint, where no disk slows us down. */
static void
begin(void)
{
	struct weir_error err = {0};

	if (root[0] != '\0')
		return;
	snprintf(root, sizeof root, "%s/weir-fuzz.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(root) != NULL, root);
	atexit(clean);
	must(weir_dir_open(&dir, root, true, &err) == 1, err.text);
	cp_fd = weir_cp_create(&dir, cp, &err);
	must(cp_fd >= 0, err.text);
}

static void
put(int at, const char *name, const void *data, size_t size)
{
	int fd = openat(at, name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && weir_write_all(fd, data, size) == 1, name);
	close(fd);
}

/* Read a part to its end and, if it is whole, write it again. */
static void
read_part(void)
{
	struct weir_error err = {0};
	struct weir_snapshot_reader *r =
	    weir_snapshot_open(cp_fd, "x.part", &err);
	struct weir_snapshot_writer *w;
	struct weir_str line;
	uint64_t n = 0;
	int got;

	if (r == NULL) {
		must(err.status == WEIR_STATE, err.text);
		return;
	}
	w = weir_snapshot_create(
	    cp_fd, "y.part", weir_snapshot_header(r), &err);
	must(w != NULL, err.text);
	while ((got = weir_snapshot_next(r, &line, &err)) == 1) {
		must(line.s[line.len] == '\n', "newline behind a line");
		must(weir_snapshot_line(w, line.s, line.len, &err) == 1,
		    err.text);
		n++;
	}
	must(got == 0 || err.status == WEIR_STATE, err.text);
	must(got != 0 || n == weir_snapshot_header(r)->entries, "entries");
	weir_snapshot_close(r);
	if (got == 0) {
		must(weir_snapshot_commit(w, NULL, NULL, &err) == 1, err.text);
		r = weir_snapshot_open(cp_fd, "y.part", &err);
		must(r != NULL, err.text);
		while (weir_snapshot_next(r, &line, &err) == 1)
			n--;
		must(n == 0, "as many lines again");
		weir_snapshot_close(r);
		unlinkat(cp_fd, "y.part", 0);
	}
	weir_snapshot_abandon(w);
}

/* Behind the frame the trailer that weir-state(5) asks for. */
static void
put_framed(const uint8_t *data, size_t size)
{
	static const char head[] = "\x50\x2a\x4d\x18\x30\0\0\0weir\1\0\0\0";
	struct weir_buf b = {0};
	struct weir_digest d;
	uint64_t le[3] = {size, size > 0 ? data[size - 1] % 4 : 0, 0};

	weir_buf_add(&b, data, size);
	weir_buf_add(&b, head, 16);
	weir_buf_add(&b, le, sizeof le);
	d = weir_digest(b.data, b.len);
	weir_buf_add(&b, &d, sizeof d);
	put(cp_fd, "x.part", b.data, b.len);
	weir_buf_fini(&b);
}

static void
put_compressed(const uint8_t *data, size_t size)
{
	struct weir_error err = {0};
	struct weir_lz4_writer *w;
	struct weir_trailer t;
	uint64_t len;
	size_t lines = 0;
	int fd = openat(cp_fd, "x.part", O_RDWR | O_CREAT | O_TRUNC, 0600);

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	w = weir_lz4_begin(fd, &err);
	must(w != NULL && weir_lz4_add(w, data, size, &err) == 1 &&
		weir_lz4_end(w, lines < 2 ? 0 : lines - 2, &t, &len, &err) == 1,
	    err.text);
	weir_lz4_free(w);
	close(fd);
}

/* --- a part with an index of keys: of a line it is its byte --- */

static void
put_keyed(const uint8_t *data, size_t size)
{
	char stage[] = "x", kind[] = "stage", none[] = "";
	struct weir_snapshot_header h = {.stage = stage,
	    .kind = kind,
	    .fingerprint = none,
	    .checkpoint = 1,
	    .epoch = 1};
	struct weir_error err = {0};
	struct weir_snapshot_writer *w;
	char line[LINE_PAD + 40], key[2] = "";

	unlinkat(cp_fd, "x.part", 0);
	w = weir_snapshot_create(cp_fd, "x.part", &h, &err);
	must(w != NULL, err.text);
	for (size_t i = 0; i < size; i++) {
		int len =
		    snprintf(line, sizeof line, "{\"k\":%d,\"p\":\"%0*zu\"}",
			data[i] % 8, LINE_PAD, i * 7919);

		key[0] = (char)('a' + data[i] % 8);
		must(weir_snapshot_keyed_line(
			 w, weir_str(key), line, (size_t)len, &err) == 1,
		    err.text);
	}
	must(weir_snapshot_commit(w, NULL, NULL, &err) == 1, err.text);
	weir_snapshot_abandon(w);
}

static struct weir_buf
part_bytes(void)
{
	int fd = openat(cp_fd, "x.part", O_RDONLY);
	struct weir_buf b = {0};
	struct stat sb;

	must(fd >= 0 && fstat(fd, &sb) == 0, "a part");
	weir_buf_reserve(&b, (size_t)sb.st_size);
	b.len = (size_t)sb.st_size;
	must(read(fd, b.data, b.len) == (ssize_t)b.len, "read the part");
	close(fd);
	return b;
}

/* Change bytes of the index, or of the blocks; then sums are right again. */
static void
edit(struct weir_buf *b, const uint8_t *edits, size_t n)
{
	char *trailer = b->data + b->len - WEIR_TRAILER;
	size_t frame = (size_t)weir_get64(trailer + 16);
	size_t len = (size_t)weir_get64(trailer + 32);
	char *index = b->data + frame, *first = index + 24;
	struct weir_digest d;

	if (len == 0)
		return;
	for (; n > 0; n--, edits += 3) {
		size_t at = (size_t)edits[0] << 8 | edits[1];

		if (at & 0x8000)
			b->data[(at & 0x7FFF) % frame] ^= (char)edits[2];
		else
			index[at % (len - 8)] ^= (char)edits[2];
	}
	/* the first block, if its entry still says where it is */
	if (weir_get64(first) == WEIR_LZ4_HEADER && weir_get64(index + 16) == 1)
		weir_put64(first + 8,
		    weir_hash64(b->data + WEIR_LZ4_HEADER,
			frame - WEIR_LZ4_HEADER - 8));
	weir_put64(index + len - 8, weir_hash64(index, len - 8));
	d = weir_digest(b->data, b->len - 16);
	weir_put64(trailer + 40, d.lo);
	weir_put64(trailer + 48, d.hi);
	put(cp_fd, "x.part", b->data, b->len);
}

/* How many lines of the key there are; whole: nothing was changed. */
static void
seek_key(uint8_t key, size_t want, bool whole)
{
	char name[2] = {(char)('a' + key), '\0'}, start[16];
	struct weir_error err = {0};
	struct weir_snapshot_reader *r =
	    weir_snapshot_seek(cp_fd, "x.part", weir_str(name), &err);
	struct weir_str line;
	size_t n = 0;
	int got = -1;

	snprintf(start, sizeof start, "{\"k\":%d,", key);
	while (r != NULL && (got = weir_snapshot_next(r, &line, &err)) == 1)
		n += line.len >= strlen(start) &&
		    memcmp(line.s, start, strlen(start)) == 0;
	weir_snapshot_close(r);
	must(got == 0 || err.status == WEIR_STATE, err.text);
	must(!whole || (got == 0 && n == want), "all lines of the key");
}

static void
look_up(const uint8_t *data, size_t size)
{
	size_t n = data[0] % EDITS, want = 0;
	const uint8_t *lines = data + 1 + 3 * n;
	struct weir_buf b;
	uint8_t key;

	if (size < 2 + 3 * n || size - 1 - 3 * n > LINES)
		return;
	size -= 1 + 3 * n;
	key = lines[0] % 8;
	for (size_t i = 0; i < size; i++)
		want += lines[i] % 8 == key;
	put_keyed(lines, size);
	b = part_bytes();
	edit(&b, data + 1, n);
	weir_buf_fini(&b);
	seek_key(key, want, n == 0);
	seek_key(7 - key, 0, false);
}

static void
read_manifest(void)
{
	struct weir_error err = {0};
	struct weir_manifest m;
	int got = weir_manifest_load(&dir, cp, &m, &err);

	must(got == 1 || err.status == WEIR_STATE, err.text);
	if (got != 1)
		return;
	for (size_t i = 0; i < m.nsinks; i++)
		must(weir_sink_committed(&m.sinks[i]) >= m.sinks[i].base,
		    "lengths");
	weir_manifest_verify(&dir, &m, &err);
	unlinkat(cp_fd, "MANIFEST", 0);
	must(weir_manifest_save(&dir, &m, &err) == 1, err.text);
	weir_manifest_fini(&m);
	must(weir_manifest_load(&dir, cp, &m, &err) == 1, err.text);
	weir_manifest_fini(&m);
}

static void
read_job(void)
{
	struct weir_error err = {0};
	struct weir_job job;
	int got = weir_job_load(&dir, &job, &err);

	must(got == 1 || err.status == WEIR_STATE, err.text);
	if (got != 1)
		return;
	must(weir_job_save(&dir, &job, &err) == 1, err.text);
	weir_job_fini(&job);
	must(weir_job_load(&dir, &job, &err) == 1, err.text);
	weir_job_fini(&job);
}

static void
put_sealed(int at, const char *name, const uint8_t *data, size_t size)
{
	struct weir_buf b = {0};

	weir_buf_add(&b, data, size);
	weir_record_seal(&b);
	put(at, name, b.data, b.len);
	weir_buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	begin();
	if (size == 0)
		return 0;
	size--;
	switch (*data++) {
	case 'r':
		put(cp_fd, "x.part", data, size);
		read_part();
		break;
	case 'f':
		put_framed(data, size);
		read_part();
		break;
	case 't':
		if (size == 0)
			break; /* LZ4 does not say the size of nothing */
		put_compressed(data, size);
		read_part();
		break;
	case 'k':
		if (size > 0)
			look_up(data, size);
		break;
	case 'm':
		put_sealed(cp_fd, "MANIFEST", data, size);
		read_manifest();
		break;
	case 'M':
		put(cp_fd, "MANIFEST", data, size);
		read_manifest();
		break;
	case 'j':
		put_sealed(dir.fd, "job", data, size);
		read_job();
		break;
	default: break;
	}
	return 0;
}
