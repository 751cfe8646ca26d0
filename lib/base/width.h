/*
 * width.h - how many columns of a terminal text takes.
 */
#ifndef WEIR_BASE_WIDTH_H
#define WEIR_BASE_WIDTH_H

#include <stddef.h>

/*
 * Columns of valid UTF-8 without control characters: two for East Asian wide
 * characters and emoji, none for combining marks and what joins.
 */
size_t weir_text_width(const char *s, size_t len);

#endif
