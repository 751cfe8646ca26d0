/*
 * log.h - what record.c writes of each operation, and power.c reads.
 *
 * One record after the other, in the order in which the operations took effect:
 * the fixed part, then its name, its second name and its data.
 */
#ifndef WEIR_TESTS_POWER_LOG_H
#define WEIR_TESTS_POWER_LOG_H

#include <stdint.h>

enum op_kind {
	OP_ENTER = 1, /* name in directory dir is ino: created, made, linked */
	OP_LEAVE,     /* name in directory dir is no more */
	OP_MOVE,      /* name in dir is now name2 in dir2; it is ino */
	OP_WRITE,     /* data at off of ino */
	OP_CUT,	      /* ino has off bytes */
	OP_SYNC	      /* ino, a file or a directory, is durable */
};

struct op_head {
	uint32_t kind, isdir;
	uint64_t dir, dir2, ino, off;
	uint32_t name_len, name2_len, data_len, pid;
};

#endif
