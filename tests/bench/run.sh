#!/bin/bash
# Goal: the figures of the README, honestly: the same work on the same file in
# the same run, peers at their best settings, medians, the first run dropped.
# Method: bench [NAME...] runs the named benches, or all; RUNS (5), EVENTS (1 M).
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${BUILD:-build}" && pwd)
PATH=$build:$PATH
runs=${RUNS:-5}
events=${EVENTS:-1000000}
dir=$build/bench-data
log=$dir/access-$events.ndjson
venv=$build/bench-venv
mkdir -p "$dir"

[ -s "$log" ] || "$build/bench/access" "$events" >"$log"
size=$(stat -c %s "$log")
cat "$log" >/dev/null # in the page cache

# median COMMAND: seconds of the median run; the command is one for bash.
median() {
	local i t
	for ((i = 0; i <= runs; i++)); do
		t=$({ TIMEFORMAT=%R && time bash -c "$1" >/dev/null 2>&1; } 2>&1)
		[ "$i" = 0 ] || echo "$t"
	done | sort -n | sed -n "$((runs / 2 + 1))p"
}

rate() { # rate SECONDS: MB/s over the input
	awk -v s="$1" -v b="$size" 'BEGIN { printf "%8.0f MB/s", b / s / 1e6 }'
}

show() { # show NAME SECONDS [OURS]: with how much slower than ours it is
	printf '  %-46s %8.3f s %s' "$1" "$2" "$(rate "$2")"
	[ $# -lt 3 ] || awk -v a="$2" -v b="$3" \
		'BEGIN { printf "   weir is %.1f x", a / b }'
	echo
}

per_second() { # per_second SECONDS: events
	awk -v n="$events" -v s="$1" \
		'BEGIN { printf "  %.2f M events/s\n", n / s / 1e6 }'
}

duck() { # duck NAME OURS SQL: one thread and all
	local t threads
	for threads in 1 all; do
		t=$("$venv/bin/python" tests/bench/duck.py "$log" $threads "$3" \
			"$runs") || continue
		show "DuckDB, $1, threads: $threads" "$t" "$2"
	done
}

need_duckdb() {
	[ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import duckdb' \
		2>/dev/null && return
	echo "bench: installing DuckDB into $venv"
	python3 -m venv "$venv" && "$venv/bin/pip" -q install duckdb
}

bench_filter() {
	local t
	echo "filter: status >= 500, $events events, $size bytes, validated"
	t=$(median "sfilter 'status >= 500' '$log'")
	show "sfilter, from a file" "$t"
	show "sfilter, from a pipe" \
		"$(median "cat '$log' | sfilter 'status >= 500'")"
	show "sfilter, every event passes" \
		"$(median "sfilter 'true' '$log'")"
	runs=1 show "jq" \
		"$(runs=1 median "jq -c 'select(.status >= 500)' '$log'")" "$t"
	runs=1 show "Miller" "$(runs=1 median \
		"mlr --ijsonl --ojsonl filter '\$status >= 500' '$log'")" "$t"
	duck "filter to a file" "$t" "COPY (SELECT * FROM {log} \
		WHERE status >= 500) TO '$dir/duck.json' (FORMAT json)"
}

bench_map() {
	local t format
	echo "map: three fields; a computed one; one changed; other formats"
	t=$(median "smap -p 'host, status, path' '$log'")
	show "smap -p, three fields" "$t"
	runs=1 show "jq, three fields" \
		"$(runs=1 median "jq -c '{host, status, path}' '$log'")" "$t"
	t=$(median "smap 'slow = latency_ms > 200' '$log'")
	show "smap, adds a bool" "$t"
	runs=1 show "jq, adds a bool" \
		"$(runs=1 median "jq -c '.slow = .latency_ms > 200' '$log'")" "$t"
	show "smap, adds a double" \
		"$(median "smap 'us = latency_ms * 1000' '$log'")"
	show "smap, changes a field" \
		"$(median "smap 'status = string(status)' '$log'")"
	show "smap -x, removes one" "$(median "smap -x ua '' '$log'")"
	for format in csv tsv logfmt table; do
		show "sfilter -o $format, every event" \
			"$(median "sfilter -o $format true '$log'")"
	done
}

bench_window() {
	local t
	echo "window: 1 minute by host: count, sum, avg, max"
	t=$(median "swindow -t ts -w 1m -k host 'n = count(), s = sum(bytes), \
		a = avg(latency_ms), m = max(latency_ms)' '$log'")
	show "swindow" "$t"
	show "the same, hopping 1 hour by 1 minute" \
		"$(median "swindow -t ts -w 60m/1m -k host 'n = count(), \
		s = sum(bytes), a = avg(latency_ms), m = max(latency_ms)' \
		'$log'")"
	show "the same, hopping 10 minutes by 10 seconds" \
		"$(median "swindow -t ts -w 10m/10s -k host 'n = count(), \
		s = sum(bytes), a = avg(latency_ms), m = max(latency_ms)' \
		'$log'")"
	show "the same, corrected for a minute" \
		"$(median "swindow -t ts -w 1m --lateness=1m -k host \
		'n = count(), s = sum(bytes), a = avg(latency_ms), \
		m = max(latency_ms)' '$log'")"
	duck "group by minute and host" "$t" "COPY (SELECT \
		time_bucket(INTERVAL 1 minute, ts) AS w, host, count(*) AS n, \
		sum(bytes) AS s, avg(latency_ms) AS a, max(latency_ms) AS m \
		FROM {log} GROUP BY w, host ORDER BY w, host) \
		TO '$dir/duck.json' (FORMAT json)"
}

bench_sketches() {
	local t
	echo "sketches: 1 minute by host: with p99, distinct, frequent"
	t=$(median "swindow -t ts -w 1m -k host 'n = count(), s = sum(bytes), \
		a = avg(latency_ms), p = quantile(latency_ms, 0.99)' '$log'")
	show "swindow, p99 in place of max" "$t"
	duck "the same, approx_quantile" "$t" "COPY (SELECT \
		time_bucket(INTERVAL 1 minute, ts) AS w, host, count(*) AS n, \
		sum(bytes) AS s, avg(latency_ms) AS a, \
		approx_quantile(latency_ms, 0.99) AS p \
		FROM {log} GROUP BY w, host ORDER BY w, host) \
		TO '$dir/duck.json' (FORMAT json)"
	show "swindow, approx_distinct" "$(median "swindow -t ts -w 1m \
		-k host 'd = approx_distinct(user)' '$log'")"
	show "swindow, topk" "$(median "swindow -t ts -w 1m -k host \
		't = topk(path, 3)' '$log'")"
	show "swindow, quantile_exact" "$(median "swindow -t ts -w 1m \
		-k host 'p = quantile_exact(latency_ms, 0.99)' '$log'")"
}

bench_sessions() {
	local t by gap
	for by in host:5 user:30; do
		gap=${by#*:} by=${by%:*}
		echo "sessions: by $by, a gap of $gap s: count, sum"
		t=$(median "swindow -t ts -w session:${gap}s -k $by \
			'n = count(), s = sum(bytes)' '$log'")
		show "swindow -w session:${gap}s -k $by" "$t"
		per_second "$t"
		duck "window functions" "$t" "COPY (SELECT min(ts) AS w, \
			$by, count(*) AS n, sum(bytes) AS s FROM (SELECT ts, \
			$by, bytes, sum(new) OVER (PARTITION BY $by ORDER BY \
			ts) AS i FROM (SELECT *, CASE WHEN ts - lag(ts) OVER \
			(PARTITION BY $by ORDER BY ts) <= INTERVAL $gap SECOND \
			THEN 0 ELSE 1 END AS new FROM {log})) GROUP BY $by, i \
			ORDER BY max(ts)) TO '$dir/duck.json' (FORMAT json)"
	done
	echo "counted: by host, every 100 events, and every 10 the last 100"
	for by in 100 100/10; do
		t=$(median "swindow -w count:$by -k host 'n = count(), \
			s = sum(bytes)' '$log'")
		show "swindow -w count:$by -k host" "$t"
		per_second "$t"
	done
}

bench_keys() {
	local t
	echo "keys: every event its own key in one window: count, sum"
	t=$(median "swindow -t ts -w 1d -k id 'n = count(), s = sum(bytes)' \
		'$log'")
	show "swindow, $events keys" "$t"
	per_second "$t"
}

bench_dedup() {
	local t
	echo "dedup: every event its own key, for ever and within an hour"
	t=$(median "sdedup -k id '$log'")
	show "sdedup -k id, $events keys" "$t"
	show "sdedup -k id, from a pipe" \
		"$(median "cat '$log' | sdedup -k id")"
	show "sdedup -k id --within=1h" \
		"$(median "sdedup -t ts -k id --within=1h '$log'")"
	show "sdedup -k id --approx=0.001" \
		"$(median "sdedup -k id --approx=0.001 '$log'")"
	show "sdedup -k host --within=1m --keep=last" "$(median \
		"sdedup -t ts -k host --within=1m --keep=last '$log'")"
	peak "sdedup -k id" sdedup -k id "$log"
	peak "sdedup -k id --approx=0.001" sdedup -k id --approx=0.001 "$log"
	# Passing each first event on as it comes makes jq copy all it knows.
	runs=1 show "jq, counts the ids and no more" "$(runs=1 median \
		"jq -n 'reduce inputs.id as \$i ({}; .[\$i] = true) | length' \
		'$log'")" "$t"
	duck "distinct ids" "$t" "COPY (SELECT DISTINCT ON (id) * FROM {log}) \
		TO '$dir/duck.json' (FORMAT json)"
	duck "distinct ids alone" "$t" "COPY (SELECT DISTINCT id FROM {log}) \
		TO '$dir/duck.json' (FORMAT json)"
}

# Orders and, each up to half a minute later, their payments.
make_join() {
	local n=$1
	[ ! -s "$dir/payments-$n.ndjson" ] || return 0
	seq "$n" | awk -v n="$n" '{
		printf "{\"ts\":%.0f,\"order\":\"%08x%08x\",\"customer\":%d,\"total\":%d.%02d}\n",
			1.7e12 + $1 * 20, $1 * 7919 % 1e6, $1, $1 % 9973, $1 % 500, $1 % 100
	}' >"$dir/orders-$n.ndjson"
	seq "$n" | awk '{
		printf "%.0f {\"ts\":%.0f,\"order\":\"%08x%08x\",\"by\":\"card\",\"ref\":%d}\n",
			t = 1.7e12 + $1 * 20 + $1 * 7907 % 30000, t, $1 * 7919 % 1e6, $1, $1
	}' | sort -n | cut -d ' ' -f 2 >"$dir/payments-$n.ndjson"
}

# How DuckDB likes to be told of the two, left and right.
two_streams() { # two_streams ORDERS PAYMENTS
	cat <<-END
		WITH l AS (SELECT * FROM read_json('$1',
			format='newline_delimited', columns={ts: 'BIGINT',
			"order": 'VARCHAR', customer: 'BIGINT', total: 'DOUBLE'})),
		r AS (SELECT * FROM read_json('$2',
			format='newline_delimited', columns={ts: 'BIGINT',
			"order": 'VARCHAR', "by": 'VARCHAR', ref: 'BIGINT'}))
	END
}

bench_join() {
	local t l r two log size n=$((events / 2))
	make_join "$n"
	l=$dir/orders-$n.ndjson r=$dir/payments-$n.ndjson
	two=$(two_streams "$l" "$r")
	size=$(($(stat -c %s "$l") + $(stat -c %s "$r")))
	log=$l
	echo "join: $n orders with their payments, 1:1 within a minute"
	t=$(median "sjoin -t ts -k order --within=1m '$l' '$r'")
	show "sjoin --within=1m" "$t"
	per_second "$t"
	duck "hash join" "$t" "COPY ($two SELECT * FROM l, r
		WHERE l.\"order\" = r.\"order\" AND
			abs(r.ts - l.ts) <= 60000) TO '$dir/duck.json' (FORMAT json)"
	show "sjoin --within=1m --type=anti" \
		"$(median "sjoin -t ts -k order --within=1m --type=anti '$l' '$r'")"
	show "sjoin --window=1m" \
		"$(median "sjoin -t ts -k order --window=1m '$l' '$r'")"
	t=$(median "sjoin -t ts -k order --table '$r' '$l'")
	show "sjoin --table, each payment's order as of then" "$t"
	per_second "$t"
	duck "ASOF join" "$t" "COPY ($two SELECT * FROM r ASOF JOIN l
		ON r.\"order\" = l.\"order\" AND r.ts >= l.ts)
		TO '$dir/duck.json' (FORMAT json)"
	peak "sjoin --within=1m" sjoin -t ts -k order --within=1m "$l" "$r"
}

# Every user of the log, and what is known of them.
make_users() {
	[ ! -s "$dir/users.csv" ] || return 0
	awk 'BEGIN {
		print "user,plan,country,since"
		for (i = 0; i < 100000; i++)
			printf "u%05d,%s,%s,20%02d-%02d-01\n", i,
				i % 7 ? "free" : "pro", i % 3 ? "FR" : "DE",
				i % 25, i % 12 + 1
	}' >"$dir/users.csv"
}

bench_lookup() {
	local t
	make_users
	echo "lookup: each event with its user's details, of 100,000"
	t=$(median "sjoin -k user --static '$log' '$dir/users.csv'")
	show "sjoin -k user --static" "$t"
	per_second "$t"
	show "sjoin -k user --static --type=semi" "$(median \
		"sjoin -k user --static --type=semi '$log' '$dir/users.csv'")"
	duck "hash join" "$t" "COPY (SELECT * FROM {log} JOIN \
		read_csv('$dir/users.csv') USING (user)) \
		TO '$dir/duck.json' (FORMAT json)"
}

bench_stages() {
	echo "stages: three processes, every event passes"
	show "frames" "$(median "sfilter -F -t ts 'true' '$log' | \
		sfilter 'status >= 100' | sfilter -J 'bytes >= 0'")"
	show "JSON lines" "$(median "sfilter 'true' '$log' | \
		sfilter 'status >= 100' | sfilter 'bytes >= 0'")"
}

bench_formats() {
	local log=$dir/access.csv t size
	echo "formats: status >= 500, the same events in csv and combined"
	[ -s "$log" ] || sfilter -o csv true "$dir/access-$events.ndjson" >"$log"
	size=$(stat -c %s "$log")
	t=$(median "sfilter -i csv 'status >= 500' '$log'")
	show "sfilter -i csv" "$t"
	runs=1 show "Miller" "$(runs=1 median \
		"mlr --icsv --ojsonl filter '\$status >= 500' '$log'")" "$t"
	log=$dir/access.combined
	[ -s "$log" ] || jq -r '"\(.ip) - \(.user) [10/Jan/2026:\(.ts[11:19]) +0000] \"\(.method) \(.path) HTTP/1.1\" \(.status) \(.bytes) \"-\" \(.ua|tojson)"' \
		"$dir/access-$events.ndjson" >"$log"
	size=$(stat -c %s "$log")
	show "sfilter -i combined" \
		"$(median "sfilter -i combined 'status >= 500' '$log'")"
}

bench_latency() {
	echo "latency: one event through three idle stages, microseconds"
	"$build/bench/latency" "sfilter -F -t ts 'true' | \
		sfilter 'status >= 100' | sfilter -J 'status >= 100'" |
		awk '{ printf "  p50 %s  p99 %s  p99.9 %s  max %s\n",
			$1, $2, $3, $4 }'
}

peak() { # peak NAME COMMAND...: KiB resident at most
	local name=$1
	shift
	/usr/bin/time -f %M -o "$dir/peak" "$@" >/dev/null 2>&1
	printf '  %-46s %8s KiB\n' "$name" "$(tail -n 1 "$dir/peak")"
}

bench_memory() {
	echo "memory: peak of one process"
	peak "sfilter, the access log" sfilter 'status >= 500' "$log"
	peak "sfilter -F -t ts, the access log" \
		sfilter -F -t ts 'status >= 500' "$log"
	awk 'BEGIN { printf "{\"a\":\""; for (i = 0; i < 1048576; i++)
		printf "0123456789"; print "\"}" }' >"$dir/long.ndjson"
	peak "sfilter, a line of 10 MiB" sfilter 'true' "$dir/long.ndjson"
}

bench_start() {
	echo "start: to the first output, 200 runs"
	echo '{"a":1}' >"$dir/one.ndjson"
	runs=3 median "for ((i = 0; i < 200; i++)); do \
		sfilter 'a == 1' '$dir/one.ndjson'; done" |
		awk '{ printf "  %.2f ms a run\n", $1 * 1000 / 200 }'
}

# A job over a log that keeps it busy for seconds, with 100,000 keys.
job() { # job EVERY
	rm -rf "$dir/state" "$dir/job.json"
	scheckpoint run -d "$dir/state" -i "$dir/long.log" -o "$dir/job.json" \
		--every="$1" 'swindow -t ts --max-delay=1d -w 1d -k user \
		"n = count(), s = sum(bytes)"' >/dev/null 2>&1
}

bench_checkpoint() {
	local i t every with without
	rm -f "$dir/job-1h" "$dir/job-1s"
	echo "checkpoint: every second against never, 100,000 keys"
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		cat "$log"
	done >"$dir/long.log"
	export dir
	export -f job
	cat "$dir/long.log" >/dev/null
	# In turn, so that the machine's moods hit both.
	for i in 0 1 2 3 4 5; do
		for every in 1h 1s; do
			t=$({ TIMEFORMAT=%R && time job $every; } 2>&1)
			[ "$i" = 0 ] || echo "$t" >>"$dir/job-$every"
		done
	done
	without=$(sort -n "$dir/job-1h" | sed -n 3p)
	with=$(sort -n "$dir/job-1s" | sed -n 3p)
	rm -f "$dir/job-1h" "$dir/job-1s"
	rm -f "$dir/long.log"
	awk -v a="$without" -v b="$with" 'BEGIN { printf \
		"  never %.3f s, every second %.3f s: %+.1f %%\n",
		a, b, (b / a - 1) * 100 }'
}

# A job of 1 M keys: a look at one of them, and started again.
bench_restart() {
	local job run again="$dir/again"
	echo "restart: 1 M keys in a window"
	awk 'BEGIN { for (i = 0; i < 1000000; i++)
		printf "{\"ts\":%d,\"user\":\"user-%07d\",\"bytes\":%d}\n",
		1700000000 + i / 1000, i * 7919 % 1000000, i % 9973 }' \
		>"$dir/keys.log"
	rm -rf "$dir/state" "$again"
	job="scheckpoint run --once -t ts -i $dir/keys.log -o $dir/keys.json"
	run="swindow -w 1d -k user \"n = count(), s = sum(bytes)\""
	$job -d "$dir/state" "$run"
	printf '  get one of them: %s s; one that is not there: %s s\n' \
		"$(median "scheckpoint get -d $dir/state in/swindow.1 \
			user-0500000")" \
		"$(median "scheckpoint get -d $dir/state in/swindow.1 nobody")"
	echo '{"ts":1700001001,"user":"user-0000001","bytes":1}' \
		>>"$dir/keys.log"
	printf '  restore, one event more, save: %s s\n' "$(median "
		rm -rf $again && cp -r $dir/state $again &&
		$job -d $again '$run'")"
	rm -rf "$dir/state" "$again" "$dir/keys.log" "$dir/keys.json"
}

bench_state() {
	echo "state: the table and snapshots alone, 1 M keys of 16 bytes"
	"$build/bench/table" | sed 's/^/  /'
	(cd "$dir" && "$build/bench/snapshot") | sed 's/^/  /'
}

all="start memory filter map formats window sketches sessions keys dedup \
	join lookup stages latency state restart checkpoint"
# The names are words.
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $all
case " $* " in
*" filter "* | *" window "* | *" sketches "* | *" sessions "* | *" dedup "* | \
	*" join "* | *" lookup "*)
	need_duckdb
	;;
esac
echo "machine: $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo |
	head -n 1), $(uname -sr)"
for name in "$@"; do
	"bench_$name"
done
