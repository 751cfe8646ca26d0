#!/usr/bin/env bats
# Goal: a job goes on with its state when its pipeline was changed in a way that
# leaves the state what it was, and says what it does; it refuses other changes,
# showing both sides. Method: run it over half of the input, change it, run it
# over the rest, and compare with a run of the new pipeline over all.

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	events 0 60 >half
	events 60 200 >rest
	cat half rest >all
	cp half in.log
}

# events FROM TO: ten a minute, four hosts.
events() {
	awk -v i="$1" -v to="$2" 'BEGIN {
		for (; i < to; i++)
			printf "{\"ts\":%d,\"host\":\"h%d\",\"ms\":%d}\n",
				1700000000 + i * 6, i % 4, i * 31 % 97
	}'
}

# one PIPELINE: over what in.log has, in the state directory.
one() {
	timeout 60 scheckpoint run -d state -t ts --once -i in.log \
		-o out.json "$1" 2>stderr
}

# twice FIRST SECOND: half by the one, the rest by the other.
twice() {
	one "$1"
	cat rest >>in.log
	one "$2"
}

# same PIPELINE [JQ]: the output is what PIPELINE gives of all, from there on
# where the results come behind the change.
same() {
	timeout 60 scheckpoint run -d other -t ts --once -i all -o want.json "$1"
	jq -c "${2:-.}" want.json >want
	jq -c "${2:-.}" out.json >got
	test -s want && cmp want got
}

refused() {
	local got=0
	one "$1" || got=$?
	[ "$got" = 5 ] && grep -q -e "$2" stderr && return 0
	echo "exit status $got"
	cat stderr
	return 1
}

w='swindow -w 10m -k host'

@test "a stateless stage comes in, and goes" {
	twice "$w 'n = count()'" "sfilter 'ms >= 0' | smap 'x = 1' | $w 'n = count()'"
	same "$w 'n = count()'"
	test ! -s stderr
}

@test "aggregates are put in another order, renamed, left out" {
	twice "$w 'n = count(), s = sum(ms), m = max(ms) if ms > 3'" \
		"$w 'top = max(ms) if ms > 3, n = count()'"
	same "$w 'top = max(ms) if ms > 3, n = count()'"
	test ! -s stderr
}

@test "a new aggregate begins empty in open windows, and is named" {
	twice "$w 'n = count()'" \
		"$w 's = sum(ms), n = count(), r = double(sum(ms) + max(ms))'"
	grep -q 's = sum(ms), max(ms) were not in the saved state' stderr
	grep -q 'only events from now on' stderr
	same "$w 's = sum(ms), n = count(), r = double(sum(ms) + max(ms))'" .n
	# of the first window only the rest
	timeout 60 scheckpoint run -d late -t ts --once -i rest -o rest.json \
		"$w 's = sum(ms)'"
	jq -c '[.window_start, .host, .s]' rest.json >want
	jq -c '[.window_start, .host, .s]' out.json >got
	cmp want got
	# once
	events 200 210 >>in.log
	one "$w 's = sum(ms), n = count(), r = double(sum(ms) + max(ms))'"
	test ! -s stderr
}

@test "aggregates that share a state: the first goes, another comes" {
	twice "$w 'a = median(ms), b = quantile(ms, 0.9), n = count()'" \
		"$w 'n = count(), b = quantile(ms, 0.9), c = quantile(ms, 0.1)'"
	test ! -s stderr
	same "$w 'n = count(), b = quantile(ms, 0.9), c = quantile(ms, 0.1)'"
	rm -rf state other out.json want.json
	cp half in.log
	twice "$w 'a = avg(ms), d = stddev(ms), v = var(ms)'" \
		"$w 'v = var(ms)'"
	test ! -s stderr
	same "$w 'v = var(ms)'"
}

@test "all kinds of windows" {
	for window in 10m 10m/2m cumulate:10m/2m session:30s count:20 global \
		'10m --emit=update' '10m --lateness=2m' \
		'10m --emit=update --mode=retract'; do
		rm -rf state other out.json want.json
		cp half in.log
		twice "swindow -w $window -k host 's = sum(ms), n = count()'" \
			"swindow -w $window -k host 'n = count()'"
		tail -n 4 out.json >tail
		timeout 60 scheckpoint run -d other -t ts --once -i all \
			-o want.json "swindow -w $window -k host 'n = count()'"
		tail -n 4 want.json | cmp - tail
		[ "${window%:*}" = session ] || [ "$window" = global ] ||
			test -s tail
	done
}

@test "other windows, keys, lateness: 5, and what was changed" {
	one "$w 'n = count()'"
	refused "swindow -w 5m -k host 'n = count()'" \
		'saved with -w 10m, now -w 5m$'
	refused "swindow -w 10m -k ms 'n = count()'" \
		'saved with -k host = host, now -k ms = ms$'
	refused "swindow -w 10m 'n = count()'" \
		'saved with -k host = host, now without$'
	refused "$w --lateness=5m 'n = count()'" \
		'saved without --lateness'
	refused "$w --emit=update 'n = count()'" 'saved without --emit'
	refused "$w --lateness=5m 's = sum(ms)'" \
		'saved with count(), now without; saved without sum(ms)'
	grep -q '  saved: swindow -w 10m -k host = host: count()' stderr
	cat rest >>in.log
	one "$w 'n = count()'"
	same "$w 'n = count()'"
}

@test "windows that overlap: a list comes in: 5" {
	one "swindow -w 1h/10m -k host 'n = count()'"
	refused "swindow -w 1h/10m -k host 'n = count(), l = list(ms)'" \
		'saved without list(ms)'
}

@test "sdedup and sjoin: 5, and what was changed" {
	one 'sdedup -k host --within=1h'
	refused 'sdedup -k host --within=2h' \
		'saved with --within=1h, now --within=2h$'
	refused 'sdedup -k host --within=1h --refresh' 'saved without --refresh$'
	rm -rf state out.json
	timeout 60 scheckpoint run -d state -t ts --once -i in.log -i r=half \
		-o out.json 'sjoin -k host --within=1m - "$r"'
	! timeout 60 scheckpoint run -d state -t ts --once -i in.log -i r=half \
		-o out.json 'sjoin -k host --within=2m - "$r"' 2>stderr
	grep -q 'saved with --within=-1m,1m, now --within=-2m,2m$' stderr
}
