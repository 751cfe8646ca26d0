/* lives.pml - processes begin, are killed, and take the lock */

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
