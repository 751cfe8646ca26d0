#!/bin/bash
# Goal: a power failure at any moment costs a job nothing. Method: power.c, for
# each job; POWER_STATES in all, SEED repeats the choices. TAP, and a summary.
set -u
build=$(cd "${BUILD:-build}" && pwd) || exit
PATH=$build/probes:$PATH
seed=${SEED:-$(date +%s)}
states=${POWER_STATES:-10000}
base=${TMPDIR:-/dev/shm}
[ -w "$base" ] || base=/tmp
dir=$(mktemp -d "$base/weir-power.XXXXXX") || exit
n=0 total=0 status=0
# A record of a run gives a few thousand states; then another one is made.
while [ $total -lt "$states" ]; do
	before=$total
	for job in main ends join kinds late bare; do
		left=$(((states + 5) / 6))
		[ $left -le 1500 ] || left=1500
		mkdir -p "$dir/$job"
		rm -rf "${dir:?}/$job"/[!b]*
		power "$dir/$job" "$seed" "$left" "$job" >"$dir/out" || status=1
		# one test file, one numbering
		while read -r line; do
			case $line in
			'ok '* | 'not ok '*)
				n=$((n + 1))
				echo "${line%%ok *}ok $n - ${line#*- }"
				;;
			'#'*) echo "$line" ;;
			esac
		done <"$dir/out"
		total=$((total + $(awk '/ states, /{ n += $(NF - 4) }
			END { print n + 0 }' "$dir/out")))
	done
	seed=$((seed + 1))
	if [ $total = $before ] || [ $status != 0 ]; then
		break
	fi
done
echo "# in all $total states, $([ $status = 0 ] && echo no difference ||
	echo "DIFFERENCES: kept in $dir")"
echo "1..$n"
[ $status = 0 ] && rm -rf "$dir"
exit $status
