#!/usr/bin/env bats
# Goal: a job with several named sources and sinks: all or nothing of it is
# committed, one source may end before another, and what nobody opens, or two
# do, is said. Method: jobs over two logs of different length, compared with the
# same pipelines without a job; what is visible is held against the manifests.

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	events 0 1500 >long.log
	events 100 500 >short.log
	job=(scheckpoint run -d state -i long=long.log -i short=short.log
		-o even=even.json -o counts=counts.json --every=100ms)
	# the time is told behind the place where they meet, too
	both='sfilter -t ts --max-delay=5s true "$long" "$short" |
		tee >(sfilter "id % 2 == 0" >"$even") |
		swindow -w 60s -k host "n = count(), top = max(id)" |
		sfilter true >"$counts"'
}

teardown() {
	jobs -p | xargs -r kill -9 2>/dev/null
	return 0
}

# events FROM TO: one second apart, up to three out of order.
events() {
	awk -v i="$1" -v to="$2" 'BEGIN {
		for (; i < to; i++)
			printf "{\"ts\":%d,\"host\":\"h%d\",\"id\":%d}\n",
				1700000000 + i - i % 3, i % 5, i * 31 % 977
	}'
}

# Does the command give this exit status, and say so?
says() {
	local status=$1 text=$2 got=0
	shift 2
	timeout -s KILL 30 "$@" >stdout 2>stderr || got=$?
	[[ $got == $status ]] && grep -qF -- "$text" <(cat stderr; echo) &&
		return 0
	echo "exit status $got, not $status: $*"
	cat stderr
	return 1
}

# What the pipeline gives without a job, as want.even and want.counts.
plain() {
	mkfifo p q
	sfilter -F true "$1" >p &
	sfilter -F true "$2" >q &
	long=p short=q even=want.even counts=want.counts bash -c "$both"
	wait
	rm p q
	[ -s want.even ] && [ -s want.counts ]
}

same() {
	cmp want.even even.json
	cmp want.counts counts.json
	scheckpoint verify -d state >verdict
	grep -q 'even.json: whole' verdict
	grep -q 'counts.json: whole' verdict
}

wait_for() {
	local i
	for ((i = 0; i < 500; i++)); do
		eval "$1" && return 0
		sleep 0.02
	done
	echo "waited in vain: $1"
	return 1
}

@test "two sources, two sinks: as without a job; finished; grown" {
	plain long.log short.log
	says 0 '' "${job[@]}" "$both"
	same
	says 0 'this job is finished' "${job[@]}" "$both"
	same
	# in another order it is the same job
	says 0 'this job is finished' scheckpoint run -d state \
		-o counts=counts.json -i short=short.log -o even=even.json \
		-i long=long.log "$both"
	events 600 601 >>short.log
	says 5 'short.log has grown' "${job[@]}" "$both"
	same
}

@test "a job keeps to its ends" {
	says 0 '' "${job[@]}" --once "$both"
	says 5 'the source of this job is short=' scheckpoint run -d state \
		-o counts=counts.json -i short=long.log -o even=even.json \
		-i long=long.log "$both"
	says 5 'the sink of this job is even=' scheckpoint run -d state \
		-o counts=counts.json -i short=short.log -o even=other.json \
		-i long=long.log "$both"
	says 5 'this job has 2 sources, not 1' scheckpoint run -d state \
		-o counts=counts.json -i long=long.log -o even=even.json \
		'sfilter true $long | tee $even $counts'
	says 5 'this job has no source brief' scheckpoint run -d state \
		-o counts=counts.json -i brief=short.log -o even=even.json \
		-i long=long.log "${both//short/brief}"
	[ ! -e other.json ]
}

@test "--once: what one source is ahead of the other waits for the next run" {
	cp long.log whole.long
	cp short.log whole.short
	plain whole.long whole.short
	for n in 400 700 1500; do
		head -n $n whole.long >long.log
		head -n $((n / 5)) whole.short >short.log
		says 0 '' "${job[@]}" --once "$both"
	done
	cat whole.short >short.log
	says 0 '' "${job[@]}" "$both"
	same
}

# The same with the long one read slowly, so that the short one ends long before.
slowly() {
	PATH=$PATH:$BUILD/probes
	type crash >/dev/null || skip 'needs `make probes`'
	events 0 150000 >long.log
	slow='crash slow <"$long" | '${both/\"\$long\"/-}
}

@test "a source that ends holds nobody back" {
	slowly
	says 0 '' "${job[@]}" --keep=1000 "$slow"
	scheckpoint list -d state | tail -n 2 | head -n 1 |
		jq -e '.end == null and (.sources | keys == ["long", "short"])'
	# of what came before the end most was there before the end
	cat state/cp/*/MANIFEST | jq -se '[.[] | select(.final == 0) |
		.sinks[] | select(.name == "even").base] | max > 1000000'
	plain long.log short.log
	same
}

@test "killed after one source has ended, it goes on; that may not grow" {
	slowly
	"${job[@]}" "$slow" 2>stderr &
	run=$!
	wait_for '[ "$(stat -c %s even.json 2>/dev/null || echo 0)" -gt 500000 ]'
	kill -9 $run
	wait $run || true
	says 5 'was read to its end, which closed its windows' \
		"${job[@]}" --once "$slow"
	cp short.log kept
	events 600 601 >>short.log
	says 5 'has grown since it was read to its end' "${job[@]}" "$slow"
	cat kept >short.log
	says 0 '' "${job[@]}" "$slow"
	plain long.log short.log
	same
}

# All sinks stand where one manifest says, or between it and the one before.
agrees() {
	local a b c d
	[ -e counts.json ] || return 0
	a=$(stat -c %s even.json) b=$(stat -c %s counts.json)
	cat state/cp/*/MANIFEST 2>/dev/null | grep '"manifest"' >manifests || true
	c=$(stat -c %s even.json) d=$(stat -c %s counts.json)
	[ "$a $b" = "$c $d" ] || return 0 # it has just moved on
	[ "$a" -gt 0 ] || return 0
	looks=$((looks + 1))
	jq -se --argjson a "$a" --argjson b "$b" 'any(.[];
		(.sinks | map({(.name): [.base,
			.base + ([.files[].length] | add // 0)]}) | add) |
		.even[0] <= $a and $a <= .even[1] and
		.counts[0] <= $b and $b <= .counts[1])' manifests >/dev/null
}

@test "-f: both sinks are where a checkpoint says; stages die; it drains" {
	cp long.log whole.long
	plain whole.long short.log
	head -n 100 whole.long >long.log
	"${job[@]}" --keep=50 -f "$both" 2>stderr &
	run=$! looks=0
	for ((n = 200; n <= 1500; n += 100)); do
		head -n $n whole.long | tail -n 100 >>long.log
		if [ $((n % 500)) = 0 ]; then
			shell=$(pgrep -P $run bash) &&
				pkill -9 -P "$shell" swindow
		fi
		for ((k = 0; k < 5; k++)); do
			agrees
		done
	done
	wait_for '[ "$(wc -l <even.json)" -gt 100 ]'
	wait_for 'agrees && [ $looks -gt 5 ]'
	kill $run
	wait $run || [ $? = 143 ]
	says 0 '' "${job[@]}" "$both"
	same
}

@test "one end may be without a name" {
	says 0 '' scheckpoint run -d state -i long.log -i short=short.log \
		-o even.json -o counts=counts.json -t ts --max-delay=5s \
		'sfilter true - "$short" |
		tee >(swindow -w 60s -k host "n = count(), top = max(id)" \
			>"$counts") | sfilter "id % 2 == 0"'
	plain long.log short.log
	same
	scheckpoint show -d state in | grep -q long.log
	scheckpoint show -d state short | grep -q short.log
	scheckpoint show -d state counts | grep -q counts.json
	says 2 'it holds' scheckpoint show -d state none
}

@test "streams that never meet are one job all the same" {
	says 0 '' "${job[@]}" 'sfilter true $long >$even &
		sfilter true $short >$counts; wait'
	cmp long.log even.json
	cmp short.log counts.json
}

@test "two sources that a join brings together" {
	says 0 '' scheckpoint run -d state -i long=long.log -i short=short.log \
		-o pairs=pairs.json 'sjoin -t ts -k id --within=5s \
		$long $short >$pairs'
	sjoin -t ts -k id --within=5s long.log short.log >want
	cmp want pairs.json
	[ -s want ]
}

@test "names: what is refused at once" {
	says 2 'does not mention $a' scheckpoint run -d state -i a=long.log -o x 'sfilter true'
	says 2 'does not mention $b' scheckpoint run -d state -i long.log -o b=x 'sfilter true'
	says 2 'does not mention $a,' \
		scheckpoint run -d state -i a=long.log -o x 'sfilter true "$ab" $a2 ${a_}'
	says 2 'are called a' \
		scheckpoint run -d state -i a=long.log -o a=x 'sfilter true $a >$a'
	says 2 'are called in' \
		scheckpoint run -d state -i long.log -i in=short.log -o x 'sfilter true - $in'
	says 2 'twice without a name' \
		scheckpoint run -d state -i long.log -i short.log -o x 'sfilter true'
	says 2 'twice without a name' \
		scheckpoint run -d state -i long.log -o x -o y 'sfilter true'
	says 2 '-E FILE is for one source' scheckpoint run -d state -i long.log -i a=short.log \
		-o x -E dead 'sfilter true - $a'
	says 2 'two sinks are the same file' scheckpoint run -d state -i long.log -o x -o a=./x \
		'tee $a'
	says 2 'the same file' scheckpoint run -d state -i long.log -o x -o a=./long.log 'tee $a'
	says 2 'without a name' scheckpoint sink -d state -o a=x
	[ ! -e state/job ]
}

@test "ends that nobody opens, or two do, are said" {
	says 2 'another stage reads it, too: fork the stream with tee' \
		"${job[@]}" 'sfilter true $long >$even & sfilter true $long \
		$short >$counts; wait'
	rm -r state
	# as two, or as frames in pieces
	says '[23]' '' "${job[@]}" 'sfilter true $long >$even &
		sfilter true $short | tee $even >$counts; wait'
	rm -r state
	says 2 'what comes from source short reaches no sink' "${job[@]}" \
		'sfilter true $short >/dev/null & sfilter true $long |
		tee $even >$counts; wait'
	rm -r state
	says 2 'writes to standard output, but every sink has a name' \
		"${job[@]}" 'sfilter true $long $short | tee $even $counts'
	rm -r state
	says 2 'standard input is empty' "${job[@]}" 'sfilter true >$even; # $long
		sfilter true $short >$counts'
	rm -r state
	# a command that the shell does not wait for has failed
	says 2 'ends too early' "${job[@]}" 'sfilter true $long $short |
		tee >(sfilter "id ==" >$even) >$counts'
	rm -r state
	says 2 'must be a regular file, or a named sink' "${job[@]}" 'mkfifo f
		cat f & sfilter true $long | tee $even |
		sfilter --else=f "id > 500" - $short >$counts'
	rm f
	if [ -x "$BUILD/probes/scheckpoint" ]; then # is not so patient
		rm -r state
		PATH=$(cd "$BUILD/probes" && pwd):$PATH
		says 2 'no stage of PIPELINE has opened $short' "${job[@]}" \
			--every=1h \
			'sfilter true $long | tee $even >$counts # $short'
		rm -r state
		says 2 'nothing has come to $even' "${job[@]}" \
			'sfilter true $long $short >$counts # $even'
	fi
}

# The same, with one in seven far too late, and one in fifty with no number.
late_events() {
	events "$@" | awk '{ if (NR % 7 == 3) sub(/"ts":1700000/, "\"ts\":1699999")
		if (NR % 50 == 5) sub(/"id":/, "\"id\":\"none\",\"was\":")
		print }'
}

# asides PIPELINE: of a job whose sink `aside` takes what a stage puts aside, and
# the same without a job; both must have something in each.
asides() {
	local run=(scheckpoint run -d state -i long=long.log
		-i short=short.log -o aside=aside.json -o counts=counts.json
		--every=100ms)
	rm -rf state long short counts.json aside.json want.*
	"${run[@]}" "$1" >stdout 2>stderr || { cat stderr; return 1; }
	mkfifo long short # dead letters name them
	sfilter -F true long.log >long &
	sfilter -F true short.log >short &
	long=long short=short aside=want.aside counts=want.counts bash -c "$1"
	wait
	[ -s want.aside ] && [ -s want.counts ]
	cmp want.aside aside.json
	cmp want.counts counts.json
	scheckpoint verify -d state >verdict
	! grep -v ': whole$' verdict
}

@test "a side file that is a sink: --else, -E, --late of each stage" {
	late_events 0 1500 >long.log
	late_events 100 500 >short.log
	asides 'sfilter -t ts --max-delay=2s --else="$aside" "id > 400" $long \
		$short >$counts'
	asides 'sfilter -t ts --max-delay=2s -E "$aside" "id > 400" $long $short |
		smap -x host "a = 1" >$counts'
	asides 'sfilter -t ts true $long $short |
		swindow -w 1s --late="$aside" -E "$aside" \
		"n = count(), top = max(id)" >$counts'
	asides 'sfilter -t ts true $long $short |
		sdedup -k id --within=1s --late="$aside" >$counts'
	asides 'sjoin -t ts -k host --within=1s --late="$aside" $long $short \
		>$counts'
	asides 'smerge -t ts --sort --late="$aside" $long $short >$counts'
}

@test "a side file that is a sink: stages die, it drains, all are one checkpoint" {
	local all=(scheckpoint run -d state -i grow.log -o late=late.json
		-o counts=counts.json --every=100ms)
	local stages='cat | sfilter -t ts true | swindow -w 5s --late="$late" \
		"n = count()" >"$counts"'
	late_events 0 1500 >long.log
	: >grow.log
	"${all[@]}" -f "$stages" 2>stderr &
	run=$!
	head -n 700 long.log >>grow.log
	wait_for '[ -s late.json ] && [ -s counts.json ]'
	kill -9 $(pgrep -P $(pgrep -P $run bash) swindow)
	wait_for 'grep -q restarting stderr'
	sed -n 701,1000p long.log >>grow.log
	n=$(wc -l <late.json)
	wait_for "[ \$(wc -l <late.json) -gt $n ]"
	kill -TERM $run
	wait $run && return 1
	sed 1,1000d long.log >>grow.log
	"${all[@]}" "$stages" 2>stderr
	sfilter -F true long.log |
		late=want.late counts=want.counts bash -c "$stages"
	cmp want.late late.json
	cmp want.counts counts.json
	scheckpoint verify -d state
}

@test "-f: sources that meet without event time are warned of" {
	meets='sfilter true "$long" "$short" | tee "$even" >"$counts"'
	"${job[@]}" -f "$meets" 2>stderr &
	wait_for 'grep -qF "no event time is given where \$long and \$short meet" stderr'
	kill -TERM $!
	wait $! || true
	rm -rf state
	"${job[@]}" -f -t ts "$meets" 2>stderr &
	wait_for '[ -s counts.json ]'
	kill -TERM $!
	wait $! || true
	! grep -q 'no event time' stderr
}

@test "checkpoints every 100 ms keep up with a stream" {
	: >grow.log
	scheckpoint run -d state -f -i grow.log -o out.json --every=100ms \
		'sfilter -t ts true | swindow -w 10s -k host "n = count()"' 2>stderr &
	run=$!
	for ((i = 0; i < 25; i++)); do
		# another 250 events, before what they brought is committed
		events $((i * 250)) $((i * 250 + 250)) >>grow.log
		at=$(date -u -d @$((1700000000 + i * 250 + 230)) +%FT%H:%M)
		wait_for "grep -q '\"window_start\":\"$at' out.json"
	done
	# each time there was one at least
	n=$(scheckpoint list -d state | tail -n 1 |
		sed 's/.*"checkpoint":\([0-9]*\).*/\1/')
	[ "$n" -ge 25 ]
	kill -TERM $run
	wait $run || true
	! grep -q "given up" stderr
	sfilter -F true grow.log | sfilter -F -t ts true |
		swindow -J -w 10s -k host "n = count()" >want
	scheckpoint run -d state -i grow.log -o out.json 'sfilter -t ts true |
		swindow -w 10s -k host "n = count()"'
	cmp want out.json
}
