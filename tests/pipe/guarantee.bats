#!/usr/bin/env bats
# Goal: --guarantee=at-most-once never says a thing twice, and says what it
# skipped. Method: kills between checkpoints; what comes out must be lines of the
# input in order, each once.

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null
	return 0
}

# lines FROM TO: events, one a line.
lines() {
	seq "$1" "$2" | sed 's/.*/{"n":&}/'
}

# Wait until a command succeeds; a limit of 10 s.
wait_for() {
	local tries
	for ((tries = 0; tries < 500; tries++)); do
		eval "$1" && return 0
		sleep 0.02
	done
	echo "waited in vain: $1"
	return 1
}

@test "at most once: after a crash input goes on at its end" {
	lines 1 1000 >log
	scheckpoint run -d state -i log -o out.json --every=100ms -f \
		--guarantee=at-most-once 'sfilter true' 2>stderr &
	run=$!
	wait_for '[ "$(wc -l <out.json)" = 1000 ]'
	pgrep -P "$run" | xargs kill -9 "$run"
	wait "$run" || true
	lines 1001 2000 >>log
	printf '{"n":2001' >>log
	env --default-signal=INT scheckpoint run -d state -i log -o out.json \
		--every=100ms -f --guarantee=at-most-once 'sfilter true' \
		2>stderr &
	run=$!
	wait_for 'grep -q "1000 lines .* are skipped after a crash" stderr'
	(echo ',"x":1}'; lines 2002 2100) >>log
	wait_for '[ "$(wc -l <out.json)" = 1100 ]'
	kill -INT "$run"
	wait "$run" || [ $? = 130 ]
	(lines 1 1000; echo '{"n":2001,"x":1}'; lines 2002 2100) | cmp - out.json
	[ "$(wc -l <stderr)" = 1 ]
	# that was no crash
	lines 2101 2110 >>log
	scheckpoint run -d state -i log -o out.json \
		--guarantee=at-most-once 'sfilter true' 2>stderr
	[ ! -s stderr ]
	[ "$(wc -l <out.json)" = 1110 ]
	scheckpoint verify -d state
}

@test "at most once: a pipe needs no spool" {
	mkfifo fifo
	scheckpoint run -d state -o out.json --every=100ms -i fifo \
		--guarantee=at-most-once 'sfilter true' 2>stderr &
	run=$!
	exec 8>fifo
	lines 1 1000 >&8
	wait_for '[ "$(wc -l <out.json)" = 1000 ]'
	# the source was forked last
	kill -9 "$(pgrep -P "$run" -n -x scheckpoint)"
	wait_for 'grep -q "before the crash is lost" stderr'
	lines 1001 2000 >&8
	exec 8>&-
	wait "$run"
	jq .n out.json >numbers
	sort -nuc numbers
	[ "$(tail -n 1 numbers)" = 2000 ]
}

@test "at most once goes with no spool, and skips no frames" {
	run scheckpoint run -d state -o out.json -i log --spool \
		--guarantee=at-most-once 'sfilter true'
	[ "$status" = 2 ]
	[[ $output == *"give one of them"* ]]
	run scheckpoint run -d state -o out.json -i log \
		--guarantee=perhaps 'sfilter true'
	[ "$status" = 2 ]
}
