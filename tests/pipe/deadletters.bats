#!/usr/bin/env bats
# Goal: a dead letter says exactly which bytes of which file were no good, in
# every format, with several files and across rotation. Method: the bytes at the
# offset that a letter gives are cut out of its source and held against its raw.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null
	return 0
}

# exact FILE N: N letters, each of which holds.
exact() {
	local n=0 source line offset raw
	while IFS=$'\t' read -r source line offset raw; do
		n=$((n + 1))
		raw=$(base64 -d <<<"$raw"; echo x)
		raw=${raw%x}
		[ "$(tail -c +$((offset + 1)) "$source" |
			head -c ${#raw}; echo x)" = "${raw}x" ]
		[ "$(head -c "$offset" "$source" | wc -l)" = $((line - 1)) ]
	done < <(jq -r '[.source, .line, .offset, (.raw | @base64)] | @tsv' "$1")
	[ $n = "$2" ]
}

# format NAME N WORD...: in the file `in`, N lines are no good.
format() {
	local name=$1 n=$2
	shift 2
	rm -f dead
	sfilter -i "$name" -E dead "$@" in in >/dev/null 2>err
	exact dead $((2 * n))
	run sfilter -i "$name" -E fail "$@" in
	[ "$status" = 3 ]
	sfilter -i "$name" -S "$@" in 2>err >/dev/null
	[ "$(tail -n 1 err | jq .bad)" = "$n" ]
}

@test "lines that cannot be read, and events that cannot be judged" {
	printf '%s\n' '{"a":1}' '{"a":' '' '{"a":"x"}' 'text "q" \ ' >in
	format json 3 'a > 0'
	# Of a sequence, line is the text's number.
	printf '\036{"a":1}\n\036{"a"\n\036 {"a":3}\n\n\036{"a":"x"}\036{"a":"y"}\n' >in
	rm -f dead
	sfilter -i seq -E dead 'a > 0' in 2>err >out
	[ "$(jq -c '[.line, .offset, .raw]' dead | tr -d '\n')" = \
		'[2,10,"{\"a\""][4,27,"{\"a\":\"x\"}"][5,37,"{\"a\":\"y\"}"]' ]
	smap -i seq -E dead 'b = a + 1' in 2>err >out
	[ "$(jq -c '[.line, .offset]' dead | tr -d '\n')" = '[2,10][4,27][5,37]' ]
	printf 'a,b\n1,2\n3\nx,4\n"y" ,5\n' >in
	format csv 3 'a > 0'
	printf 'a\tb\n1\t2\n3\nx\t4\n' >in
	format tsv 2 'a > 0'
	printf 'a=1 b=2\n=3\na=x\n' >in
	format logfmt 2 'a > 0'
	printf '%s\n' '1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 5' \
		'nonsense' >in
	format clf 1 'status > 0'
	printf '%s\n' 'h - a b [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 5 "-" "x"' \
		'h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 5 "-" "open' \
		'h - - [10/Oct/2000:13:55:36 -0700] "\xff" 400 0 "-" "\x22"' \
		'h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 5' >in
	format combined 3 'agent == "x" || agent > 1'
	printf '%s\n' '<34>1 2026-01-01T00:00:00Z h a 1 - [e x="1"] m' \
		'<34>Jan  1 00:00:00 h a: m' '<999>x' '' \
		'<34>1 2026-01-01T00:00:00Z h a 1 - [e x="1" m' \
		'2026-01-01T00:00:00+01:00 h a[2]: m' 'no time' >in
	format syslog 5 --year=2026 'pid == 1 || message > 1'
	printf 'k=1\nnone\n' >in
	format 'regex:k=(?<k>\d+)' 1 'true'
	printf 'one\ntwo\n' >in
	format lines 2 'line > 1'
}

@test "several files that are followed, across rotation and truncation" {
	printf '{"a":1}\nbad 1\n' >a
	printf 'bad 2\n' >b
	sfilter -f -E dead 'a > 0' a b >out 2>err &
	pid=$!
	wait_dead 2
	mv a a.1
	printf 'bad 3\n{"a":2}\nbad 4\n' >a
	wait_dead 4
	: >b
	printf '{"a":"x"}\n' >b
	wait_dead 5
	[ "$(jq -c '[.source, .line, .offset, .raw]' dead | sort | tr -d '\n')" = \
		'["a",1,0,"bad 3"]["a",2,8,"bad 1"]["a",3,14,"bad 4"]["b",1,0,"bad 2"]["b",1,0,"{\"a\":\"x\"}"]' ]
	kill $pid
}

wait_dead() { # wait_dead N: so many letters, within 10 s
	local i
	for ((i = 0; i < 500; i++)); do
		[ "$(wc -l <dead)" = "$1" ] && return 0
		read -r -t 0.02 <> <(:) || true
	done
	cat dead err
	return 1
}

@test "every tool: -E skip, fail and FILE" {
	printf '{"t":%s,"a":%s}\n' 1 1 2 '"x"' 3 3 >in
	echo 'bad' >>in
	for tool in "sfilter a>0" "smap b=a+1" "swindow -t t -w 1m sum(a)"; do
		rm -f dead
		# shellcheck disable=SC2086
		set -- $tool
		last=${*: -1}
		set -- "${@:1:$#-1}"
		"$@" -E dead "$last" in >out 2>err
		exact dead 2
		[ -s out ]
		run "$@" -E fail "$last" in
		[ "$status" = 3 ]
		"$@" -E skip -S "$last" in >out 2>err
		[ "$(tail -n 1 err | jq .bad)" = 2 ]
	done
}
