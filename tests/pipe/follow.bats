#!/usr/bin/env bats
# Goal: following many files: every line once, whatever happens to the files.
# Method: a tool follows files and patterns while they are written, rotated, cut
# and deleted; its output is waited for with a limit.

# Commands are words for wait_for, which gives them to eval.
# shellcheck disable=SC2016

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir logs
}

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null
	return 0
}

# follow WORD...: sfilter in the background, from its own pid to out.
follow() {
	: >out
	sfilter -f true "$@" >out 2>err &
	pid=$!
}

# wait_for COMMAND [TENTHS]: until it succeeds; a limit of 10 s.
wait_for() {
	local i
	for ((i = 0; i < 500; i++)); do
		eval "$1" && return 0
		read -r -t 0.02 <> <(:) || true
	done
	echo "waited in vain: $1"
	cat out err
	return 1
}

lines() { # lines N: out has so many
	wait_for "[ \$(wc -l <out) -ge $1 ]" && [ "$(wc -l <out)" = "$1" ]
}

stop() {
	kill $pid
	wait $pid || true
	[ ! -s err ]
}

# line FILE N...: append events that name their file.
line() {
	local file=$1
	shift
	printf "{\"f\":\"$file\",\"n\":%d}\n" "$@" >>"$file"
}

@test "several files come out as they arrive" {
	line a 1 2
	line b 1
	follow a b c
	lines 3
	line b 2
	lines 4
	line c 1
	lines 5
	line a 3
	lines 6
	[ "$(tail -n 3 out | tr -d '\n')" = '{"f":"b","n":2}{"f":"c","n":1}{"f":"a","n":3}' ]
	printf '{"f":"a",' >>a # lines are whole, whoever writes between
	line b 3
	lines 7
	printf '"n":4}\n' >>a
	lines 8
	[ "$(tail -n 1 out)" = '{"f":"a","n":4}' ]
	stop
}

@test "a file and a pipe" {
	mkfifo pipe
	line a 1
	follow a pipe
	exec 8>pipe
	lines 1
	echo '{"p":1}' >&8
	lines 2
	line a 2
	lines 3
	exec 8>&-
	line a 3
	lines 4
	stop
}

@test "a pattern: what matches now, and what appears later" {
	line logs/a.log 1
	line logs/other 1
	follow 'logs/*.log'
	lines 1
	line logs/b.log 1
	lines 2
	printf '{"c":1}\n' >tmp
	mv tmp logs/c.log
	lines 3
	line logs/a.log 2
	lines 4
	stop
}

@test "a pattern whose directory is not there yet, nor any file" {
	follow 'later/*/x.log'
	mkdir -p later/one later/two
	line later/one/x.log 1
	line later/two/x.log 1
	lines 2
	stop
}

@test "a pattern with wildcards that is a file's name is that file" {
	line 'logs/[a].log' 1
	line logs/a.log 1
	follow 'logs/[a].log'
	lines 1
	line 'logs/[a].log' 2
	lines 2
	grep -vq 'logs/a.log' out
	stop
}

@test "a file that matches under its new name, too, is not read again" {
	line logs/app 1 2
	follow 'logs/*'
	lines 2
	for i in 1 2 3; do
		[ ! -e logs/app.2 ] || mv logs/app.2 logs/app.3
		[ ! -e logs/app.1 ] || mv logs/app.1 logs/app.2
		line logs/app $((i * 10))
		mv logs/app logs/app.1
		line logs/app.1 $((i * 10 + 1))
		line logs/app $((i * 10 + 2))
		lines $((2 + i * 3))
	done
	gzip logs/app.3
	line logs/app 99
	lines 12
	[ -z "$(sort out | uniq -d)" ]
	stop
}

@test "numbered files that all match move on together: each is read once" {
	line logs/app 1
	line logs/app.1 1
	line logs/app.2 1
	follow 'logs/*'
	lines 3
	for i in 2 3 4; do
		mv logs/app.2 logs/app.3
		mv logs/app.1 logs/app.2
		mv logs/app logs/app.1
		line logs/app $i
		lines $((i + 2))
	done
	line logs/app 5 # a look at every name comes before this
	wait_for '[ $(find /proc/$pid/fd -lname "*/logs/app*" | wc -l) -ge 1 ]'
	lines 7
	stop
}

@test "names that are given, one for the other: each file is read once" {
	line a 1
	follow a a.1
	lines 1
	mv a a.1
	line a 2
	lines 2
	line a 3
	lines 3
	stop
}

@test "a pattern that matches too many files says so, and loses none silently" {
	[ -z "${WEIR_MEMCHECK-}" ] || skip "valgrind is too slow for so many"
	[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -gt 5000 ] ||
		skip "not so many files may be open"
	ulimit -n 5000
	for i in {1..4097}; do
		echo "{\"n\":$i}" >"logs/$i"
	done
	run timeout 50 sfilter -f true 'logs/*'
	[ "$status" = 6 ]
	[[ "$output" == *"logs/*: more than 4096 files at a time; "* ]]
	ulimit -Sn 100
	run timeout 50 sfilter -f true 'logs/*'
	[ "$status" = 6 ]
	[[ "$output" == *"cannot open: Too many open files"* ]]
	ulimit -Sn 5000
	rm logs/1
	follow 'logs/*'
	lines 4096
	[ "$(sort -u out | wc -l)" = 4096 ]
	stop
}

@test "deleted files are read to their end and closed" {
	line logs/keep 1
	follow 'logs/*'
	lines 1
	for i in {1..200}; do
		line "logs/$i" 1
	done
	lines 201
	for i in {1..200}; do
		printf '{"last":%d}\n' "$i" >>"logs/$i"
		rm "logs/$i"
	done
	lines 401
	wait_for '[ $(find /proc/$pid/fd -lname "*logs*deleted*" | wc -l) = 0 ]'
	line logs/keep 2
	line logs/1 2
	lines 403
	stop
}

@test "copy and truncate, again and again" {
	line a 0
	follow a b
	lines 1
	for i in {1..20}; do
		cp a a.1
		: >a
		line a "$i"
		lines $((i + 1))
	done
	stop
}

@test "hundreds of rotations: every line once, no descriptor left" {
	touch a logs/{0..9}.log
	follow a 'logs/*.log'
	lines 0
	wait_for '[ $(find /proc/$pid/fd -lname "*.log" | wc -l) = 10 ]'
	(
		for ((i = 0; i < 300; i++)); do
			line a $((2 * i)) $((2 * i + 1))
			mv a "a-$i"
			line "logs/$((i % 10)).log" $((2 * i))
			mv "logs/$((i % 10)).log" "logs/$((i % 10)).log.$i"
		done
		line a 600
		for i in {0..9}; do
			line "logs/$i.log" -1
		done
	) &
	wait_for '[ $(grep -c "\"a\"" out) -ge 601 ]'
	wait_for '[ $(grep -c "\"logs" out) -ge 310 ]'
	[ "$(grep -c '"logs' out)" = 310 ]
	[ "$(grep -c '"a"' out)" = 601 ]
	[ "$(find /proc/$pid/fd -type l | wc -l)" -lt 40 ]
	stop
}

@test "fifty writers, fifty files: every line once, in order" {
	follow 'logs/*.log'
	writers=()
	for w in {1..50}; do
		awk -v w="$w" 'BEGIN {
			f = "logs/" w ".log"
			for (i = 1; i <= 400; i++) {
				printf "{\"w\":%d,\"i\":%d}\n", w, i >>f
				if (i % 10 == 0)
					fflush(f)
			}
		}' &
		writers+=($!)
	done
	wait "${writers[@]}"
	lines 20000
	awk -F'[:,}]' '$4 != ++n[$2] { exit 1 }' out
	stop
}

@test "its own output in the followed directory is not followed" {
	line logs/a 1
	sfilter -f -E logs/dead true 'logs/*' >logs/out 2>err &
	pid=$!
	wait_for '[ $(wc -l <logs/out) = 1 ]'
	echo bad >>logs/a
	line logs/a 2
	wait_for '[ $(wc -l <logs/out) = 2 ]'
	wait_for '[ -s logs/dead ]'
	line logs/b 1
	wait_for '[ $(wc -l <logs/out) = 3 ]'
	[ "$(wc -l <logs/dead)" = 1 ]
	kill $pid
}

@test "-t: files are merged in step; a quiet one holds the others back" {
	printf '{"t":%d,"f":"a"}\n' 1 5 9 >a
	printf '{"t":%d,"f":"b"}\n' 2 6 >b
	: >out
	sfilter -f -t t true a b >out 2>err &
	pid=$!
	lines 5
	printf '{"t":%d,"f":"a"}\n' 12 20 >>a
	printf '{"t":%d,"f":"b"}\n' 15 >>b
	lines 8
	[ "$(tail -n 3 out | tr -d '\n')" = '{"t":15,"f":"b"}{"t":12,"f":"a"}{"t":20,"f":"a"}' ]
	stop
}

@test "-t and a pattern: a later file begins under the watermark in force" {
	printf '{"t":%d}\n' 1 25 >logs/a
	: >out
	swindow -f -t t --epoch=s -w 10s --idle=200ms --late=late \
		'n = count()' 'logs/*' >out 2>err &
	pid=$!
	wait_for 'grep -q "\"window_end\":10,\"n\":1" out'
	printf '{"t":%d}\n' 3 26 200 >logs/b
	wait_for 'grep -q "\"window_end\":30,\"n\":2" out'
	wait_for '[ -s late ]'
	[ "$(cat late)" = '{"t":3}' ]
	kill $pid
}
