/*
 * jobs.h - the jobs that crash.c kills, and what they read.
 *
 * "main" is one pipeline between a source and a sink; "join" has two sources
 * that are joined by time; "ends" has two sources that meet in a stage, the one
 * at its end long before the other, a stream that forks and comes together
 * again, and two sinks; "kinds" has sinks that are no files;
 * in "late" one takes what a stage puts aside; "bare" has no side files; "spool"
 * reads a pipe whose writer never repeats anything; "now" shows its output before
 * it is committed; that of "repeat" may come again.
 */
#ifndef WEIR_TESTS_CRASH_JOBS_H
#define WEIR_TESTS_CRASH_JOBS_H

#include <stdbool.h>
#include <stddef.h>

#define OUTS_MAX  3
#define SIDES_MAX 5
#define ARGS_MAX  8

struct job {
	const char *name;
	const char *follows;	    /* begins the -i of the log */
	bool piped;		    /* which comes through standard input */
	bool now;		    /* a crash may cut what is visible */
	bool repeats;		    /* and output may hold lines again */
	const char *args[ARGS_MAX]; /* the other sources, sinks, -E */
	const char *outs[OUTS_MAX +
	    1]; /* visible; a directory ends in /, a database .db, what a
		   command took .taken */
	const char *sides[SIDES_MAX + 1]; /* side files */
	const char *pipeline;
	/* the same without a job, as plain.0, plain.1, plain.2; sides are no other */
	const char *plain;
};

static const struct job jobs[] = {
    {.name = "main",
	.follows = "-i",
	.args = {"-oout.json", "-Edead.json"},
	.outs = {"out.json"},
	.sides = {"dead.json", "bad.json", "else.json", "odd.json",
	    "late.json"},
	.pipeline =
	    "\"$CRASH\" slow | sfilter -t ts --max-delay=3s -E bad.json "
	    "--else=else.json 'status >= 500' | "
	    "sdedup -k 'host, latency_ms == \"slow\"' --within=4s --refresh "
	    "--keep=last --late=pass | "
	    "swindow -w 10s -k host -E odd.json --late=late.json "
	    "'n = count(), worst = max(latency_ms), mean = avg(latency_ms)'",
	.plain =
	    "sfilter -E plain.dead -F 'true' access.log | eval \"$PIPELINE\" "
	    ">plain.0"},
    {.name = "spool",
	.follows = "-i",
	.piped = true,
	.args = {"-oout.json", "--spool=64M"},
	.outs = {"out.json"},
	.sides = {"bad.json", "else.json"},
	.pipeline =
	    "\"$CRASH\" slow | sfilter -t ts --max-delay=3s -E bad.json "
	    "--else=else.json 'status >= 500' | "
	    "swindow -w 10s -k host 'n = count(), worst = max(ts)'",
	.plain = "sfilter -F 'true' access.log | eval \"$PIPELINE\" "
		 ">plain.0"},
    {.name = "join",
	.follows = "-ia=",
	.args = {"-ib=other.log", "-oout.json"},
	.outs = {"out.json"},
	.sides = {"late.json", "odd.json"},
	.pipeline =
	    "\"$CRASH\" slow <\"$a\" | sfilter -t ts --max-delay=3s "
	    "-E odd.json 'status >= 300' | "
	    "sjoin -k 'host, status' --within=1s --type=left --late=late.json "
	    "-p 'ts = left.ts, host = left.host, a = left.latency_ms, "
	    "b = right.latency_ms' "
	    "- <(sfilter -t ts --max-delay=3s 'status >= 300' "
	    "\"$b\")",
	.plain = "rm -f pa pb; mkfifo pa pb; "
		 "sfilter -F true access.log >pa & "
		 "sfilter -F true other.log >pb & "
		 "a=pa b=pb; eval \"$PIPELINE\" >plain.0; wait"},
    /* a branch of each shell's own: what is left of a run whose committer
       was killed may still begin when the next one does */
    {.name = "ends",
	.follows = "-ia=",
	.args = {"-ib=other.log", "-owindows=windows.json",
	    "-oworst=worst.json"},
	.outs = {"windows.json", "worst.json"},
	.sides = {"else.json", "odd.json", "late.json"},
	.pipeline =
	    "branch=branch.$$; mkfifo $branch; \"$CRASH\" slow <\"$a\" | "
	    "sfilter -t "
	    "ts --max-delay=3s "
	    "--else=else.json 'status >= 400' - \"$b\" | "
	    "tee >(sfilter 'host != \"h1\"' | swindow --id=branch -w 7s "
	    "-k status 'n = count()' >$branch) | "
	    "swindow -w 10s -k host -E odd.json --late=late.json "
	    "'n = count(), worst = max(latency_ms)' | "
	    "sfilter true - $branch | "
	    "tee >(sfilter 'worst > 900' >\"$worst\") | "
	    "sfilter true >\"$windows\"",
	.plain = "rm -f pa pb; mkfifo pa pb; "
		 "sfilter -F true access.log >pa & "
		 "sfilter -F true other.log >pb & "
		 "a=pa b=pb windows=plain.0 worst=plain.1; "
		 "eval \"$PIPELINE\"; wait"},
    /* paths go on with time, so parts in order are the stream */
    {.name = "kinds",
	.follows = "-i",
	.args = {"-oparts=parts/", "-orows=sqlite:rows.db?table=rows",
	    "-otaken=|\"$CRASH\" take all.taken", "--roll=12k",
	    "--path=window_start.substring(0, 15).replace(\"T\", \"/\")"},
	.outs = {"parts/", "rows.db", "all.taken"},
	.sides = {"else.json"},
	.pipeline = "\"$CRASH\" slow | sfilter -t ts --max-delay=3s "
		    "--else=else.json 'status >= 400' | "
		    "swindow -w 10s -k host "
		    "'n = count(), worst = max(latency_ms)' | "
		    "tee >(sfilter 'worst > 900' >\"$rows\") "
		    ">(sfilter true >\"$taken\") | "
		    "sfilter true >\"$parts\"",
	.plain = "parts=plain.0 rows=plain.1 taken=plain.2; "
		 "sfilter -F 'true' access.log | eval \"$PIPELINE\""},
    /* side files that are a sink: late events and dead letters in one */
    {.name = "late",
	.follows = "-i",
	.args = {"-oout.json", "-olate=late.json"},
	.outs = {"out.json", "late.json"},
	.sides = {"else.json"},
	.pipeline = "\"$CRASH\" slow | sfilter -t ts --max-delay=3s "
		    "--else=else.json 'status >= 400' | "
		    "swindow -w 10s -k host -E \"$late\" --late=\"$late\" "
		    "'n = count(), worst = max(latency_ms)'",
	.plain = "late=plain.1; sfilter -F 'true' access.log | "
		 "eval \"$PIPELINE\" >plain.0"},
    {.name = "now",
	.follows = "-i",
	.now = true,
	.args = {"-oout.json", "-oworst=worst.json", "--visible=now"},
	.outs = {"out.json", "worst.json"},
	.sides = {"else.json"},
	.pipeline = "\"$CRASH\" slow | sfilter -t ts --max-delay=3s "
		    "--else=else.json 'status >= 400' | "
		    "swindow -w 10s -k host "
		    "'n = count(), worst = max(latency_ms)' | "
		    "tee >(sfilter 'worst > 900' >\"$worst\") | "
		    "sfilter true",
	.plain = "worst=plain.1; sfilter -F 'true' access.log | "
		 "eval \"$PIPELINE\" >plain.0"},
    {.name = "repeat",
	.follows = "-i",
	.repeats = true,
	.args = {"-oout.json", "--guarantee=at-least-once"},
	.outs = {"out.json"},
	.sides = {"else.json"},
	.pipeline = "\"$CRASH\" slow | sfilter -t ts --max-delay=3s "
		    "--else=else.json 'status >= 400' | "
		    "swindow -w 10s -k host "
		    "'n = count(), worst = max(latency_ms)'",
	.plain = "sfilter -F 'true' access.log | eval \"$PIPELINE\" "
		 ">plain.0"},
    {.name = "bare",
	.follows = "-i",
	.args = {"-oout.json"},
	.outs = {"out.json"},
	.pipeline = "\"$CRASH\" slow | sfilter -t ts --max-delay=3s "
		    "'status >= 400' | swindow -w 10s -k host 'n = count()'",
	.plain = "sfilter -F 'true' access.log | eval \"$PIPELINE\" "
		 ">plain.0"},
};

#endif
