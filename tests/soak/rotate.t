#!/bin/bash
# Goal: files that are rotated again and again while they are followed, by name and
# by pattern: every line once, and nothing is held open. Method: rotate.pl rotates
# SOAK_ROTATIONS times in each way (3000 in `make soak`), as fast as it can.
# Commands are words for wait_for, which gives them to eval.
# shellcheck disable=SC2016,SC2317
set -u
here=$(cd "$(dirname "$0")" && pwd)
rotations=${SOAK_ROTATIONS:-300}
dir=$(mktemp -d) || exit 1
pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$dir"' EXIT
n=0 failed=0

# wait_for COMMAND: until it succeeds; a limit of 60 s.
wait_for() {
	local i
	for ((i = 0; i < 3000; i++)); do
		eval "$1" && return 0
		read -r -t 0.02 <> <(:) || true
	done
	return 1
}

# Files that are held open; of those under all/, each is one that is followed.
held() {
	find "/proc/$pid/fd" -lname "$dir/*" ! -lname "*/all/*" 2>/dev/null
}

rotate() { # rotate HOW: sets want
	local files=(a b.log logs/1.log logs/2.log all/x)
	# A copy whose name the pattern takes is a file of its own.
	[ "$1" != copy ] || files=("${files[@]:0:4}")
	mkdir "$dir/$1" "$dir/$1/logs" "$dir/$1/all"
	cd "$dir/$1" || return
	: >out
	sfilter -f true a b.log 'logs/*.log' 'all/*' >out 2>err &
	pid=$!
	want=$(perl "$here/rotate.pl" "$1" "$rotations" out "${files[@]}") &&
		wait_for '[ "$(wc -l <out)" -ge "$want" ]' &&
		wait_for '[ "$(held | wc -l)" -lt 12 ]'
}

for how in rename shift gzip delete copy; do
	n=$((n + 1))
	if rotate $how && [ "$(wc -l <out)" = "$want" ] &&
		[ "$(sort -u out | wc -l)" = "$want" ] && [ ! -s err ]; then
		echo "ok $n - $how: $rotations rotations, $want events"
	else
		echo "not ok $n - $how"
		echo "# ${want-} events, $(wc -l <out) came," \
			"$(sort -u out | wc -l) of them different"
		head -n 3 err | sed 's/^/# /'
		failed=1
	fi
	kill $pid
	wait $pid 2>/dev/null
	pid=
done
echo "1..$n"
exit $failed
