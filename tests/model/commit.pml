/* commit.pml - a run sweeps, asks for checkpoints, commits and prunes */

/* --- what is left over --- */

inline forget_cp(n)
{
	cp[n].dir = 0; cp[n].manifest = NONE; cp[n].final = 0;
	cp[n].epoch = 0;
	cp[n].count = 0; cp[n].nqueued[0] = 0; cp[n].nqueued[1] = 0;
	y = 0;
	do
	:: y < 2 * EVENTS -> cp[n].queued[y] = 0; y++
	:: else -> break
	od;
	y = 0;
	do
	:: y < 5 -> cp[n].part[y] = NONE; y++
	:: else -> break
	od;
	y = 0;
	do
	:: y < 2 ->
		cp[n].pos[y] = 0; cp[n].list[y] = 0; cp[n].files[y] = 0;
		cp[n].base[y] = 0; y++
	:: else -> break
	od;
	y = 0
}
/* Lengths of pending files that no manifest speaks of are forgotten, too. */
inline forget_files(newest)
{
	x = 1;
	do
	:: x < NMAX ->
		y = 0;
		do
		:: y < 2 ->
			if
			:: FILE(y, x).st == NONE &&
			   (newest == 0 || (cp[newest].files[y] & (1 << x)) == 0) ->
				FILE(y, x).first = 0; FILE(y, x).size = 0;
				FILE(y, x).bad = 0
			:: else
			fi;
			y++
		:: else -> break
		od;
		x++
	:: else -> break
	od;
	y = 0
}
/* It may fail; the next start tries again. */
inline run_sweeps_not(s)
{
	d_step { RUN_AT(s, SWEEPS) -> I[s].step = STARTS }
}
inline run_sweeps(s)
{
	d_step {
		RUN_AT(s, SWEEPS) ->
		acts(s);
		m = I[s].restored;
		x = 1;
		do
		:: x < NMAX ->
			if
#ifdef M_SWEEP_HIGHEST
			:: cp[x].dir && cp[x].manifest == NONE -> forget_cp(x)
#else
			:: cp[x].dir && cp[x].manifest == NONE &&
			   x + 1 != I[s].next -> forget_cp(x)
#endif
			:: else
			fi;
			y = 0;
			do
			:: y < 2 ->
				if
				:: FILE(y, x).st != NONE && (m == 0 ||
				   (cp[m].files[y] & (1 << x)) == 0) ->
#ifdef POWER
					FILE(y, x).st = (FILE(y, x).st == TMP ->
					    NONE : UNLINKED)
#else
					FILE(y, x).st = NONE
#endif
				:: else
				fi;
				y++
			:: else -> break
			od;
			x++
		:: else -> break
		od;
		forget_files(m);
		I[s].step = STARTS;
		clear()
	}
}
/* After a commit: older checkpoints, whose manifests go first. */
inline run_prunes(s)
{
	d_step {
		RUN_AT(s, PRUNES) ->
		acts(s);
		m = I[s].flight;
		x = 1;
		do
		:: x < m && cp[x].manifest == NONE -> x++
		:: else -> break
		od;
		if
		:: x < m -> cp[x].manifest = NONE
		:: else ->
			x = 1;
			do
			:: x < m ->
				if
				:: cp[x].dir -> forget_cp(x)
				:: else
				fi;
				x++
			:: else -> break
			od;
			forget_files(m);
			I[s].committing = 0;
			I[s].step = WATCHES;
			if
			:: I[s].last -> finish()
			:: else -> forget_order(s)
			fi
		fi;
		clear()
	}
}

/* --- to commit --- */

inline run_starts(s)
{
	d_step {
		RUN_AT(s, STARTS) ->
		if
		:: I[s].restored > 0 && cp[I[s].restored].final -> finish()
		:: else ->
			I[s].live = RUN | STAGES;
			I[s].step = WATCHES
		fi
	}
}
inline ask(s)
{
	m = I[s].next;
	/* a number is never used again */
	assert(m < NMAX && (used & (1 << m)) == 0);
	used = used | (1 << m);
	cp[m].dir = 1;
	cp[m].epoch = I[s].epoch;
	I[s].next++;
	forget_order(s);
	I[s].flight = m;
	I[s].order = m;
	m = 0
}
inline run_asks(s)
{
	d_step {
		RUN_AT(s, WATCHES) && I[s].flight == 0 && mids > 0 &&
		I[s].ends != SOURCES ->
		mids--;
		ask(s)
	}
}
inline run_asks_last(s)
{
	d_step {
		RUN_AT(s, WATCHES) && I[s].flight == 0 && I[s].ends == SOURCES ->
		ask(s);
		I[s].last = 1;
		I[s].order_end = 1
	}
}
#ifdef M_ONE_SINK
#define ANSWERED(s) ((I[s].answered & SINKS) != 0)
#else
#define ANSWERED(s) ((I[s].answered & SINKS) == SINKS)
#endif
#define LISTED(s) \
	(cp[I[s].flight].list[0] | cp[I[s].flight].list[1])

/* A process has gone, or the last checkpoint failed: stop, and begin again. */
inline run_stops(s)
{
	I[s].live = I[s].live & ~RUN;
	I[s].shared = I[s].shared & ~RUN;
	forget_run(s)
}
inline run_abandons(s)
{
	d_step {
		RUN_AT(s, WATCHES) && I[s].flight != 0 && ANSWERED(s) &&
		I[s].failed ->
		if
		:: I[s].last -> run_stops(s)
		:: else -> forget_order(s)
		fi
	}
}
inline run_restarts(s)
{
	d_step {
		RUN_AT(s, WATCHES) && I[s].live != (RUN | STAGES) ->
		run_stops(s)
	}
}
inline run_commits(s)
{
	d_step {
		RUN_AT(s, WATCHES) && I[s].flight != 0 && ANSWERED(s) &&
		!I[s].failed && (LISTED(s) & ~I[s].whole) == 0 ->
		m = I[s].flight;
		cp[m].base[0] = seen[0];
		cp[m].base[1] = seen[1];
		cp[m].final = I[s].last;
		I[s].committing = 1;
#ifdef M_VISIBLE_FIRST
		I[s].step = FORWARDS;
#else
		I[s].step = COMMITS;
#endif
		m = 0
	}
}
/* The rename of MANIFEST. */
inline run_renames(s)
{
	d_step {
		RUN_AT(s, COMMITS) ->
		/* two incarnations never both commit */
		acts(s);
		m = I[s].flight;
		assert(m > committed);
		/* nothing is committed by half */
		x = 0;
		do
		:: x < 5 ->
			assert((STAGES & (1 << x)) == 0 ||
			    cp[m].part[x] == DURABLE);
			x++
		:: else -> break
		od;
		x = 1;
		do
		:: x < NMAX ->
#if !defined(M_VISIBLE_FIRST)
			assert((cp[m].files[0] & (1 << x)) == 0 ||
			    out[x].st == DURABLE);
			assert((cp[m].files[1] & (1 << x)) == 0 ||
			    out[NMAX + x].st == DURABLE);
#endif
			x++
		:: else -> break
		od;
		cp[m].manifest = NAMED;
		I[s].step = SYNCS;
#ifdef M_MANIFEST_UNSYNCED
		I[s].step = FORWARDS;
#endif
		clear()
	}
}
inline run_syncs(s)
{
	d_step {
		RUN_AT(s, SYNCS) ->
		cp[I[s].flight].manifest = DURABLE;
		committed = I[s].flight;
#ifdef M_REMOVE_FIRST
		I[s].fwd = 2;
#endif
#ifdef M_VISIBLE_FIRST
		I[s].step = PRUNES
#else
		I[s].step = FORWARDS
#endif
	}
}
