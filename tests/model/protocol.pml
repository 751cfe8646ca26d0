/*
 * protocol.pml - barriers, commit and recovery of a job, for spin(1).
 *
 * One process takes one step after the other; each step is what some process of
 * a job does between two points where it can be killed. What is on the disk is
 * cp[], out[], seen[]; what dies with an incarnation is I[]. There are two of
 * those: the newest, and one that may still have living processes.
 *
 * The stream is the numbers 1 to EVENTS, by turns from two sources (or through
 * the two branches of a diamond), which the stage puts in order again; it passes
 * on number c + 1 when it has counted c, else 0. At the end it closes a window:
 * number EVENTS + 1. So a sink must have 1, 2, 3... and each once.
 *
 * run.sh says with which macros; each M_ makes one mistake.
 */

#include "state.pml"
#include "lives.pml"
#include "sources.pml"
#include "stage.pml"
#include "sinks.pml"
#include "run.pml"
#include "commit.pml"

/* --- everything --- */

#define FOR_BOTH(step) \
	:: step(0)     \
	:: step(1)
#define FOR_FIRST(step) \
	:: step(0, 0)  \
	:: step(1, 0)
#define FOR_SECOND(step) \
	:: step(0, 1)  \
	:: step(1, 1)
#define FOR_STAGE(step, w) \
	:: step(0, w)  \
	:: step(1, w)

init {
	d_step {
		latest = 1;
		wipe(0);
		wipe(1)
	}
	do
	:: done -> break
	FOR_BOTH(start_run)
#if RACES > 0
	FOR_BOTH(race_run)
	FOR_BOTH(run_gives_up)
#endif
	:: kill_all()
#ifndef ALL_DIE
	FOR_BOTH(kill_run)
	FOR_BOTH(kill_stage)
#endif
	FOR_BOTH(zombies_stop)
#ifndef ALL_DIE
	FOR_FIRST(kill_source)
	FOR_FIRST(kill_sink)
#endif
	FOR_BOTH(run_locks)
	FOR_BOTH(run_leads)
	FOR_BOTH(run_unlocks)
	FOR_BOTH(run_shares)
	FOR_BOTH(run_looks)
	FOR_BOTH(run_recovers)
	FOR_FIRST(run_appends)
	FOR_FIRST(run_syncs_sink)
	FOR_FIRST(run_removes)
	FOR_BOTH(run_sweeps)
	FOR_BOTH(run_sweeps_not)
	FOR_BOTH(run_starts)
	FOR_BOTH(run_asks)
	FOR_BOTH(run_asks_last)
	FOR_BOTH(run_abandons)
	FOR_BOTH(run_restarts)
	FOR_BOTH(run_commits)
	FOR_BOTH(run_renames)
	FOR_BOTH(run_syncs)
	FOR_BOTH(run_prunes)
	FOR_FIRST(join)
	FOR_FIRST(look)
	FOR_FIRST(write_stage)
	FOR_FIRST(source_event)
	FOR_FIRST(source_exhausted)
	FOR_FIRST(source_obeys)
	FOR_FIRST(source_barrier)
	FOR_FIRST(source_end)
#if NSRC == 2
#ifndef ALL_DIE
	FOR_SECOND(kill_source)
#endif
	FOR_SECOND(join)
	FOR_SECOND(look)
	FOR_SECOND(write_stage)
	FOR_SECOND(source_event)
	FOR_SECOND(source_exhausted)
	FOR_SECOND(source_obeys)
	FOR_SECOND(source_barrier)
	FOR_SECOND(source_end)
#endif
	FOR_STAGE(join, W_STAGE)
	FOR_STAGE(look, W_STAGE)
	FOR_STAGE(write_stage, W_STAGE)
	FOR_FIRST(stage_reads)
#if NIN == 2
	FOR_SECOND(stage_reads)
#endif
#ifdef M_EOF_IS_END
	FOR_FIRST(stage_eof)
	FOR_SECOND(stage_eof)
#endif
	FOR_BOTH(stage_works)
	FOR_BOTH(stage_passes)
	FOR_BOTH(stage_barrier)
	FOR_BOTH(stage_closes)
	FOR_BOTH(stage_end)
	FOR_STAGE(join, 3)
	FOR_STAGE(look, 3)
	FOR_STAGE(write_sink, 3)
	FOR_FIRST(sink_reads)
	FOR_FIRST(sink_reads_on)
	FOR_FIRST(sink_end)
#if NSNK == 2
#ifndef ALL_DIE
	FOR_SECOND(kill_sink)
#endif
	FOR_STAGE(join, 4)
	FOR_STAGE(look, 4)
	FOR_STAGE(write_sink, 4)
	FOR_SECOND(sink_reads)
	FOR_SECOND(sink_reads_on)
	FOR_SECOND(sink_end)
	FOR_SECOND(run_appends)
	FOR_SECOND(run_syncs_sink)
	FOR_SECOND(run_removes)
#endif
#if FAILS > 0
	FOR_FIRST(write_fails)
	FOR_STAGE(write_fails, W_STAGE)
	FOR_STAGE(write_fails, 3)
#endif
	od;
	/* the whole output, exactly once; and nobody waits for ever */
	assert(seen[0] == TOTAL && synced[0] == TOTAL);
	assert(NSNK == 1 || seen[1] == TOTAL && synced[1] == TOTAL)
}
