#!/usr/bin/env bats
# Goal: smap does what smap(1) says, as a program: options, errors, frames, and
# the same output however the input comes in. What assignments do to one event is
# held in tests/unit/assign.c. Method: small inputs, output literally.

# bats sets these, and files are named as words of the tests are.
# shellcheck disable=SC2154,SC2094

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	printf '{"a":%d,"b":"x"}\n' 1 2 3 >in
}

# gives WANT ARGUMENTS...: this is what comes out, lines joined.
gives() {
	local want=$1
	shift
	run --separate-stderr smap "$@"
	[ "$status" = 0 ]
	[ "$(tr -d '\n' <<<"$output")" = "$want" ]
}

@test "sets fields, keeps the others; -p keeps what is listed" {
	gives '{"a":1,"b":"x","c":2}{"a":2,"b":"x","c":3}{"a":3,"b":"x","c":4}' \
		'c = a + 1' in
	gives '{"b":"x","c":2}{"b":"x","c":3}{"b":"x","c":4}' \
		-p 'b, c = a + 1' in
	gives '{"a":1}{"a":2}{"a":3}' --project a <in
}

@test "-x removes fields" {
	gives '{"b":"x"}{"b":"x"}{"b":"x"}' -x a '' in
	gives '{"c":2}{"c":3}{"c":4}' --drop=a,b 'c = a + 1' in
	run smap -x a 'a = 1' in
	[ "$status" = 2 ]
	run smap -p -x a b in
	[ "$status" = 2 ]
}

@test "-n evaluates once, without input" {
	gives '{"r":2}' -n 'r = 1 + 1' </dev/full
	gives '{"r":2}' -np 'r = 1 + 1'
	gives '{"it":"a","index":0}{"it":"b","index":1}' \
		--null-input --each='["a", "b"]' 'it, index'
	run smap -n 'r = 1' in
	[ "$status" = 2 ]
	run --separate-stderr smap -n 'r = 1 / 0'
	[ "$status" = 3 ]
	[ -z "$output" ]
	[[ "$stderr" == "smap: "* ]]
}

@test "--each: an event for each element, or a bad event as a whole" {
	cat >lists <<-'E'
		{"id":1,"l":[1,2]}
		{"id":2,"l":[]}
		{"id":3}
		{"id":4,"l":null}
		{"id":5,"l":[1,0,2]}
		{"id":6,"l":7}
		{"id":7,"l":[4]}
	E
	run --separate-stderr smap -S -E dead --each=l \
		-p 'id, n = index, v = 4 / it' lists
	[ "$status" = 0 ]
	[ "${lines[*]}" = '{"id":1,"n":0,"v":4} {"id":1,"n":1,"v":2} {"id":7,"n":0,"v":1}' ]
	[ "$(jq -c '[.line, .raw]' dead)" = '[5,"{\"id\":5,\"l\":[1,0,2]}"]
[6,"{\"id\":6,\"l\":7}"]' ]
	tail -n 1 <<<"$stderr" | jq -e '.in == 7 and .out == 3 and .bad == 2 and
		.dropped == 3'
}

@test "--each: lists that are longer than what is kept at once" {
	seq 1 60000 | jq -sc '{id: 1, l: .}' >long
	run bash -c "smap --each=l -p 'it' long | tail -n 1"
	[ "$output" = '{"it":60000}' ]
	[ "$(smap --each=l -p 'it' long | wc -l)" = 60000 ]
	seq 1 60000 | jq -sc '{id: 1, l: (. + [0])}' >long
	[ "$(smap --each=l -p 'v = 1 / it' long 2>/dev/null | wc -l)" = 0 ]
}

@test "an event on which an expression fails is a bad one, and the others go on" {
	run --separate-stderr smap 'c = 6 / (a - 2)' in
	[ "$status" = 0 ]
	[ "$output" = '{"a":1,"b":"x","c":-6}'$'\n''{"a":3,"b":"x","c":6}' ]
	[[ "$stderr" == "smap: in:2: "*"skipped 1 bad line" ]]
	run --separate-stderr smap -E fail 'c = 6 / (a - 2)' in
	[ "$status" = 3 ]
	[ "$output" = '{"a":1,"b":"x","c":-6}' ]
}

@test "lists that do not compile: 2, with the place" {
	for list in 'a =' 'a = nosuch(1)' 'a = 1, a = 2' '1 +'; do
		run smap "$list" in
		[ "$status" = 2 ]
		[[ "$output" == "smap: ASSIGNMENTS: "*"^"* ]]
	done
	run smap --each='l[' a in
	[ "$status" = 2 ]
	run smap
	[ "$status" = 2 ]
}

@test "the same output for reads of 1, 7 and 65536 bytes, and through frames" {
	for i in $(seq 1 3000); do
		printf '{"t":%d,"v":%d.5,"l":[%d,%d]}\n' "$i" "$i" "$i" "$((i % 7))"
	done >many
	ask=(--each=l -x l 'x = v * 2.0, y = 10 / it')
	smap "${ask[@]}" many >want 2>/dev/null
	[ "$(wc -l <want)" -gt 5000 ]
	for size in 1 7 65536; do
		dd ibs=$size obs=$size if=many 2>/dev/null |
			smap "${ask[@]}" >got 2>/dev/null
		cmp want got
	done
	sfilter -F true many | smap "${ask[@]}" 2>/dev/null | sfilter -J true >got
	cmp want got
}

@test "times and watermarks of what comes out are the event's" {
	printf '{"t":"2026-01-01T00:00:%02dZ"}\n' 1 9 4 30 >timed
	sfilter -F -t t --max-delay=10s true timed | smap -p 'n = 1' |
		swindow -J -w 10s 's = sum(n)' >got
	swindow -t t --max-delay=10s -w 10s 's = count()' timed >want
	cmp want got
	smap -F -t t -p 'n = 1' timed | swindow -J -w 10s 's = sum(n)' >got
	[ "$(wc -l <got)" = 2 ]
}

@test "the page's options" {
	run smap --help
	[ "$status" = 0 ]
	[[ "${lines[0]}" == *"smap -p "* ]]
}
