#!/bin/bash
# Goal: a job that runs for long, with files that are rotated and a checkpoint each
# second, needs no more memory, files and disk than at first, and writes what the
# same pipeline writes that never stops. Method: feed.pl feeds it for SOAK_SECONDS
# (an hour in `make soak-job`), flat.pl looks at its processes.
# $orders and so on are words for the shell of the pipeline.
# shellcheck disable=SC2016
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${BUILD:-$here/../../build}" && pwd)
seconds=${SOAK_SECONDS:-5}
slack=4096 # KiB; a short run is still filling its tables
[ "$seconds" -lt 600 ] || slack=512
dir=$(mktemp -d) || exit 1
job=
trap '[ -z "$job" ] || kill -9 "$job" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
n=0 failed=0

result() { # result STATUS NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

# The tools are in memory that a checker owns: its size says nothing.
checked() {
	[ -n "${WEIR_MEMCHECK-}" ] || grep -q __asan_init "$build/sfilter"
}

pipeline='sdedup -k id --within=30s "$orders" |
	tee >(swindow -w session:10s -k user \
		"n = count(), spent = sum(amount)" >"$sessions") |
	sjoin -k id --within=-10s,30s --type=left - "$payments" |
	swindow -w 20s/10s -k method \
		"n = count(), users = distinct(user), p90 = quantile(amount, 0.9)" \
		>"$sums"; wait'

# What the pipeline makes of all lines, without a job.
plain() {
	mkfifo orders payments || return
	sfilter -F -t ts --max-delay=5s true orders.all >orders &
	sfilter -F -t ts --max-delay=5s true payments.all >payments &
	orders=orders payments=payments sessions=sessions.want \
		sums=sums.want bash -c "$pipeline"
	wait
}

# begins FILE WANT: FILE is the beginning of WANT, which has only the windows more
# that were open at the end.
begins() {
	local size
	size=$(stat -c %s "$1") && [ "$size" -gt 0 ] &&
		cmp -n "$size" "$1" "$2" &&
		[ "$(tail -c +$((size + 1)) "$2" | wc -l)" -lt 1000 ]
}

: >orders.log
: >payments.log
env --default-signal=INT scheckpoint run -d state -f -t ts --max-delay=5s \
	-i orders=orders.log -i payments=payments.log \
	-o sessions=sessions.json -o sums=sums.json "$pipeline" 2>err &
job=$!
if ! checked; then
	perl "$here/flat.pl" "$job" $slack >flat &
	flat=$!
fi
read -r lines rotations < <(perl "$here/feed.pl" "$seconds")
[ "${lines:-0}" -gt 0 ]
result $? "${lines:-0} orders, ${rotations:-0} rotations"

taken=$(scheckpoint list -d state | tail -n 1 | jq .checkpoint)
[ "${taken:-0}" -ge $((seconds / 4)) ]
result $? "a checkpoint each second: ${taken:-0} in $seconds s"
most=$(find state -type f | wc -l)
[ "$most" -lt 200 ]
result $? "no files left over in the state directory: $most"

kill -INT "$job"
wait "$job"
[ $? = 130 ]
result $? 'SIGINT ends it'
job=
[ ! -s err ]
result $? 'nothing to complain of'
head -n 5 err | sed 's/^/# /'

if checked; then
	result 0 'memory: not measured'
else
	wait "$flat"
	result $? 'memory and open files stay as they are'
	cat flat
fi

plain 2>plain.err
for sink in sessions sums; do
	begins $sink.json $sink.want
	result $? "$sink: $(wc -l <$sink.json) results, byte for byte"
done
scheckpoint verify -d state >verified
result $? 'the state is whole'
echo "1..$n"
exit $failed
