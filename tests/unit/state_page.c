/*
 * The worked example of weir-state(5) must be a part that the reader takes, and
 * what the writer writes but for the compressor's choices. The bytes are taken
 * from the page, line by line: four hex digits of offset, two blanks, the bytes;
 * two blanks end them.
 */
#define _GNU_SOURCE
#include "tests/unit/tap.h"
#include "tests/unit/scratch.h"
#include "base/hash.h"
#include "state/lz4.h"
#include "state/snapshot.h"

#include <ctype.h>

#define PAGE "man/weir-state.5"

static struct weir_error err;

/* The hex dump of the page; its lines must count on. */
static struct weir_buf
dump(void)
{
	struct weir_buf b = {0};
	FILE *f = fopen(PAGE, "re");
	char line[256];

	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		char *s = line;

		if (strspn(s, "0123456789abcdef") != 4 || s[4] != ' ' ||
		    s[5] != ' ')
			continue;
		if (strtoul(s, &s, 16) != b.len)
			printf("# odd offset: %s", line);
		for (s += 2; isxdigit((unsigned char)*s);
		     s += s[2] == ' ' ? 3 : 2)
			weir_buf_putc(&b, (char)strtoul(s, NULL, 16));
	}
	if (f != NULL)
		fclose(f);
	return b;
}

/* Does the page say this? */
static int
page_has(const struct weir_buf *page, const char *text)
{
	return memmem(page->data, page->len, text, strlen(text)) != NULL;
}

int
main(void)
{
	struct weir_buf page = load(PAGE), b = dump(), mine;
	struct weir_snapshot_header header;
	struct weir_snapshot_reader *r;
	struct weir_snapshot_writer *w;
	struct weir_digest d;
	struct weir_str line;
	char path[64], hex[33];
	uint64_t len;
	int dir;

	scratch_begin(path);
	dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok(b.len == 259, "259 bytes");
	spill("page.part", b.data, b.len);
	r = weir_snapshot_open(dir, "page.part", &err);
	if (!ok(r != NULL, "the reader takes them"))
		return done();
	header = *weir_snapshot_header(r);
	is_text(header.stage, strlen(header.stage), "in/swindow.1");
	is_text(header.kind, strlen(header.kind), "stage");
	is_text(header.fingerprint, strlen(header.fingerprint), "-w 1m");
	ok(header.watermark == 1767225660000000000 && header.checkpoint == 3 &&
		header.epoch == 1 && header.entries == 1,
	    "its numbers");
	ok(weir_snapshot_next(r, &line, &err) == 1, "one line");
	is_text(line.s, line.len, "[\"a\",1]");
	ok(page_has(&page, "\n[\"a\",1]\n"), "which the page shows");
	ok(weir_snapshot_next(r, &line, &err) == 0, "no more");

	w = weir_snapshot_create(dir, "mine.part", &header, &err);
	ok(weir_snapshot_line(w, "[\"a\",1]", 7, &err) == 1 &&
		weir_snapshot_commit(w, NULL, NULL, &err) == 1,
	    "write the same");
	weir_snapshot_abandon(w);
	weir_snapshot_close(r);
	mine = load("mine.part");
	ok(mine.len > 15 + WEIR_TRAILER && memcmp(mine.data, b.data, 15) == 0,
	    "it begins as the page says");
	ok(memcmp(mine.data + mine.len - WEIR_TRAILER,
	       b.data + b.len - WEIR_TRAILER, 16) == 0,
	    "so does its trailer");
	ok(memcmp(mine.data + mine.len - WEIR_TRAILER - 4,
	       b.data + b.len - WEIR_TRAILER - 4, 4) == 0,
	    "and its content has the same checksum");

	ok(weir_snapshot_check(dir, "page.part", &len, &d, &err) == 1 &&
		len == b.len,
	    "check");
	weir_digest_print(d, hex);
	ok(page_has(&page, hex), "the page gives its digest, %s", hex);
	d = weir_digest(b.data, b.len - 16);
	weir_digest_print(d, hex);
	ok(page_has(&page, hex), "which is that of all bytes before");

	weir_buf_fini(&mine);
	weir_buf_fini(&b);
	weir_buf_fini(&page);
	close(dir);
	scratch_end(path);
	return done();
}
