#!/usr/bin/env bats
# Goal: what holds of sdedup as a program: its options and their page, the same
# output however the input comes in, counters, limits. Method: run it. What it
# lets through is held to tests/conformance/sdedup.cases.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	page=$BATS_TEST_DIRNAME/../../man/sdedup.1
	for i in 9 1 30 75 2 61 64 63 190 100 8 200 260 61 92 95 71 66; do
		printf '{"ts":%d,"host":"h%d","up":%d}\n' $i $((i % 3)) \
			$((i / 20 % 2))
	done >in
	ways=('--within=20s' '--within=20s --refresh' '--within=20s --keep=last'
		'--within=20s --keep=last --refresh' '--keep=last'
		'--changes=up' '--changes=up --within=20s' '--approx=0.01'
		'--approx=0.01 --within=20s' '--within=20s --late=pass')
}

dedup() { # dedup WAY [ARG...]
	local way=$1
	shift
	# A way is words.
	# shellcheck disable=SC2086
	sdedup -k host $way "$@" 2>/dev/null
}

@test "the page has the options that there are, and no other" {
	sed -n '/^\.Sh OPTIONS/,/^\.Sh EXIT/s/^\.It Fl \([^ ] , \)\{0,1\}-\([a-z-]*\).*/--\2/p' \
		"$page" | sort -u >documented
	sdedup --help | grep -o -- '--[a-z][a-z-]*' | sort -u >there
	diff documented there
}

@test "--help begins with an example, and exits 0" {
	run -0 sdedup --help
	[[ ${lines[0]} == *"sdedup -t ts -k order_id"* ]]
}

@test "the output does not depend on how input is read" {
	for way in "${ways[@]}"; do
		dedup "$way" -t ts --max-delay=10s in >want
		[ -s want ]
		for size in 1 7 65536; do
			dd ibs=$size obs=$size if=in 2>/dev/null |
				dedup "$way" -t ts --max-delay=10s >got
			cmp want got
		done
	done
}

@test "nor on what goes between the stages" {
	for way in "${ways[@]}"; do
		dedup "$way" -t ts --max-delay=10s in >want
		sfilter -F -t ts --max-delay=10s true in | dedup "$way" -J >got
		cmp want got
		sfilter -F -t ts --max-delay=10s true in |
			dd ibs=1 obs=3 2>/dev/null | dedup "$way" -J >got
		cmp want got
		dedup "$way" -F -t ts --max-delay=10s in | sfilter -J true >got
		cmp want got
	done
}

@test "two files are read in step" {
	for way in "${ways[@]}"; do
		sort -t: -k2n in >sorted
		split -n r/2 sorted part.
		dedup "$way" -t ts part.aa part.ab >want
		dedup "$way" -t ts <(cat part.aa) <(cat part.ab) >got
		cmp want got
	done
}

@test "events that go in are counted, whatever became of them" {
	printf '%s\n' 'no JSON' '{"ts":300,"host":"\ud800"}' '{"host":"h"}' \
		>>in
	for way in "${ways[@]}"; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr sdedup -S -t ts -k host $way in
		# shellcheck disable=SC2154
		python3 -c 'import json, sys
s = json.loads(sys.argv[1].splitlines()[-1])
assert s["in"] == 20, s # and a line that is no event
assert s["in"] + 1 == s["out"] + s["bad"] + s["dropped"] + s["late"] or \
    "--late=pass" in sys.argv[2], s' "$stderr" "$way"
	done
}

@test "an event comes out at once, and with --keep=last when its run is over" {
	mkfifo fifo
	sdedup -k k -t t --within=10s <fifo >first 3>&- &
	exec 9>fifo
	printf '{"t":1,"k":1}\n' >&9
	for _ in $(seq 100); do
		[ -s first ] && break
		sleep 0.05
	done
	[ "$(wc -l <first)" = 1 ]
	exec 9>&-
	wait
	sdedup -k k -t t --within=10s --keep=last <fifo >last 3>&- &
	exec 9>fifo
	printf '{"t":1,"k":1}\n{"t":11,"k":2}\n' >&9
	for _ in $(seq 100); do
		[ -s last ] && break
		sleep 0.05
	done
	[ "$(cat last)" = '{"t":1,"k":1}' ]
	exec 9>&-
	wait
	[ "$(wc -l <last)" = 2 ]
}

@test "when the writer of frames dies, no run ends, and it exits 4" {
	size=$(sfilter -F -t ts true in | wc -c)
	sfilter -F -t ts true in | head -c $((size - 10)) |
		{ sdedup -J -k host --keep=last >out 2>err || echo $? >status; }
	[ "$(cat status)" = 4 ]
	[ ! -s out ]
	grep -q 'upstream died' err
}

@test "a reader that has seen enough is no failure" {
	seq 200000 | sed 's/.*/{"k":&}/' >many
	sdedup -k k many | { head -1 >/dev/null; }
	[ "${PIPESTATUS[0]}" = 0 ]
}

@test "--max-state ends it with 5, in little memory" {
	seq 1000000 | sed 's/.*/{"t":1,"k":"key &"}/' >keys
	# A build with sanitizers does not even start under such a limit.
	(ulimit -v 200000 && sdedup --version) >/dev/null 2>&1 &&
		ulimit -v 200000
	for way in '' '--within=1h' '--keep=last' '--keep=last --within=1h' \
		'--changes=t' '--changes=k --within=1h' '--approx=0.0001' \
		'--approx=0.01 --within=1h'; do
		# shellcheck disable=SC2086
		run -5 --separate-stderr sdedup -t t -k k --max-state=2M $way \
			keys
		[[ $stderr == *'outgrown --max-state'* ]]
		[[ $stderr == *'or need less with'* ]]
	done
}

@test "state goes as time goes on" {
	seq 1000000 1200000 | sed 's/.*/{"t":&,"k":"key &"}/' >keys
	for way in '' '--refresh' '--keep=last' '--changes=k' \
		'--approx=0.000001'; do
		# shellcheck disable=SC2086
		run -0 sdedup -t t -k k --time-unit=s --within=1h \
			--max-state=2M $way keys
		[ "${#lines[@]}" = 200001 ]
	done
}

@test "--approx: few false repeats, no true one missed, little memory" {
	seq 300000 | sed 's/.*/{"k":"user-&@example.org"}/' >keys
	cat keys keys >twice
	for rate in 0.1 0.01 0.001 0.0001 0.000001; do
		sdedup -S -k k --approx=$rate twice >out 2>stats
		[ "$(sort -u out | wc -l)" = "$(wc -l <out)" ]
		awk -v n="$(wc -l <out)" -v rate=$rate 'BEGIN {
			exit !(n >= 300000 * (1 - rate)) }'
		[ "$(sed 's/.*"state_bytes":\([0-9]*\),.*/\1/' stats)" -lt \
			3200000 ]
	done
	sdedup -k k --approx=0.1 twice >again
	sdedup -k k --approx=0.1 twice | cmp again -
}

@test "what is wrong with the command line is said, with status 2" {
	for bad in '' '-k' '-k 1+' '-k k --within=x' '-k k --within=0s' \
		'-k k --within=-1s' '-k k --keep=both' '-k k --refresh' \
		'-k k --changes=1+' '-k k --approx=0' '-k k --approx=1' \
		'-k k --approx=x' '-k k --approx=1e-9' \
		'-k k --approx=0.1 --keep=last' '-k k --approx=0.1 --changes=x' \
		'-k k --changes=x --keep=last' '-k k --max-state=0' \
		'-k k --max-state=x'; do
		# shellcheck disable=SC2086
		run -2 sdedup -t ts $bad in
		[[ $output == sdedup:* ]]
	done
	run -2 sdedup -k k --within=1s in
}
