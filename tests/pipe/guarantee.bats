#!/usr/bin/env bats
# Goal: --guarantee=at-most-once never says a thing twice, and says what it
# skipped; --visible=now shows output at once and ends exact; at least once loses
# nothing. Method: kills between checkpoints; what comes out must be lines of the
# input in order, each once, or again where that is agreed to.
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

# run_job OPTION...: a job whose checkpoints are far off; until kill_job.
run_job() {
	scheckpoint run -d state -i log -o out.json -f --every=1h "$@" \
		'sfilter true' 2>stderr &
	run=$!
}

kill_job() {
	pgrep -P "$run" | xargs kill -9 "$run"
	wait "$run" || true
}

# finish OPTION...: to the end of the log.
finish() {
	scheckpoint run -d state -i log -o out.json "$@" 'sfilter true' \
		2>stderr
}

@test "visible now: a line is seen before its checkpoint" {
	lines 1 10 >log
	run_job --visible=now
	wait_for '[ "$(wc -l <out.json)" = 10 ]'
	lines 11 11 >>log
	wait_for '[ "$(wc -l <out.json)" = 11 ]'
	[ -z "$(scheckpoint list -d state | grep -w 1)" ]
	grep -q '"visible":"now"' state/job
	kill_job
	# what came after the checkpoint comes again, and nothing twice
	lines 12 500 >>log
	finish --visible=now
	lines 1 500 | cmp - out.json
	scheckpoint verify -d state
}

@test "visible now: what a crash left goes, what was committed stays" {
	lines 1 100 >log
	echo before >out.json
	finish --visible=now --once
	lines 101 200 >>log
	run_job --visible=now
	wait_for '[ "$(wc -l <out.json)" = 201 ]'
	kill_job
	printf '{"torn' >>out.json
	lines 201 300 >>log
	finish --visible=now
	(echo before; lines 1 300) | cmp - out.json
	scheckpoint verify -d state
	# shorter than what was committed
	truncate -s -1 out.json
	run finish --visible=now
	[ "$status" = 5 ]
}

@test "at least once: every line, some of them again" {
	lines 1 100 >log
	finish --guarantee=at-least-once --once
	lines 101 200 >>log
	run_job --guarantee=at-least-once
	wait_for '[ "$(wc -l <out.json)" = 200 ]'
	kill_job
	printf '{"torn' >>out.json
	lines 201 300 >>log
	finish --guarantee=at-least-once
	(lines 1 200; lines 101 300) | cmp - out.json
	scheckpoint verify -d state
	finish --guarantee=at-least-once
	[ "$(wc -l <out.json)" = 400 ]
}

@test "at least once, then exactly once: the repetition goes" {
	for next in --visible=now --visible=committed --guarantee=at-most-once; do
		rm -rf state out.json
		lines 1 100 >log
		finish --guarantee=at-least-once --once
		lines 101 200 >>log
		run_job --guarantee=at-least-once
		wait_for '[ "$(wc -l <out.json)" = 200 ]'
		kill_job
		finish "$next"
		lines 1 200 | cmp - out.json
		! grep -q repeats state/job
		scheckpoint verify -d state
	done
}

@test "visible now, then committed or at least once: it is cut first" {
	for next in --visible=committed --guarantee=at-least-once; do
		rm -rf state out.json
		lines 1 100 >log
		run_job --visible=now
		wait_for '[ "$(wc -l <out.json)" = 100 ]'
		kill_job
		lines 101 200 >>log
		finish "$next"
		lines 1 200 | cmp - out.json
		scheckpoint verify -d state
	done
}

@test "committed, then visible now: what is foreign is not taken for ours" {
	lines 1 100 >log
	finish --once
	lines 101 200 >>log
	echo foreign >>out.json
	run finish --visible=now
	[ "$status" = 5 ]
	lines 1 100 >out.json
	finish --visible=now
	lines 1 200 | cmp - out.json
}

@test "visible now is for files, and for guarantees that it can keep" {
	: >log
	for sink in parts/ 'sqlite:x.db?table=t' '|cat'; do
		run scheckpoint run -d state -i log -o "$sink" --visible=now \
			'sfilter true'
		[ "$status" = 2 ]
		[[ $output == *"regular files"*"leave it out"* ]]
	done
	run finish --visible=now --guarantee=at-most-once
	[ "$status" = 2 ]
	run finish --visible=committed --guarantee=at-least-once
	[ "$status" = 2 ]
	run finish --visible=later
	[ "$status" = 2 ]
	# stronger already
	lines 1 10 >log
	scheckpoint run -d state -i log -o parts/ --guarantee=at-least-once \
		'sfilter true'
	lines 1 10 | cmp - parts/part-*
}
