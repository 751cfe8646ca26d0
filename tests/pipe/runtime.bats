#!/usr/bin/env bats
# Goal: what the stage runtime promises for whole pipelines: the same bytes
# however they are read, exact watermarks, clean ends. Method: pipelines over
# small and generated streams, compared with each other and with literal output.

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	window=(swindow -J -w 1m -k host 'n = count(), s = sum(v)')
}

# N events, ten hosts, up to eight seconds out of order, some lines bad.
events() {
	awk -v n="$1" 'BEGIN {
		seed = 7
		for (i = 0; i < n; i++) {
			seed = (seed * 1103515245 + 12345) % 2147483648
			late = int(seed / 65536) % 8
			if (i % 97 == 50)
				print "{\"bad\":" i
			if (i % 101 == 60)
				print ""
			printf "{\"t\":%d,\"host\":\"h%d\",\"v\":%d.5}\n",
				1000000 + i * 2 - late, i % 10, i % 7
		}
	}'
}

# bytes N: the input in reads of N bytes.
bytes() {
	dd bs="$1" iflag=fullblock 2>/dev/null
}

same() {
	cmp "$1" "$2"
}

@test "read sizes do not show: 1, 7, 64 KiB, JSON lines and frames" {
	events 3000 >in
	swindow -t t --max-delay=8s "${window[@]:1}" in >want 2>/dev/null
	[ "$(wc -l <want)" -gt 500 ]
	for size in 1 7 65536; do
		bytes $size <in |
			swindow -t t --max-delay=8s "${window[@]:1}" \
				>got 2>/dev/null
		same want got
		bytes $size <in |
			sfilter -F -t t --max-delay=8s 'true' 2>/dev/null |
			bytes $size | sfilter 'v >= 0' | bytes $size |
			"${window[@]}" >got
		same want got
	done
}

@test "untouched events come out byte for byte, through frames, too" {
	printf '%s\n' '{"a":1.50,"b":-0,"c":1e400,"d":12345678901234567890}' \
		'{ "a" : "\u00e9\/é" , "a":2 }' '{"z":[1 ,2],"n":0.1e1}' >in
	sfilter true in >out
	same in out
	sfilter -F true in | sfilter true | sfilter -J true >out
	same in out
}

@test "a filter that drops everything still lets windows close" {
	mkfifo in out
	sfilter -F -t t 'keep == true' <in |
		swindow -J -w 10s 'n = count()' >out &
	exec 8>in 9<out
	echo '{"t":5,"keep":true}' >&8
	echo '{"t":25}' >&8
	IFS= read -r -t 10 line <&9
	[ "$line" = '{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z","n":1}' ]
	exec 8>&- 9<&-
	wait
}

@test "events come out as soon as the input rests, without a flag" {
	mkfifo in out
	sfilter -F true <in | sfilter 'a > 0' | sfilter -J true >out &
	exec 8>in 9<out
	for i in 1 2 3; do
		echo "{\"a\":$i}" >&8
		IFS= read -r -t 10 line <&9
		[ "$line" = "{\"a\":$i}" ]
	done
	exec 8>&- 9<&-
	wait
}

@test "partitions are read in step, in watermark order" {
	printf '{"t":%s,"p":"a"}\n' 5 1 9 >a
	printf '{"t":%s,"p":"b"}\n' 2 5 7 >b
	sfilter -t t true a b >out
	[ "$(tr -d '\n' <out)" = '{"t":5,"p":"a"}{"t":2,"p":"b"}{"t":5,"p":"b"}{"t":1,"p":"a"}{"t":9,"p":"a"}{"t":7,"p":"b"}' ]
}

@test "files without a time are read one after another, as cat would" {
	printf '{"a":1}' >a
	printf '{"b":1}\n' >b
	sfilter true a b >out
	[ "$(tr -d '\n' <out)" = '{"a":1}{"b":1}' ]
}

@test "partitions give the same windows as one sorted file" {
	events 2000 | grep '"t"' >in
	awk 'NR % 2' in >a
	awk 'NR % 2 == 0' in >b
	swindow -t t --max-delay=20s "${window[@]:1}" in | sort >want
	swindow -t t --max-delay=20s "${window[@]:1}" a b | sort >got
	same want got
}

@test "the writer of frames dies: exit 4, no window closes" {
	mkfifo in frames pipe
	sfilter -F -t t true <in >frames &
	writer=$!
	tee copy <frames >pipe &
	"${window[@]}" <pipe >out 2>err &
	reader=$!
	exec 8>in
	echo '{"t":5,"host":"a","v":1}' >&8
	deadline=$((SECONDS + 10))
	until grep -q '"host":"a"' copy; do
		[ $SECONDS -lt $deadline ]
	done
	kill -9 $writer
	status=0
	wait $reader || status=$?
	[ "$status" = 4 ]
	grep -q 'upstream died' err
	[ ! -s out ]
	exec 8>&-
}

@test "a stage that fails tells those behind it" {
	printf '{"t":1,"host":"a","v":1}\nbad\n' >in
	run bash -c 'set -o pipefail; sfilter -F -t t -E fail true in | swindow -J -w 1s "n = count()" >out'
	[ "$status" = 4 ]
	[[ "$output" == *"in:2: "* ]]
	[[ "$output" == *"upstream failed"* ]]
	[ ! -s out ]
}

@test "a reader that goes away ends the pipeline quietly" {
	events 20000 | grep '"t"' >in
	run bash -c 'set -o pipefail; sfilter true in | sfilter true | head -n 1'
	[ "$status" = 0 ]
	[ "${#lines[@]}" = 1 ]
}

@test "frames go to pipes only, unless asked for" {
	echo '{"a":1}' >in
	sfilter -F true in >frames
	[ "$(head -c 4 frames)" = weir ]
	sfilter true frames >out
	[ "$(cat out)" = '{"a":1}' ]
	[ "$(sfilter true frames | head -c 4)" = weir ]
}

@test "a silent stream goes on with the clock under --idle" {
	mkfifo in out
	swindow -t t -w 1s --idle=100ms 'n = count()' <in >out &
	exec 8>in 9<out
	echo '{"t":"2026-01-01T00:00:00.5Z"}' >&8
	IFS= read -r -t 10 line <&9
	[[ "$line" == *'"n":1'* ]]
	exec 8>&- 9<&-
	wait
}

@test "explicit watermarks close windows, markers are not passed on" {
	printf '%s\n' '{"t":1}' '{"wm":9}' '{"t":3}' '{"wm":20}' '{"t":15}' >in
	sfilter -t t --time-unit=s --watermark=wm true in >out
	[ "$(tr -d '\n' <out)" = '{"t":1}{"t":3}{"t":15}' ]
	swindow -t t --time-unit=s --epoch=s --watermark=wm -w 10s --late=late \
		'n = count()' in >out
	[ "$(cat out)" = '{"window_start":0,"window_end":10,"n":2}' ]
	[ "$(cat late)" = '{"t":15}' ]
}

@test "a corrupt frame is told with its place, and ends with 3" {
	events 50 | grep '"t"' | sfilter -F -t t true >frames
	printf 'X' | dd of=frames bs=1 seek=300 conv=notrunc 2>/dev/null
	run sfilter true frames
	[ "$status" = 3 ]
	[[ "$output" == *corrupt* ]]
}

@test "SIGTERM ends a tool by that signal, after what is complete" {
	mkfifo in out
	sfilter 'a > 0' <in >out &
	pid=$!
	exec 8>in 9<out
	echo '{"a":1}' >&8
	IFS= read -r -t 10 line <&9
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ "$status" = 143 ]
	exec 8>&- 9<&-
}

@test "SIGTERM ends a tool whose reader has stalled" {
	mkfifo out
	events 20000 | grep '"t"' >in
	sfilter true in >out &
	pid=$!
	exec 9<out
	IFS= read -r -t 10 line <&9
	# It reads a file: when it sleeps, the pipe is full.
	deadline=$((SECONDS + 10))
	until [ "$(cut -d' ' -f3 /proc/$pid/stat)" = S ]; do
		[ $SECONDS -lt $deadline ]
	done
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ "$status" = 143 ]
	exec 9<&-
}

@test "END ends a stage though somebody holds its pipe open" {
	events 100 | grep '"t"' >in
	mkfifo pipe
	timeout -s KILL 20 sfilter -J true <pipe >out &
	pid=$!
	exec 8>pipe
	sfilter -F true in >&8
	wait $pid
	exec 8>&-
	same in out
}

@test "tee into two inputs does not get stuck" {
	local n=60000
	awk -v n=$n 'BEGIN { for (i = 0; i < n; i++)
		printf "{\"t\":%d,\"k\":%d,\"pad\":\"%060d\"}\n", 1e9 + i, i % 2, i }' >in
	mkfifo a b
	# All of it goes through the one before any of it is seen of the other.
	tee b <in | tac | tac >a &
	timeout -s KILL 60 swindow -t t -w 1h -k k 'n = count()' a b >out
	swindow -t t -w 1h -k k 'n = count()' in in >want
	same out want
	wait
	# The same with frames, which say themselves what they are.
	sfilter -F -t t true in | tee >(sfilter -F 'k == 0' >a) |
		sfilter -F 'k == 1' >b &
	timeout -s KILL 60 swindow -w 1h -k k 'n = count()' a b >out
	swindow -t t -w 1h -k k 'n = count()' in >want
	same out want
	wait
	# And without a time, one after the other.
	tee b <in >a &
	timeout -s KILL 60 sfilter true a b >out
	cat in in >want
	same out want
}
