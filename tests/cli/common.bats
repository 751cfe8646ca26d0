#!/usr/bin/env bats
# Goal: what all tools share: options, help, version, messages, --stats. Method:
# each tool of the build with the same command lines.

# bats sets these, and files are named as words of the tests are.
# shellcheck disable=SC2154,SC2094

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	top=$BATS_TEST_DIRNAME/../..
	printf '{"a":%d}\n' 1 2 3 >in
	tools=("$top"/cmd/s*.c)
	tools=("${tools[@]##*/}")
	tools=("${tools[@]%.*}")
}

# terminal COMMAND: run it on a terminal of its own.
terminal() {
	script -qec "$1" /dev/null </dev/null
}

@test "--help: to standard output, one screen, an example first" {
	for tool in "${tools[@]}"; do
		run --separate-stderr "$tool" --help
		[ "$status" = 0 ]
		[ -z "$stderr" ]
		[[ "$output" == "    "*"$tool "* ]]
		[ "${#lines[@]}" -le 30 ]
		[ "$output" = "$("$tool" -h)" ]
	done
	run sfilter --help
	[ "$(wc -l <<<"$output")" -lt 24 ]
	[ "$(wc -L <<<"$output")" -lt 80 ]
}

@test "--version: the Makefile's" {
	version=$(sed -n 's/^VERSION = //p' "$top/Makefile")
	for tool in "${tools[@]}"; do
		run --separate-stderr "$tool" -V
		[ "$status" = 0 ]
		[ "$output" = "$tool (weir) $version" ]
		[ "$output" = "$("$tool" --version)" ]
	done
}

@test "--help to a full disk is a failure, to a closed pipe is none" {
	run bash -c 'sfilter --help >/dev/full'
	[ "$status" = 6 ]
	run bash -c 'set -o pipefail; sfilter --help | true'
	[ "$status" = 0 ]
}

@test "a wrong option: 2, what was meant, and the usage" {
	for tool in sfilter swindow "scheckpoint run"; do
		# The second is two words.
		# shellcheck disable=SC2086
		run $tool --on-eror=skip
		[ "$status" = 2 ]
		[[ "$output" == *"did you mean '--on-error'?"*"usage: $tool "* ]]
	done
	for words in --nosuch -Z --help=1 -t --max-delay --time=; do
		run sfilter $words
		[ "$status" = 2 ]
		[[ "$output" == "sfilter: "* ]]
	done
}

@test "values that make no sense: 2" {
	while read -r words; do
		# shellcheck disable=SC2086
		run sfilter $words true in
		[ "$status" = 2 ] || { echo "$words" && false; }
		name=${words##* }
		[[ "$output" == *"${name%%[=(]*}"* ]]
	done <<-'E'
		-t a --max-delay=5
		-t a --max-delay=-5s
		-t a --max-delay=x
		-t a --idle=1q
		-t a --time-unit=h
		-t a --time-format=%Q
		-t a(
		-t a --watermark=b --max-delay=1s
		-t a --watermark=)
		--max-line=0
		--max-line=1x
		--max-line=99999999999999999999
		--max-line=5G
		--color=blue
		--complete=tcsh
		--max-delay=1s
		--watermark=b
		--limit=-1
		--limit=
	E
}

@test "short options group, long ones may be shortened, -- ends them" {
	[ "$(sfilter -vJn1 'a == 1' in)" = '{"a":2}' ]
	[ "$(sfilter --inv --lim=1 'a == 1' in)" = '{"a":2}' ]
	[ "$(sfilter -n 1 -- 'a == 1' in)" = '{"a":1}' ]
	[ "$(sfilter -- '-a == -3' in)" = '{"a":3}' ]
	run sfilter --max true in
	[ "$status" = 2 ]
	[[ "$output" == *"'--max-delay' or '--max-line'"* ]]
}

@test "operands that are missing: 2" {
	run sfilter
	[ "$status" = 2 ]
	[[ "$output" == "sfilter: EXPR is missing"*"usage: sfilter "* ]]
	run swindow -w 1s -t a
	[ "$status" = 2 ]
}

@test "standard input on a terminal without FILE: a hint, and 2" {
	run terminal 'sfilter true'
	[ "$status" = 2 ]
	[[ "$output" == *terminal*"usage: sfilter "* ]]
	run terminal 'sfilter true in'
	[ "$status" = 0 ]
}

@test "color: on terminals only, --color and NO_COLOR decide" {
	bold=$'\033[1msfilter:\033[0m'
	run sfilter true nowhere
	[[ "$output" != *$'\033'* ]]
	run sfilter --color=always true nowhere
	[[ "$output" == "$bold"* ]]
	export TERM=xterm
	run terminal 'sfilter true nowhere'
	[[ "$output" == *"$bold"* ]]
	run terminal 'sfilter --color=never true nowhere'
	[[ "$output" != *"$bold"* ]]
	run terminal 'NO_COLOR=1 sfilter true nowhere'
	[[ "$output" != *"$bold"* ]]
	run terminal 'NO_COLOR=1 sfilter --color=always true nowhere'
	[[ "$output" == *"$bold"* ]]
	run terminal 'TERM=dumb sfilter true nowhere'
	[[ "$output" != *"$bold"* ]]
}

@test "--stats: one JSON object, in which nothing is lost" {
	printf 'bad\n\n{"a":"x"}\n' >>in
	sfilter -S 'a > 1' in >out 2>err
	run jq -c 'select(.tool) | [.in, .out, .dropped, .bad, .blank,
		.bytes_in, .bytes_out]' <(tail -n 1 err)
	[ "$output" = "[4,2,1,2,1,$(wc -c <in),$(wc -c <out)]" ]
}

@test "--progress: a line now and then, and it is taken back" {
	run --separate-stderr sfilter --progress true in
	[ "$status" = 0 ]
	[[ "$stderr" == "sfilter: "*"%, 24 B of 24 B"* ]]
	run terminal 'sfilter --progress true in >out'
	[[ "$output" == *"24 B of 24 B"*$'\r\033[K' ]]
	run terminal 'sfilter true in >out'
	[ -z "$output" ]
}

@test "-f reads on as files grow, through a rename" {
	mkfifo out
	sfilter -f 'a != 2' in >out &
	pid=$!
	exec 9<out
	read -r -t 10 line <&9
	read -r -t 10 line <&9
	[ "$line" = '{"a":3}' ]
	echo '{"a":4}' >>in
	read -r -t 10 line <&9
	[ "$line" = '{"a":4}' ]
	mv in in.1
	echo '{"a":5}' >>in.1
	echo '{"a":6}' >in
	read -r -t 10 line <&9
	[ "$line" = '{"a":5}' ]
	read -r -t 10 line <&9
	[ "$line" = '{"a":6}' ]
	kill $pid
	wait $pid || true
	exec 9<&-
}

@test "an option behind the operands gets a hint" {
	run sfilter true -v
	[ "$status" = 2 ]
	[[ "$output" == *"options stand before"* ]]
}

@test "what failed first is said once, however many pass it on" {
	run bash -c 'echo bad | sfilter -F -E fail true | sfilter true | sfilter -J true'
	[ "$status" = 4 ]
	[[ "$output" != *"upstream failed: upstream failed"* ]]
}
