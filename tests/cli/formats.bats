#!/usr/bin/env bats
# Goal: every tool reads every format as weir-formats(7) says: options, files by
# their endings, compressed input, exact dead letters, flat memory, places that a
# job comes back to. Method: small inputs, output literally. What single lines
# become is held to tests/unit/convert_*.c.

# bats sets these, and files are named as words of the tests are.
# shellcheck disable=SC2154,SC2094

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	examples=$BATS_TEST_DIRNAME/../examples
	printf 'a,b\n1,x\n2,"y\nz"\n' >t.csv
	want='{"a":1,"b":"x"}'$'\n''{"a":2,"b":"y\nz"}'
}

wait_for() { # TEXT in out, at most 10 s
	timeout 10 sh -c 'until grep -q "$1" out; do sleep 0.02; done' - "$1"
}

@test "a file's ending tells its format; -i stands above it" {
	[ "$(sfilter true t.csv)" = "$want" ]
	cp t.csv T.CSV
	[ "$(sfilter true T.CSV)" = "$want" ]
	printf 'a\tb\n1\tx\n' >t.tsv
	[ "$(sfilter true t.tsv)" = '{"a":1,"b":"x"}' ]
	[ "$(sfilter -i lines 'line == "1,x"' t.csv)" = '{"line":"1,x"}' ]
	[ "$(sfilter -i csv true <t.csv)" = "$want" ]
	printf '{"a":1}\n' >app.log
	[ "$(sfilter true app.log)" = '{"a":1}' ]
}

@test "files of several formats go together" {
	printf '{"a":3,"b":"j"}\n' >t.json
	printf 'b\ta\nx\t4\n' >t.tsv
	[ "$(sfilter 'a > 1' t.csv t.json t.tsv | tail -n 2)" = \
		'{"a":3,"b":"j"}'$'\n''{"b":"x","a":4}' ]
}

@test "--header names the columns, and the first line is data" {
	[ "$(printf '1,2\n' | sfilter -i csv --header=x,y true)" = \
		'{"x":1,"y":2}' ]
	run sfilter --header=x,y true </dev/null
	[ "$status" = 2 ]
	[[ "$output" == *"--header goes with -i csv and -i tsv"* ]]
	run sfilter -i csv --header=x,x true </dev/null
	[ "$status" = 2 ]
	[[ "$output" == *'two columns `x`'* ]]
	run sfilter -i csv true <<<'x,x'
	[ "$status" = 3 ]
	[[ "$output" == "sfilter: standard input:1: the header has two"* ]]
}

@test "regular expressions that are no good are shown, with status 2" {
	run sfilter -i 'regex:(?<a>x' true </dev/null
	[ "$status" = 2 ]
	[[ "$output" == *$'(?<a>x\n'*^* ]]
	run sfilter -i 'regex:x' true </dev/null
	[ "$status" = 2 ]
	[[ "$output" == *"no named group"* ]]
	run sfilter -i regex true </dev/null
	[ "$status" = 2 ]
	[[ "$output" == *"say which"* ]]
}

@test "clf, combined and syslog need no -t" {
	line='h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 5'
	printf '%s\n%s\n' "$line" "$line" |
		swindow -i clf -w 1m 'n = count()' >out
	[ "$(<out)" = '{"window_start":"2000-10-10T20:55:00Z","window_end":"2000-10-10T20:56:00Z","n":2}' ]
	printf 'Oct 10 20:55:00 h a: x\n' |
		swindow -i syslog --year=2000 --max-delay=5s -w 1m 'n = count()' >out2
	[ "$(<out2)" = '{"window_start":"2000-10-10T20:55:00Z","window_end":"2000-10-10T20:56:00Z","n":1}' ]
	run swindow -i csv -w 1m 'n = count()' t.csv
	[ "$status" = 2 ]
	[[ "$output" == *"no event time"* ]]
}

@test "a year is found by the file's last change" {
	printf 'Dec 31 23:59:59 h a: x\nJan  1 00:00:00 h a: y\n' >s
	touch -d 2020-01-05T00:00:00Z s
	[ "$(sfilter -i syslog true s | cut -c 10-29)" = \
		2019-12-31T23:59:59Z$'\n'2020-01-01T00:00:00Z ]
}

@test "gzip, zstd, xz and lz4 are read from files and pipes" {
	for p in gzip zstd xz lz4; do
		command -v $p >/dev/null || continue
		$p -c <t.csv >"t.$p"
		[ "$(sfilter -i csv true "t.$p")" = "$want" ]
		[ "$(sfilter -i csv true <"t.$p")" = "$want" ]
		# shellcheck disable=SC2002
		[ "$(cat "t.$p" | sfilter -i csv true)" = "$want" ]
		[ "$(dd ibs=1 obs=1 if="t.$p" 2>/dev/null |
			sfilter -i csv true)" = "$want" ]
	done
	gzip t.csv
	[ "$(sfilter true t.csv.gz)" = "$want" ]
}

@test "damaged compressed input: what is there, then status 3" {
	for ((i = 0; i < 20000; i++)); do echo "{\"a\":$i}"; done >big
	gzip <big | head -c 20000 >cut.gz
	run --separate-stderr sfilter true cut.gz
	[ "$status" = 3 ]
	[[ "$stderr" == *"cut.gz: cannot be decompressed"* ]]
	[ "${lines[0]}" = '{"a":0}' ]
}

@test "a program that is missing is named" {
	[ -z "${WEIR_MEMCHECK-}" ] || skip "valgrind is a program that would be missing, too"
	gzip <t.csv >x.gz
	tool=$(command -v sfilter)
	PATH=/nonexistent run "$tool" -i csv true x.gz
	[ "$status" = 6 ]
	[[ "$output" == *"x.gz: compressed"*"not installed: gzip"* ]]
}

@test "dead letters hold what was read: line, offset, bytes" {
	printf 'a,b\n1,x\n1\n\xff,2\n"x,1\n"1\n2",z\n' >bad.csv
	run sfilter -E dead true bad.csv
	[ "$status" = 0 ]
	cat >expected <<-'EOF'
		{"error":"1 field where the header has 2","source":"bad.csv","line":3,"offset":8,"raw":"1"}
		{"error":"invalid UTF-8","source":"bad.csv","line":4,"offset":10,"raw":"�,2","base64":"/yyyCg=="}
		{"error":"text behind a field's closing quote","source":"bad.csv","line":5,"offset":14,"raw":"\"x,1"}
	EOF
	sed -i 's/"base64":"[^"]*"/"base64":"\/ywy"/' expected
	diff expected dead
	[ "${lines[1]}" = '{"a":"1\n2","b":"z"}' ]
}

@test "an event that an expression fails on is told as it was read" {
	printf 'a,b\n1,"x\ny"\n' >e.csv
	run sfilter -E dead 'b > 5' e.csv
	[ "$(jq -c '[.line, .offset, .raw]' dead)" = '[2,4,"1,\"x\ny\""]' ]
}

@test "frames of converted events carry slots and index" {
	[ "$(sfilter -F 'a > 0' t.csv | sfilter 'b == "x"' | sfilter -J true)" = \
		'{"a":1,"b":"x"}' ]
	printf '<0>1 - - - - - [x y="1"]\n' >s
	[ "$(sfilter -i syslog 'data.x.y == "1"' s | wc -l)" = 0 ]
	printf '<0>1 2026-01-01T00:00:00Z - - - - [x y="1"]\n' >s
	[ "$(sfilter -i syslog 'data.x.y == "1"' s | wc -l)" = 1 ]
}

@test "what was written is read again as it was" {
	cat >r.json <<-'EOF'
		{"a":1,"b":"x y","c":"","e":"01","h":"a\"b\nc\t\\d","i":-1.5e3}
		{"a":2,"b":"q","c":"k","e":"-","h":"=,","i":0}
	EOF
	for f in csv tsv logfmt; do
		sfilter -o $f true r.json | sfilter -i $f true >back
		diff r.json back
	done
}

@test "1 % of bad lines in 100,000 of each format: exact counts" {
	combined='1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 5 "-" "x"'
	for f in csv tsv logfmt clf combined syslog lines 'regex:^(?<n>\d+) '; do
		bad=$'\xff'
		case $f in
		csv) good='1,x' ;;
		tsv) good=$'1\tx' ;;
		logfmt) good='a=1 b="x"' ;;
		clf) good=${combined% \"-*} ;;
		combined) good=$combined ;;
		syslog) good='<34>1 2026-01-01T00:00:00Z h a 1 - - x' ;;
		lines) good=x ;;
		regex*) good='1 x' ;;
		esac
		awk -v g="$good" -v b="$bad" -v h="$f" 'BEGIN {
			if (h == "csv") print "a,b"
			if (h == "tsv") print "a\tb"
			for (i = 0; i < 100000; i++) print i % 100 ? g : b }' >in
		sfilter -S -i "$f" -E dead true in >out 2>stats
		[ "$(wc -l <out)" = 99000 ]
		[ "$(wc -l <dead)" = 1000 ]
		[ "$(grep '^{' stats | jq .bad)" = 1000 ]
		[ "$(jq -r .base64 dead | sort -u)" = /w== ]
	done
}

@test "a job comes back to its place in csv, with the header" {
	printf 'a,b\n1,x\n' >log.csv
	run_job() {
		scheckpoint run -d state --once -i log.csv -o out.json \
			'sfilter "a > 0"'
	}
	run_job
	[ "$(<out.json)" = '{"a":1,"b":"x"}' ]
	printf '2,"y\nz"\n3' >>log.csv
	run_job
	[ "$(<out.json)" = "$want" ]
	printf ',w\n' >>log.csv
	run_job
	[ "$(tail -n 1 out.json)" = '{"a":3,"b":"w"}' ]
}

@test "a job comes back to its place in syslog, with the year" {
	printf 'Dec 31 23:59:59 h a: x\n' >log
	for i in 1 2; do
		scheckpoint run -d state --once -i log -o out.json \
			--input=syslog --year=2020 'sfilter true'
		printf 'Jan  1 00:00:00 h a: y\n' >>log
	done
	[ "$(cut -c 10-29 out.json)" = \
		2020-12-31T23:59:59Z$'\n'2021-01-01T00:00:00Z ]
}

@test "a followed csv file that is rotated begins with a header again" {
	printf 'a,b\n1,x\n' >f.csv
	sfilter -f 'a > 0' f.csv >out 2>err &
	reader=$!
	wait_for '"b":"x"'
	mv f.csv f.csv.1
	printf 'b,a\ny,2\n' >new
	mv new f.csv
	wait_for '"b":"y","a":2'
	kill $reader
	[ "$(wc -l <out)" = 2 ]
}

@test "what real programs wrote is read without a bad line" {
	while read -r format file; do
		sfilter -E fail -i "$format" true "$examples/$file" >out
		[ -s out ]
	done <<-'EOF'
		combined nginx.log
		combined apache.log
		syslog syslog.log
		syslog rsyslog.log
		syslog rsyslog-5424.log
		json journal.json
		json docker.log
		logfmt alertmanager.log
		logfmt app.logfmt
	EOF
}
