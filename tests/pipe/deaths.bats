#!/usr/bin/env bats
# Goal: whoever of a job dies or stops, in whatever silence, it is noticed at
# once, and nobody is left behind; what holds a checkpoint back is said. Method:
# followed jobs whose log does not grow, with commands in front of a stage that
# only wait; a process is killed, and what the job does then is awaited.

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	printf '{"ts":%d,"id":%d}\n' 1 1 2 2 3 3 >log
	job=(scheckpoint run -d state -f -i log -o out.json --every=100ms)
}

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null
	return 0
}

start_job() {
	"${job[@]}" "$@" 2>stderr &
	run=$!
}

end_job() {
	local got=0
	kill -TERM $run
	wait $run || got=$?
	[ $got = 143 ]
}

# Wait until a command succeeds; a limit of 10 s.
wait_for() {
	local i
	for ((i = 0; i < 500; i++)); do
		eval "$1" && return 0
		sleep 0.02
	done
	echo "waited in vain: $1"
	cat stderr
	return 1
}

# Processes of the pipeline of this job, by where they are.
ours() {
	local p
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/cwd" 2>/dev/null)" = "$PWD" ] &&
			[ "${p#/proc/}" != $$ ] &&
			tr '\0' ' ' 2>/dev/null <"$p/cmdline" |
			grep -q "$1" && echo "${p#/proc/}"
	done
	return 0
}

@test "a stage killed behind a command that has nothing to write" {
	start_job 'cat | sfilter "id > 1"'
	wait_for '[ -s out.json ]'
	kill -9 $(ours '^sfilter')
	wait_for 'grep -q restarting stderr'
	wait_for '[ $(ours "^sfilter" | wc -l) = 1 ]'
	echo '{"ts":4,"id":4}' >>log
	wait_for '[ $(wc -l <out.json) = 3 ]'
	end_job
	[ $(grep -c restarting stderr) = 1 ]
}

@test "a stage killed in a branch that leads nowhere" {
	start_job 'cat | tee >(cat | sfilter "id == 2" | cat >two) | cat'
	wait_for '[ -s out.json ]'
	kill -9 $(ours '^sfilter')
	wait_for 'grep -q "a stage of PIPELINE (in/sfilter.1) has died" stderr'
	wait_for '[ $(ours "^sfilter" | wc -l) = 1 ]'
	end_job
}

@test "stages that end, or never are in the stream, are no cause" {
	echo '{"ts":9}' >other
	start_job 'sfilter -q "ts == 9" other; smap -n "a = 1" >made
		sfilter "id >" other || true
		cat | tee >(exec sfilter true >/dev/null) | sfilter true'
	wait_for '[ -s out.json ]'
	echo '{"ts":4,"id":4}' >>log
	wait_for '[ $(wc -l <out.json) = 4 ]'
	# what stopped is forgiven, also after 2 seconds of checkpoints
	for ((n = 5; n < 30; n++)); do
		echo "{\"ts\":$n,\"id\":$n}" >>log
		wait_for "[ \$(wc -l <out.json) = $n ]"
	done
	end_job
	! grep -q restarting stderr
	# a bounded one, too
	rm -r state out.json
	timeout -s KILL 20 scheckpoint run -d state -i log -o out.json \
		'cat | tee >(sfilter true >/dev/null) | bash -c "exec sfilter true"'
}

@test "a stage that cannot begin ends a job of which nothing moves" {
	local got=0
	# cat is not told: it waits behind a FIFO that has nothing to say
	mkfifo dam
	timeout -s KILL 20 "${job[@]}" --restarts=0 \
		'cat >dam & sleep 0.3; sfilter "id >" <dam | cat' 2>stderr ||
		got=$?
	[ $got = 2 ]
	grep -q 'ends too early' stderr
}

@test "nobody is left behind a run that was killed" {
	start_job 'mkfifo never; cat | tee >(sfilter true - never >more) | sfilter true'
	wait_for '[ -s out.json ]'
	wait_for '[ $(ours sfilter | wc -l) -ge 3 ]'
	kill -9 $run
	wait_for '[ -z "$(ours sfilter)" ]'
	wait $run || true
	# and the next one need not wait for them
	start_job 'cat | sfilter true'
	echo '{"ts":4,"id":4}' >>log
	wait_for '[ $(wc -l <out.json) = 4 ]'
	end_job
}

@test "a checkpoint that is held back is told, and by whom" {
	[ -x "$BUILD/probes/scheckpoint" ] || skip 'needs `make probes`'
	PATH=$(cd "$BUILD/probes" && pwd):$PATH # is not so patient
	start_job 'sfilter true | dd bs=1M iflag=fullblock status=none |
		sfilter true'
	wait_for 'grep -q "checkpoint 1 was asked for 2 s ago" stderr'
	grep -q 'has not come to sink out' stderr
	grep -q 'dd may hold back' stderr
	wait_for 'grep -q "not come to every sink for 2 s" stderr'
	kill -TERM $run # waits for it, too
	wait_for 'grep -q "a second signal ends the job" stderr'
	end_job
	[ ! -s out.json ]
	! grep -q restarting stderr
}
