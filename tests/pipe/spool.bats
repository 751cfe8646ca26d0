#!/usr/bin/env bats
# Goal: a job whose source is a pipe loses nothing that was read, and says what
# else it cannot do. Method: writers that never repeat a line, kills of a process
# and of all, several standard inputs in a row; what comes out is compared with
# what was written.

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null
	return 0
}

# lines FROM TO: events, one a line.
lines() {
	awk -v i="$1" -v to="$2" 'BEGIN {
		for (; i <= to; i++)
			printf "{\"n\":%d,\"text\":\"%0*d\"}\n", i, i % 97, i
	}'
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

spool_job() {
	scheckpoint run -d state -o out.json --every=100ms --spool "$@"
}

@test "standard input through a spool comes out as it went in" {
	lines 1 20000 >want.json
	cat want.json | spool_job -i - 'sfilter true'
	cmp want.json out.json
	grep -q '"path":"-"' state/job
}

@test "without --spool a pipe is refused, and the message says what to do" {
	mkfifo fifo
	run scheckpoint run -d state -i fifo -o out.json 'sfilter true'
	[ "$status" = 2 ]
	[[ $output == *"source in is a pipe"*"say --spool"* ]]
	run bash -c 'echo | scheckpoint run -d state -i - -o out.json "sfilter true"'
	[ "$status" = 2 ]
	[[ $output == *"say --spool"* ]]
	[ ! -e state ] && [ ! -e out.json ]
}

@test "a file as standard input is to be named" {
	lines 1 3 >in.json
	run spool_job -i - 'sfilter true' <in.json
	[ "$status" = 2 ]
	[[ $output == *"standard input is a file: say -i FILE"* ]]
}

@test "a spool must be able to hold a line" {
	run spool_job --spool=1M -i - 'sfilter true' </dev/null
	[ "$status" = 2 ]
	[[ $output == *"twice as big as the longest line"* ]]
	run spool_job --spool=1x -i - 'sfilter true' </dev/null
	[ "$status" = 2 ]
}

@test "a source that is killed loses nothing" {
	mkfifo fifo
	scheckpoint run -d state -o out.json --every=100ms --spool -i fifo \
		'sfilter true' 2>stderr &
	run=$!
	exec 8>fifo
	lines 1 3000 >&8
	wait_for '[ "$(wc -l <out.json)" = 3000 ]'
	for kill in 1 2 3; do
		lines $((kill * 3000 + 1)) $((kill * 3000 + 1500)) >&8
		# the source was forked last
		kill -9 "$(pgrep -P "$run" -n -x scheckpoint)"
		lines $((kill * 3000 + 1501)) $((kill * 3000 + 3000)) >&8
		wait_for '[ "$(wc -l <out.json)" = $((kill * 3000 + 3000)) ]'
	done
	exec 8>&-
	wait "$run"
	lines 1 12000 | cmp - out.json
	grep -q 'died of signal 9' stderr
}

@test "all are killed: the spool comes again, another standard input behind it" {
	mkfifo hold
	# none of it is ever committed
	(lines 1 500; printf '{"n":"cut'; cat hold) |
		scheckpoint run -d state -o out.json --every=1h --spool \
			-i - 'sfilter true' 2>stderr &
	run=$!
	wait_for '[ -s state/spool/in.1.0 ] && tail -c 4 state/spool/in.1.0 | grep -q cut'
	# its stages end with it
	pgrep -P "$run" | xargs kill -9 "$run"
	: >hold
	wait "$run" || true
	[ ! -s out.json ]
	lines 501 900 | spool_job -i - -E bad.json 'sfilter true'
	lines 1 900 | cmp - out.json
	# the line that was cut off is one, and spoils no other
	[ "$(wc -l <bad.json)" = 1 ]
	grep -q 'cut' bad.json
	scheckpoint verify -d state
}

@test "--once: one standard input after another, and windows stay open" {
	for i in 0 1 2 3 4; do
		lines $((i * 100 + 1)) $((i * 100 + 100)) |
			spool_job --once --every=1h -i - \
				'swindow -t n --time-unit=s -w 150s "n = count()"'
	done
	[ "$(wc -l <out.json)" = 3 ]
	# the three checkpoints that are kept could still be started from
	[ "$(ls state/spool)" = "$(printf 'in.3.0\nin.4.0\nin.5.0\nin.pipe')" ]
}

@test "a csv header belongs to its own standard input" {
	printf 'a,b\n1,2\n' | spool_job --once --input=csv -i - 'sfilter true'
	printf 'b,a\n3,4\n' | spool_job --once --input=csv -i - 'sfilter true'
	[ "$(cat out.json)" = "$(printf '{"a":1,"b":2}\n{"b":3,"a":4}')" ]
}

@test "a finished job says whether there is more" {
	lines 1 3 | spool_job -i - 'sfilter true'
	: | spool_job -i - 'sfilter true'
	run bash -c 'echo {} | scheckpoint run -d state -o out.json --spool \
		-i - "sfilter true"'
	[ "$status" = 5 ]
	[[ $output == *"standard input has grown"* ]]
}

@test "a FIFO that is followed: writers come and go" {
	mkfifo fifo
	env --default-signal=INT scheckpoint run -d state -o out.json \
		--every=100ms --spool -f -i fifo 'sfilter true' 2>stderr &
	run=$!
	for k in 0 1 2; do
		lines $((k * 100 + 1)) $((k * 100 + 100)) >fifo
		wait_for '[ "$(wc -l <out.json)" = $((k * 100 + 100)) ]'
	done
	kill -INT "$run"
	wait "$run" || [ $? = 130 ]
	lines 1 300 | cmp - out.json
}

@test "a socket is a pipe, too" {
	command -v python3 >/dev/null || skip "python3 makes the socket"
	lines 1 5000 >want.json
	python3 - <<'EOF'
import socket, subprocess
a, b = socket.socketpair()
p = subprocess.Popen(['scheckpoint', 'run', '-d', 'state', '-o', 'out.json',
    '--spool', '-i', '-', 'sfilter true'], stdin=b)
b.close()
a.sendall(open('want.json', 'rb').read())
a.close()
raise SystemExit(p.wait())
EOF
	cmp want.json out.json
}

@test "what was committed leaves the spool, and a full one makes its pipe wait" {
	lines 1 300000 >want.json
	scheckpoint run -d state -o out.json --every=100ms --max-line=64k \
		--spool=1M -i - 'sfilter true' < <(cat want.json)
	cmp want.json out.json
	[ "$(cat state/spool/in.1.* | wc -c)" -le 1048576 ]
}

@test "the ends of a pipeline of one's own read pipes, too" {
	lines 1 100 | scheckpoint source -d state --spool - |
		sfilter true | scheckpoint sink -d state -o out.json
	lines 1 100 | cmp - out.json
}
