/*
 * tool_signal.h - signals, and the crash tests' probes, of a tool.
 *
 * The handlers only set flags and wake the stage through a pipe to itself: it
 * ends between two events, never inside one.
 */
#ifndef WEIR_CMD_TOOL_SIGNAL_H
#define WEIR_CMD_TOOL_SIGNAL_H

#include "stream/stage.h"

/* Install the handlers and let c know of the flags: 1, or -1 with *err. */
int tool_signals(struct weir_stage_config *c, struct weir_error *err);
/* SIGHUP has c's tables read again. */
void tool_reread(struct weir_stage_config *c);
/* Wake c's wake_fd when a child process ends, too. */
void tool_watch_children(void);
/* End as the signal that stopped the stage would have; returns if none did. */
void tool_end_by_signal(void);

/*
 * In a build with -DWEIR_PROBES: WEIR_CRASH holds up to four PROBE:COUNT:ROLE
 * (role: the tool, or source, sink). The process of that role that comes by
 * that probe for the COUNTth time removes the file of the crash's number (from
 * 0) in WEIR_CRASH_DIR and dies of SIGKILL (is stopped, if COUNT is negative);
 * if there is no such file any more, the crash is done and the next one counts. WEIR_CRASH_LOG takes a line for
 * each probe that was passed.
 */
void tool_probes(const char *tool);

#endif
