#include "op/sjoin_impl.h"

static int
parse(struct weir_sjoin *sj, struct weir_error *err)
{
	(void)sj;
	return weir_fail(err, WEIR_USAGE, "not known to this version");
}

static void
fini(struct weir_sjoin *sj)
{
	(void)sj;
}

const struct weir_sjoin_kind weir_sjoin_window_kind = {
    .size = sizeof(struct weir_sjoin), .parse = parse, .fini = fini};
