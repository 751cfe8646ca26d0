/*
 * Goal: the committer commits when, and only when, every sink has answered and
 * every part that they list is whole; gives up cleanly otherwise; and ends.
 * Method: a real state directory, parts written as stages would, reports fed
 * in every order that matters; orders, manifests and the visible file watched.
 */
#define _GNU_SOURCE
#include <string.h>

#include "tests/unit/scratch.h"
#include "tests/unit/tap.h"

#include "base/mem.h"
#include "event/control.h"
#include "state/publish.h"
#include "state/snapshot.h"
#include "stream/commit.h"
#include "stream/recover.h"
#include "stream/sinkpart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVERY 1000

struct world {
	char base[64], visible[128], dirpath[128];
	struct weir_dir dir;
	struct weir_job job;
	struct weir_manifest restored;
	struct weir_committer *c;
	const char *sink, *path; /* whose part write_sink() writes */
	char orders[512], warnings[2048];
	int64_t now;
};

static int
order(void *ctx, const char *line, struct weir_error *err)
{
	struct world *w = ctx;

	(void)err;
	snprintf(w->orders + strlen(w->orders),
	    sizeof w->orders - strlen(w->orders), "%s;", line);
	return 1;
}

static void
warn(void *ctx, const char *text)
{
	struct world *w = ctx;

	snprintf(w->warnings + strlen(w->warnings),
	    sizeof w->warnings - strlen(w->warnings), "%s\n", text);
}

/* Does the world say so since we last looked? */
static int
ordered(struct world *w, const char *want)
{
	int same = strcmp(w->orders, want) == 0;

	if (!same)
		printf("# orders: %s\n", w->orders);
	w->orders[0] = '\0';
	return same;
}

static const char *
slurp(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd == -1 ? -1 : read(fd, text, sizeof text - 1);

	if (fd != -1)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? "(none)" : text;
}

static void
start(struct world *w, const char *const *drop, size_t ndrop, size_t keep)
{
	struct weir_commit_config c = {.dir = &w->dir,
	    .job = &w->job,
	    .every_ns = EVERY,
	    .keep = keep,
	    .drop = drop,
	    .ndrop = ndrop,
	    .order = order,
	    .warn = warn,
	    .ctx = w};
	struct weir_error err = {0};
	int r;

	ok(weir_dir_open(&w->dir, w->dirpath, true, &err) == 1 &&
		weir_dir_lead(&w->dir, &err) == 1,
	    "lead %s", err.text);
	r = weir_recover(&w->dir, &w->job, &w->restored, &c.next, NULL, &err);
	ok(r >= 0, "recover %s", err.text);
	c.restored = r == 1 ? &w->restored : NULL;
	w->c = weir_committer_new(&c, w->now, &err);
	ok(w->c != NULL, "committer %s", err.text);
}

static void
stop(struct world *w)
{
	weir_committer_free(w->c);
	w->c = NULL;
	weir_manifest_fini(&w->restored);
	w->restored = (struct weir_manifest){0};
	weir_dir_close(&w->dir);
	w->orders[0] = w->warnings[0] = '\0';
}

static void
begin(struct world *w, int free_sink)
{
	*w = (struct world){.now = 1000000};
	scratch_begin(w->base);
	snprintf(w->visible, sizeof w->visible, "%s/visible", w->base);
	snprintf(w->dirpath, sizeof w->dirpath, "%s/state", w->base);
	close(open(w->visible, O_CREAT | O_WRONLY, 0600));
	w->sink = "out";
	w->path = w->visible;
	w->job.id = weir_strdup("job");
	w->job.nsources = 1;
	w->job.source_names = weir_calloc(1, sizeof(char *));
	w->job.source_paths = weir_calloc(1, sizeof(char *));
	w->job.source_names[0] = weir_strdup("in");
	w->job.source_paths[0] = weir_strdup("/in");
	if (free_sink)
		return;
	w->job.nsinks = 1;
	w->job.sinks = weir_calloc(1, sizeof *w->job.sinks);
	w->job.sinks[0].name = weir_strdup("out");
	w->job.sinks[0].path = weir_strdup(w->visible);
}

static void
finish(struct world *w)
{
	stop(w);
	weir_job_fini(&w->job);
	scratch_end(w->base);
}

static int
say(struct world *w, const char *line)
{
	struct weir_error err = {0};
	int r = weir_committer_report(w->c, line, w->now, &err);

	if (r == -1)
		warn(w, err.text);
	return r;
}

static int
tick(struct world *w, int64_t later)
{
	struct weir_error err = {0};

	w->now += later;
	return weir_committer_tick(w->c, w->now, &err);
}

/* As a stage would: its part of checkpoint n. */
static void
write_part(struct world *w, uint64_t n, const char *stage)
{
	char kind[] = "stage", print[] = "", *name = weir_strdup(stage);
	struct weir_snapshot_header h = {.stage = name,
	    .kind = kind,
	    .fingerprint = print,
	    .checkpoint = n,
	    .epoch = w->dir.epoch};
	struct weir_cp cp = {n, w->dir.epoch};
	struct weir_error err = {0};
	struct weir_snapshot_writer *sw;
	char *file = weir_part_name(stage);
	int fd = weir_cp_open(&w->dir, cp, &err);

	sw = weir_snapshot_create(fd, file, &h, &err);
	ok(sw != NULL && weir_snapshot_line(sw, "{\"a\":1}", 7, &err) == 1 &&
		weir_snapshot_commit(sw, NULL, NULL, &err) == 1,
	    "part of %s %s", stage, err.text);
	weir_snapshot_abandon(sw);
	close(fd);
	free(file);
	free(name);
}

/* As the sink would: pending files (text by text) and its part. */
static void
write_sink(struct world *w, uint64_t n, const char *const *texts,
    const uint64_t *numbers, size_t ntexts, const char *const *stages)
{
	char *stage = weir_strdup(w->sink), kind[] = "sink", print[] = "";
	char *part = weir_part_name(w->sink);
	struct weir_snapshot_header h = {.stage = stage,
	    .kind = kind,
	    .fingerprint = print,
	    .checkpoint = n,
	    .epoch = w->dir.epoch};
	struct weir_cp cp = {n, w->dir.epoch};
	struct weir_sinkpart p = {.path = weir_strdup(w->path)};
	struct weir_error err = {0};
	struct weir_snapshot_writer *sw;
	int fd = weir_cp_open(&w->dir, cp, &err);
	int out = weir_out_open(&w->dir, &err);

	for (size_t i = 0; i < ntexts; i++) {
		size_t len = strlen(texts[i]);
		char name[64];

		snprintf(name, sizeof name, "%s.%d.%d", w->sink,
		    (int)numbers[i], (int)w->dir.epoch);
		if (faccessat(out, name, F_OK, 0) == -1)
			weir_publish(out, name, texts[i], len, &err);
		weir_sinkpart_add(&p, name, len, weir_digest(texts[i], len));
	}
	for (; *stages != NULL; stages++) {
		char *file = weir_part_name(*stages);

		weir_parts_add(&p.parts, *stages, file);
		free(file);
	}
	sw = weir_snapshot_create(fd, part, &h, &err);
	ok(sw != NULL &&
		weir_snapshot_line(sw, "{\"metrics\":{}}", 14, &err) == 1 &&
		weir_sinkpart_save(&p, sw, &err) == 1 &&
		weir_snapshot_commit(sw, NULL, NULL, &err) == 1,
	    "part of the sink %s", err.text);
	weir_snapshot_abandon(sw);
	weir_sinkpart_fini(&p);
	free(stage);
	free(part);
	close(fd);
	close(out);
}

static const char *const both[] = {"in", "in/swindow.1", NULL};

/* A whole checkpoint n, with text for the sink. */
static int
checkpoint(struct world *w, uint64_t n, const char *text)
{
	char line[64];

	write_part(w, n, "in");
	write_part(w, n, "in/swindow.1");
	write_sink(w, n, &text, &n, text != NULL, both);
	snprintf(line, sizeof line, "part %d in.part", (int)n);
	say(w, line);
	snprintf(line, sizeof line, "part %d in%%2Fswindow.1.part", (int)n);
	say(w, line);
	snprintf(line, sizeof line, "part %d out.part", (int)n);
	return say(w, line);
}

static size_t
count_committed(struct world *w)
{
	struct weir_cp *cps = NULL;
	struct weir_manifest m;
	size_t n = 0, found = 0;

	weir_cp_list(&w->dir, &cps, &n, NULL);
	for (size_t i = 0; i < n; i++)
		if (weir_manifest_load(&w->dir, cps[i], &m, NULL) == 1) {
			weir_manifest_fini(&m);
			found++;
		}
	free(cps);
	return found;
}

static void
test_commits(void)
{
	struct world w;

	begin(&w, 0);
	start(&w, NULL, 0, 2);
	ok(tick(&w, 10 * EVERY) == 1 && ordered(&w, ""),
	    "an idle job takes no checkpoint");
	ok(weir_committer_due(w.c) == INT64_MAX, "and waits for a report");
	say(&w, "active in");
	ok(weir_committer_due(w.c) <= w.now && tick(&w, 0) == 1 &&
		ordered(&w, "barrier 1;"),
	    "an event after a long silence: at once");
	say(&w, "active in");
	ok(tick(&w, 10 * EVERY) == 1 && ordered(&w, ""), "one in flight");
	ok(checkpoint(&w, 1, "a\n") == 1, "all have answered");
	is_text(slurp(w.visible), strlen(slurp(w.visible)), "a\n");
	ok(weir_committer_commits(w.c) == 1, "counted");
	ok(tick(&w, 0) == 1 && ordered(&w, "barrier 2;"), "the next");
	checkpoint(&w, 2, NULL);
	ok(weir_committer_commits(w.c) == 2, "nothing new is a commit, too");
	for (uint64_t n = 3; n < 6; n++) {
		say(&w, "active in");
		tick(&w, EVERY);
		checkpoint(&w, n, "b\n");
	}
	is_text(slurp(w.visible), strlen(slurp(w.visible)), "a\nb\nb\nb\n");
	ok(count_committed(&w) == 2, "two are kept");
	ok(tick(&w, EVERY) == 1 &&
		ordered(&w, "barrier 3;barrier 4;barrier 5;"),
	    "and then it is idle");
	finish(&w);
}

/* Whatever comes last makes the commit. */
static void
test_orders(void)
{
	static const char *const lines[] = {
	    "part 1 in.part", "part 1 in%2Fswindow.1.part", "part 1 out.part"};
	static const int orders[][3] = {
	    {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	const char *text = "x\n";
	uint64_t one = 1;

	for (size_t i = 0; i < 6; i++) {
		struct world w;

		begin(&w, 0);
		start(&w, NULL, 0, 2);
		say(&w, "active in");
		tick(&w, EVERY);
		write_part(&w, 1, "in");
		write_part(&w, 1, "in/swindow.1");
		write_sink(&w, 1, &text, &one, 1, both);
		say(&w, lines[orders[i][0]]);
		say(&w, lines[orders[i][0]]); /* twice does no harm */
		say(&w, lines[orders[i][1]]);
		ok(weir_committer_commits(w.c) == 0 &&
			strcmp(slurp(w.visible), "") == 0,
		    "two of three are not enough");
		say(&w, lines[orders[i][2]]);
		ok(weir_committer_commits(w.c) == 1 &&
			strcmp(slurp(w.visible), "x\n") == 0,
		    "the third commits");
		finish(&w);
	}
}

static void
test_abandons(void)
{
	const char *texts[] = {"first\n", "second\n"};
	uint64_t numbers[] = {1, 2};
	struct world w;
	struct weir_cp cp = {1, 1};
	int fd;

	begin(&w, 0);
	start(&w, NULL, 0, 2);
	say(&w, "active in");
	tick(&w, EVERY);
	fd = weir_cp_open(&w.dir, cp, NULL);
	weir_publish(fd, "in%2Fswindow.1.failed", "{\"error\":\"disk full\"}\n",
	    22, NULL);
	close(fd);
	say(&w, "failed 1 in%2Fswindow.1.failed");
	ok(weir_committer_abandoned(w.c) == 0, "it waits for the sink");
	write_part(&w, 1, "in");
	say(&w, "part 1 in.part");
	write_sink(&w, 1, texts, numbers, 1, both);
	ok(say(&w, "part 1 out.part") == 1 &&
		weir_committer_abandoned(w.c) == 1 &&
		weir_committer_commits(w.c) == 0,
	    "a part that failed abandons it");
	ok(strstr(w.warnings, "disk full") != NULL, "and says why");
	ok(strcmp(slurp(w.visible), "") == 0, "nothing is visible");
	ok(tick(&w, EVERY) == 1 && ordered(&w, "barrier 1;barrier 2;"),
	    "the next one is asked for, even without an event");
	say(&w, "part 1 in%2Fswindow.1.part");
	write_part(&w, 2, "in");
	write_part(&w, 2, "in/swindow.1");
	write_sink(&w, 2, texts, numbers, 2, both);
	say(&w, "part 2 in.part");
	say(&w, "part 2 in%2Fswindow.1.part");
	say(&w, "part 2 out.part");
	ok(weir_committer_commits(w.c) == 1, "the next one commits");
	is_text(slurp(w.visible), strlen(slurp(w.visible)), "first\nsecond\n");

	say(&w, "active in");
	tick(&w, EVERY);
	write_part(&w, 3, "in");
	write_sink(&w, 3, texts, numbers, 0, both);
	say(&w, "part 3 in.part");
	say(&w, "part 3 in%2Fswindow.1.part"); /* a lie: it is not there */
	say(&w, "part 3 out.part");
	ok(weir_committer_abandoned(w.c) == 2, "a part that is not there");

	say(&w, "active in");
	tick(&w, EVERY);
	ok(say(&w, "failed 4 out.failed") == 1 &&
		weir_committer_abandoned(w.c) == 3,
	    "the sink's own part");
	ok(say(&w, "broken out: fsync") == -1, "output that is not durable");
	finish(&w);
}

static void
test_ends(void)
{
	struct world w;

	begin(&w, 0);
	start(&w, NULL, 0, 2);
	say(&w, "active in");
	tick(&w, EVERY);
	say(&w, "eof in complete");
	ok(tick(&w, EVERY) == 1 && ordered(&w, "barrier 1;"),
	    "the end waits for what is in flight");
	ok(!weir_committer_ending(w.c), "and is not yet");
	checkpoint(&w, 1, "a\n");
	ok(tick(&w, 0) == 1 && ordered(&w, "end 2 complete;"), "then it comes");
	ok(weir_committer_ending(w.c) && !weir_committer_done(w.c), "ending");
	ok(checkpoint(&w, 2, "b\n") == 1 && weir_committer_done(w.c), "done");
	is_text(slurp(w.visible), strlen(slurp(w.visible)), "a\nb\n");
	ok(tick(&w, 10 * EVERY) == 1 && ordered(&w, ""), "nothing more");
	stop(&w);
	start(&w, NULL, 0, 2);
	ok(w.restored.final == 1 + WEIR_COMPLETE && w.restored.cp.n == 2,
	    "the end is what is recovered");
	finish(&w);

	begin(&w, 0);
	start(&w, NULL, 0, 2);
	say(&w, "eof in paused");
	ok(tick(&w, 0) == 1 && ordered(&w, "end 1 suspended;"), "--once");
	ok(say(&w, "failed 1 out.failed") == -1,
	    "the last one cannot be given up");
	finish(&w);

	begin(&w, 0);
	start(&w, NULL, 0, 2);
	weir_committer_drain(w.c);
	ok(tick(&w, 0) == 1 && ordered(&w, "end 1 suspended;"), "a drain");
	finish(&w);
}

static void
test_claims(void)
{
	const char *drop[] = {"in/swindow.1"};
	struct world w;

	begin(&w, 0);
	start(&w, NULL, 0, 2);
	say(&w, "active in");
	tick(&w, EVERY);
	checkpoint(&w, 1, "a\n");
	for (int pass = 0; pass < 3; pass++) {
		char line[64];
		int n = pass + 2;
		const char *none[] = {"in", NULL};

		stop(&w);
		start(&w, drop, pass == 1, 9);
		say(&w, "restored in in.part");
		if (pass == 2)
			say(&w, "restored in/swindow.1 in%2Fswindow.1.part");
		say(&w, "active in");
		tick(&w, EVERY);
		if (pass != 1)
			write_part(&w, (uint64_t)n, "in");
		/* what pass 1 drops must not be missed by pass 2 */
		if (pass == 1) {
			checkpoint(&w, (uint64_t)n, NULL);
			ok(weir_committer_commits(w.c) == 1, "agreed to lose");
			continue;
		}
		write_sink(&w, (uint64_t)n, NULL, NULL, 0, none);
		snprintf(line, sizeof line, "part %d in.part", n);
		say(&w, line);
		snprintf(line, sizeof line, "part %d out.part", n);
		if (pass == 0) {
			ok(say(&w, line) == -1 &&
				strstr(w.warnings,
				    "--drop-state=in/swindow.1") != NULL,
			    "nobody claims it");
			ok(count_committed(&w) == 1, "no commit");
		} else {
			ok(say(&w, line) == 1 &&
				weir_committer_commits(w.c) == 1,
			    "claimed");
		}
	}
	finish(&w);
}

static void
test_free(void)
{
	struct world w;
	struct weir_job job = {0};

	begin(&w, 1);
	start(&w, NULL, 0, 2);
	weir_job_save(&w.dir, &w.job, NULL);
	say(&w, "active in");
	tick(&w, EVERY);
	checkpoint(&w, 1, "a\n");
	is_text(slurp(w.visible), strlen(slurp(w.visible)), "a\n");
	ok(weir_job_load(&w.dir, &job, NULL) == 1 && job.nsinks == 1 &&
		strcmp(job.sinks[0].path, w.visible) == 0,
	    "the sink is in the job now");
	weir_job_fini(&job);
	finish(&w);
}

static void
test_nonsense(void)
{
	static const char *const lines[] = {"", " ", "part", "part ", "part 1",
	    "part x y", "part 99 in.part", "failed 1", "failed -1 x", "eof",
	    "eof in", "eof nobody complete", "restored x", "active",
	    "restored a b", "part 18446744073709551617 x", "hello world"};
	struct world w;

	begin(&w, 0);
	start(&w, NULL, 0, 2);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		ok(say(&w, lines[i]) == 1, "'%s' is ignored", lines[i]);
	ok(tick(&w, EVERY) == 1 && ordered(&w, ""), "and changes nothing");
	finish(&w);
}

/* --- several sources and sinks --- */

/* A second source and a second sink. */
static void
widen(struct world *w, char second[160])
{
	struct weir_job *job = &w->job;

	snprintf(second, 160, "%s/second", w->base);
	close(open(second, O_CREAT | O_WRONLY, 0600));
	job->nsources = job->nsinks = 2;
	job->source_names = weir_realloc(job->source_names, 2 * sizeof(char *));
	job->source_paths = weir_realloc(job->source_paths, 2 * sizeof(char *));
	job->source_names[1] = weir_strdup("pay");
	job->source_paths[1] = weir_strdup("/pay");
	job->sinks = weir_realloc(job->sinks, 2 * sizeof *job->sinks);
	job->sinks[1] = (struct weir_job_sink){
	    .name = weir_strdup("err"), .path = weir_strdup(second)};
}

/* The sink of this name answers for checkpoint n with text and these parts. */
static int
answer(struct world *w, uint64_t n, const char *sink, const char *path,
    const char *text, const char *const *stages)
{
	char line[64];

	w->sink = sink;
	w->path = path;
	write_sink(w, n, &text, &n, text != NULL, stages);
	snprintf(line, sizeof line, "part %d %s.part", (int)n, sink);
	return say(w, line);
}

static void
take(struct world *w, uint64_t n, const char *stage)
{
	char line[64];

	write_part(w, n, stage);
	snprintf(line, sizeof line, "part %d %s.part", (int)n, stage);
	say(w, line);
}

static void
test_all_or_nothing(void)
{
	static const char *const left[] = {"in", NULL},
				 *const right[] = {"pay", NULL};
	struct weir_manifest m;
	struct world w;
	char second[160];

	begin(&w, 0);
	widen(&w, second);
	start(&w, NULL, 0, 2);
	say(&w, "active pay");
	ok(tick(&w, EVERY) == 1 && ordered(&w, "barrier 1;"),
	    "any source is reason enough");
	take(&w, 1, "in");
	take(&w, 1, "pay");
	answer(&w, 1, "out", w.visible, "a\n", left);
	ok(count_committed(&w) == 0, "one sink alone commits nothing");
	is_text(slurp(w.visible), strlen(slurp(w.visible)), "");
	answer(&w, 1, "err", second, "b\n", right);
	ok(weir_committer_commits(w.c) == 1, "both do");
	is_text(slurp(w.visible), strlen(slurp(w.visible)), "a\n");
	is_text(slurp(second), strlen(slurp(second)), "b\n");
	ok(weir_manifest_load(&w.dir, (struct weir_cp){1, 1}, &m, NULL) == 1 &&
		m.nsinks == 2 && m.nparts == 4,
	    "one manifest has all");
	weir_manifest_fini(&m);
	/* a failure on one side gives up both; the output comes again */
	say(&w, "active in");
	tick(&w, EVERY);
	take(&w, 2, "in");
	say(&w, "failed 2 pay.part");
	answer(&w, 2, "out", w.visible, "c\n", left);
	answer(&w, 2, "err", second, "d\n", right);
	ok(weir_committer_commits(w.c) == 1 &&
		weir_committer_abandoned(w.c) == 1,
	    "a part of one side is missing: given up");
	is_text(slurp(w.visible), strlen(slurp(w.visible)), "a\n");
	is_text(slurp(second), strlen(slurp(second)), "b\n");
	finish(&w);
}

static void
test_sources_end(void)
{
	static const char *const left[] = {"in", NULL},
				 *const right[] = {"pay", NULL};
	struct world w;
	char second[160];

	begin(&w, 0);
	widen(&w, second);
	start(&w, NULL, 0, 2);
	say(&w, "eof in complete");
	ok(tick(&w, EVERY) == 1 && ordered(&w, ""), "one source has ended");
	say(&w, "active pay");
	ok(tick(&w, EVERY) == 1 && ordered(&w, "barrier 1;"),
	    "the other goes on, and both have barriers");
	take(&w, 1, "in");
	take(&w, 1, "pay");
	answer(&w, 1, "err", second, "b\n", right);
	/* the place of the other source is in no list */
	w.warnings[0] = '\0';
	ok(answer(&w, 1, "out", w.visible, "a\n", right) == -1 &&
		strstr(w.warnings, "source in reaches no sink") != NULL,
	    "a source that reaches no sink: %s", w.warnings);
	ok(count_committed(&w) == 0, "is not committed");
	stop(&w);
	start(&w, NULL, 0, 2);
	say(&w, "eof pay complete");
	say(&w, "eof in complete");
	ok(tick(&w, 0) == 1 && ordered(&w, "end 2 complete;"),
	    "all have ended");
	take(&w, 2, "in");
	take(&w, 2, "pay");
	answer(&w, 2, "err", second, "b\n", right);
	ok(!weir_committer_done(w.c), "until both sinks have it");
	answer(&w, 2, "out", w.visible, "a\n", left);
	ok(weir_committer_done(w.c), "the end is committed");
	finish(&w);
}

int
main(void)
{
	test_commits();
	test_orders();
	test_abandons();
	test_ends();
	test_claims();
	test_free();
	test_nonsense();
	test_all_or_nothing();
	test_sources_end();
	return done();
}
