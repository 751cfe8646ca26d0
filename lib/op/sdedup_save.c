/*
 * The sdedup operator's state as lines: first {"closed":T,"events":N}, then
 *
 *     {"k":{NAME:value},"t":[lo,hi]}           a key seen; "t" with --within
 *     {"age":N,"cells":N,"at":N,"x":"hex"}     a piece of --approx's tables
 *     {"k":…,"run":[lo,hi]}                    a run that is out, in that order
 *     {"k":…,"run":[lo,hi],"n":N,"newest":T,"m":N,"e":"text"}      one that is
 *         not: the number of its first event, its newest one's time and number;
 *         "run" with --within
 *     {"k":…,"t":[T,T],"v":value}              what EXPR was; no "v": absent
 *     {"k":…,"at":T,"n":N,"v":…,"e":"text"}    an event that waits
 *
 * Times are nanoseconds since 1970; a key that was absent is left out.
 */
#include "op/sdedup_impl.h"

#include "base/mem.h"
#include "state/snapshot.h"

#include <stdlib.h>
#include <string.h>

/* `{"k":{…}` into sd->out. */
static void
begin_line(struct weir_sdedup *sd, struct weir_str key)
{
	sd->out.len = 0;
	weir_buf_puts(&sd->out, "{\"k\":");
	weir_keyset_save(&sd->out, &sd->keys, key);
}

/* End the line of that key. */
static int
end_keyed(struct weir_sdedup *sd, struct weir_str key,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	weir_buf_putc(&sd->out, '}');
	return weir_snapshot_keyed_line(
	    to, key, sd->out.data, sd->out.len, err);
}

static int
end_line(struct weir_sdedup *sd, struct weir_snapshot_writer *to,
    struct weir_error *err)
{
	weir_buf_putc(&sd->out, '}');
	return weir_snapshot_line(to, sd->out.data, sd->out.len, err);
}

static void
put_span(struct weir_sdedup *sd, const char *name, int64_t lo, int64_t hi)
{
	weir_buf_printf(
	    &sd->out, ",\"%s\":[%jd,%jd]", name, (intmax_t)lo, (intmax_t)hi);
}

static void
put_number(struct weir_sdedup *sd, const char *name, int64_t n)
{
	if (n == WEIR_TIME_NONE)
		weir_buf_printf(&sd->out, ",\"%s\":null", name);
	else
		weir_buf_printf(&sd->out, ",\"%s\":%jd", name, (intmax_t)n);
}

static void
put_value(struct weir_sdedup *sd, struct weir_str v)
{
	if (v.len == 0)
		return;
	weir_buf_puts(&sd->out, ",\"v\":");
	weir_buf_add(&sd->out, v.s, v.len);
}

static void
put_text(struct weir_sdedup *sd, const char *s, size_t len)
{
	weir_buf_puts(&sd->out, ",\"e\":");
	weir_json_string(&sd->out, s, len);
}

static int
save_keys(struct weir_sdedup *sd, const struct weir_age *age,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	struct weir_group it = {0};
	const struct weir_seen *seen;
	const struct weir_said *said;

	while (weir_groups_next(&age->keys, &it)) {
		begin_line(sd, it.canonical);
		if (sd->changes_ast != NULL) {
			said = it.value;
			if (sd->within_ns > 0)
				put_span(sd, "t", said->time, said->time);
			put_value(sd, weir_said_text(said));
		} else if (sd->within_ns > 0) {
			seen = it.value;
			put_span(sd, "t", seen->lo, seen->hi);
		}
		if (end_keyed(sd, it.canonical, to, err) < 0)
			return -1;
	}
	return 1;
}

static int
save_prints(struct weir_sdedup *sd, const struct weir_age *age,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	const struct weir_prints *p = &age->prints;
	size_t at = 0;

	for (unsigned i = 0; i < p->n; i++)
		do {
			sd->out.len = 0;
			weir_buf_printf(&sd->out,
			    "{\"age\":%jd,\"cells\":%ju,\"at\":%zu,\"x\":\"",
			    (intmax_t)age->number, (uintmax_t)p->table[i].size,
			    at);
			at = weir_prints_piece(p, sd->form, i, at, &sd->out);
			weir_buf_putc(&sd->out, '"');
			if (end_line(sd, to, err) < 0)
				return -1;
		} while (at > 0);
	return 1;
}

static int
save_run(struct weir_sdedup *sd, const struct weir_run *run,
    struct weir_snapshot_writer *to, struct weir_error *err)
{
	struct weir_str key;

	key.s = weir_table_key(sd->runs.table, run->of, &key.len);
	begin_line(sd, key);
	if (sd->within_ns > 0)
		put_span(sd, "run", run->lo, run->hi);
	if (!run->out) {
		put_number(sd, "n", (int64_t)run->seq);
		put_number(sd, "newest", run->newest);
		put_number(sd, "m", (int64_t)run->arrival);
		put_text(sd, run->text, run->len);
	}
	return end_keyed(sd, key, to, err);
}

static int
by_end(const void *a, const void *b)
{
	const struct weir_run *const *x = a, *const *y = b;

	if ((*x)->hi != (*y)->hi)
		return (*x)->hi < (*y)->hi ? -1 : 1;
	return ((*x)->seq > (*y)->seq) - ((*x)->seq < (*y)->seq);
}

static int
save_runs(struct weir_sdedup *sd, struct weir_snapshot_writer *to,
    struct weir_error *err)
{
	struct weir_runs *runs = &sd->runs;
	struct weir_run **all, *run;
	struct weir_key_runs *of;
	uint64_t at = 0;
	const char *key;
	size_t len;
	int rc = 1;

	for (run = runs->gone; run != NULL && rc > 0; run = run->after)
		rc = save_run(sd, run, to, err);
	/* Some were extended since they were put into the heap. */
	all = (struct weir_run **)weir_heap_sorted(&runs->heap);
	qsort(all, runs->heap.n, sizeof *all, by_end);
	for (size_t i = 0; i < runs->heap.n && rc > 0; i++)
		rc = save_run(sd, all[i], to, err);
	free(all);
	while (sd->within_ns == 0 && runs->table != NULL && rc > 0 &&
	    (of = weir_table_next(runs->table, &at, &key, &len)) != NULL)
		rc = save_run(sd, of->newest, to, err);
	return rc;
}

static int
save_holds(struct weir_sdedup *sd, struct weir_snapshot_writer *to,
    struct weir_error *err)
{
	struct weir_held **all = weir_holds_sorted(&sd->holds);
	int rc = 1;

	for (size_t i = 0; i < sd->holds.heap.n && rc > 0; i++) {
		const struct weir_held *h = all[i];
		struct weir_str key = {h->bytes, h->key_len};
		const char *s = h->bytes;

		begin_line(sd, key);
		put_number(sd, "at", h->node.turn);
		put_number(sd, "n", h->node.tie);
		s += h->key_len;
		put_value(sd, (struct weir_str){s, h->value_len});
		put_text(sd, s + h->value_len, h->text_len);
		rc = end_keyed(sd, key, to, err);
	}
	free(all);
	return rc;
}

int
weir_sdedup_save(
    void *self, struct weir_snapshot_writer *w, struct weir_error *err)
{
	struct weir_sdedup *sd = self;
	struct weir_age **ages;
	int rc;

	sd->out.len = 0;
	weir_buf_puts(&sd->out, "{\"events\":");
	weir_buf_printf(&sd->out, "%ju", (uintmax_t)sd->seq);
	put_number(sd, "closed", sd->closed);
	rc = end_line(sd, w, err);
	ages = weir_ages_sorted(&sd->ages);
	for (size_t i = 0; i < sd->ages.heap.n && rc > 0; i++)
		rc = sd->form.width > 0 ? save_prints(sd, ages[i], w, err)
					: save_keys(sd, ages[i], w, err);
	free(ages);
	if (rc > 0)
		rc = save_runs(sd, w, err);
	return rc > 0 ? save_holds(sd, w, err) : rc;
}
