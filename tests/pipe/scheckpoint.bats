#!/usr/bin/env bats
# Goal: what a user of scheckpoint sees: ends, resumes, exit statuses, messages.
# Method: small jobs over files that grow, are changed, or lie; output compared
# with that of the same pipeline without a job.

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	filter='sfilter -t ts --max-delay=5s "status >= 500"'
	window='swindow -w 1m -k host "n = count(), worst = max(ms)"'
	events 0 2000 >access.log
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

run_job() {
	scheckpoint run -d state -i access.log -o out.json "$@"
}

# The same in the background: $run is its process.
start_job() {
	env --default-signal=INT scheckpoint run -d state -i access.log \
		-o out.json "$@" 2>stderr &
	run=$!
}

# End it by a signal: that must be its status.
end_job() {
	local got=0
	kill -"$1" "$run"
	wait "$run" || got=$?
	[ $got = $((128 + $(kill -l "$1"))) ]
}

plain() { # plain LOG: what a run without a job gives
	bash -c "sfilter -F true '$1' | $filter | $window"
}

@test "a bounded run gives what the pipeline gives without a job" {
	status_is 0 run_job "$filter | $window"
	plain access.log >want.json
	[ -s want.json ]
	cmp want.json out.json
	[ ! -s stderr ]
}

@test "a finished job run again: 0 and a note; grown since: 5" {
	run_job "$filter | $window"
	cp out.json want.json
	status_is 0 run_job "$filter | $window"
	grep -q 'finished' stderr
	cmp want.json out.json
	events 2000 2001 >>access.log
	status_is 5 run_job "$filter | $window"
	grep -q 'has grown' stderr
	cmp want.json out.json
}

@test "--once leaves windows open for the next run" {
	cp access.log whole.log
	head -n 700 whole.log >access.log
	status_is 0 run_job --once "$filter | $window"
	plain whole.log >want.json
	[ "$(wc -l <out.json)" -lt "$(wc -l <want.json)" ]
	cmp -n "$(stat -c %s out.json)" out.json want.json
	head -c 60000 whole.log >access.log # an unfinished line
	status_is 0 run_job --once "$filter | $window"
	status_is 0 run_job --once "$filter | $window" # nothing new
	cp whole.log access.log
	status_is 0 run_job "$filter | $window"
	cmp want.json out.json
}

@test "-f: output becomes visible; SIGTERM drains; it goes on; SIGINT, too" {
	cp access.log whole.log
	plain whole.log >want.json
	: >access.log
	start_job -f --every=100ms "$filter | $window"
	head -n 900 whole.log >>access.log
	wait_for '[ -s out.json ]'
	end_job TERM
	[ ! -s stderr ]
	scheckpoint list -d state | tail -n 1 | grep -q '"end":"suspended"'
	tail -n +901 whole.log >>access.log
	n=$(wc -l <out.json)
	start_job -f --every=100ms "$filter | $window"
	wait_for "[ \$(wc -l <out.json) -gt $n ]"
	end_job INT
	status_is 0 run_job "$filter | $window"
	cmp want.json out.json
}

@test "a stage that dies is started again, and nothing shows" {
	cp access.log whole.log
	head -n 900 whole.log >access.log
	start_job -f --every=100ms "$filter | $window"
	wait_for '[ -s out.json ]'
	shell=$(pgrep -P $run bash)
	# By its arguments: under valgrind it has another name.
	kill -9 "$(pgrep -P "$shell" -f swindow)"
	wait_for 'grep -q restarting stderr'
	tail -n +901 whole.log >>access.log
	n=$(wc -l <out.json)
	wait_for "[ \$(wc -l <out.json) -gt $n ]"
	end_job TERM
	status_is 0 run_job "$filter | $window"
	plain whole.log >want.json
	cmp want.json out.json
}

@test "restarts end: --restarts" {
	status_is 6 run_job --restarts=1 "$filter | sh -c 'kill -9 \$\$'"
	[ "$(grep -c restarting stderr)" = 1 ]
	status_is 6 run_job --restarts=0 "$filter | sh -c 'head -c 100; exit 9'"
	! grep -q restarting stderr
	status_is 2 run_job "$filter | no_such_command_here"
	! grep -q restarting stderr
}

@test "a stage that stops for a reason is not started again" {
	status_is 2 run_job "sfilter 'status >=' | $window"
	status_is 2 run_job "$filter | swindow -w 1x 'n = count()'"
	status_is 2 run_job "$window"
	grep -q -- '-t ts' stderr
	status_is 3 run_job "sfilter -E fail -t ts 'host > 5' | $window"
	! grep -q restarting stderr
	[ ! -s out.json ]
}

@test "bad lines of the source are skipped, counted and told" {
	echo 'not json' >>access.log
	status_is 0 run_job "$filter | $window"
	grep -q 'access.log:2001' stderr
	status_is 3 scheckpoint run -d s2 -i access.log -o out2.json -E fail \
		"$filter"
}

@test "sfilter -n inside a job: the stream goes on, and so does its count" {
	status_is 0 run_job --once "sfilter -n 3 'status >= 500'"
	[ "$(wc -l <out.json)" = 3 ]
	events 2000 2100 >>access.log
	status_is 0 run_job "sfilter -n 3 'status >= 500'"
	[ "$(wc -l <out.json)" = 3 ]
	status_is 2 scheckpoint run -d s2 -i access.log -o o2.json \
		"sfilter -q 'status >= 500'"
}

@test "a foreign stage is named" {
	status_is 2 run_job "${filter/-t/-J -t} | grep ."
	grep -q 'not frames of this job; it lost them in grep' stderr
	[ ! -s out.json ]
}

@test "changed options: 5, both are shown, nothing is lost" {
	status_is 0 run_job --once "$filter | $window"
	status_is 5 run_job --once "$filter | ${window/1m/5m}"
	grep -q 1m stderr
	grep -q 5m stderr
	status_is 0 run_job "$filter | $window"
	plain access.log >want.json
	cmp want.json out.json
}

@test "state that nobody takes up: 5, or --drop-state" {
	status_is 0 run_job --once "$filter | $window"
	cp out.json want.json
	events 2000 2100 >>access.log
	status_is 5 run_job --once "$filter"
	grep -q -- '--drop-state=in/swindow.1' stderr
	cmp want.json out.json
	status_is 0 run_job --once --drop-state=in/swindow.1 "$filter"
	[ "$(wc -l <out.json)" -gt "$(wc -l <want.json)" ]
}

@test "two stages of one identity: 5, --id is named" {
	status_is 5 run_job "$filter | ${window/-w/--id=x -w} |
		swindow --id=x -w 5m 'n = count()'"
	grep -q -- '--id' stderr
	status_is 0 run_job "$filter | ${window/-w/--id=x -w} |
		swindow --id=y -w 5m 'n = count()'"
	scheckpoint show -d state x | grep -q .
	for id in '' 'a b' a/b "$(printf 'x%.0s' {1..101})"; do
		status_is 2 swindow --id="$id" -t ts -w 1m 'n = count()' \
			access.log
	done
	for id in in out; do
		rm -rf state out.json
		status_is 5 run_job "$filter | ${window/-w/--id=$id -w}"
	done
}

@test "a source that is gone: 5, or --on-gap=skip" {
	status_is 0 run_job --once "$filter"
	rm access.log
	events 5000 6000 >access.log
	status_is 5 run_job --once "$filter"
	grep -q -- '--on-gap=skip' stderr
	n=$(wc -l <out.json)
	status_is 0 run_job --once --on-gap=skip "$filter"
	grep -q 'going on' stderr
	[ "$(wc -l <out.json)" = $((n + 250)) ]
}

@test "an inserted stateless stage keeps the state" {
	status_is 0 run_job --once "$filter | $window"
	status_is 0 run_job "$filter | sfilter 'true' | $window"
	plain access.log >want.json
	cmp want.json out.json
}

@test "another source or sink needs another job" {
	run_job --once "$filter"
	cp access.log other.log
	status_is 5 scheckpoint run -d state -i other.log -o out.json "$filter"
	grep -q 'access.log, not' stderr
	status_is 5 scheckpoint run -d state -i access.log -o o2.json "$filter"
	grep -q 'out.json, not' stderr
	[ ! -e o2.json ]
}

@test "a sink that somebody else wrote to or cut: 5" {
	run_job --once "$filter"
	cp out.json keep.json
	echo more >>out.json
	status_is 5 run_job "$filter"
	head -c 100 keep.json >out.json
	status_is 5 run_job "$filter"
	rm out.json
	status_is 5 run_job "$filter"
	cp keep.json out.json
	status_is 0 run_job "$filter"
}

@test "a sink with something in it is appended to" {
	echo '{"old":1}' >out.json
	run_job "$filter | $window"
	(echo '{"old":1}'; plain access.log) >want.json
	cmp want.json out.json
}

@test "damaged state is found, by verify and by run" {
	run_job --once "$filter | $window"
	status_is 0 scheckpoint verify -d state
	cp -a state keep
	part=$(echo state/cp/*/in%2Fswindow.1.part)
	for damage in \
		"truncate -s -1 $part" \
		"rm $part" \
		"truncate -s -3 state/cp/*/MANIFEST" \
		"printf x | dd of=$part bs=1 seek=40 conv=notrunc"; do
		rm -rf state
		cp -a keep state
		eval "$damage" 2>/dev/null
		status_is 5 scheckpoint verify -d state
		status_is 5 run_job "$filter | $window"
	done
	rm -rf state
	cp -a keep state
	rm state/job
	status_is 5 run_job "$filter | $window"
	grep -q job stderr
}

# full WHERE: jobs find the disk full below WHERE while the file `full` is there.
full() {
	${CC:-cc} -shared -fPIC -o full.so "$BATS_TEST_DIRNAME/full.c" -ldl
	export LD_PRELOAD=$PWD/full.so FULL_BELOW=$1 FULL_WHILE=$PWD/full
}

@test "a full disk abandons checkpoints, and nothing else" {
	cp access.log whole.log
	plain whole.log >want.json
	head -n 900 whole.log >access.log
	full /state/cp/
	start_job -f --every=100ms "$filter | $window"
	wait_for '[ -s out.json ]'
	touch full
	n=$(wc -c <out.json)
	sed -n 901,1500p whole.log >>access.log
	wait_for 'grep -q "given up.*disk full" stderr'
	tail -n +1501 whole.log >>access.log
	[ "$(wc -c <out.json)" = "$n" ]
	rm full
	wait_for "[ \$(wc -c <out.json) -gt $n ]"
	end_job TERM
	! grep -q restarting stderr
	status_is 0 run_job "$filter | $window"
	cmp want.json out.json
	scheckpoint verify -d state
}

@test "a disk too full for output: restarts, then a clear end; no loss" {
	plain access.log >want.json
	full /state/out/
	touch full
	status_is 6 run_job --restarts=1 "$filter | $window"
	grep -q 'No space left' stderr
	rm full
	status_is 0 run_job "$filter | $window"
	cmp want.json out.json
	rm -rf state out.json
	full /out.json
	touch full
	status_is 6 run_job --restarts=1 "$filter | $window" || cat out.json
	rm full
	status_is 0 run_job "$filter | $window"
	cmp want.json out.json
}

@test "--from=none forgets the state, and wants a new sink" {
	status_is 0 run_job "$filter | $window"
	status_is 5 run_job --from=none "$filter | $window"
	grep -q 'new sink' stderr
	status_is 0 scheckpoint run -d state -i access.log -o new.json \
		--from=none "$filter | ${window/1m/5m}"
	[ "$(wc -l <new.json)" -lt "$(wc -l <out.json)" ]
	scheckpoint verify -d state
	rm new.json
	status_is 0 scheckpoint run -d state -i access.log -o new.json \
		--from=none "$filter | $window"
	cmp out.json new.json
	truncate -s -1 state/cp/*/in.part
	rm new.json
	status_is 0 scheckpoint run -d state -i access.log -o new.json \
		--from=none "$filter | $window"
	cmp out.json new.json
}

@test "a directory that is not fit: 5" {
	mkdir -m 0777 open
	chmod 0777 open
	status_is 5 scheckpoint run -d open -i access.log -o out.json "$filter"
	mkdir other
	touch other/file
	status_is 5 scheckpoint run -d other -i access.log -o out.json "$filter"
	ln -s other link
	status_is 5 scheckpoint run -d link -i access.log -o out.json "$filter"
}

@test "one run at a time" {
	start_job -f --every=100ms "$filter"
	wait_for '[ -s out.json ]'
	status_is 5 run_job "$filter" # waits for 10 s
	grep -q 'in use by another run' stderr
	end_job TERM
}

@test "a source must be a file that is there" {
	mkfifo pipe
	status_is 2 scheckpoint run -d state -i pipe -o out.json "$filter"
	grep -q 'say --spool' stderr
	status_is 6 scheckpoint run -d s2 -i none.log -o out.json "$filter"
	status_is 2 scheckpoint run -d s3 -i access.log -o /dev/null "$filter"
	status_is 2 scheckpoint run -d s4 -i access.log -o access.log "$filter"
	cp access.log before
	status_is 2 run_job 'sfilter --else=access.log true'
	grep -q 'source of this job' stderr
	cmp before access.log
	status_is 2 run_job 'sfilter --else=out.json true'
	grep -q 'sink of this job' stderr
}

@test "usage: list and verify take no operands" {
	run_job --once "$filter"
	for look in list verify; do
		status_is 0 scheckpoint "$look" -d state
		status_is 2 scheckpoint "$look" -d state more
		grep -q 'more: one operand too many' stderr
	done
}

@test "usage: what is missing, and what is not known" {
	status_is 2 scheckpoint
	status_is 2 scheckpoint nonsense
	status_is 2 scheckpoint run -i access.log -o out.json "$filter"
	grep -q -- '-d DIR' stderr
	status_is 2 scheckpoint run -d state -o out.json "$filter"
	status_is 2 scheckpoint run -d state -i access.log "$filter"
	status_is 2 scheckpoint run -d state -i access.log -o out.json
	status_is 2 run_job -f --once "$filter"
	status_is 2 run_job --every=10ms "$filter"
	for other in --visible=then --guarantee=twice; do
		status_is 2 run_job "$other" "$filter"
		grep -q -- "${other%=*} is " stderr
	done
	status_is 2 scheckpoint run -d state -i access.log -o - "$filter"
	grep -q -- "-o '|cat'" stderr
	[ ! -e ./- ]
	for later in get; do
		status_is 2 scheckpoint $later -d state
	done
	[ ! -e state ]
	status_is 0 scheckpoint --help
	status_is 0 scheckpoint run --help
	grep -q -- '--restarts' stdout
}

@test "list, show" {
	run_job --once "$filter | $window"
	scheckpoint list -d state >list
	[ "$(wc -l <list)" = 1 ]
	grep -q '"line":2000' list
	grep -q '"end":"suspended"' list
	grep -q '"watermark":"2023-11-14T' list
	scheckpoint show -d state >all
	grep -q '"stage":"in/swindow.1"' all
	scheckpoint show -d state in/swindow.1 >window
	[ -s window ]
	! grep -q '"stage"' window
	scheckpoint show -d state 1 in | grep -q '"offset"'
	status_is 2 scheckpoint show -d state 99
	status_is 2 scheckpoint show -d state nobody
	grep -q 'in/swindow.1' stderr
	status_is 2 scheckpoint list -d nowhere
}

@test "source and sink as the ends of a pipeline of one's own" {
	own() {
		scheckpoint source -d state "$@" access.log | eval "$filter" |
			eval "$window" | scheckpoint sink -d state -o out.json
		echo "${PIPESTATUS[*]}" >statuses
	}
	own --once 2>stderr
	[ "$(cat statuses)" = '0 0 0 0' ]
	own 2>stderr
	[ "$(cat statuses)" = '0 0 0 0' ]
	plain access.log >want.json
	cmp want.json out.json
	scheckpoint verify -d state
	status_is 2 scheckpoint source -d s2 access.log
	grep -q 'must be a pipe' stderr
	scheckpoint source -d s2 access.log 2>stderr |
		scheckpoint sink -d state -o o2.json 2>stderr.2 || true
	grep -q 'the same -d' stderr.2
}

@test "free-standing: the sink dies, and the next run goes on" {
	cp access.log whole.log
	head -n 900 whole.log >access.log
	(scheckpoint source -d state -f --every=100ms access.log |
		eval "$filter" | eval "$window" |
		scheckpoint sink -d state -o out.json
		echo "${PIPESTATUS[0]}" >status) 2>stderr &
	wait_for '[ -s out.json ]'
	pkill -9 -f 'scheckpoint sink -d state -o out.json'
	tail -n +901 whole.log >>access.log
	wait
	[ "$(cat status)" != 0 ]
	scheckpoint source -d state access.log | eval "$filter" |
		eval "$window" | scheckpoint sink -d state -o out.json
	plain whole.log >want.json
	cmp want.json out.json
}

@test "an empty pipeline is refused at once" {
	run scheckpoint run -d state -i log -o out.json ' '
	[ "$status" = 2 ]
	[[ "$output" == *"PIPELINE is empty"* ]]
}

@test "a stage whose writer died before it began leaves the job's side files whole" {
	echo kept >side
	sfilter --else=side true </dev/null
	[ ! -s side ] # of nobody: begun anew
	echo kept >side
	: >in
	scheckpoint run -d state -i in -o out \
		'sfilter --else=side true </dev/null; cat'
	[ "$(cat side)" = kept ]
}

# The stream forks and comes together again; one branch is behind.
forked() {
	echo "tee >(sfilter 'ms % 3 == 0' | swindow --id=side -w 7s -k host \
		'n = count(), ms = max(ms)' >side) |
		sfilter 'ms % 3 == 1' | swindow -w 60s 'all = count()' - side"
}

# The stage where they meet. (The shell has quotes in its arguments.)
joining() {
	local shell
	shell=$(pgrep -P "$run" bash) &&
		pgrep -P "$shell" -f 'swindow -w 60s all'
}

@test "a pipeline that forks: stages die, and nothing shows" {
	mkfifo side
	status_is 0 run_job -t ts --max-delay=5s "$(forked)"
	mv out.json want.json
	[ "$(wc -l <want.json)" -gt 5 ]
	rm -r state
	cp access.log whole.log
	head -n 900 whole.log >access.log
	start_job -t ts --max-delay=5s -f --every=100ms "$(forked)"
	for n in 1 2 3; do
		wait_for "[ \$(scheckpoint list -d state | wc -l) -gt 0 ]"
		wait_for 'victim=$(joining)'
		kill -9 "$victim"
		# tee notices when it writes.
		head -n $((900 + n * 200)) whole.log | tail -n 200 >>access.log
		wait_for "[ \$(grep -c restarting stderr) -ge $n ]"
	done
	wait_for '[ -s out.json ]'
	end_job TERM
	tail -n +1501 whole.log >>access.log
	status_is 0 run_job -t ts --max-delay=5s "$(forked)"
	cmp want.json out.json
	scheckpoint verify -d state
}

@test "stages of one name on two branches are told apart by --id" {
	mkfifo side
	run run_job -t ts --restarts=1 "tee >(swindow -w 7s 'n = count()' >side) |
		swindow -w 7s 'n = count()' | swindow -w 60s 'n = count()' - side"
	[ "$status" = 6 ]
	[[ "$output" == *"two stages keep their state as in/swindow.1"*--id* ]]
}

@test "an input that is no stream of the job is refused" {
	events 0 10 >other
	run run_job "swindow -t ts -w 60s 'n = count()' - other"
	[ "$status" = 2 ]
	[[ "$output" == *"other: not a stream of the job: make it a source"* ]]
}

@test "a command that loses the stream ends the job after two tries" {
	for pipeline in 'sfilter true | jq -c .' 'grep web | sfilter true' \
		'sfilter true >elsewhere'; do
		rm -rf state out.json
		status_is 2 scheckpoint run -d state -i access.log -o out.json \
			"$pipeline"
		[ "$(grep -c 'restarting in' stderr)" = 1 ]
		grep -q 'PIPELINE loses the stream' stderr
	done
}
