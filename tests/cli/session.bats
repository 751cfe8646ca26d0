#!/usr/bin/env bats
# Goal: what holds of swindow's sessions and counted windows as a program: what
# is refused and why, the same output however the input comes in, input without
# times. Method: run it. What they compute is held to
# tests/conformance/session.cases.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	for i in 9 1 30 75 2 61 64 63 190 100 8 200 260 61; do
		printf '{"ts":%d,"host":"h%d","ms":%d.5}\n' $i $((i % 3)) $i
	done >in
}

refused() { # refused WHY OPTION...
	local why=$1
	shift
	run -2 --separate-stderr swindow -t ts "$@" 'n = count()' in
	# shellcheck disable=SC2154
	[[ $stderr == *"$why"* ]] && [ -z "$output" ]
}

@test "options that make no sense for sessions are refused, with the reason" {
	refused 'a gap is missing' -w session:
	refused 'a gap cannot be negative' -w session:-1s
	refused '-w session:' -w session:5
	refused 'starts with its first event' -w session:1m --offset=1s
	refused 'no calendar' -w session:1m --tz=UTC
	refused 'a window of one group' -w session:1m --top=3:n
	refused 'cannot be negative' -w session:1m --lateness=-1s
	refused 'cannot be split again' -w session:1m --retract
}

@test "and for counted windows" {
	refused 'a number of events is missing' -w count:
	refused 'at least one event' -w count:0
	refused 'digits' -w count:1.5
	refused 'digits' -w count:1m
	refused 'at least one event' -w count:5/0
	refused 'more than 10000 panes' -w count:10001/1
	refused 'at most 1000000000' -w count:1000000001
	refused "a key's first event" -w count:5 --offset=1s
	refused 'no calendar' -w count:5 --tz=UTC
	refused 'windows of its own' -w count:5 --top=3:n
	refused 'no event is late' -w count:5 --lateness=1s
	refused 'cannot be filled again' -w count:5 --retract
}

@test "the output does not depend on how input is read" {
	for window in session:20s count:3 count:4/2; do
		for emit in final update; do
			ask=(-w "$window" --emit="$emit" -k host
				'n = count(), s = sum(ms), f = first(ms)')
			swindow -t ts --max-delay=70s "${ask[@]}" in >want
			for size in 1 7 65536; do
				dd ibs=$size obs=$size if=in 2>/dev/null |
					swindow -t ts --max-delay=70s \
						"${ask[@]}" >got
				cmp want got
			done
			sfilter -F -t ts --max-delay=70s true in |
				dd ibs=1 obs=3 2>/dev/null |
				swindow -J "${ask[@]}" >got
			cmp want got
		done
	done
}

@test "a session needs times, a counted window none" {
	run -2 swindow -w session:1m 'n = count()' in
	[[ $output == *'no event time'* ]]
	run -0 swindow -w count:14 'n = count()' in
	[ "$output" = '{"window_start":null,"window_end":null,"n":14}' ]
}

@test "a counted window is told at once, while the input goes on" {
	mkfifo fifo
	swindow -w count:2 'n = count()' <fifo >out 3>&- &
	exec 9>fifo
	printf '{"v":1}\n{"v":2}\n{"v":3}\n' >&9
	for _ in $(seq 100); do
		[ -s out ] && break
		sleep 0.05
	done
	[ "$(wc -l <out)" = 1 ]
	exec 9>&-
	wait
	[ "$(wc -l <out)" = 2 ]
}

@test "early results of a session come by the clock, then the last one" {
	mkfifo fifo
	swindow -t ts -w session:1m --emit=every:1ms 'n = count()' \
		<fifo >out 3>&- &
	exec 9>fifo
	printf '{"ts":1}\n' >&9
	for _ in $(seq 100); do
		grep -q early out && break
		sleep 0.05
	done
	grep -q '"n":1,"pane":{"index":0,"timing":"early"}' out
	printf '{"ts":500}\n' >&9
	exec 9>&-
	wait
	grep -q '"n":1,"pane":{"index":1,"timing":"on-time"}' out
}

@test "too much state ends it with the reason, and nothing comes out" {
	seq 30000 | sed 's/.*/{"ts":1,"k":&}/' >many
	for window in session:1m count:5; do
		run -5 --separate-stderr swindow -t ts -w $window -k k \
			--max-state=1M 'n = count()' many
		[ -z "$output" ]
		[[ $stderr == *'outgrown --max-state'* ]]
	done
}
