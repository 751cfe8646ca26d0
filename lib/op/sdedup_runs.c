/*
 * The runs of --keep=last: in lists by key, newest first, and in a heap by when
 * they come out; those that are out wait in a queue to be forgotten.
 */
#include "op/sdedup_impl.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define OVERHEAD 16 /* bytes that malloc adds, about */

void
weir_runs_push(struct weir_runs *runs, struct weir_run *run)
{
	run->node.turn = run->hi;
	run->node.tie = (int64_t)run->seq;
	weir_heap_push(&runs->heap, &run->node);
}

void
weir_runs_pull(struct weir_runs *runs, struct weir_run *run)
{
	weir_heap_remove(&runs->heap, &run->node);
}

/* --- runs --- */

void
weir_runs_init(struct weir_runs *runs)
{
	*runs = (struct weir_runs){0};
	runs->gone_end = &runs->gone;
}

static void
free_runs(struct weir_runs *runs)
{
	uint64_t at = 0;
	const char *key;
	size_t len;
	struct weir_key_runs *of;
	struct weir_run *run, *older;

	while ((of = weir_table_next(runs->table, &at, &key, &len)) != NULL)
		for (run = of->newest; run != NULL; run = older) {
			older = run->older;
			free(run->text);
			free(run);
		}
}

void
weir_runs_fini(struct weir_runs *runs)
{
	if (runs->table != NULL)
		free_runs(runs);
	weir_table_free(runs->table);
	weir_heap_fini(&runs->heap);
	weir_runs_init(runs);
}

size_t
weir_runs_bytes(const struct weir_runs *runs)
{
	return runs->bytes + weir_heap_bytes(&runs->heap) +
	    (runs->table != NULL ? weir_table_bytes(runs->table) : 0);
}

static struct weir_key_runs *
put_key(struct weir_sdedup *sd, struct weir_str key)
{
	struct weir_runs *runs = &sd->runs;
	struct weir_key_runs *of;
	int added;

	if (runs->table == NULL)
		runs->table = weir_table_new(sizeof *of);
	of = weir_table_put(runs->table, key.s, key.len,
	    weir_table_hash(runs->table, key.s, key.len), &added);
	sd->nkeys += (size_t)added;
	return of;
}

struct weir_key_runs *
weir_runs_of(const struct weir_sdedup *sd, struct weir_str key)
{
	const struct weir_table *table = sd->runs.table;

	if (table == NULL)
		return NULL;
	return weir_table_get(
	    table, key.s, key.len, weir_table_hash(table, key.s, key.len));
}

/* Into its key's list, where its time is. */
static void
link_run(struct weir_run *run)
{
	struct weir_key_runs *of = run->of;
	struct weir_run *newer = NULL, *older = of->newest;

	for (; older != NULL && older->lo > run->lo; older = older->older)
		newer = older;
	run->newer = newer;
	run->older = older;
	*(newer != NULL ? &newer->older : &of->newest) = run;
	*(older != NULL ? &older->newer : &of->oldest) = run;
}

static void
unlink_run(struct weir_run *run)
{
	struct weir_key_runs *of = run->of;

	*(run->newer != NULL ? &run->newer->older : &of->newest) = run->older;
	*(run->older != NULL ? &run->older->newer : &of->oldest) = run->newer;
}

struct weir_run *
weir_runs_add(
    struct weir_sdedup *sd, const struct weir_key *key, int64_t lo, int64_t hi)
{
	struct weir_run *run = weir_calloc(1, sizeof *run);

	run->of = put_key(sd, key->canonical);
	run->lo = lo;
	run->hi = run->node.turn = hi;
	link_run(run);
	sd->runs.count++;
	sd->runs.bytes += sizeof *run + OVERHEAD;
	return run;
}

static void
free_text(struct weir_runs *runs, struct weir_run *run)
{
	if (run->text != NULL)
		runs->bytes -= run->cap + OVERHEAD;
	free(run->text);
	run->text = NULL;
	run->cap = run->len = 0;
}

void
weir_runs_text(
    struct weir_runs *runs, struct weir_run *run, const char *text, size_t len)
{
	if (run->text == NULL || len > run->cap || len < run->cap / 4) {
		free_text(runs, run);
		run->text = weir_malloc(len);
		run->cap = len;
		runs->bytes += len + OVERHEAD;
	}
	memcpy(run->text, text, len);
	run->len = (uint32_t)len;
}

/* Take a run from its key, and the key away with its last run. */
void
weir_runs_drop(struct weir_sdedup *sd, struct weir_run *run)
{
	struct weir_runs *runs = &sd->runs;
	const char *key;
	size_t len;

	unlink_run(run);
	if (run->of->newest == NULL) {
		key = weir_table_key(runs->table, run->of, &len);
		weir_table_remove(runs->table, key, len,
		    weir_table_hash(runs->table, key, len));
		sd->nkeys--;
	}
	free_text(runs, run);
	free(run);
	runs->count--;
	runs->bytes -= sizeof *run + OVERHEAD;
}

void
weir_runs_retire(struct weir_runs *runs, struct weir_run *run)
{
	free_text(runs, run);
	run->out = true;
	run->after = NULL;
	*runs->gone_end = run;
	runs->gone_end = &run->after;
}
