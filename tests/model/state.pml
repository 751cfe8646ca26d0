/* state.pml - sizes of the model, what is on the disk, what processes hold */

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
#define CRASHES 2 /* kills: of one process, or of all; ALL_DIE: only of all */
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
