#!/usr/bin/env bats
# Goal: what a user sees of sinks that are no files: directories of part files,
# tables of a database, commands.
# Method: small jobs; what comes out is compared with the same pipeline without
# a job, and jobs are stopped, resumed, and lied to by others in between.

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	events 0 2000 >access.log
	filter='sfilter -t ts "status >= 500"'
	sfilter 'status >= 500' access.log >want.json
}

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null
	return 0
}

# events FROM TO: one second apart.
events() {
	awk -v i="$1" -v to="$2" 'BEGIN {
		for (; i < to; i++)
			printf "{\"ts\":%d,\"status\":%d,\"host\":\"h%d\",\"ms\":%d}\n",
				1700000000 + i, 200 + i * 7 % 4 * 100,
				i % 5, i * 31 % 977
	}'
}

# Does the command give this exit status?
status_is() {
	local want=$1 got=0
	shift
	"$@" >stdout 2>stderr || got=$?
	[ "$got" = "$want" ] && return 0
	echo "exit status $got, not $want: $*"
	cat stderr
	return 1
}

# Wait until a command succeeds; a limit of 10 s.
wait_for() {
	local i
	for ((i = 0; i < 500; i++)); do
		eval "$1" && return 0
		sleep 0.02
	done
	echo "waited in vain: $1"
	return 1
}

# --- directories ---

parts() {
	find "$1" -name 'part-*' | sort
}

@test "a directory: parts of a size, numbered, together the output" {
	status_is 0 scheckpoint run -d state -i access.log -o parts/ \
		--roll=8k "$filter"
	parts parts | xargs cat | cmp - want.json
	[ "$(parts parts | head -1)" = parts/part-0000000001.json ]
	[ "$(parts parts | wc -l)" -gt 2 ]
	# cut where a part has reached the size, not before
	[ "$(stat -c %s parts/part-0000000001.json)" -ge 8192 ]
	[ "$(stat -c %s parts/part-0000000001.json)" -lt 8400 ]
	status_is 0 scheckpoint verify -d state
	grep -q 'sink .*/parts/: whole' stdout
}

@test "the parts are the same however often the job stops" {
	status_is 0 scheckpoint run -d state -i access.log -o one/ \
		--roll=8k "$filter"
	events 0 700 >grow.log
	for to in 1100 1101 2000; do
		status_is 0 scheckpoint run -d other -i grow.log --once -o two/ \
			--roll=8k "$filter"
		events 0 "$to" >grow.log
	done
	status_is 0 scheckpoint run -d other -i grow.log -o two/ --roll=8k \
		"$filter"
	diff -r -x '.weir-*' one two
}

@test "an unfinished part is not there, and is finished by its age" {
	scheckpoint run -d state -f -i access.log -o parts/ --every=100ms \
		--roll=300ms "$filter" 2>stderr &
	wait_for '[ -n "$(parts parts)" ]'
	kill %1
	wait
	status_is 0 scheckpoint run -d state -i access.log -o parts/ "$filter"
	parts parts | xargs cat | cmp - want.json
	rm -r parts state
	status_is 0 scheckpoint run -d state --once -i access.log -o parts/ \
		--roll=1G "$filter"
	[ -z "$(parts parts)" ]
	status_is 0 scheckpoint run -d state -i access.log -o parts/ "$filter"
	cmp parts/part-0000000001.json want.json
}

@test "a stop for now finishes the parts that an age would" {
	events 0 700 >grow.log
	status_is 0 scheckpoint run -d state --once -i grow.log -o parts/ \
		"$filter"
	[ "$(parts parts)" = parts/part-0000000001.json ]
	events 0 2000 >grow.log
	status_is 0 scheckpoint run -d state -i grow.log -o parts/ "$filter"
	parts parts | xargs cat | cmp - want.json
	[ "$(parts parts | wc -l)" = 2 ]
}

@test "--path: where an event goes, escaped, and where what has none goes" {
	cat >log <<-'END'
	{"id":1,"to":"a/b"}
	{"id":2,"to":"../../etc"}
	{"id":3,"to":"/abs//x/"}
	{"id":4}
	{"id":5,"to":null}
	{"id":6,"to":[1]}
	{"id":7,"to":"a/b"}
	{"id":8,"to":7}
	{"id":9,"to":".hidden"}
	{"id":10,"to":"n\u0000l\nx y"}
	{"id":11,"to":""}
	END
	status_is 0 scheckpoint run -d state -i log -o parts/ --path=to \
		"sfilter true"
	is() { # PATH IDS
		[ "$(cat parts/"$1"/part-* | tr -dc '0-9,\n' | cut -d, -f1 |
			paste -sd,)" = "$2" ] || { find parts; return 1; }
	}
	is a/b 1,7
	is %2E./%2E./etc 2
	is abs/x 3
	is _none 4,5
	is _error 6
	is 7 8
	is %2Ehidden 9
	is n%00l%0Ax%20y 10
	is . 11
	grep -q 'scheckpoint: --path: not a text, but of type list: the event goes to _error/' stderr
	[ ! -e ../etc ] && [ ! -e ../../etc/part-0000000002.json ]
}

@test "--path: a bound on open parts, the oldest is finished" {
	for ((i = 0; i < 200; i++)); do
		echo "{\"id\":$((i % 100))}"
	done >log
	status_is 0 scheckpoint run -d state --once -i log -o parts/ \
		--roll=1G --path=id "sfilter true"
	[ "$(parts parts | wc -l)" = 136 ]
	status_is 0 scheckpoint run -d state -i log -o parts/ --roll=1G \
		--path=id "sfilter true"
	[ "$(parts parts | wc -l)" = 200 ]
	parts parts | xargs cat | sort | cmp - <(sort log)
}

@test "a directory: options that do not fit" {
	status_is 2 scheckpoint run -d s -i access.log -o out.json --roll=1M cat
	grep -q 'end the name of the sink in a slash' stderr
	status_is 2 scheckpoint run -d s -i access.log -o out.json --path=host cat
	status_is 2 scheckpoint run -d s -i access.log -o o/ --roll=0 cat
	status_is 2 scheckpoint run -d s -i access.log -o o/ --roll=x cat
	status_is 2 scheckpoint run -d s -i access.log -o o/ --roll=, cat
	status_is 2 scheckpoint run -d s -i access.log -o o/ --path='host +' cat
	[ ! -e s ] && [ ! -e o ]
}

@test "a directory that somebody changed: 5, and what to do" {
	status_is 0 scheckpoint run -d state --once -i access.log -o parts/ \
		--roll=1G "$filter"
	: >parts/.weir-out/0000000001
	status_is 5 scheckpoint run -d state -i access.log -o parts/ "$filter"
	grep -q 'Put it back, or begin anew' stderr
	status_is 5 scheckpoint verify -d state
	rm -r parts/.weir-out
	status_is 5 scheckpoint run -d state -i access.log -o parts/ "$filter"
	grep -q 'put it back, or begin anew' stderr
	rm -r parts
	status_is 5 scheckpoint run -d state -i access.log -o parts/ "$filter"
	# another job there: only when this one has no unfinished part
	status_is 0 scheckpoint run -d one --once -i access.log -o o/ \
		--roll=1G "$filter"
	status_is 5 scheckpoint run -d two --once -i access.log -o o \
		--roll=1G "$filter"
	grep -q 'another job has 1 unfinished part there' stderr
	status_is 0 scheckpoint run -d one -i access.log -o o "$filter"
	status_is 0 scheckpoint run -d two -i access.log -o o/ "$filter"
	cat want.json want.json | cmp - <(parts o | xargs cat)
}

@test "a directory: --from=none wants a new one" {
	status_is 0 scheckpoint run -d state -i access.log -o parts/ "$filter"
	status_is 5 scheckpoint run -d state --from=none -i access.log -o parts/ \
		"$filter"
	rm -r parts
	status_is 0 scheckpoint run -d state --from=none -i access.log -o parts/ \
		"$filter"
	cmp parts/part-0000000001.json want.json
}

@test "a directory at the end of a pipeline of one's own" {
	scheckpoint source -d state access.log | sfilter 'status >= 500' |
		scheckpoint sink -d state -o parts/ --roll=8k
	parts parts | xargs cat | cmp - want.json
}

# --- SQLite ---

sql() {
	sqlite3 db "$@"
}
db='sqlite:db?table=rows'

@test "SQLite: a table with the output, made as fields come" {
	status_is 0 scheckpoint run -d state -i access.log -o "$db" "$filter"
	sql "SELECT json_object('ts', ts, 'status', status, 'host', host,
		'ms', ms) FROM rows ORDER BY rowid" | cmp - want.json
	status_is 0 scheckpoint verify -d state
	grep -q 'sink sqlite:/.*/db?table=rows: whole' stdout
	# another job appends, and brings a field of its own
	echo '{"ts":1,"new":true}' >log
	status_is 0 scheckpoint run -d other -i log -o "$db" 'sfilter true'
	[ "$(sql 'SELECT count(*), sum(new) FROM rows')" = 501"|"1 ]
}

@test "SQLite: rows come once, however often the job stops" {
	events 0 700 >grow.log
	for to in 1100 1101 2000; do
		status_is 0 scheckpoint run -d state -i grow.log --once \
			-o "$db" "$filter"
		events 0 "$to" >grow.log
	done
	status_is 0 scheckpoint run -d state -i grow.log -o "$db" "$filter"
	[ "$(sql 'SELECT count(*), sum(ms) FROM rows')" = \
		"$(jq -s '"\(length)|\(map(.ms) | add)"' -r want.json)" ]
}

@test "SQLite: values, and fields that cannot be columns" {
	cat >log <<-'END'
	{"i":-9223372036854775808,"r":1.5,"e":1e5,"s":"\u00e9\"","t":true,"f":false}
	{"big":123456789012345678901,"u":9223372036854775808,"huge":1e400}
	{"long":3.14159265358979323846,"zero":-0,"n":null,"o":{"k":[1]},"l":[1, 2]}
	{"a":1,"A":2,"":3,"_rest":4,"bad":"\ud800","dup":1,"dup":2}
	{}
	{"x'; DROP TABLE rows;--":1,"q\"q":2,"select":3}
	END
	status_is 0 scheckpoint run -d state -i log -o "$db" 'sfilter true'
	is() { # SQL WANT
		[ "$(sql "SELECT $1")" = "$2" ] || { sql "SELECT $1"; return 1; }
	}
	is "typeof(i), i FROM rows WHERE i" 'integer|-9223372036854775808'
	is "typeof(r), r, typeof(e), e FROM rows WHERE r" 'real|1.5|real|100000.0'
	is "s, t, f, typeof(t) FROM rows WHERE r" 'é"|1|0|integer'
	is "typeof(big), big FROM rows WHERE big" 'text|123456789012345678901'
	is "typeof(u), u, huge FROM rows WHERE u" 'text|9223372036854775808|1e400'
	is "typeof(long), long FROM rows WHERE long" 'text|3.14159265358979323846'
	is "typeof(zero), typeof(n), o, l FROM rows WHERE long" \
		'real|null|{"k":[1]}|[1, 2]'
	is "a, dup, _rest FROM rows WHERE a" \
		'1|2|{"A":2,"":3,"_rest":4,"bad":"\ud800"}'
	is "count(*) FROM rows" 6
	is "\"x'; DROP TABLE rows;--\", \"q\"\"q\", \"select\" FROM rows
		WHERE \"select\" = 3" '1|2|3'
}

@test "SQLite: ever new names do not make columns without end" {
	for ((i = 0; i < 400; i++)); do
		echo "{\"f$i\":$i}"
	done >log
	status_is 0 scheckpoint run -d state -i log -o "$db" 'sfilter true'
	[ "$(sql "SELECT count(*) FROM pragma_table_info('rows')")" = 257 ]
	[ "$(sql 'SELECT _rest FROM rows WHERE rowid = 400')" = '{"f399":399}' ]
	[ "$(sql 'SELECT f255 FROM rows WHERE rowid = 256')" = 255 ]
}

@test "SQLite: a table of one's own keeps its types, and may refuse" {
	sql 'CREATE TABLE rows(id INTEGER PRIMARY KEY, host TEXT, n INT DEFAULT 7)'
	printf '%s\n' '{"id":5,"host":1}' '{"id":6,"host":"b"}' >log
	status_is 0 scheckpoint run -d state --once -i log -o "$db" 'sfilter true'
	[ "$(sql 'SELECT id, typeof(host), n FROM rows' | paste -sd' ')" = \
		'5|text|7 6|text|7' ]
	echo '{"id":5,"host":"twice"}' >>log
	status_is 5 scheckpoint run -d state -i log -o "$db" 'sfilter true'
	grep -q 'UNIQUE constraint failed: rows.id: change the table' stderr
	# what was committed is not lost
	sql 'DELETE FROM rows WHERE id = 5'
	status_is 0 scheckpoint run -d state -i log -o "$db" 'sfilter true'
	[ "$(sql 'SELECT host FROM rows WHERE id = 5')" = twice ]
}

@test "SQLite: a database that somebody changed: 5, and what to do" {
	status_is 0 scheckpoint run -d state --once -i access.log -o "$db" \
		"$filter"
	cp db saved
	sql 'UPDATE weir_commits SET place = 7'
	status_is 5 scheckpoint run -d state -i access.log -o "$db" "$filter"
	grep -q 'somebody changed it. Put the database of then back' stderr
	status_is 5 scheckpoint verify -d state
	rm db
	status_is 5 scheckpoint run -d state -i access.log -o "$db" "$filter"
	grep -q 'the database is gone' stderr
	sql 'CREATE TABLE rows(x)'
	status_is 5 scheckpoint run -d state -i access.log -o "$db" "$filter"
	grep -q 'knows nothing of this job' stderr
	echo text >db
	status_is 5 scheckpoint run -d state -i access.log -o "$db" "$filter"
	cp saved db
	status_is 0 scheckpoint run -d state -i access.log -o "$db" "$filter"
	status_is 5 scheckpoint run -d state --from=none -i access.log -o "$db" \
		"$filter"
}

@test "SQLite: names that are none" {
	for o in sqlite: sqlite:db 'sqlite:db?table=' 'sqlite:?table=x' \
		'sqlite:db?table=sqlite_x' 'sqlite:db?table=Weir_Commits'; do
		status_is 2 scheckpoint run -d s -i access.log -o "$o" "$filter"
	done
	ln -s access.log link
	status_is 5 scheckpoint run -d s -i access.log \
		-o 'sqlite:link?table=x' "$filter"
}

# --- commands ---

@test "a command: it gets the output, then the end, and is waited for" {
	status_is 0 scheckpoint run -d state -i access.log \
		-o '|cat >got; sleep 0.1; echo done >ended' "$filter"
	cmp got want.json
	[ "$(cat ended)" = done ]
	[ -z "$(ls state/queue.out)" ]
	status_is 0 scheckpoint verify -d state
	status_is 0 scheckpoint run -d state -i access.log \
		-o '|cat >got; sleep 0.1; echo done >ended' "$filter"
	cmp got want.json
}

@test "a command with --once: each run gives it what is new" {
	cmd='|cat >>got'
	events 0 700 >grow.log
	status_is 0 scheckpoint run -d state -i grow.log --once -o "$cmd" "$filter"
	events 0 2000 >grow.log
	status_is 0 scheckpoint run -d state -i grow.log -o "$cmd" "$filter"
	cmp got want.json
}

@test "a command that fails: again, and what it was given comes again" {
	status_is 0 scheckpoint run -d state -i access.log -o \
		'|if [ -e once ]; then cat >got; else touch once; cat >first; exit 3; fi' \
		"$filter"
	grep -q 'ended with exit status 3: restarting' stderr
	cmp first want.json
	cmp got want.json
	status_is 6 scheckpoint run -d other --restarts=1 -i access.log \
		-o '|exit 3' "$filter"
	# what was committed waits for a command that works
	status_is 5 scheckpoint run -d other -i access.log -o '|cat >late' "$filter"
	status_is 2 scheckpoint run -d s -i access.log -o '| ' "$filter"
}

@test "a command and a file: one checkpoint commits both" {
	status_is 0 scheckpoint run -d state -i access.log -o all=all.json \
		-o bad='|cat >bad.json' -o rows='sqlite:db?table=rows' -o parts=p/ \
		"$filter"' | tee >(sfilter true >"$bad") >(sfilter true >"$rows") \
		>(sfilter true >"$parts") | sfilter true >"$all"'
	cmp all.json want.json
	cmp bad.json want.json
	cmp p/part-0000000001.json want.json
	[ "$(sql 'SELECT count(*) FROM rows')" = 500 ]
}

@test "a command ends with a job that is killed" {
	scheckpoint run -d state -f -i access.log --every=100ms \
		-o '|echo $$ >pid; cat >got' "$filter" 2>stderr &
	wait_for 'cmp -s got want.json'
	kill -9 %1
	wait_for '! kill -0 "$(cat pid)" 2>/dev/null'
	# what it was given last comes again
	status_is 5 scheckpoint run -d state -i access.log -o '|cat >got' "$filter"
	status_is 0 scheckpoint run -d state -i access.log \
		-o '|echo $$ >pid; cat >got' "$filter"
	cmp got want.json
}
