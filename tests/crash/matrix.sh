#!/bin/bash
# Goal: CRASH_KILLS kills (at least) of eight jobs, no difference. Method: crash.c,
# in all its modes, again and again with other seeds; SEED repeats it. Figures
# go to stdout.
set -u
build=$(cd "${BUILD:-build}" && pwd) || exit
PATH=$build/probes:$PATH
seed=${SEED:-$(date +%s)}
kills=${CRASH_KILLS:-1000}
base=${TMPDIR:-/dev/shm}
[ -w "$base" ] || base=/tmp
dir=$(mktemp -d "$base/weir-crash.XXXXXX") || exit
status=0 total=0
# In one round, of about 1000 kills: so many of each kind, per job.
modes=('probes 70' 'recovery 60' 'random 50' 'zombie 10' 'drain 5')

one() { # one MODE N JOB
	# a pipe is for one run, and does not grow
	case $1.$3 in drain.spool | zombie.spool) return ;; esac
	rm -rf "${dir:?}"/w
	mkdir "$dir/w"
	crash "$dir/w" "$seed" "$@" >"$dir/out" || {
		status=1
		cp "$dir/out" "$dir/w/tap"
		mv "$dir/w" "$dir/$1.$3.$seed"
	}
	grep -v '^ok\|^1\.\.' "$dir/out" | sed "s/^# \([0-9]\)/$3, $1: \1/"
	total=$((total + $(sed -n 's/^# \([0-9]*\) kills.*/\1/p' "$dir/out")))
}

while [ $total -lt "$kills" ]; do
	before=$total
	for mode in "${modes[@]}"; do
		for job in main ends join kinds late spool now repeat; do
			if [ "$mode $job" != 'drain 5 join' ] &&
				[ $total -lt "$kills" ]; then
				# mode is two words
				# shellcheck disable=SC2086
				one $mode $job
			fi
		done
	done
	[ $total -gt $before ] || break
	seed=$((seed + 1))
done
echo "in all $total kills, $([ $status = 0 ] && echo no difference ||
	echo "DIFFERENCES: kept in $dir")"
[ $status = 0 ] && rm -rf "$dir"
exit $status
