#!/usr/bin/env bats
# Goal: a sink that dies, does not read, never ends or is locked is noticed, in
# time and with words, and nothing is lost by it. Method: followed jobs whose
# commands and databases misbehave once, with the shorter limits of the build
# with probes; what they got at last is compared.

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	PATH=$(cd "$BATS_TEST_DIRNAME/../.." && cd "${BUILD:-build}" && pwd)/probes:$PATH
	lines 1 3 >log
	job=(scheckpoint run -d state -i log)
}

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null
	[ ! -e pid ] || kill -9 "$(cat pid)" 2>/dev/null
	return 0
}

# lines FROM TO
lines() {
	seq -f '{"id":%.0f,"text":"0123456789012345678901234567890123456789"}' \
		"$1" "$2"
}

start_job() {
	"${job[@]}" "$@" sfilter\ true 2>stderr &
	run=$!
}

# ends STATUS: the job ends, of itself.
ends() {
	local got=0
	wait_for '[ "$(state_of $run)" = Z ]'
	wait $run || got=$?
	[ "$got" = "$1" ] || { echo "ended with $got"; cat stderr; return 1; }
}

# A signal ends the job in good order.
drain() {
	kill -TERM $run
	ends 143
}

# Signals, as often as it takes, end the job: two of them soon after each
# other are one.
insist() {
	wait_for 'kill -TERM $run; [ "$(state_of $run)" = Z ]'
	ends 143
}

state_of() {
	sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null || echo Z
}

# Wait until a command succeeds; a limit of 20 s.
wait_for() {
	local i
	for ((i = 0; i < 1000; i++)); do
		eval "$1" && return 0
		sleep 0.02
	done
	echo "waited in vain: $1"
	cat stderr
	return 1
}

@test "a command that fails is started again at once, not at a commit" {
	start_job -f --every=1h -o \
		'|[ -e once ] || { touch once; exit 3; }; echo $$ >pid; cat >got'
	wait_for 'grep -q "sink out ended with exit status 3: restarting" stderr'
	wait_for '[ -s pid ]'
	kill -9 "$(cat pid)"
	wait_for 'grep -q "sink out died of signal 9: restarting" stderr'
	rm got
	wait_for '[ -e got ]'
	drain
	cmp log got
}

@test "a command that dies while its child holds its input" {
	start_job -f --every=1h -o \
		'|[ -e once ] && exec cat >got; touch once; sleep 1000 <&0 & exit 4'
	wait_for 'grep -q "sink out ended with exit status 4: restarting" stderr'
	wait_for '[ -e got ]'
	drain
	cmp log got
}

@test "a command that closes its input and lives on has ended" {
	start_job -f --every=1h -o \
		'|[ -e once ] && exec cat >got; touch once; exec <&-; sleep 1000'
	wait_for 'grep -q "sink out ended before its input did: rest" stderr'
	wait_for '[ -e got ]'
	drain
	cmp log got
}

@test "a command that never works: given up, with nothing committed to it" {
	start_job -f --every=1h --restarts=2 -o '|exit 3'
	ends 6
	grep -q 'exit status 3: given up after 2 restarts' stderr
}

@test "a command that never ends: said, ended by a second signal, given again" {
	start_job -o '|cat >got; echo $$ >pid; exec sleep 1000'
	wait_for 'grep -q "sink out has been waited for .* cat >got; echo" stderr'
	cmp log got
	kill -TERM $run
	[ "$(state_of "$(cat pid)")" = S ] # one is not enough
	insist
	grep -q 'was stopped before it had read all and ended: run' stderr
	wait_for '! kill -0 "$(cat pid)" 2>/dev/null'
	rm got
	# a run that finds it so waits in the same way
	start_job -o '|cat >got; echo $$ >pid; exec sleep 1000'
	wait_for 'grep -q "sink out has been waited for" stderr'
	cmp log got
	insist
	[ -n "$(ls state/queue.out)" ]
}

@test "a command that never ends does not keep what another sink is to have" {
	job+=(-o 'cmd=|exec sleep 1000' -o file=out.json)
	"${job[@]}" 'tee >(sfilter true >"$cmd") | sfilter true >"$file"' \
		2>stderr &
	run=$!
	wait_for 'cmp -s log out.json'
	insist
}

# grow N: so many checkpoints of about 64 KiB each.
grow() {
	local i at
	for ((i = 0; i < $1; i++)); do
		at=$(wc -l <log)
		lines $((at + 1)) $((at + 900)) >>log
		wait_for "[ -e state/queue.out ] &&
			[ \"\$(cat state/queue.out/* got 2>/dev/null |
			tail -n 1)\" = '$(tail -n 1 log)' ]" || return
	done
}

@test "a command that does not read: the limit, said, and given up" {
	cmd='|[ -e reads ] || exec sleep 1000; cat >got'
	start_job -f --every=20ms --restarts=1 -o "$cmd"
	grow 3
	wait_for 'grep -q "sink out does not read: [0-9]* bytes wait" stderr'
	lines 2704 2705 >>log
	ends 6
	grep -q 'given up after 1 restarts' stderr
	# nothing is lost by that
	touch reads
	start_job -o "$cmd"
	ends 0
	cmp log got
}

@test "a command that reads may have any amount, in one checkpoint or many" {
	start_job -f --every=20ms -o '|cat >got'
	wait_for 'cmp -s log got'
	lines 4 9000 >>log # ten times the limit, at once
	wait_for 'cmp -s log got'
	grow 4
	wait_for 'cmp -s log got'
	! grep restarting stderr || return 1
	drain
	cmp log got
}

@test "a database that another program has locked: said, then it goes on" {
	start_job -f --every=20ms -o 'sqlite:db?table=rows'
	wait_for '[ "$(sqlite3 db "SELECT count(*) FROM rows" 2>&1)" = 3 ]'
	coproc LOCK { sqlite3 db; }
	echo 'BEGIN EXCLUSIVE; SELECT 1;' >&"${LOCK[1]}"
	read -r -u "${LOCK[0]}" _
	lines 4 5 >>log
	wait_for 'grep -q "another program has locked the database for 1 s: res" stderr'
	echo 'ROLLBACK;' >&"${LOCK[1]}"
	wait_for '[ "$(sqlite3 db "SELECT count(*) FROM rows" 2>&1)" = 5 ]'
	drain
	[ "$(sqlite3 db 'SELECT group_concat(id) FROM rows')" = 1,2,3,4,5 ]
}
