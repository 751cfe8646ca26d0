/* stage.pml - a stage with one or two inputs */

/* --- the stage --- */

#define STAGE_RUNS(s) (LIVES(s, W_STAGE) && I[s].at[W_STAGE] == RUNS)
#define ENDED(s, i)   ((I[s].ended & (1 << (i))) != 0)
#define ROOM(s)	      (len(from[2 * s]) < CAP && (NSNK == 1 || len(from[2 * s + 1]) < CAP))

/* It reads every input whatever stands before it; one alone it works off. */
inline stage_reads(s, i)
{
	d_step {
		STAGE_RUNS(s) && len(into[2 * s + i]) > 0 && (NIN == 2 ||
		(len(ahead[2 * s]) == 0 && I[s].barrier[0] == 0)) ->
		into[2 * s + i]?x, v, b;
		if
		:: x == EVENT && I[s].barrier[i] == 0 -> ahead[2 * s + i]!v
		:: x == EVENT && I[s].barrier[i] != 0 -> behind[2 * s + i]!v
		:: x == BARRIER ->
			assert(I[s].barrier[i] == 0);
			I[s].barrier[i] = v;
			I[s].list = I[s].list | b
		:: x == END ->
			assert(I[s].barrier[i] == 0);
			I[s].ended = I[s].ended | (1 << i);
			I[s].passing = v;
			I[s].list = I[s].list | b
		fi;
		x = 0; v = 0; b = 0
	}
}
#ifdef M_EOF_IS_END
inline stage_eof(s, i)
{
	d_step {
		STAGE_RUNS(s) && len(into[2 * s + i]) == 0 && !ENDED(s, i) &&
		!LIVES(s, (NSRC == 2 -> i : 0)) ->
		I[s].ended = I[s].ended | (1 << i)
	}
}
#endif

#define HEAD(s, i)  (len(ahead[2 * s + i]) > 0)
#define READY(s, i) (HEAD(s, i) || \
	(ENDED(s, i) && I[s].barrier[i] == 0))

inline give(s, w)
{
	from[2 * s]!EVENT, w, 0;
	if
	:: NSNK == 2 -> from[2 * s + 1]!EVENT, w, 0
	:: else
	fi
}
/* In the order of time: that of which every input has the next one. */
inline stage_works(s)
{
	d_step {
		STAGE_RUNS(s) && ROOM(s) && (HEAD(s, 0) || HEAD(s, 1)) &&
		READY(s, 0) && (NIN == 1 || READY(s, 1)) ->
		x = 255; y = 255;
		if
		:: HEAD(s, 0) -> ahead[2 * s]?<x>
		:: else
		fi;
		if
		:: HEAD(s, 1) -> ahead[2 * s + 1]?<y>
		:: else
		fi;
		if
		:: x < y -> ahead[2 * s]?v
		:: else -> ahead[2 * s + 1]?v
		fi;
		I[s].count++;
		if
		:: v == I[s].count -> give(s, v)
		:: else -> give(s, 0)
		fi;
		x = 0; y = 0; v = 0
	}
}

inline save_queue(s, i, n)
{
	x = len(ahead[2 * s + i]);
	y = 0;
	do
	:: y < x ->
		ahead[2 * s + i]?v;
		ahead[2 * s + i]!v;
		cp[n].queued[i * EVENTS + y] = v;
		y++
	:: else -> break
	od;
#ifdef M_NO_CHANNEL
	y = 0;
#endif
	cp[n].nqueued[i] = y;
	x = 0; y = 0; v = 0
}
inline step_over(s, i)
{
	I[s].barrier[i] = 0;
	do
	:: len(behind[2 * s + i]) > 0 ->
		behind[2 * s + i]?v;
		ahead[2 * s + i]!v
	:: else -> break
	od;
	v = 0
}
#ifdef M_EARLY_BARRIER
#define HAS_READ(s, i) true
#else
#define HAS_READ(s, i) (I[s].barrier[i] != 0 || ENDED(s, i))
#endif
#define NUMBER_READ(s) \
	(I[s].barrier[0] > I[s].barrier[1] -> I[s].barrier[0] : I[s].barrier[1])
/* Every input has read n: pass it, whatever has been worked off. */
inline stage_passes(s)
{
	d_step {
		STAGE_RUNS(s) && (I[s].barrier[0] != 0 || I[s].barrier[1] != 0) &&
		HAS_READ(s, 0) && (NIN == 1 || HAS_READ(s, 1)) &&
		!BUSY(s, W_STAGE) ->
		acts(s);
		m = NUMBER_READ(s);
#ifdef M_EARLY_BARRIER
		if
		:: m <= I[s].passing -> m = 0 /* the other one, late */
		:: else
		fi;
#endif
		if
		:: m != 0 ->
			cp[m].count = I[s].count;
			save_queue(s, 0, m);
			save_queue(s, 1, m);
			capture(s, W_STAGE, m);
			I[s].passing = m;
#ifdef M_EARLY_BARRIER
			I[s].list = SOURCES;
#endif
			I[s].at[W_STAGE] = SENDS
		:: else
		fi;
		step_over(s, 0);
		step_over(s, 1);
		m = 0
	}
}
inline stage_barrier(s)
{
	d_step {
		LIVES(s, W_STAGE) && ((I[s].at[W_STAGE] == SENDS &&
		len(from[2 * s]) < CAP) || (I[s].at[W_STAGE] == SENDS2 &&
		len(from[2 * s + 1]) < CAP)) ->
		from[2 * s + (I[s].at[W_STAGE] == SENDS2 -> 1 : 0)]!BARRIER,
		    I[s].passing, I[s].list | STAGE;
		if
		:: I[s].at[W_STAGE] == SENDS && NSNK == 2 ->
			I[s].at[W_STAGE] = SENDS2
		:: else ->
			I[s].at[W_STAGE] = RUNS;
#ifndef M_EARLY_BARRIER
			I[s].passing = 0;
#endif
			I[s].list = 0
		fi
	}
}
/* All inputs have ended: the window closes, and the last part is saved. */
inline stage_closes(s)
{
	d_step {
		STAGE_RUNS(s) && ROOM(s) && ENDED(s, 0) &&
		(NIN == 1 || ENDED(s, 1)) && I[s].barrier[0] == 0 &&
		I[s].barrier[1] == 0 && !HEAD(s, 0) && !HEAD(s, 1) &&
		!BUSY(s, W_STAGE) && I[s].passing != 0 ->
		acts(s);
		I[s].count++;
		if
		:: I[s].count == TOTAL -> give(s, TOTAL)
		:: else -> give(s, 0)
		fi;
		cp[I[s].passing].count = I[s].count;
		cp[I[s].passing].nqueued[0] = 0;
		cp[I[s].passing].nqueued[1] = 0;
		capture(s, W_STAGE, I[s].passing);
		I[s].at[W_STAGE] = ENDS
	}
}
inline stage_end(s)
{
	d_step {
		LIVES(s, W_STAGE) && !BUSY(s, W_STAGE) &&
		((I[s].at[W_STAGE] == ENDS && len(from[2 * s]) < CAP) ||
		(I[s].at[W_STAGE] == ENDS2 && len(from[2 * s + 1]) < CAP)) ->
		from[2 * s + (I[s].at[W_STAGE] == ENDS2 -> 1 : 0)]!END,
		    I[s].passing, I[s].list | STAGE;
		if
		:: I[s].at[W_STAGE] == ENDS && NSNK == 2 ->
			I[s].at[W_STAGE] = ENDS2
		:: else ->
			I[s].at[W_STAGE] = GONE;
			I[s].shared = I[s].shared & ~STAGE;
			forget_stage(s)
		fi
	}
}
