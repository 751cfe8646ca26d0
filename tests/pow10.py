#!/usr/bin/env python3
"""Write lib/base/pow10.c to standard output: powers of ten, 128 bits each."""

FIRST, LAST = -292, 324

print("""\
/*
 * Made by tests/pow10.py; tests/unit/num.c checks every entry.
 */
#include "base/pow10.h"

/* clang-format off */
const struct pow10 weir_pow10_table[] = {""")

for k in range(FIRST, LAST + 1):
    num, den = (10**k, 1) if k >= 0 else (1, 10**-k)
    # The shift that brings num / den into [2^127, 2^128).
    shift = 128 - num.bit_length() + den.bit_length() - 1
    while True:
        n, d = (num << shift, den) if shift >= 0 else (num, den << -shift)
        if n // d < 1 << 127:
            shift += 1
        elif n // d >= 1 << 128:
            shift -= 1
        else:
            break
    v = -(-n // d)
    assert v < 1 << 128
    print("\t{0x%016x, 0x%016x}, /* %d */" % (v >> 64, v & (1 << 64) - 1, k))

print("""\
};
/* clang-format on */""")
