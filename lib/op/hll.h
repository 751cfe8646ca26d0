/*
 * hll.h - how many distinct values there are, in bounded memory.
 *
 * HyperLogLog (P. Flajolet, E. Fusy, O. Gandouet, F. Meunier, "HyperLogLog: the
 * analysis of a near-optimal cardinality estimation algorithm", 2007) with the
 * estimator of O. Ertl, "New cardinality estimation algorithms for HyperLogLog
 * sketches", 2017, which needs no tables for its bias. 2^14 registers: the
 * standard error is 0.81 %. Up to 3072 values are not estimated but counted, as
 * a set of tokens of 32 bits, each the 26 bits of a hash that tell the register
 * and 6 for the zeros behind them (S. Heule, M. Nunkesser, A. Hall,
 * "HyperLogLog in practice", 2013): two values have one token with a chance of
 * 2^-27.6. What was added, in which order, and how it was cut into sets that
 * were merged makes no difference. {0} is empty.
 */
#ifndef WEIR_OP_HLL_H
#define WEIR_OP_HLL_H

#include <stddef.h>
#include <stdint.h>

#define WEIR_HLL_BITS	   14
#define WEIR_HLL_REGISTERS (1 << WEIR_HLL_BITS)
/* The highest that a register holds. */
#define WEIR_HLL_TOP	(64 - WEIR_HLL_BITS + 1)
#define WEIR_HLL_TOKENS 3072

struct weir_hll {
	uint32_t *tokens;   /* a hash table of 1 << bits, 0: free */
	uint8_t *registers; /* in their place */
	uint32_t n;	    /* tokens */
	uint32_t bits;
};

/* Add a value by its hash, 64 good bits. */
void weir_hll_add(struct weir_hll *hll, uint64_t hash);
void weir_hll_merge(struct weir_hll *hll, const struct weir_hll *other);
uint64_t weir_hll_count(const struct weir_hll *hll);

/* Add a token as there may be one in tokens: 1, or 0 if there cannot. */
int weir_hll_add_token(struct weir_hll *hll, uint32_t token);
/* Registers in place of tokens, all 0 where those said nothing. */
void weir_hll_spread(struct weir_hll *hll);

/* Memory besides the struct, malloc's overhead included. */
size_t weir_hll_bytes(const struct weir_hll *hll);
void weir_hll_fini(struct weir_hll *hll);

#endif
