/*
 * State that was saved with other aggregates: those that are still there go on,
 * new ones begin empty. All else must be as it was.
 */
#include "op/swindow_impl.h"

#include "base/text.h"

/* The saved aggregates, as they were parsed then: 1 or 0. */
static int
parse_saved(const struct weir_terms *saved, struct weir_aggs *was)
{
	struct weir_buf text = {0};
	struct weir_error why;
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < saved->n; i++) {
		if (weir_term_is_option(saved->term[i]))
			continue;
		weir_buf_printf(
		    &text, "%sa%zu = %s", n > 0 ? ", " : "", n, saved->term[i]);
		n++;
	}
	rc = weir_aggs_parse(was, NULL, weir_buf_cstr(&text), &why);
	weir_buf_fini(&text);
	return rc > 0 && was->n == n;
}

static bool
gathers(const struct weir_aggs *aggs)
{
	for (size_t i = 0; i < aggs->n; i++)
		if (aggs->aggs[i].ops->gathers)
			return true;
	return false;
}

/* How aggregate i is called in results, or itself if it is not in them. */
static void
put_name(struct weir_buf *out, const struct weir_aggs *aggs, size_t i)
{
	for (size_t k = 0; k < aggs->ncolumns; k++)
		if (aggs->columns[k].agg == (ptrdiff_t)i &&
		    !weir_str_same(aggs->columns[k].name, aggs->aggs[i].text)) {
			weir_show(out, aggs->columns[k].name.s,
			    aggs->columns[k].name.len, 64);
			weir_buf_puts(out, " = ");
			break;
		}
	weir_show(out, aggs->aggs[i].text.s, aggs->aggs[i].text.len, 128);
}

static void
name_new(struct weir_buf *note, const struct weir_aggs *aggs)
{
	size_t n = 0;

	for (size_t i = 0; i < aggs->n; i++) {
		if (!weir_aggs_begins(aggs, i))
			continue;
		weir_buf_puts(note, n++ > 0 ? ", " : "");
		put_name(note, aggs, i);
	}
	if (n > 0)
		weir_buf_printf(note,
		    " %s not in the saved state: of windows that are open, "
		    "only events from now on are in %s",
		    n > 1 ? "were" : "was", n > 1 ? "them" : "it");
}

int
weir_swindow_adopt(
    void *self, const struct weir_terms *saved, struct weir_buf *note)
{
	struct weir_swindow *sw = self;
	struct weir_aggs was;
	int rc;

	if (!weir_terms_same_options(saved, &sw->terms))
		return 0;
	rc = parse_saved(saved, &was);
	/* Windows that overlap share another way if one of them gathers. */
	if (rc > 0 && sw->spec.kind != WEIR_TUMBLING &&
	    gathers(&was) != gathers(&sw->aggs))
		rc = 0;
	if (rc > 0) {
		weir_aggs_adopt(&sw->aggs, &was);
		name_new(note, &sw->aggs);
		/* What comes to be taken back would not be in it. */
		if (sw->retracts && note->len > 0)
			rc = 0;
	}
	weir_aggs_fini(&was);
	return rc;
}
