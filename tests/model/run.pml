/* run.pml - a run takes the lead, recovers, and makes output visible */

/* --- a run: to lead --- */

#define RUN_AT(s, x_) ((I[s].live & RUN) != 0 && I[s].step == x_)

#ifdef M_NO_LOCK
#define UNSHARED true
#else
#define UNSHARED \
	((I[0].shared | I[1].shared | I[0].writers | I[1].writers) == 0)
#endif
inline run_locks(s)
{
	d_step {
		RUN_AT(s, LOCKS) && lock == 0 && UNSHARED ->
		lock = s + 1;
		I[s].step = LEADS
	}
}
inline run_leads(s)
{
	d_step {
		RUN_AT(s, LEADS) ->
		epoch++;
		I[s].epoch = epoch;
		I[s].step = UNLOCKS
	}
}
/* The change of locks is not atomic. */
inline run_unlocks(s)
{
	d_step {
		RUN_AT(s, UNLOCKS) ->
		lock = 0;
		I[s].step = SHARES
	}
}
inline run_shares(s)
{
	d_step {
		RUN_AT(s, SHARES) && lock == 0 ->
		I[s].shared = RUN;
		I[s].step = LOOKS
	}
}
inline run_looks(s)
{
	d_step {
		RUN_AT(s, LOOKS) ->
		if
#ifndef M_LEAD_NO_EPOCH
		:: I[s].epoch != epoch -> wipe(s)
#endif
		:: else ->
			I[s].step = RECOVERS;
			if
			:: I[s].epoch > leader -> leader = I[s].epoch
			:: else
			fi
		fi
	}
}
/* A run that waits for the lock gives up, unless all others are gone. */
inline run_gives_up(s)
{
	d_step {
		RUN_AT(s, LOCKS) && (I[1 - s].live & RUN) != 0 ->
		wipe(s);
		latest = 1 - s
	}
}

/* --- to recover --- */

inline highest()
{
	x = NMAX - 1;
	do
#ifdef M_NUMBER_AGAIN
	:: x > 0 && cp[x].manifest == NONE -> x--
#else
	:: x > 0 && !cp[x].dir && out[x].st <= TMP && out[NMAX + x].st <= TMP ->
		x--
#endif
	:: else -> break
	od
}
inline run_recovers(s)
{
	d_step {
		RUN_AT(s, RECOVERS) ->
		acts(s);
		highest();
		I[s].next = x + 1;
		x = NMAX - 1;
		do
#ifdef M_NEWEST_DIR
		:: x > 0 && !cp[x].dir -> x--
#else
		:: x > 0 && cp[x].manifest == NONE -> x--
#endif
		:: else -> break
		od;
		I[s].restored = x;
		if
		:: x > 0 -> /* whole, or recovery refuses */
			y = 0;
			do
			:: y < 5 ->
				assert((STAGES & (1 << y)) == 0 ||
				    cp[x].part[y] >= NAMED);
				y++
			:: else -> break
			od
		:: else
		fi;
		/* what was ever committed is there */
		assert(x >= committed);
		I[s].step = FORWARDS;
		x = 0; y = 0
	}
}

/* --- to make committed output visible, now or after a crash --- */

#define FORWARDED(s) (I[s].committing -> I[s].flight : I[s].restored)
#define FILE(k, n)   out[(k) * NMAX + (n)]

/* In z where what is committed ends, in x the file that has byte seen[k]. */
inline find_file(s, k)
{
	m = FORWARDED(s);
	x = 0;
	z = 0;
	if
	:: m > 0 ->
		z = cp[m].base[k];
		y = 1;
		do
		:: y < NMAX ->
			if
			:: (cp[m].files[k] & (1 << y)) != 0 ->
				if
				:: seen[k] >= z && seen[k] < z + FILE(k, y).size ->
					x = y;
					v = FILE(k, y).first + seen[k] - z
				:: else
				fi;
				z = z + FILE(k, y).size
			:: else
			fi;
			y++
		:: else -> break
		od
	:: else
	fi
}
inline clear()
{
	x = 0; y = 0; z = 0; m = 0; v = 0
}
inline next_sink(s)
{
	I[s].fwd = 0;
	if
	:: I[s].sink + 1 < NSNK -> I[s].sink++
	:: else ->
		I[s].sink = 0;
#ifdef M_VISIBLE_FIRST
		I[s].step = (I[s].committing -> COMMITS : SWEEPS)
#else
		I[s].step = (I[s].committing -> PRUNES : SWEEPS)
#endif
	fi
}
inline run_appends(s, k)
{
	d_step {
		RUN_AT(s, FORWARDS) && I[s].sink == k && I[s].fwd == 0 ->
		acts(s);
#ifdef M_CUT
		if
		:: !I[s].committing && I[s].restored > 0 &&
		   seen[k] > cp[I[s].restored].base[k] ->
			seen[k] = cp[I[s].restored].base[k]
		:: else
		fi;
#endif
		find_file(s, k);
		/* never behind what was durable; else recovery refuses */
		assert(seen[k] >= synced[k]);
		assert(m == 0 || seen[k] >= cp[m].base[k]);
		assert(seen[k] <= z);
		if
		:: seen[k] == z -> I[s].fwd = 1
		:: else ->
#if !defined(M_REMOVE_FIRST)
			assert(FILE(k, x).st == NAMED || FILE(k, x).st == DURABLE);
#else
			assert(I[s].committing || FILE(k, x).st == DURABLE);
#endif
			/* visible output is what it would have been, in order */
			assert(!FILE(k, x).bad && v == seen[k] + 1);
			/* and comes after the commit */
#ifndef M_VISIBLE_FIRST
			assert(cp[m].manifest != NONE);
#endif
			seen[k] = seen[k] + 1
		fi;
		clear()
	}
}
inline run_syncs_sink(s, k)
{
	d_step {
		RUN_AT(s, FORWARDS) && I[s].sink == k && I[s].fwd == 1 ->
		synced[k] = seen[k];
#ifdef M_REMOVE_FIRST
		next_sink(s)
#else
		I[s].fwd = 2
#endif
	}
}
inline run_removes(s, k)
{
	d_step {
		RUN_AT(s, FORWARDS) && I[s].sink == k && I[s].fwd == 2 ->
		m = FORWARDED(s);
		x = 1;
		do
		:: x < NMAX && (m == 0 || (cp[m].files[k] & (1 << x)) == 0 ||
			FILE(k, x).st == NONE || FILE(k, x).st == UNLINKED) -> x++
		:: else -> break
		od;
		if
#ifdef POWER
		:: x < NMAX -> FILE(k, x).st = UNLINKED
#else
		:: x < NMAX -> FILE(k, x).st = NONE
#endif
#ifdef M_REMOVE_FIRST
		:: else -> I[s].fwd = 0
#else
		:: else -> next_sink(s)
#endif
		fi;
		clear()
	}
}
