#!/usr/bin/env bats
# Goal: what holds of swindow as a program: its options and their page, the same
# output however the input comes in, counters, ends. Method: run it. What it
# computes is held to tests/conformance/swindow.cases.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	page=$BATS_TEST_DIRNAME/../../man/swindow.1
	for i in 9 1 30 75 2 61 64 63 190 100 8 200 260 61; do
		printf '{"ts":%d,"host":"h%d","ms":%d.5}\n' $i $((i % 3)) $i
	done >in
	ask=(-w 1m -k host 'n = count(), s = sum(ms), top = max(ms)')
	swindow -t ts --max-delay=10s "${ask[@]}" in >want 2>/dev/null
}

options() { # long options of --help
	swindow --help | grep -o -- '--[a-z][a-z-]*' | sort -u
}

@test "the page has the options that there are, and no other" {
	sed -n '/^\.Sh OPTIONS/,/^\.Sh EXIT/s/^\.It Fl \([^ ] , \)\{0,1\}-\([a-z-]*\).*/--\2/p' \
		"$page" | sort -u >documented
	options >there
	diff documented there
}

@test "--help begins with an example, and exits 0" {
	run -0 swindow --help
	[[ ${lines[0]} == *"swindow -t ts -w 1m"* ]]
}

@test "the output does not depend on how input is read" {
	for size in 1 7 65536; do
		dd ibs=$size obs=$size if=in 2>/dev/null |
			swindow -t ts --max-delay=10s "${ask[@]}" >got \
				2>/dev/null
		cmp want got
	done
}

@test "nor on what goes between the stages" {
	sfilter -F -t ts --max-delay=10s true in |
		swindow -J "${ask[@]}" >got 2>/dev/null
	cmp want got
	sfilter -J -t ts true in |
		swindow -t ts --max-delay=10s "${ask[@]}" >got 2>/dev/null
	cmp want got
	sfilter -F -t ts --max-delay=10s true in | dd ibs=1 obs=3 2>/dev/null |
		swindow -J "${ask[@]}" >got 2>/dev/null
	cmp want got
}

@test "a filter that drops everything still lets windows close" {
	mkfifo fifo
	sfilter -F -t ts keep <fifo 3>&- | swindow -J -w 1m 'n = count()' >out 3>&- &
	exec 9>fifo
	printf '{"ts":1,"keep":true}\n{"ts":61}\n' >&9
	for _ in $(seq 100); do
		[ -s out ] && break
		sleep 0.05
	done
	[ "$(wc -l <out)" = 1 ]
	exec 9>&-
	wait
	[ "$(wc -l <out)" = 1 ]
}

@test "events that go in are counted, whatever became of them" {
	printf '%s\n' 'no JSON' '{"ts":300,"host":"h","ms":"x"}' \
		'{"host":"h"}' >>in
	run -0 --separate-stderr swindow -S -t ts "${ask[@]}" in
	# shellcheck disable=SC2154
	[[ $stderr == *'"in":16,'*'"bad":3,'*'"late":4,'* ]]
}

@test "nothing of a window before its time, all of it at once after" {
	mkfifo fifo
	swindow -t ts -w 1m 'n = count()' <fifo >out 3>&- &
	exec 9>fifo
	printf '{"ts":1}\n{"ts":59}\n' >&9
	printf '{"ts":60}\n' >&9
	for _ in $(seq 100); do
		[ -s out ] && break
		sleep 0.05
	done
	[ "$(grep -c '"n":2' out)" = 1 ]
	[ "$(wc -l <out)" = 1 ]
	exec 9>&-
	wait
	[ "$(wc -l <out)" = 2 ]
}

@test "when the writer of frames dies, no window closes, and it exits 4" {
	size=$(sfilter -F -t ts true in | wc -c)
	sfilter -F -t ts true in | head -c $((size - 10)) |
		{ swindow -J -w 1d 'n = count()' >out 2>err || echo $? >status; }
	[ "$(cat status)" = 4 ]
	[ ! -s out ]
	grep -q 'upstream died' err
}

@test "a reader that has seen enough is no failure" {
	seq 200000 | sed 's/.*/{"ts":&}/' >many
	swindow -t ts --time-unit=s -w 1s 'n = count()' many |
		{ head -1 >/dev/null; }
	[ "${PIPESTATUS[0]}" = 0 ]
}

@test "--max-state ends it with 5, in little memory" {
	seq 1000000 | sed 's/.*/{"ts":1,"k":"key &"}/' >keys
	# A build with sanitizers does not even start under such a limit.
	(ulimit -v 200000 && swindow --version) >/dev/null 2>&1 &&
		ulimit -v 200000
	run -5 --separate-stderr swindow -t ts -w 1m -k k --max-state=8M \
		'n = count()' keys
	[ -z "$output" ]
	[[ $stderr == *'outgrown --max-state'* ]]
}

@test "what is wrong with the command line is said, with status 2" {
	for bad in '-w' '-w 1x' '-w 0s' '-w 1m --offset=x' '-w 1m --epoch=h' \
		'-w 1m --max-state=0' '-w 1m --max-state=x' '-w 1m -k 1+' \
		'-w 1d/1ms' '-w count:0' '-w session:' '-w global --offset=1s' '-w cumulate:1d' \
		'-w 1m --lateness=x' '-w 1m --lateness=-1s' '-w 1m --emit=now' \
		'-w 1m --emit=every:0s' '-w 1m --mode=add'; do
		# shellcheck disable=SC2086
		run -2 swindow -t ts $bad 'n = count()' in
		[[ $output == swindow:* ]]
	done
	run -2 swindow -t ts -w 1m
}

wait_for() { # wait_for FILE TEXT
	for _ in $(seq 200); do
		grep -q "$2" "$1" && return
		sleep 0.05
	done
	return 1
}

@test "--emit=every tells what changed while input is silent, then all" {
	mkfifo fifo
	swindow -t ts --time-unit=s --epoch=s -w 1m -k k --emit=every:20ms \
		'n = count()' <fifo >out 3>&- &
	exec 9>fifo
	printf '{"ts":1,"k":"a"}\n{"ts":2,"k":"b"}\n' >&9
	wait_for out '"k":"b","n":1'
	printf '{"ts":3,"k":"a"}\n' >&9
	wait_for out '"k":"a","n":2,"pane":{"index":1,"timing":"early"}'
	printf '{"ts":60,"k":"a"}\n' >&9
	wait_for out '"k":"b","n":1,"pane":{"index":1,"timing":"on-time"}'
	exec 9>&-
	wait
	[ "$(grep -c '"window_start":0,.*on-time' out)" = 2 ]
	[ "$(tail -1 out)" = '{"window_start":60,"window_end":120,"k":"a","n":1,"pane":{"index":1,"timing":"on-time"}}' ] ||
		[ "$(tail -1 out)" = '{"window_start":60,"window_end":120,"k":"a","n":1,"pane":{"index":0,"timing":"on-time"}}' ]
}

@test "--proc-time puts events into windows of the clock, without a time" {
	from=$(date +%s)
	printf '{"k":1}\n{"k":2,"ts":7}\n' >clock
	run -0 swindow --proc-time --epoch=s -w 1s 'n = count()' clock
	to=$(date +%s)
	start=${output#*window_start\":}
	start=${start%%,*}
	((start >= from - 1 && start <= to))
	run -2 swindow --proc-time -t ts -w 1s 'n = count()' clock
	[[ $output == *'--proc-time goes by the clock'* ]]
}

@test "--proc-time closes windows while nothing comes" {
	mkfifo fifo
	swindow --proc-time -w 100ms 'n = count()' <fifo >out 3>&- &
	exec 9>fifo
	printf '{"k":1}\n' >&9
	wait_for out '"n":1'
	exec 9>&-
	wait
}
