/* sinks.pml - what a sink reads, and cuts at barriers */

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
