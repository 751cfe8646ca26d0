#!/usr/bin/env bats
# Goal: on a terminal `scheckpoint run` shows one line that tells how the job is
# getting on, cut to its width, and leaves none of it behind; elsewhere nothing,
# unless asked. Method: jobs on a terminal made by script(1), whose log is
# awaited and searched.

# bats sets these.
# shellcheck disable=SC2154

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	printf '{"ts":%d,"id":%d}\n' 1 1 2 2 3 3 >log
	: >shown
	export TERM=xterm SHELL=/bin/bash NO_COLOR=1
}

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null
	return 0
}

# Wait until a command succeeds; a limit of 20 s.
wait_for() {
	local i
	for ((i = 0; i < 1000; i++)); do
		eval "$1" && return 0
		sleep 0.02
	done
	echo "waited in vain: $1"
	cat -v shown
	return 1
}

# on_terminal COLUMNS WORD...: in the background, on a terminal of its own.
on_terminal() {
	printf 'stty cols %d\nexec ' "$1" >words
	printf '%q ' "${@:2}" >>words
	script -qefc "bash $PWD/words" shown </dev/null >/dev/null &
	terminal=$!
}

# The process of the run on the terminal.
the_run() {
	pgrep -P $terminal -f 'scheckpoint run'
}

# Were lines like it shown, at least N times?
shows() {
	[ "$(tr '\r' '\n' <shown | grep -ac -- "$1")" -ge "${2:-1}" ]
}

job=(scheckpoint run -d state -f -i log -o out.json --every=100ms)

@test "rate, what is behind, watermark, checkpoint, restarts; gone at the end" {
	on_terminal 200 "${job[@]}" --progress -t ts 'sfilter true'
	wait_for 'shows "checkpoint 1 ([0-9.]* .\?B in [0-9]* ms)"'
	wait_for 'shows "events/s, nothing behind, watermark 1970-01-01T00:00:03Z"'
	for i in {4..30}; do echo "{\"ts\":$i}"; done >>log
	wait_for 'shows "scheckpoint: [1-9][0-9]* events/s"'
	wait_for 'shows "watermark 1970-01-01T00:00:30Z"'
	shell=$(pgrep -P "$(the_run)" bash)
	kill -9 "$(pgrep -P "$shell" -f sfilter)"
	wait_for 'shows ", 1 restart$"'
	# a message has a line of its own: the one that stood there was cleared
	grep -a 'restarting' shown | grep -qa $'\e\[Kscheckpoint: '
	kill -TERM "$(the_run)"
	wait $terminal || true
	# the last thing on the terminal is an empty line
	sed '/^Script done/d' shown | tail -c 4 | grep -qa $'\e\[K'
}

@test "it is cut to the width of the terminal" {
	on_terminal 40 "${job[@]}" --progress -t ts 'sfilter true'
	wait_for 'shows "events/s" 2'
	kill -TERM "$(the_run)"
	wait $terminal || true
	tr '\r' '\n' <shown | grep -a 'events/s' | sed $'s/\e\\[K//g' >lines
	[ "$(awk 'length > most { most = length } END { print most }' lines)" = 39 ]
}

@test "without --progress after 2 seconds; stages show no line of theirs" {
	on_terminal 100 "${job[@]}" 'cat | sfilter true'
	wait_for 'shows "scheckpoint: .* events/s"'
	started=$(ps -o etimes= -p "$(the_run)")
	[ "$started" -ge 2 ]
	yes '{"ts":1}' | head -n 200000 >>log
	wait_for '[ "$(wc -l <out.json)" = 200003 ]'
	kill -TERM "$(the_run)"
	wait $terminal || true
	! shows 'sfilter: '
}

@test "not on a dumb terminal, nor in a file; --progress asks for lines there" {
	TERM=dumb on_terminal 100 "${job[@]}" 'sfilter true'
	wait_for '[ -s out.json ]'
	for n in {4..40}; do # more than 2 s of checkpoints
		echo "{\"ts\":$n}" >>log
		wait_for "[ \$(wc -l <out.json) = $n ]"
	done
	kill -TERM "$(the_run)"
	wait $terminal || true
	! grep -qa 'events/s' shown
	! grep -qa $'\e' shown
	rm -r state out.json
	"${job[@]}" --progress 'sfilter true' 2>stderr &
	wait_for '[ "$(grep -c "^scheckpoint: .* events/s.*checkpoint" stderr)" -ge 2 ]'
	kill -TERM $!
	wait $! || true
	! grep -q $'[\e\r]' stderr
}
