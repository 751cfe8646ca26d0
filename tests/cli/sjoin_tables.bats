#!/usr/bin/env bats
# Goal: what holds of sjoin's tables as a program: lookup files of any format,
# read again or not, limits, the same output however inputs come in. Method: run
# it, with pipes that say when it has come so far. What it joins is held to
# tests/conformance/sjoin_tables.cases.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	printf '{"k":%s,"n":%d}\n' 1 1 2 2 '"1"' 3 null 4 1.0 5 9 6 >in
}

teardown() {
	if [ -n "${joiner-}" ]; then
		exec 7>&- 8<&- 2>/dev/null || true
		wait "$joiner" || true
	fi
}

# A join that runs on: events go to descriptor 7, results come from 8.
begin() { # begin ARG...
	mkfifo to from
	sjoin "$@" <to >from 2>log &
	joiner=$!
	exec 7>to 8<from
}

asks() { # asks EVENT RESULT
	local got
	printf '%s\n' "$1" >&7
	read -r -t 20 -u 8 got
	echo "got $got"
	[ "$got" = "$2" ]
}

ends() {
	exec 7>&-
	cat <&8 >rest
	[ ! -s rest ]
	wait "$joiner"
	joiner=
}

@test "a lookup file is of any format, told by its name's ending" {
	printf 'k,w\n1,a\n2,b\n' >rows.csv
	printf 'k\tw\n1\ta\n2\tb\n' >rows.tsv
	printf '{"k":%d,"w":"%s"}\n' 1 a 2 b >rows.json
	printf 'k=1 w=a\nk=2 w=b\n' >rows.logfmt
	sfilter -F true rows.json | cat >rows.frames
	for rows in rows.csv rows.tsv rows.json rows.frames; do
		sjoin -k k --static in $rows >got
		printf '{"k":%s,"n":%d,"w":"%s"}\n' 1 1 a 2 2 b 1.0 5 a |
			diff - got
	done
	sjoin -k k --static --right-input=logfmt in rows.logfmt | diff got -
	sjoin -k k --static in - <rows.json | diff got -
	sjoin -k k --static in <(cat rows.json) | diff got -
	sjoin -k k --static - rows.json <in | diff got -
}

@test "the last row of a key counts; null and absent keys are none" {
	printf '%s\n' '{"k":1,"w":"a"}' '{"k":null,"w":"b"}' '{"w":"c"}' \
		'{"k":1.00,"w":"d"}' '{"k":2,"w":"e"}' >rows
	sjoin -S -k k --static in rows 2>stats >got
	printf '{"k":%s,"n":%d,"w":"%s"}\n' 1 1 d 2 2 e 1.0 5 d | diff - got
	grep -q '"dropped":5' stats
	grep -q '"state_keys":2' stats
}

@test "types, conditions and forms of results" {
	printf 'k,w\n1,3\n2,0\n' >rows.csv
	sjoin -k k --static --type=left in rows.csv | diff - <(
		printf '{"k":%s,"n":%d%s}\n' 1 1 ',"w":3' 2 2 ',"w":0' \
			'"1"' 3 '' null 4 '' 1.0 5 ',"w":3' 9 6 ''
	)
	sjoin -k k --static --type=semi in rows.csv | diff - <(
		printf '{"k":%s,"n":%d}\n' 1 1 2 2 1.0 5
	)
	sjoin -k k --static --type=anti in rows.csv | diff - <(
		printf '{"k":%s,"n":%d}\n' '"1"' 3 null 4 9 6
	)
	sjoin -k k --static --type=anti --where='left.n < right.w' in rows.csv |
		diff - <(printf '{"k":%s,"n":%d}\n' 2 2 '"1"' 3 null 4 1.0 5 9 6)
	sjoin -k k --static --type=left --nest in rows.csv | sed -n '2,3p' |
		diff - <(printf '{"left":{"k":%s,"n":%d},"right":%s}\n' \
			2 2 '{"k":2,"w":0}' '"1"' 3 null)
	sjoin -k k --static -p 'sum = left.n + right.w' in rows.csv |
		diff - <(printf '{"sum":%d}\n' 4 2 8)
	run -2 sjoin -k k --static --type=outer in rows.csv
	[[ $output == *"no row is ever unmatched"* ]]
	run -2 sjoin -k k --static --ttl=5s in rows.csv
}

@test "keys may be computed, and be several" {
	printf 'name,zone,w\nA,1,x\nB,1,y\nA,2,z\n' >rows.csv
	printf '{"n":"%s","z":%d}\n' a 2 b 1 c 1 >left
	sjoin --left-key='n, z' --right-key='name.lowerAscii(), zone' \
		--static left rows.csv >got
	printf '%s\n' '{"n":"a","z":2,"name":"A","w":"z"}' \
		'{"n":"b","z":1,"name":"B","w":"y"}' | diff - got
}

@test "a row's name that an event has, too, gets a suffix in that one alone" {
	printf '{"k":1,%s}\n' '"w":0' '"v":0' '"x":{"w":0}' '"\u0077":0' \
		'"w":0,"v":0' '"a":"\"w\":"' >left
	printf '%s\n' '{"k":1,"w":"a","v":"b"}' >rows.json
	printf '{"k":1,%s}\n' '"w":0,"w_right":"a","v":"b"' \
		'"v":0,"w":"a","v_right":"b"' '"x":{"w":0},"w":"a","v":"b"' \
		'"\u0077":0,"w_right":"a","v":"b"' \
		'"w":0,"v":0,"w_right":"a","v_right":"b"' \
		'"a":"\"w\":","w":"a","v":"b"' >want
	sjoin -k k --static left rows.json | diff - want
	sfilter -F true left | sjoin -J -k k --static - rows.json | diff - want
	# The same with more names than are looked for, and with an odd one.
	{
		printf '{"k":2'
		printf ',"n%d":1' {1..40}
		printf '}\n{"k":3,"\\u0076":1}\n'
	} >>rows.json
	sjoin -k k --static left rows.json | diff - want
}

@test "SIGHUP reads it again, in the middle of a stream" {
	printf 'k,w\n1,a\n' >rows.csv
	begin -k k --static --type=left - rows.csv
	asks '{"k":1}' '{"k":1,"w":"a"}'
	asks '{"k":2}' '{"k":2}'
	printf 'k,w\n1,b\n2,c\n' >new.csv
	mv new.csv rows.csv
	asks '{"k":1}' '{"k":1,"w":"a"}'
	kill -HUP "$joiner"
	asks '{"k":1}' '{"k":1,"w":"b"}'
	asks '{"k":2}' '{"k":2,"w":"c"}'
	printf 'k,w\n' >rows.csv
	kill -HUP "$joiner"
	asks '{"k":1}' '{"k":1}'
	ends
	[ ! -s log ]
}

@test "a file that cannot be read again leaves its rows as they were" {
	printf 'k,w\n1,a\n' >rows.csv
	begin -k k --static --type=left -E fail - rows.csv
	asks '{"k":1}' '{"k":1,"w":"a"}'
	rm rows.csv
	kill -HUP "$joiner"
	asks '{"k":1}' '{"k":1,"w":"a"}'
	grep -q 'rows.csv.*what it held before stays' log
	mkdir rows.csv
	kill -HUP "$joiner"
	asks '{"k":1}' '{"k":1,"w":"a"}'
	[ "$(grep -c 'what it held before stays' log)" = 2 ]
	rmdir rows.csv
	printf 'k,w\n1,b\n2,"c' >rows.csv # it is being written
	kill -HUP "$joiner"
	asks '{"k":1}' '{"k":1,"w":"a"}'
	[ "$(grep -c 'what it held before stays' log)" = 3 ]
	printf 'k,w\n3,d\n' >rows.csv
	kill -HUP "$joiner"
	asks '{"k":3}' '{"k":3,"w":"d"}'
	asks '{"k":1}' '{"k":1}'
	ends
}

@test "a pipe is read once, whatever SIGHUP says" {
	mkfifo rows
	printf 'k,w\n1,a\n' >rows &
	begin -k k --static --right-input=csv - rows
	asks '{"k":1}' '{"k":1,"w":"a"}'
	kill -HUP "$joiner"
	asks '{"k":1}' '{"k":1,"w":"a"}'
	ends
}

@test "a file that cannot be read at first ends it, saying so" {
	run -6 sjoin -k k --static in nothing.csv
	[[ $output == *nothing.csv* ]]
}

@test "frames on the left keep their times and watermarks" {
	printf '{"k":1,"t":%d}\n' 10 20 65 70 >timed
	printf 'k,w\n1,a\n' >rows.csv
	sfilter -F -t t --time-unit=s true timed |
		sjoin -k k --static - rows.csv |
		swindow -J -w 1m -k w 'n = count()' | diff - <(
		printf '{"window_start":"%s","window_end":"%s","w":"a","n":2}\n' \
			1970-01-01T00:00:00Z 1970-01-01T00:01:00Z \
			1970-01-01T00:01:00Z 1970-01-01T00:02:00Z
	)
}

@test "a big table, and one that is too big" {
	awk 'BEGIN { for (i = 0; i < 200000; i++)
		printf "{\"k\":%d,\"w\":%d}\n", i, i * 7 }' >rows
	printf '{"k":%d}\n' 0 199999 200000 >few
	sjoin -k k --static few rows |
		diff - <(printf '{"k":%d,"w":%d}\n' 0 0 199999 1399993)
	run -5 sjoin -k k --static --max-state=1M few rows
	[[ $output == *"--max-state"* ]]
}


@test "in a job, rows of a lookup file are state" {
	printf 'k,w\n1,a\n' >rows.csv
	printf '{"k":1,"n":1}\n{"k":2,"n":2}\n' >l.json
	pipeline='sjoin -k k --static --type=left - rows.csv'
	scheckpoint run -d state -i l.json -o out.json --once "$pipeline"
	printf 'k,w\n1,b\n2,b\n' >rows.csv
	printf '{"k":1,"n":3}\n{"k":2,"n":4}\n' >>l.json
	scheckpoint run -d state -i l.json -o out.json --once "$pipeline"
	printf '{"k":%d,"n":%d%s}\n' 1 1 ',"w":"a"' 2 2 '' 1 3 ',"w":"a"' \
		2 4 '' | diff - out.json
	rm rows.csv
	printf '{"k":1,"n":5}\n' >>l.json
	scheckpoint run -d state -i l.json -o out.json --once "$pipeline"
	[ "$(tail -n 1 out.json)" = '{"k":1,"n":5,"w":"a"}' ]
}

@test "in a job, tables go on where they were" {
	for i in $(seq 0 199); do
		printf '{"t":%d,"k":%d,"n":%d}\n' $((i * 3)) $((i % 7)) "$i" >&3
		printf '{"t":%d,"k":%d,"w":%d}\n' $((i * 3 + i % 5)) \
			$((i % 9)) $((i % 11)) >&4
	done 3>all.l 4>all.r
	for how in '--table --type=left' '--table --ttl=20s' \
		'--table-table --type=outer --ttl=20s' \
		'--table-table --mode=retract'; do
		# A way is words.
		# shellcheck disable=SC2086
		sjoin -t t --time-unit=s --max-delay=5s -k k $how \
			--delete-if='n == 3 || w == 4' all.l all.r >want
		rm -rf state l.json r.json out.json
		for n in 50 51 130 200; do
			head -n "$n" all.l >l.new
			head -n "$n" all.r >r.new
			cp l.new l.json # it grows
			cp r.new r.json
			more=--once
			[ "$n" -lt 200 ] || more=
			# shellcheck disable=SC2086
			scheckpoint run -d state -i l=l.json -i r=r.json \
				-o out.json $more "sjoin -t t --time-unit=s \
				--max-delay=5s -k k $how --delete-if='n == 3 || w == 4' \$l \$r"
		done
		diff want out.json
	done
}
