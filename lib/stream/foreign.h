/*
 * foreign.h - which command of a pipeline does not pass frames on?
 */
#ifndef WEIR_STREAM_FOREIGN_H
#define WEIR_STREAM_FOREIGN_H

#define WEIR_FOREIGN_SHOW 256

/* The last command of a pipeline that is none of ours, shown; else "". */
char *weir_foreign_stage(const char *pipeline, char out[WEIR_FOREIGN_SHOW]);

#endif
