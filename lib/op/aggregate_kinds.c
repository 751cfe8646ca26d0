/*
 * The kinds of aggregates, and what they share.
 */
#include "op/aggregate_impl.h"

#include "base/num.h"
#include "json/writer.h"

#include <math.h>
#include <string.h>

const struct weir_agg_ops *const weir_agg_kinds[] = {&weir_agg_count,
    &weir_agg_sum, &weir_agg_avg, &weir_agg_min, &weir_agg_max};
const size_t weir_agg_nkinds = sizeof weir_agg_kinds / sizeof *weir_agg_kinds;

int
weir_agg_bad_state(const char *name, struct weir_error *err)
{
	return weir_fail(
	    err, WEIR_STATE, "saved state: not what %s() saves", name);
}

int
weir_agg_never_added(struct weir_error *err)
{
	return weir_fail(
	    err, WEIR_INPUT, "what is to be taken back was never added");
}

void
weir_agg_put_uint(struct weir_buf *out, uint64_t u)
{
	out->len += weir_num_print_uint(weir_buf_reserve(out, WEIR_NUM_MAX), u);
}

void
weir_agg_save_double(struct weir_buf *out, double d)
{
	if (isfinite(d))
		out->len += weir_num_print_double(
		    weir_buf_reserve(out, WEIR_NUM_MAX), d, 1);
	else
		weir_json_double(out, d);
}

int
weir_agg_load_double(struct weir_value v, double *d)
{
	if (v.kind == WEIR_DOUBLE)
		*d = v.d;
	else if (v.kind != WEIR_STRING)
		return 0;
	else if (v.aux == 3 && memcmp(v.s, "NaN", 3) == 0)
		*d = NAN;
	else if (v.aux == 8 && memcmp(v.s, "Infinity", 8) == 0)
		*d = INFINITY;
	else if (v.aux == 9 && memcmp(v.s, "-Infinity", 9) == 0)
		*d = -INFINITY;
	else
		return 0;
	return 1;
}
