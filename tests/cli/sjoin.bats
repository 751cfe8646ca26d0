#!/usr/bin/env bats
# Goal: what holds of sjoin as a program: its page, where inputs come from, no
# waiting for ever, counters, limits, what it refuses. Method: run it. What it
# joins is held to tests/conformance/sjoin.cases and tests/unit/sjoin*.c.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	page=$BATS_TEST_DIRNAME/../../man/sjoin.1
	for i in 1 4 9 11 20 34 35 50 62 90; do
		printf '{"ts":%d,"k":%d,"l":%d}\n' $i $((i % 2)) $i
	done >left
	for i in 2 3 10 21 22 33 36 36 70 80 81; do
		printf '{"ts":%d,"k":%d,"r":%d}\n' $i $((i % 2)) $i
	done >right
	ways=('--within=5s' '--within=-3s,9s --type=outer' '--within=10s --type=semi'
		'--within=10s --type=anti' '--window=10s --type=outer'
		'--window=20s/10s --type=left'
		'--where=right.ts>=left.ts&&right.ts<left.ts+9 --time-unit=s')
}

join() { # join WAY [ARG...]
	local way=$1
	shift
	# A way is words.
	# shellcheck disable=SC2086
	timeout 20 sjoin -t ts -k k $way "$@" 2>/dev/null
}

@test "the page has the options that there are, and no other" {
	sed -n '/^\.Sh OPTIONS/,/^\.Sh EXIT/{
		s/^\.It Fl \([^ ] , \)\{0,1\}-\([a-z-]*\).*/--\2/p
		}' "$page" | sort -u >documented
	sed -n '/^\.Sh OPTIONS/,/^\.Sh EXIT/s/^\.It.* , Fl -\([a-z-]*\).*/--\1/p' \
		"$page" >>documented
	sort -uo documented documented
	sjoin --help | grep -o -- '--[a-z][a-z-]*' | sort -u >there
	diff documented there
}

@test "--help begins with an example, and exits 0" {
	run -0 sjoin --help
	[[ ${lines[0]} == *"sjoin -t ts -k order_id"* ]]
}

@test "the output does not depend on how the inputs come" {
	for way in "${ways[@]}"; do
		join "$way" left right >want
		[ -s want ]
		join "$way" - right <left >got
		cmp want got
		join "$way" left - <right >got
		cmp want got
		join "$way" <(cat left) <(dd ibs=7 obs=3 if=right 2>/dev/null) >got
		cmp want got
		join "$way" -J <(sfilter -F -t ts true left) \
			<(sfilter -F -t ts true right) >got
		cmp want got
	done
}

@test "named pipes, opened by whoever comes first" {
	for way in "${ways[@]}"; do
		join "$way" left right >want
		rm -f a b
		mkfifo a b
		join "$way" a b >got &
		cat right >b &
		cat left >a
		wait
		cmp want got
	done
}

@test "one stream into both sides by tee does not lock up" {
	seq 40000 | awk '{ printf "{\"ts\":%d,\"k\":%d,\"text\":\"more\"}\n", $1 / 10, $1 }' >in
	mkfifo a
	tee a <in | timeout 50 sjoin -t ts -k k --within=1s -p 'k = right.k' - a >got
	[ "$(wc -l <got)" = 40000 ]
	tee a <in | timeout 50 sjoin -t ts -k k --within=1s -p 'k = right.k' a - >again
	cmp got again
}

@test "a side that ends at once, or is empty" {
	join '--within=5s --type=left' left /dev/null >got
	cmp left got
	join '--within=5s --type=outer' /dev/null right >got
	cmp right got
	join '--within=5s --type=anti' left <(:) >got
	cmp left got
	join '--window=5s --type=outer' /dev/null /dev/null >got
	[ ! -s got ]
}

@test "a silent side holds the other back, but not with --idle" {
	# Opened for writing, too, they never end.
	mkfifo silent in out
	exec 7<>silent 8<>in
	cat left >&8
	sjoin -t ts -k k --within=2s --type=left --idle=100ms in silent \
		>out 7>&- 8>&- 3>&- &
	timeout 20 head -5 <out >got
	head -5 left | cmp - got
	kill $! || :
}

@test "late events are counted, and go to a file" {
	printf '{"ts":%d,"k":1}\n' 10 20 3 >a
	printf '{"ts":%d,"k":1}\n' 11 21 >b
	run -0 --separate-stderr sjoin -t ts -k k --within=1s --late=late.json -S a b
	[ "${#lines[@]}" = 2 ]
	[[ $stderr == *'"late":1'* ]]
	[ "$(cat late.json)" = '{"ts":3,"k":1}' ]
}

@test "what --where cannot judge is counted, and no match" {
	echo '{"ts":1,"k":1,"v":"x"}' >a
	printf '{"ts":1,"k":1,"v":%s}\n' 1 '"a"' >b
	run -0 --separate-stderr sjoin -t ts -k k --within=1s -S \
		--where='left.v > right.v' --nest a b
	[ "${#lines[@]}" = 1 ]
	[[ $stderr == *'"bad":1'* ]]
}

@test "--max-state is a limit, and says what to do" {
	seq -f '{"ts":1,"k":%.0f}' 3000 >a
	run -5 timeout 20 sjoin -t ts -k k --within=1h --max-state=100k a left
	[[ $output == *"--max-state"*"closer bounds"* ]]
}

refuses() { # refuses TEXT ARG...
	local text=$1
	shift
	run -2 timeout 20 sjoin -t ts "$@"
	[[ $output == *"$text"* ]] || {
		echo "$output"
		return 1
	}
}

@test "what cannot be joined is refused, with the reason" {
	refuses 'in common' --within=1s left right
	refuses 'how do the two meet' -k k left right
	refuses 'give one of --within' -k k --within=1s --window=1s left right
	refuses 'one is missing' -k k --within=1s left
	refuses 'only one of LEFT and RIGHT' -k k --within=1s - -
	refuses '--within' -k k --within=x left right
	refuses 'the lower one' -k k --within=5s,1s left right
	refuses 'comes before it' -k k --within=-5s left right
	refuses 'one of inner' -k k --within=5s --type=cross left right
	refuses '--window x: ' -k k --window=x left right
	for window in session:5m count:5 global cumulate:1h/5m; do
		refuses "--window=$window: " -k k --window=$window left right
	done
	refuses 'how long are left events' -k k --where='left.ts < right.ts' \
		left right
	refuses 'how long are right events' -k k --where='left.ts >= right.ts' \
		left right
	refuses 'without limit' -k k --type=left --where='
		right.ts >= left.ts && right.ts <= left.until' left right
	refuses 'take events back' -k k --within=1s --retract left right
}

@test "retractions in frames are refused, too" {
	swindow -F -t ts -w 10s -k k --emit=update --mode=retract 'n = count()' \
		left >changes
	run -2 timeout 20 sjoin -k k --within=1s changes <(sfilter -F -t ts true right)
	[[ $output == *'take events back'* ]]
}
