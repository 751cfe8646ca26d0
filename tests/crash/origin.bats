#!/usr/bin/env bats
# Goal: wherever a run is killed that begins at another place (--from, --rewind),
# the job is as it was, or it has begun there; the same command again ends well
# in both cases, and no byte of output is lost or comes twice.
# Method: a kill at each probe that such a run comes by until its stages live, in
# the build with probes; then the old command, and from the same state the same
# one again.

setup_file() {
	build=$(cd "${BUILD:-build}" && pwd)
	export PATH=$build/probes:$PATH
	cd "$BATS_FILE_TMPDIR" || return
	awk 'BEGIN { for (i = 0; i < 900; i++)
		printf "{\"ts\":%d,\"host\":\"h%d\"}\n", 1700000000 + i, i % 3
	}' >all.log
	head -n 300 all.log >in.log
	export pipeline='swindow -w 1m -k host "n = count()"'
	job a.json --once
	cp a.json first.json
	scheckpoint save -d state first
	head -n 600 all.log | tail -n 300 >>in.log
	job a.json --once
	tail -n 300 all.log >>in.log
	mkdir old
	cp -a state a.json old
	job a.json
	cp a.json want.old
	tail -c +$(($(stat -c %s first.json) + 1)) a.json >want.from
	tail -n +451 all.log >new.log
	bash -c "sfilter -F -t ts true new.log | $pipeline" >want.rewind
}

# job SINK OPTION...: all times are given by the source
job() {
	local sink=$1
	shift
	scheckpoint run -d state -i in.log -o "$sink" -t ts "$@" "$pipeline"
}

# As before the run that is killed.
again() {
	rm -rf state ./*.json
	cp -a old/state old/a.json .
}

probes() { # probes OPTION...: those of the run itself, until its stages live
	again
	rm -f log
	WEIR_CRASH_LOG=$PWD/log job b.json "$@" 2>/dev/null
	sed -n 's/^scheckpoint //p' log | awk '{ print; n[$1]++ }
		$1 == "run.started" { exit }' | sort | uniq -c |
		awk '{ print $2, $1 }'
}

# One kill: at the COUNTth time that it comes by PROBE.
kill_at() { # kill_at PROBE COUNT OPTION...
	local probe=$1 count=$2 got=0
	shift 2
	again
	mkdir -p tokens
	: >tokens/0
	WEIR_CRASH_DIR=$PWD/tokens WEIR_CRASH=$probe:$count:scheckpoint \
		job b.json "$@" 2>/dev/null || got=$?
	[ $got = 137 ] && [ ! -e tokens/0 ]
}

# Did it come to its end, with this output?
ends() { # ends WANT SINK OPTION...
	local want=$1
	shift
	job "$@" 2>messages && cmp "$want" "$1"
}

try() { # try WANT OPTION...
	local want=$1 old=0 new=0 n=0 probe count at
	shift
	probes "$@" >list
	grep -q from.committed list
	while read -r probe count; do
		for ((at = 1; at <= count; at++)); do
			kill_at "$probe" $at "$@"
			mkdir after
			cp -a state ./*.json after
			if ends want.old a.json; then
				old=$((old + 1))
			else # it says so, and goes on there
				grep -q 'the sink of this job is .*b.json' messages
				ends "$want" b.json
				cmp old/a.json a.json
				new=$((new + 1))
			fi
			rm -rf state ./*.json
			cp -a after/* .
			rm -rf after
			ends "$want" b.json "$@"
			n=$((n + 1))
		done
	done <list
	echo "# $n kills: $old old, $new new" >&3
	[ $old -gt 8 ] && [ $new -gt 4 ]
}

@test "killed on the way to a checkpoint" {
	cd "$BATS_FILE_TMPDIR"
	try want.from --from=1
}

@test "killed on the way to a savepoint" {
	cd "$BATS_FILE_TMPDIR"
	try want.from --from=first
}

@test "killed on the way to a time" {
	cd "$BATS_FILE_TMPDIR"
	try want.rewind --rewind=2023-11-14T22:20:50Z
}
