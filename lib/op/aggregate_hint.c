/*
 * What to say of an aggregate that is none: what may have been meant.
 */
#include "op/aggregate_impl.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

/* What other languages call it, or NULL. */
static const char *
called_here(struct weir_str name)
{
	static const char *const others[][2] = {
	    {"average", "avg(x)"},
	    {"mean", "avg(x)"},
	    {"total", "sum(x)"},
	    {"variance", "var(x)"},
	    {"std", "stddev(x)"},
	    {"p50", "median(x)"},
	    {"p90", "quantile(x, 0.9)"},
	    {"p95", "quantile(x, 0.95)"},
	    {"p99", "quantile(x, 0.99)"},
	    {"percentile", "quantile(x, 0.99)"},
	    {"percentile_cont", "quantile_exact(x, 0.99)"},
	    {"percentile_disc", "quantile_exact(x, 0.99)"},
	    {"uniq", "distinct(x)"},
	    {"count_distinct", "distinct(x)"},
	    {"approx_count_distinct", "approx_distinct(x)"},
	    {"collect", "list(x)"},
	    {"collect_list", "list(x)"},
	    {"collect_set", "set(x)"},
	    {"array_agg", "list(x)"},
	};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (weir_str_eq(name, others[i][0]))
			return others[i][1];
	return NULL;
}

/* The aggregate that is named here without parentheses, or NULL. */
static const char *
bare(const struct weir_agg_source *from, size_t pos)
{
	const char *s = from->text + pos;
	size_t left = from->len - pos, n;

	for (size_t i = 0; i < weir_agg_nkinds; i++) {
		n = strlen(weir_agg_kinds[i]->name);
		if (left >= n && memcmp(s, weir_agg_kinds[i]->name, n) == 0 &&
		    (left == n || strchr(" ,", s[n]) != NULL))
			return weir_agg_kinds[i]->name;
	}
	return NULL;
}

static void
print_kinds(struct weir_buf *b)
{
	const char *sep = "; this version knows ";

	for (size_t i = 0; i < weir_agg_nkinds; i++, sep = ", ")
		weir_buf_printf(b, "%s%s", sep, weir_agg_kinds[i]->name);
}

void
weir_aggs_explain(const struct weir_agg_source *from, size_t pos,
    struct weir_str name, struct weir_buf *b)
{
	const char *names[64], *other = called_here(name);
	int near;

	assert(weir_agg_nkinds <= sizeof names / sizeof *names);
	for (size_t i = 0; i < weir_agg_nkinds; i++)
		names[i] = weir_agg_kinds[i]->name;
	near = weir_nearest(name.s, name.len, names, weir_agg_nkinds);
	if (other != NULL) {
		weir_buf_printf(
		    b, "unknown aggregate: did you mean %s?", other);
	} else if (near >= 0) {
		weir_buf_printf(
		    b, "unknown aggregate: did you mean %s?", names[near]);
	} else if (name.len > 0) {
		weir_buf_puts(b, "unknown aggregate");
		print_kinds(b);
	} else if ((other = bare(from, pos)) != NULL) {
		weir_buf_printf(b,
		    "not an aggregate: it has parentheses, as in n = count(), "
		    "max(ms); did you mean %s(%s)?",
		    other, strcmp(other, "count") == 0 ? "" : "…");
	} else {
		weir_buf_puts(b,
		    "not an aggregate; the list is one word to the shell, "
		    "before any file: 'n = count(), max(ms)'");
		print_kinds(b);
	}
}
