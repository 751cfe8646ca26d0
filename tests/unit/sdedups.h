/*
 * sdedups.h - an sdedup operator on the stage in memory of fakestage.h.
 */
#ifndef WEIR_TESTS_UNIT_SDEDUPS_H
#define WEIR_TESTS_UNIT_SDEDUPS_H

#include "op/sdedup.h"

#include "fakestage.h"

struct run {
	struct weir_sdedup *sd;
	struct weir_stage *st;
};

static inline void
start_config(struct run *r, const struct weir_sdedup_config *config)
{
	struct weir_error err;

	r->sd = weir_sdedup_new(config, &err);
	if (r->sd == NULL) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	r->st = weir_malloc(sizeof *r->st);
	fake_init(r->st, weir_sdedup_ops(r->sd), r->sd);
	if (weir_sdedup_attach(r->sd, r->st, &err) < 0) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
}

static inline void
stop(struct run *r)
{
	fake_fini(r->st);
	free(r->st);
	weir_sdedup_free(r->sd);
}

#endif
