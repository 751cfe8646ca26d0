#!/usr/bin/env bats
# Goal: sfilter does what sfilter(1) says, and no input hurts more than its own
# line. Method: small inputs, hostile ones between good lines, output literally.

# bats sets these, and files are named as words of the tests are.
# shellcheck disable=SC2154,SC2094

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	printf '{"a":%d}\n' 1 2 3 4 5 >in
}

# keeps WANT ARGUMENTS...: this is what comes out, lines joined.
keeps() {
	local want=$1
	shift
	run --separate-stderr sfilter "$@"
	[ "$status" = 0 ]
	[ "$(tr -d '\n' <<<"$output")" = "$want" ]
}

# bad_between TEXT REASON: a bad second line costs that line alone.
bad_between() {
	printf '{"good":1}\n%b\n{"good":2}\n' "$1" >x.log
	run --separate-stderr sfilter true x.log
	[ "$status" = 0 ]
	[ "$output" = '{"good":1}'$'\n''{"good":2}' ]
	[[ "$stderr" == "sfilter: x.log:2: "*"$2"* ]]
	[[ "$stderr" == *"sfilter: skipped 1 bad line" ]]
}

# --- ordinary use ---

@test "keeps the events for which EXPR holds" {
	keeps '{"a":4}{"a":5}' 'a > 3' in
	keeps '{"a":4}{"a":5}' 'a > 3' <in
	keeps '{"a":4}{"a":5}{"a":4}{"a":5}' 'a > 3' in - <in
	keeps '' 'b > 3' in
}

@test "-v keeps the others, those without the field included" {
	echo '{"b":1}' >>in
	keeps '{"a":1}{"a":2}{"b":1}' -v 'a > 2' in
	keeps '{"a":1}{"a":2}{"b":1}' --invert 'a > 2' in
}

@test "-n ends after N events" {
	keeps '{"a":2}{"a":3}' -n 2 'a > 1' in
	keeps '{"a":2}' -vn1 'a == 1' in
	keeps '{"a":4}{"a":5}' --limit=9 'a > 3' in
	keeps '' -n 0 true in
	run sfilter -n x true in
	[ "$status" = 2 ]
}

@test "-n does not wait for the end of the input" {
	mkfifo pipe
	exec 8<>pipe
	cat in >&8
	run timeout 10 sfilter -n 3 true pipe
	exec 8>&-
	[ "$status" = 0 ]
	[ "${#lines[@]}" = 3 ]
}

@test "-n ends a stream of frames as complete" {
	run bash -c "sfilter -F -n 2 true in | sfilter -S -J true"
	[ "$status" = 0 ]
	[ "${lines[0]}${lines[1]}" = '{"a":1}{"a":2}' ]
}

@test "-q writes nothing: 0 at the first match, else 1" {
	run sfilter -q 'a == 2' in
	[ "$status" = 0 ] && [ -z "$output" ]
	run sfilter -q 'a == 9' in
	[ "$status" = 1 ] && [ -z "$output" ]
	run sfilter -qv 'a < 9' in
	[ "$status" = 1 ] && [ -z "$output" ]
	mkfifo pipe
	exec 8<>pipe
	cat in >&8
	run timeout 10 sfilter -q 'a == 3' pipe
	exec 8>&-
	[ "$status" = 0 ]
}

@test "--else takes the others, -E the bad ones" {
	printf '{"a":1}\nbad\n{"a":"x"}\n{"a":9}\n' >mixed
	keeps '{"a":9}' --else=others -E dead 'a > 3' mixed
	[ "$stderr" = "sfilter: wrote 2 bad lines to dead" ]
	[ "$(cat others)" = '{"a":1}' ]
	[ "$(jq -c '[.source, .line, .offset, .raw]' dead)" = \
		'["mixed",2,8,"bad"]
["mixed",3,12,"{\"a\":\"x\"}"]' ]
	run sfilter -q --else=others true in
	[ "$status" = 2 ]
}

@test "-E fail stops at the first bad line, after what came before" {
	printf '{"a":1}\nbad\n{"a":2}\n' >mixed
	run --separate-stderr sfilter -E fail true mixed
	[ "$status" = 3 ]
	[ "$output" = '{"a":1}' ]
	[[ "$stderr" == "sfilter: mixed:2: "* ]]
	run sfilter --on-error=fail 'a > "x"' in
	[ "$status" = 3 ]
}

@test "an expression that fails on an event makes it a bad one" {
	printf '{"a":1}\n{"a":"x"}\n{"a":2}\n' >mixed
	keeps '{"a":2}' 'a > 1' mixed
	[[ "$stderr" == "sfilter: mixed:2: "*string* ]]
	keeps '{"a":1}' -v 'a > 1' mixed
	keeps '' a in
	[[ "$stderr" == *"skipped 5 bad lines (first: in:1: "* ]]
}

@test "an expression that does not compile: 2, with the place" {
	run sfilter 'a >< 3' in
	[ "$status" = 2 ]
	[[ "$output" == *$'\na >< 3\n   ^'* ]]
	run sfilter 'a.startWith("x")' in
	[ "$status" = 2 ]
	[[ "$output" == *startsWith* ]]
	run sfilter '' in
	[ "$status" = 2 ]
}

# --- hostile lines between good ones ---

@test "bad lines: no object, cut, trailing bytes, two on a line" {
	bad_between '[1]' ''
	bad_between '17' ''
	bad_between '{"a":' ''
	bad_between '{"a":1}}' ''
	bad_between '{"a":1} {"b":2}' ''
	bad_between '{"a":01}' ''
	bad_between "{'a':1}" ''
	bad_between '{"a":1,}' ''
	bad_between '{"a":NaN}' ''
}

@test "bad lines: NUL, control characters, form feed as white space" {
	bad_between '{"a":"\0"}' 0x00
	bad_between '{"a":1}\0' 0x00
	bad_between '{"a":"\001"}' 0x01
	bad_between '{"a":1\f}' 0x0c
	bad_between '\v{"a":1}' ''
}

@test "bad lines: UTF-8 that is none" {
	bad_between '{"a":"\xff"}' UTF-8
	bad_between '{"a":"\xc0\x80"}' UTF-8
	bad_between '{"a":"\xed\xa0\x80"}' UTF-8
	bad_between '{"a":"\xf4\x90\x80\x80"}' UTF-8
	bad_between '{"a":"\xe2\x82"}' UTF-8
	bad_between '{"\xff":1}' UTF-8
}

@test "a lone surrogate escape passes, but cannot be read" {
	printf '{"a":"\\ud800"}\n' >x
	keeps '{"a":"\ud800"}' true x
	keeps '' 'a == "x"' x
	[[ "$stderr" == *"x:1: "* ]]
}

@test "bad lines: depth bombs; 512 levels are fine" {
	deep() {
		printf '{"a":'
		printf "%$1s" '' | tr ' ' '['
		printf "%$2s" '' | tr ' ' ']'
		printf '}\n'
	}
	{ deep 511 511; deep 512 512; deep 100000 0; deep 100000 100000
		echo '{"good":1}'; } >x
	run --separate-stderr sfilter true x
	[ "$status" = 0 ]
	[ "${#lines[@]}" = 2 ]
	[ "${lines[1]}" = '{"good":1}' ]
	[[ "$stderr" == *"x:2: "*512* ]]
}

@test "numbers come out as they came in" {
	printf '{"n":%s}\n' 1e400 -0 -0.0 12345678901234567890 \
		123456789012345678901234567890 1.50 1E+2 0.1e-400 >x
	sfilter true x >out
	cmp x out
	sfilter -F true x | sfilter -J true >out
	cmp x out
	keeps '{"n":12345678901234567890}' 'n == 12345678901234567890u' x
}

@test "a line over the limit costs that line, in flat memory" {
	[ -z "${WEIR_MEMCHECK-}" ] || skip "valgrind needs more memory itself"
	{ cat in; printf '{"x":"'; head -c 30000000 /dev/zero | tr '\0' x
		printf '"}\n'; cat in; } >long
	run --separate-stderr sfilter --max-line=64k 'a > 3' long
	[ "$status" = 0 ]
	[ "${#lines[@]}" = 4 ]
	[[ "$stderr" == "sfilter: long:6: line of 30000008 bytes"* ]]
	sfilter --max-line=64k -E dead true long >out
	[ "$(wc -l <out)" = 10 ]
	[ "$(wc -c <dead)" -lt 70000 ]
	# A sanitizer needs more room than any line.
	if ! grep -q __asan_init "$(command -v sfilter)"; then
		(ulimit -v 20000 &&
			sfilter --max-line=64k true long 2>/dev/null) >out
		[ "$(wc -l <out)" = 10 ]
	fi
	run sfilter true long
	[ "${#lines[@]}" = 12 ]
}

@test "many bad lines: three are told, all are counted" {
	{ cat in; seq 1 1000; cat in; } >x
	run --separate-stderr sfilter true x
	[ "$status" = 0 ]
	[ "${#lines[@]}" = 10 ]
	[ "${#stderr_lines[@]}" = 5 ]
	[[ "${stderr_lines[4]}" == \
		"sfilter: skipped 1000 bad lines (first: x:6: "* ]]
}

@test "what bad lines hold cannot fool a terminal" {
	printf '{"\033]0;x\a":1,}\n' >$'a\033[1mb'
	run sfilter true $'a\033[1mb'
	[[ "$output" != *$'\033'* ]]
	[[ "$output" == *'a\x1b[1mb:1: '* ]]
}

# --- lines ---

@test "CRLF, blank lines, BOM, white space, no last newline, empty input" {
	printf '\xef\xbb\xbf{"a":1}\r\n\r\n\n  \t\n {"a" : 2} \r\n{"a":3}' >x
	printf '{"a":1}\r\n {"a" : 2} \r\n{"a":3}\n' >want
	sfilter -S true x >out 2>err
	cmp want out
	[ "$(jq -c '[.in, .out, .bad, .blank]' err)" = '[3,3,0,3]' ]
	keeps '' true /dev/null
	printf '\xef\xbb\xbf' >x
	keeps '' true x
	printf '{"a":1}' >x
	keeps '{"a":1}{"a":1}' true x x
}

@test "the same output for reads of 1, 7 and 65536 bytes" {
	{ for i in $(seq 300); do
		printf '{"a":%d,"s":"\\u00e9\303\251 %d"}\r\n' "$i" "$i"
		[ $((i % 7)) != 0 ] || printf 'bad %d\n\n' "$i"
	done; printf '{"a":1000}'; } >x
	sfilter --else=else_want -E dead_want 'a % 3 == 0 || a > 999' \
		<x >want 2>/dev/null
	[ "$(wc -l <want)" = 101 ]
	for n in 1 7 65536; do
		dd bs=$n if=x 2>/dev/null | sfilter --else=else -E dead \
			'a % 3 == 0 || a > 999' >out 2>/dev/null
		cmp want out
		cmp else_want else
		cmp dead_want dead
		sfilter -F true x 2>/dev/null | dd bs=$n 2>/dev/null |
			sfilter -J 'a % 3 == 0 || a > 999' >out
		cmp want out
	done
}

# --- formats ---

@test "frames: -F starts them, -J ends them, files and terminals get none" {
	sfilter -F 'a > 2' in >frames
	[ "$(head -c 4 frames)" = weir ]
	keeps '{"a":3}{"a":4}' -J 'a < 5' frames
	[ "$(sfilter true frames | head -c 4)" = weir ]
	[ "$(sfilter -J true frames | head -c 4)" = '{"a"' ]
	sfilter true frames >out
	[ "$(head -n 1 out)" = '{"a":3}' ]
	keeps '{"a":3}' -Ji frames 'a == 3' frames
	run sfilter -i json true frames
	[[ "$output" == *bad* ]]
	run sfilter -i frames true in
	[ "$status" = 3 ]
}

@test "JSON text sequences in and out" {
	sfilter -o seq true in >seq
	[ "$(head -c 2 seq)" = $'\036{' ]
	keeps '{"a":5}' 'a > 4' seq
	printf '\036{"a":\n1}\n\036{"a"\n\036{"a":3}\n' >x
	run --separate-stderr sfilter -i seq 'a > 0' x
	[ "${#lines[@]}" = 2 ]
	[[ "$stderr" == *"1 bad line" ]]
}

@test "formats that there are not are refused, with the one that is near" {
	run sfilter -i jsn true in
	[ "$status" = 2 ]
	[[ "$output" == *"no such format; did you mean json?"* ]]
	run sfilter -o clf true in
	[ "$status" = 2 ]
}

# --- ends ---

@test "what cannot be read or written: 6, and the name" {
	run sfilter true nowhere
	[ "$status" = 6 ]
	[[ "$output" == "sfilter: nowhere: "*"No such file"* ]]
	run sfilter true .
	[ "$status" = 6 ]
	[[ "$output" == *"Is a directory"* ]]
	run --separate-stderr sfilter true in nowhere
	[ "$status" = 6 ]
	[ "${#lines[@]}" = 5 ]
	run bash -c 'sfilter true <&-'
	[ "$status" = 6 ]
	run bash -c 'sfilter true in >/dev/full'
	[ "$status" = 6 ]
	[[ "$output" == *"No space left"* ]]
	run bash -c 'sfilter true in >&-'
	[ "$status" = 6 ]
	run sfilter --else=/dev/full false in
	[ "$status" = 6 ]
	run sfilter -E nowhere/x true in
	[ "$status" = 6 ]
}

@test "a file that is read is not written" {
	cp in copy
	for o in --else=copy -Ecopy "--else=$PWD/copy"; do
		run sfilter "$o" true copy
		[ "$status" = 2 ]
		cmp in copy
	done
	run bash -c 'sfilter true copy >>copy'
	[ "$status" = 2 ]
	run bash -c 'sfilter true <copy >>copy'
	[ "$status" = 2 ]
	cmp in copy
}

@test "a reader that goes away is no failure" {
	yes '{"a":1}' | head -n 300000 >many
	run bash -c 'set -o pipefail; sfilter true many | head -n 1'
	[ "$status" = 0 ]
	[ "$output" = '{"a":1}' ]
	run bash -c 'set -o pipefail; sfilter -F true many | sfilter true | head -c 0'
	[ "$status" = 0 ]
}

@test "frames that end too soon: 4; damaged ones: 3" {
	sfilter -F true in >frames
	size=$(wc -c <frames)
	for cut in 1 $((size / 2)) $((size - 1)); do
		head -c $cut frames >x
		run --separate-stderr sfilter -i frames true x
		[ "$status" = 4 ]
	done
	{ head -c 70 frames; printf X; tail -c +72 frames; } >x
	run sfilter true x
	[ "$status" = 3 ]
	{ cat frames; echo; } >x
	run sfilter true x
	[ "$status" = 3 ]
}

@test "SIGINT and SIGTERM end it by that signal, with what is complete" {
	mkfifo pipe out
	for signal in INT TERM; do
		# A shell ignores SIGINT for what it runs behind itself.
		env --default-signal=INT sfilter true <pipe >out &
		pid=$!
		exec 8>pipe 9<out
		printf '{"a":1}\n{"a":2}\n{"a"' >&8
		read -r -t 10 line <&9
		kill -$signal $pid
		status=0
		wait $pid || status=$?
		[ "$status" = $((128 + $(kill -l $signal))) ]
		[ "$(cat <&9)" = '{"a":2}' ]
		exec 8>&- 9<&-
	done
}

@test "a second SIGTERM kills, though nobody takes the output" {
	yes '{"a":1}' | head -n 300000 >many
	mkfifo out
	sfilter true many >out &
	pid=$!
	exec 9<out
	deadline=$((SECONDS + 10))
	while kill -TERM $pid 2>/dev/null; do
		[ $SECONDS -lt $deadline ]
	done
	status=0
	wait $pid || status=$?
	exec 9<&-
	[ "$status" = 143 ]
}

@test "SIGUSR1 shows the counters at any time" {
	mkfifo pipe out err
	sfilter true <pipe >out 2>err &
	pid=$!
	exec 8>pipe 9<out 7<err
	cat in >&8
	read -r -t 10 line <&9
	kill -USR1 $pid
	read -r -t 10 line <&7
	[ "$(jq .in <<<"$line")" = 5 ]
	exec 8>&- 9<&-
	wait $pid
	exec 7<&-
}
