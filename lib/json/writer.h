/*
 * writer.h - pieces of JSON text, for what writes values its own way.
 */
#ifndef WEIR_JSON_WRITER_H
#define WEIR_JSON_WRITER_H

#include "json/value.h"

/* How many bytes at the start of s a JSON string holds as they are. */
size_t weir_json_plain(const char *s, size_t len);
/* A double as weir_value_write() does it. */
void weir_json_double(struct weir_buf *out, double d);
/* Base64 with padding, no quotes. */
void weir_json_base64(struct weir_buf *out, const char *s, size_t len);

#endif
