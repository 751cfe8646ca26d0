#!/usr/bin/env bats
# Goal: csv, tsv, logfmt and tables are what weir-formats(7) says, lose nothing
# silently, and are read back as they were. Method: small events, hostile ones
# among them, output literally; round trips through the input formats.

# bats sets these, and files are named as words of the tests are.
# shellcheck disable=SC2154,SC2094

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	printf '%s\n' '{"a":1,"b":"x,y","c":{"d":[1]}}' \
		'{"b":"q\"uote\n2","a":-2.50}' '{"a":null,"b":"","c":"日本"}' >in
}

# writes FORMAT WANT ARGUMENTS...: what comes out of `sfilter true`.
writes() {
	run --separate-stderr sfilter -o "$1" "${@:3}" true
	[ "$status" = 0 ]
	[ "$output" = "$2" ]
}

@test "csv: RFC 4180, the first event's fields are the columns" {
	writes csv 'a,b,c
1,"x,y","{""d"":[1]}"
-2.50,"q""uote
2",
,,日本' <in
	writes csv $'"x,y"\n1' <<<'{"x,y":1}'
	writes csv $'a\n"1\r"' <<<'{"a":"1\r"}'
	writes csv $'a\ntrue' <<<'{"a":true}'
	writes csv $'a,b,c,d\n"1","-2.5e3",007,1' \
		<<<'{"a":"1","b":"\u002d2.5e3","c":"007","d":1}'
}

@test "csv: a row with nothing in it is still a row" {
	printf '%s\n' '{"a":""}' '{"a":1}' '{}' >rows
	writes csv $'a\n""\n1\n""' <rows
	[ "$(sfilter -o csv true rows | sfilter -i csv true | wc -l)" = 3 ]
}

@test "csv: an event with another field is a bad one, told with what helps" {
	printf '%s\n' '{"a":1}' '{"a":2,"z":3}' '{"a":4}' >rows
	run --separate-stderr sfilter -S -o csv true rows
	[ "$status" = 0 ]
	[ "$output" = $'a\n1\n4' ]
	[[ "$stderr" == *"rows:2: the field z has no column"*--columns*smap* ]]
	tail -n 1 <<<"$stderr" | jq -e '.in == 3 and .out == 2 and .bad == 1'
	run --separate-stderr sfilter -E dead -o csv true rows
	[ "$(jq -c '[.line, .offset, .raw]' dead)" = '[2,8,"{\"a\":2,\"z\":3}"]' ]
	run --separate-stderr smap -E dead -o csv 'k = 1' rows
	[ "$(jq -c '[.line, .offset, .raw]' dead)" = '[2,8,"{\"a\":2,\"z\":3}"]' ]
	run sfilter -E fail -o csv true rows
	[ "$status" = 3 ]
}

@test "--columns: these, in this order, and no others" {
	printf '%s\n' '{"a":1}' '{"a":2,"z":3}' >rows
	writes csv $'z,a\n,1\n3,2' --columns=z,a <rows
	writes tsv $'z\ta\n\t1\n3\t2' --columns=z,a <rows
	writes csv 'z,a' --columns=z,a </dev/null
	for bad in a,a a,,b '' ','; do
		run sfilter -o csv --columns=$bad true rows
		[ "$status" = 2 ]
	done
}

@test "tsv: escapes instead of quotes" {
	writes tsv $'a\tb\tc\n1\tx,y\t{"d":[1]}\n-2.50\tq"uote\\n2\t\n\t\t日本' <in
	writes tsv $'a\n1\\t2\\\\n' <<<'{"a":"1\t2\\n"}'
}

@test "logfmt: quoted where it would be read otherwise" {
	writes logfmt 'a=1 b=x,y c="{\"d\":[1]}"
b="q\"uote\n2" a=-2.50
a=null b="" c=日本' <in
	writes logfmt 'n="1" w="true" z="null" e="=" s=a.b t=true' \
		<<<'{"n":"1","w":"true","z":"null","e":"=","s":"a.b","t":true}'
	writes logfmt 'a_b=1 c_d=2' <<<'{"a b":1,"c=d":2}'
}

@test "what csv, tsv and logfmt write is read back" {
	printf '%s\n' '{"n":9007199254740993,"s":"a b","q":"\"\\\n\t,"}' \
		'{"n":1.50,"s":"日本","q":"x"}' '{"n":-0,"s":"=","q":"a\u0001b"}' \
		>events
	for f in csv tsv logfmt; do
		sfilter -o $f true events >file
		sfilter -i $f true file >back
		diff <(jq -c . events) <(jq -c . back)
	done
}

@test "csv and logfmt: 3000 events of odd strings and numbers come back as they were" {
	awk 'BEGIN {
		srand(7)
		n = split("0 1 7 . - e E + , = \\\" \\\\ \\n \\r \\t é 日 true null x", s, " ")
		s[++n] = " "
		m = split("0 -0 1 -2.50 1e5 1E-400 18446744073709551616", v, " ")
		for (i = 0; i < 3000; i++) {
			printf "{"
			for (c = 0; c < 3; c++) {
				printf "%s\"%s\":\"", c ? "," : "", substr("abc", c + 1, 1)
				for (k = int(rand() * 5); k > 0; k--)
					printf "%s", s[1 + int(rand() * n)]
				printf "\""
			}
			printf ",\"n\":%s}\n", v[1 + int(rand() * m)]
		}
	}' >events
	[ "$(grep -c '"[abc]":"-\?[0-9][0-9.]*"' events)" -gt 100 ]
	for f in csv logfmt; do
		sfilter -o $f true events | sfilter -i $f true >back
		cmp events back
	done
}

@test "table: aligned, numbers to the right, - for what is not there" {
	writes table '    a  b            c
    1  x,y          {"d":[1]}
-2.50  q"uote\x0a2  -
    -  -            日本' <in
	printf '%s\n' '{"a":"日","b":1}' '{"a":"xyz","b":2}' >wide
	writes table $'a    b\n日   1\nxyz  2' <wide
	writes table '' </dev/null
}

@test "table: control characters and names cannot fool a terminal" {
	printf '%s\n' '{"a\u001b[1m":"x\u001b[2J\u202e"}' >evil
	sfilter -o table true evil >out
	run grep -c $'\033' out
	[ "$output" = 0 ]
	run cat out
	[[ "${lines[0]}" == 'a\x1b[1m' ]]
}

@test "table: screens; a new header when columns change" {
	printf '{"a":%d}\n' $(seq 1 2500) >many
	[ "$(sfilter -o table true many | grep -c '^ *a$')" = 3 ]
	[ "$(sfilter -o table true many | grep -c '[0-9]')" = 2500 ]
	printf '%s\n' '{"a":1}' '{"b":2}' >grow
	writes table $'a  b\n1  -\n-  2' <grow
	mkfifo pipe
	sfilter -o table true <pipe >out 3>&- &
	exec 8>pipe
	for text in '{"a":1}' '{"a":2}' '{"a":3,"b":4}'; do
		echo "$text" >&8
		for _ in $(seq 100); do
			grep -q "${text:5:1}" out && break
			read -r -t 0.1 _ <> <(:) || true
		done
	done
	exec 8>&-
	wait
	[ "$(cat out)" = $'a\n1\n2\n\na  b\n3  4' ]
}

@test "table: bold header on demand only" {
	run sfilter -o table --color=always true in
	[[ "${lines[0]}" == $'\033[1m'*$'\033[0m' ]]
	run sfilter -o table true in
	[[ "$output" != *$'\033'* ]]
}

@test "frames in, a table out; swindow and smap write these formats, too" {
	printf '%s\n' '{"t":1,"k":"x"}' '{"t":2,"k":"y"}' >events
	sfilter -F -t t true events | swindow -o csv -w 1m -k k 'n = count()' >out
	[ "$(head -n 1 out)" = window_start,window_end,k,n ]
	[ "$(wc -l <out)" = 3 ]
	sfilter -F true events | smap -o logfmt -p k >out
	[ "$(cat out)" = $'k=x\nk=y' ]
}

@test "a sink of a job is JSON" {
	run scheckpoint run -d state -i in -o out --output=csv 'sfilter true'
	[ "$status" = 2 ]
}

@test "--retract: a field becomes a flag, and a field again in text" {
	printf '%s\n' '{"a":1}' '{"retract": true,"a":1}' '{"a":2,"retract":1}' \
		'{"a":3,"b":{"retract":true}}' >in
	sfilter --retract -F true in >frames
	grep -aq '"changes":"retract"' frames
	sfilter -F true in | grep -aq '"changes":"append"'
	cmp in <(sfilter -J true frames)
	[ "$(smap -J -p a frames | tr -d '\n')" = \
		'{"a":1}{"a":1,"retract":true}{"a":2}{"a":3}' ]
	[ "$(smap -J -x retract '' frames | sed -n 2p)" = '{"a":1,"retract":true}' ]
	[ "$(smap -J 'retract = false' frames | sed -n 2p)" = \
		'{"retract": true,"a":1}' ]
	# Only with the option: else it is a field as any other.
	[ "$(smap -x retract '' in | sed -n 2p)" = '{"a":1}' ]
	# What goes elsewhere says it, too.
	smap -F -p a frames | sfilter --else=others 'a == 3' >out
	[ "$(sed -n 2p others)" = '{"a":1,"retract":true}' ]
	# Formats without booleans and back.
	smap -o csv --columns=a,retract 'a = a' frames >csv
	[ "$(smap --retract -i csv -p a csv | sed -n 2p)" = '{"a":1,"retract":true}' ]
}
