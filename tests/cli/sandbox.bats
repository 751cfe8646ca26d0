#!/usr/bin/env bats
# Goal: a tool that has begun can open nothing else, and everything that opens
# files later still works. Method: files that were fit at the start are replaced
# by links to others, by compressed ones and the like, while the first input is a
# FIFO that holds the tool up; each feature under --sandbox=require.

# Commands are words for wait_for, which gives them to eval.
# shellcheck disable=SC2016,SC2094,SC2002

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	echo '{}' | sfilter --sandbox=require true >/dev/null 2>&1 ||
		skip "no Landlock here"
	mkdir in elsewhere
	printf '{"a":%d}\n' 1 2 3 >in/x
	printf '{"a":%d}\n' 4 5 6 >in/y
	echo '{"secret":true}' >elsewhere/z
	mkfifo in/fifo
}

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null
	return 0
}

# wait_for COMMAND: until it succeeds; a limit of 10 s.
wait_for() {
	local i
	for ((i = 0; i < 500; i++)); do
		eval "$1" && return 0
		read -r -t 0.02 <> <(:) || true
	done
	echo "waited in vain: $1"
	return 1
}

# A sanitizer's library reads what it likes, and the build lets it.
needs_whole_sandbox() {
	! grep -q __asan_init "$(command -v sfilter)" ||
		skip "a build with sanitizers may read everything"
}

# held WORD...: sfilter over in/fifo, which is open as 9, and more; it has begun.
held() {
	sfilter "$@" >out 2>err 9>&- &
	pid=$!
	exec 9>in/fifo
	echo '{"begun":true}' >&9
	wait_for 'grep -q begun out'
}

# release STATUS: in/fifo ends; so does the tool, with this status.
release() {
	local got=0
	exec 9>&-
	wait $pid || got=$?
	[ "$got" = "$1" ] && return 0
	echo "exit status $got, not $1"
	cat err
	return 1
}

@test "auto, require, off; another word is none" {
	for how in auto require off; do
		[ "$(sfilter --sandbox=$how true in/x in/y | wc -l)" = 6 ]
	done
	run sfilter --sandbox=on true in/x
	[ "$status" = 2 ]
}

@test "the kernel is asked for it, by default, and by every tool" {
	command -v strace >/dev/null || skip "no strace"
	# Leaks cannot be looked for under strace.
	export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0"
	while read -r words; do
		# shellcheck disable=SC2086
		strace -f -qq -o trace -e trace=landlock_restrict_self $words \
			in/x >/dev/null
		grep -q 'landlock_restrict_self(.*) *= 0$' trace
	done <<-'END'
		sfilter true
		smap b=1
		swindow -t a -w 1m count()
		sdedup -k a
		smerge -t a in/y
		sjoin -k a --static in/y
	END
	strace -f -qq -o trace -e trace=landlock_restrict_self \
		sfilter --sandbox=off true in/x >/dev/null
	[ ! -s trace ]
}

@test "a FILE that became a link elsewhere cannot be opened" {
	needs_whole_sandbox
	for how in auto require; do
		held --sandbox=$how true in/fifo in/x
		ln -sf ../elsewhere/z in/x
		release 6
		grep -q 'in/x: cannot open: Permission denied' err
		run ! grep -q secret out
		rm in/x
		printf '{"a":%d}\n' 1 2 3 >in/x
	done
	held --sandbox=off true in/fifo in/x
	ln -sf ../elsewhere/z in/x
	release 0
	grep -q secret out
}

@test "what was a link from the beginning can, and what lies beside it" {
	ln -sf ../elsewhere/z in/x
	held --sandbox=require true in/fifo in/x in/y
	rm in/y
	ln -s x in/y
	release 0
	[ "$(grep -c secret out)" = 2 ]
}

@test "a FILE that is made later is read" {
	held --sandbox=require true in/fifo in/new in/deep/new
	cp in/y in/new
	mkdir in/deep
	cp in/y in/deep/new
	release 0
	[ "$(wc -l <out)" = 7 ]
}

@test "no program can be run, unless a FILE may be compressed" {
	gzip -k in/x
	held --sandbox=require true in/x in/y in/fifo
	release 0
	mv in/x.gz in/y.gz
	sfilter --sandbox=require true in/x in/y.gz >out
	[ "$(wc -l <out)" = 6 ]
	[ "$(sfilter --sandbox=require true <in/y.gz | wc -l)" = 3 ]
	[ "$(sfilter --sandbox=require true in/y.gz | wc -l)" = 3 ]
	[ "$(cat in/y.gz | sfilter --sandbox=require true | wc -l)" = 3 ]
	[ "$(cat in/y.gz | sfilter --sandbox=require true in/x - | wc -l)" = 6 ]
	for packer in zstd xz lz4; do
		command -v $packer >/dev/null || continue
		$packer -c <in/x >in/packed
		[ "$(sfilter --sandbox=require true in/x in/packed | wc -l)" = 6 ]
		[ "$(sfilter true in/x in/packed | wc -l)" = 6 ]
	done
	# plain when the tool began
	held_plain
	mv in/y.gz in/y
	kill -CONT $pid
	got=0
	wait $pid || got=$?
	[ "$got" = 6 ]
	grep -q 'in/y: cannot run gzip: Permission denied' err
}

# Two plain files, of which the first does not fit into its reader's pipe.
held_plain() {
	seq -f '{"a":%.0f}' 400000 >in/long
	mkfifo reader
	sfilter --sandbox=require true in/long in/y >reader 2>err 9>&- &
	pid=$!
	exec 8<reader
	head -c 1 <&8 >/dev/null
	kill -STOP $pid
	cat <&8 >/dev/null &
	exec 8<&-
}

@test "-f: a name that became a link elsewhere, under require" {
	needs_whole_sandbox
	sfilter --sandbox=require -f true in/x >out 2>err &
	pid=$!
	wait_for '[ "$(wc -l <out)" = 3 ]'
	mv in/x in/x.1
	cp in/y in/x
	wait_for '[ "$(wc -l <out)" = 6 ]'
	mv in/x in/x.2
	if command -v strace >/dev/null; then
		strace -qq -o trace -e trace=openat -p $pid &
		wait_for '[ -e trace ]'
		ln -s ../elsewhere/z in/x
		wait_for 'grep -q "in/x.*EACCES" trace'
		rm in/x
	fi
	cp in/y in/x
	wait_for '[ "$(wc -l <out)" = 9 ]'
	run ! grep -q secret out
	[ ! -s err ]
}

@test "-f: auto reads wherever the name leads" {
	sfilter -f true in/x >out 2>err &
	pid=$!
	wait_for '[ "$(wc -l <out)" = 3 ]'
	mv in/x in/x.1
	ln -s ../elsewhere/z in/x
	wait_for 'grep -q secret out'
	mv in gone
	mkdir in
	cp gone/y in/x
	wait_for '[ "$(wc -l <out)" = 7 ]'
}

@test "-f: rotation, compressed, too, and patterns" {
	sfilter --sandbox=require -f true in/x 'in/*.log' >out 2>err &
	pid=$!
	wait_for '[ "$(wc -l <out)" = 3 ]'
	mv in/x in/x.1
	cp in/y in/x
	wait_for '[ "$(wc -l <out)" = 6 ]'
	mv in/x in/x.2
	cp in/y in/x.new
	gzip in/x.1
	mv in/x.new in/x
	wait_for '[ "$(wc -l <out)" = 9 ]'
	cp in/y in/a.log
	wait_for '[ "$(wc -l <out)" = 12 ]'
	kill $pid
	wait $pid || true
	[ ! -s err ]
}

@test "a table is read again" {
	printf 'k,v\n1,old\n' >in/table.csv
	sjoin --sandbox=require -k k --static - in/table.csv <in/fifo >out 2>err &
	pid=$!
	exec 9>in/fifo
	echo '{"k":1}' >&9
	wait_for 'grep -q old out'
	printf 'k,v\n1,new\n' >in/t
	mv in/t in/table.csv
	kill -HUP $pid
	wait_for 'echo "{\"k\":1}" >&9; grep -q new out'
	release 0
}

@test "side files, time zones, -E FILE" {
	printf '{"a":%d,"z":"Europe/Rome"}\nx\n' 1 2 | sfilter \
		--sandbox=require -E bad --else=other \
		'timestamp("2026-01-01T00:00:00Z").getHours(z) == 1 && a == 1' >out
	[ "$(wc -l <out)" = 1 ]
	[ "$(wc -l <other)" = 1 ]
	[ "$(wc -l <bad)" = 2 ]
}

@test "what is read ahead is spilt to TMPDIR" {
	mkdir tmp
	seq -f '{"t":%.0f,"pad":"0123456789012345678901234567890123456789"}' \
		100000 >many
	mkfifo other
	TMPDIR=$PWD/tmp smerge --sandbox=require -t t in/fifo other >out 2>err &
	pid=$!
	exec 9>in/fifo
	# It does not fit into memory and pipes: it goes when it was spilt.
	cat many >other
	echo '{"t":1}' >&9
	release 0
	[ "$(wc -l <out)" = 100001 ]
}

@test "a job: stages and sources, rotation, side files, restarts" {
	seq -f '{"t":%.0f,"k":1}' 5000 >log
	run_job() {
		scheckpoint run --sandbox=require -d state -i log -o sink "$@" \
			'sfilter --sandbox=require -t t --else=rest "t % 2 == 0" |
			swindow --sandbox=require -w 1m -k k "n = count()"'
	}
	run_job --once
	seq -f '{"t":%.0f,"k":1}' 5001 10000 >>log
	run_job --once
	mv log log.1
	seq -f '{"t":%.0f,"k":1}' 10001 15000 >log
	run_job
	[ "$(wc -l <rest)" = 7500 ]
	[ "$(jq -s 'map(.n) | add' sink)" = 7500 ]
	scheckpoint verify -d state
}
