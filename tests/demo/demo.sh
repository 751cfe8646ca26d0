#!/bin/bash
# Shows the main job on a real log: what the package manager did on this machine,
# minute by minute. The log is followed while it grows; a stage is killed with
# SIGKILL half way; the result is the same, byte for byte, as that of a run
# that was never killed.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$(cd "${BUILD:-$top/build}" && pwd):$PATH
dir=$(mktemp -d "${TMPDIR:-/tmp}/weir-demo.XXXXXX")
job=
feeder=
cleanup() {
	[ -z "$feeder" ] || kill "$feeder" 2>/dev/null || true
	[ -z "$job" ] || kill -9 "$job" 2>/dev/null || true
	rm -rf "$dir"
}
trap cleanup EXIT

bold() {
	if [ -t 1 ]; then
		printf '\n\033[1m%s\033[0m\n' "$*"
	else
		printf '\n%s\n' "$*"
	fi
}

# The package manager's log as JSON lines: 2026-11-21 05:48:00 status …
to_json() {
	awk '$3 == "status" && NF >= 6 && !/["\\]/ { printf \
		"{\"ts\":\"%sT%sZ\",\"state\":\"%s\",\"name\":\"%s\"," \
		"\"version\":\"%s\"}\n", $1, $2, $4, $5, $6 }' "$1"
}

log=/var/log/dpkg.log
origin="the package manager's log of this machine, $log"
if [ ! -r "$log" ] || [ "$(to_json "$log" | wc -l)" -lt 400 ]; then
	log=$top/tests/demo/dpkg.log
	origin="a package manager's log from a Debian 12 machine (tests/demo)"
fi
to_json "$log" >"$dir/all.json"
lines=$(wc -l <"$dir/all.json")

filter="sfilter -t ts 'state == \"installed\" || state == \"unpacked\"'"
window="swindow -w 1m -k state 'n = count(), first = min(name), last = max(name)'"

bold "The log: $origin"
echo "$lines events, such as"
tail -n 1 "$dir/all.json"

bold "The job"
echo "scheckpoint run -d state -f -i log.json -o result.json PIPELINE, which is"
echo "    $filter |"
echo "    $window"

bold "It follows the log while the log grows…"
cd "$dir"
: >log.json
scheckpoint run -d state -f --every=200ms -i log.json -o result.json \
	"$filter | $window" 2>job.err &
job=$!
half=$((lines / 2))
(
	# Forty bites, about six seconds.
	bite=$((lines / 40 + 1))
	at=1
	while [ "$at" -le "$lines" ]; do
		sed -n "${at},$((at + bite - 1))p" all.json >>log.json
		at=$((at + bite))
		sleep 0.15
	done
) &
feeder=$!

# The process id of our window stage: the swindow that works in this folder.
window_stage() {
	local p
	for p in /proc/[0-9]*; do
		if [ "$(cat "$p/comm" 2>/dev/null)" = swindow ] &&
			[ "$(readlink "$p/cwd")" = "$dir" ]; then
			echo "${p#/proc/}"
			return
		fi
	done
}

while [ "$(wc -l <log.json)" -lt "$half" ]; do
	sleep 0.05
done
seen=$(wc -c <result.json)
victim=$(window_stage)
bold "…half way, its window stage dies: kill -9 $victim"
kill -9 "$victim"
wait "$feeder"
feeder=

# It has gone on when results come that were not there when the stage died.
deadline=$((SECONDS + 20))
while [ "$(wc -c <result.json)" -le "$seen" ] && [ $SECONDS -lt $deadline ]; do
	sleep 0.1
done

# Drained and stopped; then once more, to the end of the log.
kill -TERM "$job" 2>/dev/null || true
wait "$job" || true
job=
sed 's/^/    /' job.err
scheckpoint run -d state -i log.json -o result.json "$filter | $window"

bold "The result"
awk -F'"' 'NR == 1 { printf "%-21s %-10s %6s  %s\n", "minute", "state", "n",
	"packages" }
	NR <= 12 { n = $0; sub(/.*"n":/, "", n); sub(/,.*/, "", n)
	printf "%-21s %-10s %6s  %s … %s\n", $4, $12, n, $(NF - 5), $(NF - 1) }
	END { if (NR > 12) printf "… and %d more\n", NR - 12 }' result.json

bold "The same, never killed"
bash -c "$(printf '%s' "$filter" | sed 's/sfilter/sfilter -F/') all.json | \
	$(printf '%s' "$window" | sed 's/swindow/swindow -J/')" >want.json
if cmp want.json result.json; then
	echo "identical: $(wc -l <result.json) results, $(wc -c <result.json) bytes," \
		"$(cksum <result.json | cut -d' ' -f1) both"
else
	echo "the results differ" >&2
	exit 1
fi
