/* sources.pml - captures of all stages, and sources */

/* --- captures, each in a process of its own --- */

#define BUSY(s, w)  ((I[s].writers & (1 << (w))) != 0)
#define LIVES(s, w) ((I[s].live & (1 << (w))) != 0)

inline capture(s, w, n)
{
	I[s].writers = I[s].writers | (1 << w);
	I[s].writes[w] = n
}
inline acts(s)
{
	/* who belongs to a run that is over changes nothing any more */
	assert(I[s].epoch >= leader)
}
inline captured(s, w)
{
	I[s].writers = I[s].writers & ~(1 << w);
	I[s].writes[w] = 0
}
inline report(s, w)
{
	if
	:: I[s].flight == I[s].writes[w] && (I[s].live & RUN) != 0 ->
		I[s].whole = I[s].whole | (1 << w);
		I[s].answered = I[s].answered | (1 << w)
	:: else
	fi
}
/* The first of a sink's pending files that is not durable, or NMAX. */
inline first_cut(s, w)
{
	x = 1;
	do
	:: x < NMAX && ((cp[I[s].writes[w]].files[w - 3] & (1 << x)) == 0 ||
		out[(w - 3) * NMAX + x].st == DURABLE ||
		out[(w - 3) * NMAX + x].st == UNLINKED ||
		out[(w - 3) * NMAX + x].st == NONE) -> x++
	:: else -> break
	od
}
/* Syncing a directory does so for all of its names. */
inline sync_out()
{
	x = 0;
	do
	:: x < 2 * NMAX ->
		if
		:: out[x].st == NAMED -> out[x].st = DURABLE
		:: out[x].st == UNLINKED -> out[x].st = NONE
		:: else
		fi;
		x++
	:: else -> break
	od
}
inline write_part(s, w)
{
	if
	:: cp[I[s].writes[w]].part[w] == NONE ->
		cp[I[s].writes[w]].part[w] = NAMED;
#ifdef POWER
	:: else ->
#else
		skip
	:: else -> assert(false)
	fi;
	if
	:: true ->
#endif
		cp[I[s].writes[w]].part[w] = DURABLE;
		report(s, w);
		captured(s, w)
	fi
}
inline write_stage(s, w)
{
	d_step {
		BUSY(s, w) ->
		acts(s);
		write_part(s, w)
	}
}
inline write_sink(s, w)
{
	d_step {
		BUSY(s, w) ->
		acts(s);
#ifdef M_PENDING_LATE
		/* answers first, and makes its output durable then */
		x = NMAX;
		if
		:: cp[I[s].writes[w]].part[w] == DURABLE -> first_cut(s, w)
		:: else
		fi;
		if
		:: x < NMAX -> out[(w - 3) * NMAX + x].st = DURABLE
		:: x == NMAX && cp[I[s].writes[w]].part[w] == DURABLE ->
			captured(s, w)
		:: else ->
			cp[I[s].writes[w]].part[w] = DURABLE; report(s, w)
		fi;
#else
		first_cut(s, w);
		if
		:: x < NMAX && out[(w - 3) * NMAX + x].st == TMP ->
			out[(w - 3) * NMAX + x].st = NAMED;
#ifndef POWER
			sync_out()
#endif
		:: x < NMAX && out[(w - 3) * NMAX + x].st == NAMED -> sync_out()
		:: else -> write_part(s, w)
		fi;
#endif
		x = 0
	}
}
/* It leaves <stage>.failed, or its parent does. */
inline write_fails(s, w)
{
	d_step {
		fails > 0 && BUSY(s, w) ->
		fails--;
		if
		:: I[s].flight == I[s].writes[w] && (I[s].live & RUN) != 0 ->
			I[s].failed = 1;
			I[s].answered = I[s].answered | (1 << w)
		:: else
		fi;
		captured(s, w)
	}
}

/* --- sources --- */

/* Source i of two has every second number; the only one has all. */
#if NSRC == 2
#define MINE(i)	    ((EVENTS + 1 - (i)) / 2)
#define NUMBER(p, i) (2 * (p) + 1 + (i))
#define PIPE(p, i)  (i)
#else
#define MINE(i)	    EVENTS
#define NUMBER(p, i) ((p) + 1)
#define PIPE(p, i)  ((p) % NIN)
#endif
#define PIPE_OF(s, i) into[2 * (s) + PIPE(I[s].pos[i], i)]

inline source_event(s, i)
{
	d_step {
		LIVES(s, i) && I[s].at[i] == RUNS && I[s].pos[i] < MINE(i) &&
		len(PIPE_OF(s, i)) < CAP ->
		PIPE_OF(s, i)!EVENT, NUMBER(I[s].pos[i], i), 0;
		I[s].pos[i]++
	}
}
inline source_exhausted(s, i)
{
	d_step {
		LIVES(s, i) && I[s].at[i] == RUNS && I[s].pos[i] == MINE(i) &&
		(I[s].live & RUN) != 0 && (I[s].ends & SRC(i)) == 0 ->
		I[s].ends = I[s].ends | SRC(i)
	}
}
/* An order that is in the pipe may be obeyed though the run is dead. */
inline source_obeys(s, i)
{
	d_step {
		LIVES(s, i) && I[s].at[i] == RUNS && I[s].order != 0 &&
		(I[s].obeyed & SRC(i)) == 0 && !BUSY(s, i) ->
		acts(s);
		I[s].obeyed = I[s].obeyed | SRC(i);
		cp[I[s].order].pos[i] = I[s].pos[i];
		capture(s, i, I[s].order);
		I[s].at[i] = (I[s].order_end -> SAVES : SENDS)
	}
}
/* One source with two readers tells one after the other. */
#if NSRC == 2
#define READER(i, at) (i)
#define LAST_SEND     SENDS
#define LAST_END      ENDS
#elif NIN == 2
#define READER(i, at) ((at) == SENDS2 || (at) == ENDS2)
#define LAST_SEND     SENDS2
#define LAST_END      ENDS2
#else
#define READER(i, at) 0
#define LAST_SEND     SENDS
#define LAST_END      ENDS
#endif
inline source_barrier(s, i)
{
	d_step {
		LIVES(s, i) && (I[s].at[i] == SENDS || I[s].at[i] == SENDS2) &&
		len(into[2 * s + READER(i, I[s].at[i])]) < CAP ->
		into[2 * s + READER(i, I[s].at[i])]!BARRIER, I[s].order, SRC(i);
		I[s].at[i] = (I[s].at[i] == LAST_SEND -> RUNS : SENDS2)
	}
}
inline source_end(s, i)
{
	d_step {
		LIVES(s, i) && !BUSY(s, i) && (I[s].at[i] == SAVES ||
		I[s].at[i] == ENDS || I[s].at[i] == ENDS2) &&
		len(into[2 * s + READER(i, I[s].at[i])]) < CAP ->
		into[2 * s + READER(i, I[s].at[i])]!END, I[s].order, SRC(i);
		if
		:: I[s].at[i] == SAVES && LAST_END == ENDS2 -> I[s].at[i] = ENDS2
		:: else ->
			I[s].at[i] = GONE;
			I[s].shared = I[s].shared & ~SRC(i);
			I[s].pos[i] = 0
		fi
	}
}
