#!/usr/bin/env bats
# Goal: `scheckpoint get` gives what `show` gives of one key, for every operator
# and form of key; and state that version 1 wrote is listed, shown, verified and
# restored for ever. Method: the saved state in tests/fixtures/state-1 (its job.sh
# wrote it), before and after it is restored.

top="$BATS_TEST_DIRNAME/../.."
fixture="$top/tests/fixtures/state-1"

# Its paths are absolute, so all runs of this test take turns.
setup_file() {
	exec 8>/tmp/weir-state-1.lock
	flock -w 300 8
}

setup() {
	rm -rf /tmp/weir-state-1
	cp -r "$fixture/start" /tmp/weir-state-1
	chmod -R go-w /tmp/weir-state-1
	cd /tmp/weir-state-1 || return
}

teardown() {
	cd /
	rm -rf /tmp/weir-state-1
}

# Read something more, as the job goes on with it.
go_on() {
	for f in in in2 in3; do
		cp "$fixture/more.ndjson" $f.json
	done
	timeout 60 bash "$fixture/job.sh" --on-gap=skip
}

# get_is STAGE KEY JQ: get gives the lines of show for which JQ holds, some.
get_is() {
	scheckpoint show -d state "$1" | jq -c "select(.k | $3)" >want
	scheckpoint get -d state -- "$1" "$2" | jq -c . >got
	test -s want && cmp want got
}

status_is() {
	local want=$1 got=0
	shift
	"$@" >stdout 2>stderr || got=$?
	[ "$got" = "$want" ] && return 0
	echo "exit status $got, not $want: $*"
	cat stderr
	return 1
}

@test "version 1: list, show, verify" {
	scheckpoint list -d state | jq -e '.checkpoint == 1 and
		.sources.q.line == 10 and .end == "suspended"'
	scheckpoint show -d state | jq -s -e 'length > 100'
	scheckpoint show -d state slide | jq -e 'select(.k.path == ["/a",1])'
	scheckpoint verify -d state | grep -c ': whole$' | grep -qx 10
}

@test "version 1: restored, it goes on as the version that wrote it did" {
	go_on
	for f in "$fixture"/after/*.json; do
		cmp "$f" "${f##*/}"
	done
	scheckpoint verify -d state
}

# Of those that version 1 and later ones save alike.
all_kinds() {
	get_is paned "$1" ".host == \"$1\""
	get_is session '["/a",1]' '.path == ["/a",1]'
	get_is counted web-2 '.host == "web-2"'
	get_is retold "$1" ".host == \"$1\""
	get_is global '{}' '. == {}'
	get_is dedup web-0 '.host == "web-0"'
}

@test "get: without an index, from version 1" {
	all_kinds web-0
	get_is slide '["web-1",["/a",1]]' '. == {"host":"web-1","path":["/a",1]}'
	status_is 1 scheckpoint get -d state join web-1
	grep -q 'saved by a version that did not' stderr
}

@test "get: by the index, of every kind" {
	go_on
	all_kinds web-1
	get_is slide '["web-1",["/a",1.0]]' '.host == "web-1"'
	get_is join web-1 '.host == "web-1"'
	get_is table web-2 '.host == "web-2"'
	for f in paned slide session counted retold global dedup join table; do
		lz4 -dc state/cp/2.2/$f.part 2>err | jq -e . >lines
		test ! -s err
	done
}

@test "get: forms of keys" {
	for v in 1 '"1"' '"x y"' null true '{"b":1,"a":2}' '[1,2]' '"caf\u00e9"' \
		-5 1.5 '""'; do
		echo "{\"h\":$v,\"x\":7}"
	done >keys.json
	echo '{"x":7}' >>keys.json
	echo '{"h":3}' >>keys.json
	scheckpoint run -d keys --once -i keys.json -o k.out -o a=a.out 'tee >(
		swindow -w global -k h --id one "n = count()" >"$a") |
		swindow -w global -k h,x --id two "n = count()"
		wait'
	cp -r keys state.keys && rm -rf state && mv state.keys state
	get_is one 1 '.h == 1'
	get_is one 1.0 '.h == 1'
	get_is one '"1"' '.h == "1"'
	get_is one 'x y' '.h == "x y"'
	get_is one null '. == {"h":null}'
	get_is one '{"a":2.0,"b":1}' '.h == {"a":2,"b":1}'
	get_is one '[1,2]' '.h == [1,2]'
	get_is one 'café' '.h == "café"'
	get_is one '"caf\u00e9"' '.h == "café"'
	get_is one -5 '.h == -5'
	get_is one 15e-1 '.h == 1.5'
	get_is one '' '.h == ""'
	get_is one '{}' '. == {}'
	get_is one '{"h":true}' '.h == true'
	get_is two '[-5,7]' '.h == -5'
	get_is two '{"x":7,"h":"1"}' '.h == "1"'
	get_is two '{"h":3}' '.h == 3'
	get_is two '{"x":7}' '. == {"x":7}'
	status_is 1 scheckpoint get -d state two 1
	status_is 1 scheckpoint get -d state one '1,"x":2'
	status_is 1 scheckpoint get -d state one '[1,2'
}

@test "get: what is not there, and wrong use" {
	go_on
	status_is 1 scheckpoint get -d state paned web-9
	test ! -s stdout
	grep -q 'paned has no state of the key web-9$' stderr
	status_is 2 scheckpoint get -d state nobody web-9
	grep -q 'holds no state of nobody; it holds .*paned' stderr
	status_is 2 scheckpoint get -d nowhere paned web-9
	status_is 2 scheckpoint get -d state paned
	status_is 2 scheckpoint get -d state 2 paned a b
	status_is 2 scheckpoint get -d state 77 paned web-1
	status_is 2 scheckpoint get -d state noname paned web-1
	scheckpoint get -d state 1 paned web-0 | jq -e '.k.host == "web-0"'
	scheckpoint save -d state now
	scheckpoint get -d state now paned web-1 | jq -e '.k.host == "web-1"'
	status_is 1 scheckpoint get -d state in web-9
	grep -q 'keeps none by key' stderr
}

@test "get: what is damaged is not shown" {
	go_on
	p=state/cp/2.2/dedup.part
	cp $p good
	for at in 20 60 100; do
		cp good $p
		printf '\377' | dd of=$p bs=1 seek=$at conv=notrunc 2>/dev/null
		status_is 5 scheckpoint get -d state dedup web-1
		test ! -s stdout
	done
	cp state/cp/2.2/paned.part $p
	status_is 5 scheckpoint get -d state dedup web-1
	grep -q 'not the part that the manifest lists' stderr
}

@test "get while the job runs, from a few of many keys" {
	rm -rf state
	seq 50000 | jq -c '{ts:.,id:"k\(.)"}' >in.json
	scheckpoint run -d state -t ts -f -i in.json -o out.json \
		'sdedup -k id | swindow -w 30d -k id "n = count()"' 8>&- &
	for _ in $(seq 200); do
		scheckpoint get -d state in/swindow.1 k49999 >got 2>/dev/null && break
		sleep 0.05
	done
	jq -e '.k.id == "k49999" and .a == [1]' got
	get_is in/sdedup.1 k1 '.id == "k1"'
	kill %1
	wait %1 || :
}
