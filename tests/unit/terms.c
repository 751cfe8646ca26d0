/*
 * Goal: what has changed between two lists of options is told, and told apart
 * from aggregates. Method: pairs of lists, one line each; a part's header gives
 * its terms back.
 */
#define _POSIX_C_SOURCE 200809L
#include "state/snapshot.h"
#include "tests/unit/tap.h"
#include "tests/unit/scratch.h"

/* Terms out of a text with a bar between them. */
static struct weir_terms
terms(const char *text)
{
	struct weir_terms t = {0};
	struct weir_buf b = {0};

	for (; *text != '\0'; text += strspn(text, "|")) {
		size_t len = strcspn(text, "|");

		b.len = 0;
		weir_buf_add(&b, text, len);
		weir_terms_add(&t, "", &b, 0);
		text += len;
	}
	weir_buf_fini(&b);
	return t;
}

static const struct {
	const char *saved, *now, *told;
	int same;
} cases[] = {{"-w 1m", "-w 1m", "", 1},
    {"-w 1m|count()", "-w 5m|count()", "saved with -w 1m, now -w 5m", 0},
    {"-w 1m|-k a|count()", "-w 1m|count()", "saved with -k a, now without", 0},
    {"-w 1m|count()", "-w 1m|count()|--lateness=5s",
	"saved without --lateness=5s", 0},
    {"-w 1m|count()|sum(x)", "-w 1m|sum(x)|max(y)",
	"saved with count(), now without; saved without max(y)", 1},
    {"-w 1m|a()|--lateness=1s", "-w 1m|b()|c()|--lateness=2s",
	"saved with a(), now without; saved with --lateness=1s, now "
	"--lateness=2s; saved without b(); saved without c()",
	0},
    {"-w \033[1m", "-w 1m", "saved with -w \\x1b[1m, now -w 1m", 0},
    {"", "-w 1m", "saved without -w 1m", 0}, {"", "", "", 1}};

static void
test_part(void)
{
	static char s[] = "in/swindow.1", kind[] = "stage", print[] = "x";
	struct weir_terms t = terms("-w 1m|count()|\"\\");
	struct weir_snapshot_header h = {
	    .stage = s, .kind = kind, .fingerprint = print, .terms = &t};
	struct weir_snapshot_reader *r;
	struct weir_snapshot_writer *w;
	struct weir_error err = {0};
	const struct weir_terms *got;
	int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	w = weir_snapshot_create(dir, "t.part", &h, &err);
	ok(weir_snapshot_commit(w, NULL, NULL, &err) == 1, "a part");
	weir_snapshot_abandon(w);
	r = weir_snapshot_open(dir, "t.part", &err);
	got = weir_snapshot_header(r)->terms;
	ok(got->n == 3, "its three terms");
	for (size_t i = 0; i < got->n; i++)
		is_text(got->term[i], strlen(got->term[i]), t.term[i]);
	weir_snapshot_close(r);
	weir_terms_fini(&t);
	close(dir);
}

int
main(void)
{
	char path[64];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct weir_terms a = terms(cases[i].saved),
				  b = terms(cases[i].now);
		struct weir_buf out = {0};

		weir_terms_compare(&out, &a, &b);
		is_text(weir_buf_cstr(&out), out.len, cases[i].told);
		ok(weir_terms_same_options(&a, &b) == cases[i].same,
		    "the options are %s", cases[i].same ? "the same" : "not");
		weir_buf_fini(&out);
		weir_terms_fini(&a);
		weir_terms_fini(&b);
	}
	scratch_begin(path);
	test_part();
	scratch_end(path);
	return done();
}
