/*
 * formats.h - formats as a user names them, and files by their endings.
 */
#ifndef WEIR_STREAM_FORMATS_H
#define WEIR_STREAM_FORMATS_H

#include "stream/stage.h"

/* -i VALUE or -o VALUE into c; 1, or -1 with *err (WEIR_USAGE). */
int weir_formats_set_input(
    struct weir_stage_config *c, const char *value, struct weir_error *err);
int weir_formats_set_output(
    struct weir_stage_config *c, const char *value, struct weir_error *err);
/*
 * What a file (NULL: standard input) is read as: c->input, or if that is AUTO
 * what its name's ending says (.csv, .tsv; of compressed ones, too).
 */
enum weir_format weir_formats_of(
    const struct weir_stage_config *c, const char *file);
/* Do the options of the formats go together? 1, or -1 with *err. */
int weir_formats_check(
    const struct weir_stage_config *c, struct weir_error *err);

#endif
