#!/usr/bin/env bats
# Goal: smerge merges live streams, which cat and sort -m cannot. Method: FIFOs
# whose writers wait for what comes out.

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "what is certain comes out while the inputs are still open" {
	mkfifo a b
	timeout 20 smerge -t t --sort a b >out &
	exec 7>a 8>b
	echo '{"t":1,"a":1}' >&7
	echo '{"t":2,"b":1}' >&8
	echo '{"t":3,"a":2}' >&7
	until [ -s out ]; do sleep 0.01; done
	[ "$(head -n 1 out)" = '{"t":1,"a":1}' ]
	exec 7>&- 8>&-
	wait $!
	[ "$(wc -l <out)" = 3 ]
}

@test "a silent input holds the others back, with --idle no longer" {
	mkfifo a b
	timeout 20 smerge -t t --idle=50ms a b >out &
	exec 7>a 8>b
	echo '{"t":1}' >&7
	echo '{"t":5}' >&7
	until [ "$(wc -l <out)" = 2 ]; do sleep 0.01; done
	exec 7>&- 8>&-
	wait $!
}

@test "a tee into both sides does not get stuck" {
	seq 1 100000 | sed 's/.*/{"t":&}/' >in
	mkfifo a b
	timeout 60 smerge -t t --sort a b >out &
	tee a <in >b
	wait $!
	[ "$(wc -l <out)" = 200000 ]
	sed 's/[^0-9]//g' out | sort -nc
}

@test "the output does not depend on who is faster" {
	seq 1 2 2000 | sed 's/.*/{"t":&,"a":0}/' >one
	seq 2 3 3000 | sed 's/.*/{"t":&,"b":0}/' >two
	smerge -t t one two >want
	for slow in one two; do
		mkfifo a.$slow b.$slow
		timeout 20 smerge -t t a.$slow b.$slow >out.$slow &
		if [ $slow = one ]; then
			cat two >b.$slow & cat one >a.$slow
		else
			cat one >a.$slow & cat two >b.$slow
		fi
		wait
		cmp want out.$slow
	done
}
