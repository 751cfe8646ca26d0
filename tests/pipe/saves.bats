#!/usr/bin/env bats
# Goal: savepoints, pruning, and beginning again: at a checkpoint, at a
# savepoint, at a time. Method: small jobs over a log that grows; output compared
# with that of the same pipeline without a job, byte for byte.

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	filter='sfilter -t ts --max-delay=5s "status >= 300"'
	window='swindow -w 1m -k host "n = count(), worst = max(ms)"'
	job="$filter | $window"
}

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null
	return 0
}

# events FROM TO: one second apart, up to three out of order.
events() {
	awk -v i="$1" -v to="$2" 'BEGIN {
		for (; i < to; i++)
			printf "{\"ts\":%d,\"status\":%d,\"host\":\"h%d\",\"ms\":%d}\n",
				1700000000 + i - i % 3, 200 + i * 7 % 4 * 100,
				i % 5, i * 31 % 977
	}'
}

# Does the command give this exit status?
status_is() {
	local want=$1 got=0
	shift
	"$@" >stdout 2>stderr || got=$?
	[ "$got" = "$want" ] && return 0
	echo "exit status $got, not $want: $*"
	cat stderr
	return 1
}

# Wait until a command succeeds; a limit of 10 s.
wait_for() {
	local i
	for ((i = 0; i < 500; i++)); do
		eval "$1" && return 0
		sleep 0.02
	done
	echo "waited in vain: $1"
	return 1
}

run_job() { # run_job SINK OPTION...
	local sink=$1
	shift
	scheckpoint run -d state -i access.log -o "$sink" --keep="${keep-3}" \
		"$@" "$job"
}

plain() { # plain LOG: what a run without a job gives
	bash -c "sfilter -F true '$1' | $job"
}

# Three runs: checkpoints 1 and 2 are suspended, 3 is the end.
three_runs() {
	events 0 700 >access.log
	run_job a.json --once
	cp a.json first.json
	[ -z "${1-}" ] || scheckpoint save -d state "$1"
	events 700 1400 >>access.log
	run_job a.json --once
	events 1400 2000 >>access.log
	run_job a.json
	plain access.log >want.json
	cmp want.json a.json
}

# What comes after the first run's output.
rest() {
	tail -c +$(($(stat -c %s first.json) + 1)) want.json
}

@test "a savepoint is listed, shown, verified, and outlives its checkpoint" {
	events 0 700 >access.log
	status_is 2 scheckpoint save -d state early # nothing there
	run_job a.json --once
	status_is 0 scheckpoint save -d state before-upgrade
	grep -qx 'savepoint before-upgrade: checkpoint 1.1' stdout
	[ "$(stat -c %a state/save/before-upgrade)" = 700 ]
	for i in 1 2 3 4; do
		events $((i * 700)) $((i * 700 + 9)) >>access.log
		run_job a.json --once
	done
	[ ! -e state/cp/1.1 ]
	scheckpoint list -d state >list
	[ "$(grep -c '^{"checkpoint"' list)" = 3 ]
	grep '"savepoint":"before-upgrade","checkpoint":1,' list |
		grep -q '"line":700'
	scheckpoint show -d state before-upgrade in/swindow.1 >window
	grep -q h3 window
	scheckpoint show -d state before-upgrade >all
	grep -q '"stage":"in/swindow.1"' all
	status_is 2 scheckpoint show -d state nobody in
	grep -q 'no savepoint nobody' stderr
	scheckpoint verify -d state | grep -qx 'savepoint before-upgrade: whole'
	cp state/save/before-upgrade/in.part x
	printf x >>x
	mv x state/save/before-upgrade/in.part
	status_is 5 scheckpoint verify -d state
	grep -q '^savepoint before-upgrade: .*in.part: damaged' stdout
}

@test "names of savepoints; one that is there is refused" {
	events 0 100 >access.log
	run_job a.json --once
	for name in 7 latest none a/b .. .x 'a b' "$(printf %065d 0)x"; do
		status_is 2 scheckpoint save -d state "$name"
		grep -q "not a savepoint's name" stderr
	done
	[ ! -e state/save ]
	status_is 0 scheckpoint save -d state a
	status_is 2 scheckpoint save -d state a
	grep -q -- '--savepoint=a' stderr
	status_is 2 scheckpoint save -d state
	status_is 2 scheckpoint save -d state b c
	status_is 0 scheckpoint prune -d state --savepoint=a
	[ "$(cat stdout)" = 'savepoint a: removed' ]
	status_is 2 scheckpoint prune -d state --savepoint=a
	[ -z "$(ls -A state/save)" ]
	status_is 0 scheckpoint save -d state a
	ln -s a state/save/b
	status_is 5 scheckpoint list -d state
	grep -q 'not a directory' stderr
	status_is 5 run_job b.json --from=b
}

@test "save and prune beside a job that runs" {
	events 0 700 >access.log
	env --default-signal=INT scheckpoint run -d state -i access.log \
		-o a.json -f --every=100ms --keep=1 "$job" 2>messages &
	run=$!
	wait_for '[ -s a.json ]'
	for i in 1 2 3 4 5 6; do
		events $((i * 700)) $((i * 700 + 700)) >>access.log
		n=$(stat -c %s a.json)
		scheckpoint save -d state s$i
		scheckpoint prune -d state --keep=1
		wait_for "[ \$(stat -c %s a.json) -gt $n ]"
	done
	kill -TERM $run
	wait $run || true
	[ ! -s messages ]
	status_is 0 scheckpoint verify -d state
	[ "$(grep -c '^savepoint s[1-6]: whole$' stdout)" = 6 ]
	run_job a.json
	plain access.log >want.json
	cmp want.json a.json
}

@test "prune: the newest stay, what is left over goes, numbers are not used again" {
	three_runs
	mkdir state/save state/save/.tmp.0 state/cp/2.9
	echo '{}' >state/out/out.2.9
	status_is 0 scheckpoint prune -d state
	[ ! -s stdout ]
	[ ! -e state/cp/2.9 ] && [ ! -e state/out/out.2.9 ]
	[ ! -e state/save/.tmp.0 ]
	status_is 0 scheckpoint prune -d state --keep=1
	[ "$(cat stdout)" = "$(printf 'checkpoint 2.2: removed\ncheckpoint 1.1: removed')" ]
	[ "$(ls state/cp)" = 3.3 ]
	status_is 2 scheckpoint prune -d state --keep=0
	status_is 2 scheckpoint prune -d state 3
	status_is 0 run_job b.json --from=none
	cmp a.json b.json
	[ "$(ls state/cp | sort -n | head -n 1 | cut -d . -f 1)" -gt 3 ]
}

@test "--from=N: the same sink only if nothing was committed since" {
	keep=9
	three_runs
	status_is 5 run_job a.json --from=1
	grep -q 'new sink' stderr
	cmp want.json a.json
	echo something >full.json
	status_is 5 run_job full.json --from=1
	status_is 0 run_job a.json --from=3
	grep -q finished stderr
	status_is 0 run_job b.json --from=1 # the finished job goes on
	rest | cmp - b.json
	cmp want.json a.json
	status_is 0 run_job b.json
	grep -q finished stderr
	status_is 5 run_job a.json
	status_is 0 scheckpoint verify -d state
	# the old sink has it all already
	status_is 5 run_job a.json --from=2
	status_is 2 run_job c.json --from=77
	status_is 5 run_job access.log --from=2
	cp access.log before
	status_is 0 run_job c.json --from=2
	[ -s c.json ]
	cmp before access.log
}

@test "--from=N of the newest goes on in the same sink" {
	events 0 700 >access.log
	run_job a.json --once
	events 700 2000 >>access.log
	status_is 0 run_job a.json --from=1
	plain access.log >want.json
	cmp want.json a.json
}

@test "--from=NAME: a savepoint of the newest; an older one; one that is gone" {
	three_runs first
	status_is 5 run_job a.json --from=first
	rm -r state/cp/1.1
	status_is 0 run_job b.json --from=first
	rest | cmp - b.json
	[ ! -s stderr ]
	# the same again goes on; another savepoint does not
	status_is 0 run_job b.json --from=first
	grep -q 'goes on' stderr
	rest | cmp - b.json
	scheckpoint save -d state last
	status_is 0 run_job b.json --from=last
	status_is 2 run_job b.json --from=nobody
	grep -q 'no savepoint nobody' stderr
	# it is of another branch now, and b.json is no longer new
	status_is 5 run_job a.json --from=first
	status_is 0 run_job c.json --from=first
	cmp b.json c.json
}

@test "--from and a stage that dies: the restart goes on from what came since" {
	three_runs
	env --default-signal=INT scheckpoint run -d state -i access.log \
		-o b.json --from=1 -f --every=100ms "$job" 2>stderr &
	run=$!
	wait_for '[ -s b.json ]'
	shell=$(pgrep -P $run bash)
	kill -9 "$(pgrep -P "$shell" -f swindow)"
	wait_for 'grep -q restarting stderr'
	events 2000 2300 >>access.log
	n=$(wc -l <b.json)
	wait_for "[ \$(wc -l <b.json) -gt $n ]"
	kill -TERM $run
	wait $run || true
	status_is 0 run_job b.json
	plain access.log >want.json
	rest | cmp - b.json
}

@test "--from with changed options: 5, or --drop-state" {
	three_runs
	job="$filter | swindow -w 5m -k host 'n = count()'"
	status_is 5 run_job b.json --from=1
	job="$filter | sdedup -k 'host, ms' --within=1h"
	status_is 5 run_job b.json --from=1
	grep -q -- --drop-state stderr
	status_is 0 run_job b.json --from=1 --drop-state=in/swindow.1
	[ -s b.json ]
}

@test "--from when the newest checkpoint is damaged, and the sink lost" {
	three_runs
	truncate -s -1 state/cp/3.3/in.part
	status_is 5 run_job a.json
	status_is 5 run_job a.json --from=2
	status_is 5 run_job b.json --from=3
	rm a.json
	status_is 0 run_job b.json --from=1
	rest | cmp - b.json
}

@test "a savepoint without what newer versions say stays readable" {
	three_runs first
	cd state/save/first
	# no branch, as before there were any; with a digest of its own
	status_is 1 grep branch MANIFEST
	grep -q '"weir":"manifest","version":1' MANIFEST
	cd ../../..
	run_job b.json --from=2 # a branch
	status_is 5 run_job b.json --from=first
	status_is 0 run_job c.json --from=first
	rest | cmp - c.json
}

@test "--from=none keeps savepoints" {
	three_runs first
	status_is 0 run_job b.json --from=none
	cmp want.json b.json
	status_is 0 run_job c.json --from=first
	rest | cmp - c.json
}

@test "a sink that began anew is another one, even if as long" {
	events 0 700 >access.log
	run_job a.json --once
	scheckpoint save -d state first
	mv a.json first.json
	run_job a.json --from=none --once
	cmp first.json a.json
	status_is 5 run_job a.json --from=first
	events 700 2000 >>access.log
	status_is 0 run_job b.json --from=first
	plain access.log >want.json
	rest | cmp - b.json
}

@test "one of two sinks is new, the other has had nothing since" {
	events 0 700 >access.log
	two() {
		scheckpoint run -d state -i access.log -o "$1" -o rare="$2" \
			"${@:3}" "$filter | tee >(sfilter 'ms < 0' >\"\$rare\") |
			$window"
	}
	two a.json rare.json --once
	cp a.json first.json
	events 700 2000 >>access.log
	two a.json rare.json
	status_is 5 two a.json rare.json --from=1
	status_is 0 two b.json rare.json --from=1
	plain access.log >want.json
	rest | cmp - b.json
	[ ! -s rare.json ]
	status_is 5 two b.json b.json --from=2
	status_is 5 run_job b.json --from=2 # one sink is missing
}

@test "--rewind: what is older is passed over, counted, and nothing else" {
	three_runs
	status_is 2 run_job b.json --rewind=2023-11-14T22:29:59Z
	grep -q -- '-t' stderr
	job="sfilter 'status >= 300' | $window"
	replay() {
		run_job "$1" -t ts --max-delay=5s --rewind="$2" "${@:3}"
	}
	status_is 2 replay b.json yesterday
	grep -q 'not a time' stderr
	status_is 2 replay b.json 2023-11-14 --from=1
	status_is 5 replay a.json 2023-11-14T22:29:59Z
	grep -q 'leave out --rewind' stderr
	status_is 0 replay b.json 2023-11-14T22:29:59Z -S
	awk -F '[:,]' '$2 >= 1700000999' access.log >newer.log
	[ "$(wc -l <newer.log)" -lt 1500 ]
	bash -c "sfilter -F -t ts --max-delay=5s true newer.log | $job" >want.json
	[ -s want.json ]
	cmp want.json b.json
	old=$((2000 - $(wc -l <newer.log)))
	grep '"tool":"scheckpoint"' stderr | grep -q "\"dropped\":$old,"
	# again: it goes on, which is to say that it is finished
	status_is 0 replay b.json 2023-11-14T22:29:59Z
	grep -q 'goes on' stderr
	grep -q finished stderr
	cmp want.json b.json
	status_is 5 replay b.json 2023-11-14T22:31:00Z
	status_is 0 replay c.json 2023-11-14T22:31:00Z
	status_is 1 cmp b.json c.json
}

@test "--rewind begins with the oldest rotated file, and survives a rotation" {
	events 0 700 | gzip >access.log.2.gz
	events 700 1400 >access.log.1
	touch -d '2 hours ago' access.log.2.gz
	touch -d '1 hour ago' access.log.1
	events 1400 2000 >access.log
	echo '{"ts":1700000001,"status":500,"host":"no","ms":1}' >access.log.bak
	job="sfilter 'status >= 300' | $window"
	status_is 0 run_job a.json -t ts --max-delay=5s --once
	status_is 0 run_job b.json -t ts --max-delay=5s --once \
		--rewind=2023-11-14T22:20:00Z
	mv access.log.1 access.log.3
	mv access.log access.log.4
	events 2000 2300 >access.log
	touch -d '1 hour ago' access.log.3
	status_is 0 run_job b.json -t ts --max-delay=5s
	events 0 2300 | awk -F '[:,]' '$2 >= 1700000400' >newer.log
	bash -c "sfilter -F -t ts --max-delay=5s true newer.log | $job" >want.json
	cmp want.json b.json
}

@test "--from and --rewind go with run only" {
	events 0 10 >access.log
	for option in --from=1 --from=none --from=x '--rewind=2026-01-01 -t ts'; do
		# shellcheck disable=SC2086
		status_is 2 bash -c "scheckpoint source -d s $option access.log | cat; exit \${PIPESTATUS[0]}"
		grep -q 'run only' stderr
	done
}

@test "--from=none and --rewind forget what was spooled, and go on after that" {
	events 0 900 >access.log
	job="sfilter 'status >= 300' | $window"
	piped() {
		scheckpoint run -d state --spool -i - -o "$1" -t ts \
			--max-delay=5s "${@:2}" "$job"
	}
	head -n 400 access.log | piped a.json --once
	for option in --from=none --rewind=2023-11-14; do
		rm -f b.json
		head -n 700 access.log | piped b.json --once "$option"
		tail -n 200 access.log | piped b.json
		bash -c "sfilter -F -t ts --max-delay=5s true access.log |
			$job" >want.json
		cmp want.json b.json
	done
}
