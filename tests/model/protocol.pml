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

#ifndef NSRC
#define NSRC 1 /* sources */
#endif
#ifndef NSNK
#define NSNK 1 /* sinks */
#endif
#ifndef EVENTS
#define EVENTS 3
#endif
#ifndef MIDS
#define MIDS 2 /* checkpoints before the last one, of all incarnations */
#endif
#ifndef CRASHES
#define CRASHES 2 /* kills: of one process, or of all */
#endif
#ifndef FAILS
#define FAILS 0 /* parts that cannot be published */
#endif
#ifndef RACES
#define RACES 0 /* runs that begin while another one is alive */
#endif
#ifndef CAP
#define CAP 1 /* messages that a pipe holds */
#endif

#if NSRC == 2 || defined(DIAMOND)
#define NIN 2
#else
#define NIN 1
#endif
#define TOTAL (EVENTS + 1)
#define NMAX  (MIDS + CRASHES + FAILS + RACES + 2)

/* Processes, and their parts, as bits; in arrays as 0 to 4. */
#define SRC(i)	(1 << (i))
#define STAGE	4
#define SNK(k)	(8 << (k))
#define RUN	32
#define W_STAGE 2
#define W_SNK(k) (3 + (k))
#if NSRC == 2
#define SOURCES 3
#else
#define SOURCES 1
#endif
#if NSNK == 2
#define SINKS 24
#else
#define SINKS 8
#endif
#define STAGES (SOURCES | STAGE | SINKS)

/* Messages in pipes. */
#define EVENT	1
#define BARRIER 2
#define END	3

/* Steps of a source, stage or sink. */
#define JOINING 0
#define JOINED	1 /* has the shared lock, and has not looked at the epoch */
#define RUNS	2
#define SENDS	3 /* a barrier, to its first reader */
#define SENDS2	4 /* to its second */
#define SAVES	5 /* its last part */
#define ENDS	6 /* sends END to its first reader */
#define ENDS2	7
#define GONE	8

/* Steps of a run. */
#define LOCKS	  0
#define LEADS	  1
#define UNLOCKS	  2
#define SHARES	  3
#define LOOKS	  4
#define RECOVERS  5
#define FORWARDS  6
#define SWEEPS	  7
#define STARTS	  8
#define WATCHES	  9
#define COMMITS	  10
#define SYNCS	  11
#define PRUNES	  12

/* Files. */
#define NONE	0
#define TMP	1 /* written, under a temporary name */
#define NAMED	2 /* synced and renamed, the directory not synced */
#define DURABLE 3
#define UNLINKED 4 /* the directory not synced */

typedef Cp { /* cp/<n>.<e> */
	bit dir;
	byte epoch;
	byte manifest; /* NONE, NAMED, DURABLE */
	bit final;
	byte part[5];	      /* likewise */
	byte pos[2];	      /* in the parts of sources */
	byte count;	      /* in that of the stage */
	byte nqueued[2], queued[2 * EVENTS];
	byte list[2];	      /* in those of sinks: parts, as bits */
	byte files[2];	      /* pending files, as bits 1 << n */
	byte base[2];	      /* in MANIFEST */
}
typedef Pending { /* out/<sink>.<n>.<e> */
	byte st, first, size;
	bit bad; /* not one number after the other */
}
Cp cp[NMAX];
Pending out[2 * NMAX];
byte seen[2];	/* length of the visible sink; it holds 1, 2, 3... */
byte synced[2]; /* of that durable */
byte epoch;	/* the newest */
byte lock;	/* 1 + the incarnation that has it exclusively */

/* Only for what must hold. */
byte used;	/* numbers, as bits */
byte leader;	/* newest epoch that has begun to recover */
byte committed; /* newest number */
bit done;

typedef Incarnation {
	byte epoch;
	byte live;   /* processes */
	byte shared; /* which of them have the shared lock */
	byte writers, writes[5]; /* forked captures, and of which checkpoint */
	byte at[5];
	/* the run */
	byte step;
	byte restored, next, flight, whole, answered, ends;
	bit failed, last;
	byte fwd, sink; /* forwarding: 0 appends, 1 syncs, 2 removes */
	bit committing;
	/* its order to the sources, and who has obeyed */
	byte order, obeyed;
	bit order_end;
	/* sources */
	byte pos[2];
	/* the stage */
	byte count, passing, list, barrier[2], ended;
	/* sinks */
	byte first[2], size[2], cuts[2];
	bit bad[2];
}
Incarnation I[2];
byte latest; /* of the two, the one that was started last */
chan into[4] = [CAP] of {byte, byte, byte}; /* [2 * s + input] */
chan from[4] = [CAP] of {byte, byte, byte}; /* [2 * s + sink] */
chan ahead[4] = [EVENTS] of {byte};	    /* read, before the barrier */
chan behind[4] = [EVENTS] of {byte};

byte crashes = CRASHES, fails = FAILS, mids = MIDS, races = RACES;
hidden byte x, y, z, m, v, b; /* of one step */

/* --- beginning and dying --- */

inline drain_chan(c)
{
	do
	:: len(c) > 0 -> c?_, _, _
	:: else -> break
	od
}
inline drain_queue(c)
{
	do
	:: len(c) > 0 -> c?_
	:: else -> break
	od
}

inline forget_stage(s)
{
	drain_queue(ahead[2 * s]); drain_queue(ahead[2 * s + 1]);
	drain_queue(behind[2 * s]); drain_queue(behind[2 * s + 1]);
	I[s].count = 0; I[s].passing = 0; I[s].list = 0; I[s].ended = 0;
	I[s].barrier[0] = 0; I[s].barrier[1] = 0
}
inline forget_sink(s, k)
{
	I[s].first[k] = 0; I[s].size[k] = 0; I[s].cuts[k] = 0;
	I[s].bad[k] = 0
}
inline forget_order(s)
{
	I[s].order = 0; I[s].obeyed = 0; I[s].order_end = 0;
	I[s].flight = 0; I[s].whole = 0; I[s].answered = 0;
	I[s].failed = 0; I[s].last = 0
}
inline forget_run(s)
{
	I[s].step = 0; I[s].restored = 0; I[s].next = 0;
	I[s].flight = 0; I[s].whole = 0; I[s].answered = 0;
	I[s].failed = 0; I[s].last = 0; I[s].fwd = 0; I[s].sink = 0;
	I[s].ends = 0; I[s].committing = 0;
	if
	:: lock == s + 1 -> lock = 0
	:: else
	fi
}

/* All processes of an incarnation are gone. */
inline wipe(s)
{
	x = 1;
	do
	:: x < NMAX ->
		if
		:: cp[x].epoch == I[s].epoch && I[s].epoch != 0 ->
			if
			:: out[x].st == TMP -> out[x].st = NONE
			:: else
			fi;
			if
			:: out[NMAX + x].st == TMP -> out[NMAX + x].st = NONE
			:: else
			fi
		:: else
		fi;
		x++
	:: else -> break
	od;
	forget_order(s); forget_run(s); forget_stage(s);
	forget_sink(s, 0); forget_sink(s, 1);
	I[s].live = 0; I[s].shared = 0; I[s].writers = 0; I[s].epoch = 0;
	I[s].pos[0] = 0; I[s].pos[1] = 0;
	x = 0;
	do
	:: x < 5 -> I[s].at[x] = 0; I[s].writes[x] = 0; x++
	:: else -> break
	od;
	drain_chan(into[2 * s]); drain_chan(into[2 * s + 1]);
	drain_chan(from[2 * s]); drain_chan(from[2 * s + 1]);
	x = 0
}

/* The end is committed: all may go. */
inline finish()
{
	done = 1;
	wipe(0);
	wipe(1)
}

#define FREE (((I[0].live | I[1].live) & RUN) == 0)

/* Somebody starts the job, again, or the run itself does. */
inline start_run(s)
{
	d_step {
		!done && FREE && latest != s ->
		wipe(s);
		I[s].live = RUN;
		latest = s
	}
}
/* Somebody starts it while another run is alive. */
inline race_run(s)
{
	d_step {
		!done && races > 0 && I[s].live == 0 &&
		(I[1 - s].live & RUN) != 0 ->
		races--;
		wipe(s);
		I[s].live = RUN;
		latest = s
	}
}

inline kill_run(s)
{
	d_step {
		!done && crashes > 0 && (I[s].live & RUN) != 0 ->
		crashes--;
		I[s].live = I[s].live & ~RUN;
		I[s].shared = I[s].shared & ~RUN;
		forget_run(s)
	}
}
inline kill_source(s, i)
{
	d_step {
		!done && crashes > 0 && (I[s].live & SRC(i)) != 0 &&
		I[s].at[i] < GONE ->
		crashes--;
		I[s].live = I[s].live & ~SRC(i);
		I[s].shared = I[s].shared & ~SRC(i);
		I[s].at[i] = GONE; I[s].pos[i] = 0
	}
}
inline kill_stage(s)
{
	d_step {
		!done && crashes > 0 && (I[s].live & STAGE) != 0 &&
		I[s].at[W_STAGE] < GONE ->
		crashes--;
		I[s].live = I[s].live & ~STAGE;
		I[s].shared = I[s].shared & ~STAGE;
		I[s].at[W_STAGE] = GONE;
		forget_stage(s)
	}
}
inline kill_sink(s, k)
{
	d_step {
		!done && crashes > 0 && (I[s].live & SNK(k)) != 0 &&
		I[s].at[W_SNK(k)] < GONE ->
		crashes--;
		I[s].live = I[s].live & ~SNK(k);
		I[s].shared = I[s].shared & ~SNK(k);
		I[s].at[W_SNK(k)] = GONE;
		forget_sink(s, k)
	}
}
/* The lifeline of these is cut: they stop, sooner or later. */
inline zombies_stop(s)
{
	d_step {
		(I[s].live & RUN) == 0 && (I[s].live != 0 || I[s].writers != 0) ->
		wipe(s)
	}
}

/* What was not synced may be there after a power failure, or not. */
inline lose(f)
{
	if
	:: f == TMP -> f = NONE
	:: f == NAMED || f == UNLINKED ->
		if
		:: f = NONE
		:: f = DURABLE
		fi
	:: else
	fi
}
inline lose_unsynced()
{
	m = 1;
	do
	:: m < NMAX ->
		lose(cp[m].manifest);
		y = 0;
		do
		:: y < 5 -> lose(cp[m].part[y]); y++
		:: else -> break
		od;
		lose(out[m].st);
		lose(out[NMAX + m].st);
		m++
	:: else -> break
	od;
	y = 0;
	do
	:: y < NSNK ->
		do
		:: seen[y] > synced[y] -> seen[y] = seen[y] - 1
		:: break
		od;
		y++
	:: else -> break
	od;
	m = 0; y = 0
}
inline kill_all()
{
	atomic {
		!done && crashes > 0 && (I[0].live | I[1].live) != 0 ->
		crashes--;
		d_step { wipe(0); wipe(1) };
#ifdef POWER
		lose_unsynced()
#endif
	}
}

/* --- the lock --- */

inline join(s, w)
{
	d_step {
		(I[s].live & (1 << w)) != 0 && I[s].at[w] == JOINING && lock == 0 &&
		/* HELLO came from upstream */
		(w < W_STAGE || (w == W_STAGE && I[s].at[0] >= RUNS &&
		 (NSRC == 1 || I[s].at[1] >= RUNS)) ||
		 (w > W_STAGE && I[s].at[W_STAGE] >= RUNS)) ->
		I[s].shared = I[s].shared | (1 << w);
		I[s].at[w] = JOINED
	}
}
/* A part that is not there means a stage that is new. */
inline restore(s, w)
{
	m = I[s].restored;
	if
	:: w < W_STAGE ->
#ifdef M_SOURCE_NEWEST
		x = NMAX - 1;
		do
		:: x > 0 && cp[x].part[w] == NONE -> x--
		:: else -> break
		od;
		if
		:: x > m -> m = x
		:: else
		fi;
		x = 0;
#endif
		if
		:: m > 0 && cp[m].part[w] != NONE -> I[s].pos[w] = cp[m].pos[w]
		:: else -> I[s].pos[w] = 0
		fi
	:: w == W_STAGE && m > 0 && cp[m].part[W_STAGE] != NONE ->
		I[s].count = cp[m].count;
		x = 0;
		do
		:: x < cp[m].nqueued[0] -> ahead[2 * s]!cp[m].queued[x]; x++
		:: else -> break
		od;
		x = 0;
		do
		:: x < cp[m].nqueued[1] ->
			ahead[2 * s + 1]!cp[m].queued[EVENTS + x]; x++
		:: else -> break
		od;
		x = 0
	:: else
	fi;
	m = 0
}
inline look(s, w)
{
	d_step {
		(I[s].live & (1 << w)) != 0 && I[s].at[w] == JOINED ->
		if
#ifndef M_JOIN_NO_EPOCH
		:: I[s].epoch != epoch ->
			I[s].live = I[s].live & ~(1 << w);
			I[s].shared = I[s].shared & ~(1 << w);
			I[s].at[w] = GONE
#endif
		:: else -> I[s].at[w] = RUNS; restore(s, w)
		fi
	}
}

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

/* --- sinks --- */

/* Output of an abandoned checkpoint is listed until it is visible. */
inline forget_visible(s, k)
{
	x = 1;
	do
	:: x < NMAX ->
		if
		:: out[k * NMAX + x].st == NONE ||
		   out[k * NMAX + x].st == UNLINKED ->
			I[s].cuts[k] = I[s].cuts[k] & ~(1 << x)
		:: else
		fi;
		x++
	:: else -> break
	od;
#ifdef M_ABANDONED_LOST
	I[s].cuts[k] = 0;
#endif
	x = 0
}
inline sink_event(s, k)
{
	if
	:: I[s].size[k] == 0 -> I[s].first[k] = v
	:: else
	fi;
	if
	:: v == 0 || v != I[s].first[k] + I[s].size[k] -> I[s].bad[k] = 1
	:: else
	fi;
	I[s].size[k]++
}
inline sink_cut(s, k)
{
	acts(s);
	forget_visible(s, k);
	if
	:: I[s].size[k] > 0 ->
		out[k * NMAX + v].st = TMP;
		out[k * NMAX + v].first = I[s].first[k];
		out[k * NMAX + v].size = I[s].size[k];
		out[k * NMAX + v].bad = I[s].bad[k];
		I[s].cuts[k] = I[s].cuts[k] | (1 << v);
		I[s].first[k] = 0; I[s].size[k] = 0; I[s].bad[k] = 0
	:: else
	fi;
	cp[v].list[k] = b;
	cp[v].files[k] = I[s].cuts[k];
	capture(s, W_SNK(k), v)
}
inline sink_reads(s, k)
{
	d_step {
		LIVES(s, W_SNK(k)) && I[s].at[W_SNK(k)] == RUNS &&
		!BUSY(s, W_SNK(k)) && len(from[2 * s + k]) > 0 ->
		from[2 * s + k]?y, v, b;
		if
		:: y == EVENT -> sink_event(s, k)
		:: else -> sink_cut(s, k)
		fi;
		if
		:: y == END -> I[s].at[W_SNK(k)] = SAVES
		:: else
		fi;
		y = 0; v = 0; b = 0
	}
}
#define NEXT_IS_EVENT(s, k) from[2 * (s) + (k)]?[EVENT, _, _]
/* While a capture is written, it reads on, but for the next barrier. */
inline sink_reads_on(s, k)
{
	d_step {
		LIVES(s, W_SNK(k)) && I[s].at[W_SNK(k)] == RUNS &&
		BUSY(s, W_SNK(k)) && len(from[2 * s + k]) > 0 &&
		NEXT_IS_EVENT(s, k) ->
		from[2 * s + k]?y, v, b;
		sink_event(s, k);
		y = 0; v = 0; b = 0
	}
}
inline sink_end(s, k)
{
	d_step {
		LIVES(s, W_SNK(k)) && I[s].at[W_SNK(k)] == SAVES &&
		!BUSY(s, W_SNK(k)) ->
		I[s].at[W_SNK(k)] = GONE;
		I[s].shared = I[s].shared & ~SNK(k);
		forget_sink(s, k)
	}
}

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
	FOR_BOTH(kill_run)
	FOR_BOTH(kill_stage)
	FOR_BOTH(zombies_stop)
	FOR_FIRST(kill_source)
	FOR_FIRST(kill_sink)
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
	FOR_SECOND(kill_source)
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
	FOR_SECOND(kill_sink)
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
