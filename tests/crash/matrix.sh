#!/bin/bash
# Goal: at least 300 kills of three jobs, no difference. Method: crash.c, in all
# its modes; KILLS scales it, SEED repeats it. Figures go to stdout.
set -u
build=$(cd "${BUILD:-build}" && pwd) || exit
PATH=$build/probes:$PATH
seed=${SEED:-$(date +%s)}
kills=${KILLS:-340}
dir=$(mktemp -d) || exit
status=0
for mode in "probes $((kills * 20 / 100)) main" \
	"probes $((kills * 20 / 100)) ends" \
	"probes $((kills * 10 / 100)) late" \
	"recovery $((kills * 10 / 100)) main" \
	"recovery $((kills * 5 / 100)) ends" \
	"random $((kills * 10 / 100)) main" \
	"random $((kills * 5 / 100)) ends" \
	"drain $((kills * 3 / 100)) main" "drain $((kills * 2 / 100)) ends"; do
	rm -rf "${dir:?}"/*
	# mode is three words
	# shellcheck disable=SC2086
	crash "$dir" "$seed" $mode >"$dir.out" || status=1
	grep -v '^ok\|^1\.\.' "$dir.out" | sed "s/^# \([0-9]\)/${mode##* }, ${mode%% *}: \1/"
	total=$((${total:-0} + $(sed -n 's/^# \([0-9]*\) kills.*/\1/p' "$dir.out")))
done
echo "in all $total kills, $([ $status = 0 ] && echo no difference ||
	echo "DIFFERENCES: kept in $dir")"
[ $status = 0 ] && rm -rf "$dir" "$dir.out"
exit $status
