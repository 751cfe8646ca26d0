#!/bin/bash
# Goal: the protocol of checkpoints is right, and the model of it can fail.
# Method: spin searches all states of protocol.pml, for several shapes of a job
# and kinds of failure; then with one mistake in it (M_), which must be found.
# MODEL_ONLY=PATTERN runs those whose name matches; MODEL_SECONDS (300) and
# MODEL_MEMORY (3500 MB) are the limits of one search.
set -u
top=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
n=0 status=0

# An error in "$dir/out" as one line, or how many states there were.
states() {
	awk '/states, stored/ { print $1 " states"; exit }' "$dir/out"
}
tap() { # ok or not ok, and what
	n=$((n + 1))
	echo "$1 $n - $2"
	[ "$1" = ok ] || status=1
}
# Search, with macros: the verdict is in "$dir/out".
search() {
	(
		cd "$dir" || exit
		rm -f pan pan.* protocol.pml.trail
		spin -a "$@" "$top/protocol.pml" >out 2>&1 || exit
		# One process: there is nothing to reduce.
		# shellcheck disable=SC2086 # it may have words
		${CC:-cc} -O1 -w -DSAFETY -DNOREDUCE -DCOLLAPSE \
			-DMEMLIM="${MODEL_MEMORY:-3500}" -o pan pan.c >>out 2>&1 || exit
		timeout -s KILL "${MODEL_SECONDS:-300}" ./pan -m100000 -n \
			>>out 2>&1
	)
}
wanted() {
	[[ $1 == *${MODEL_ONLY-}* ]]
}
# Complete only if spin says so: no limit was reached.
holds() { # name, macros
	wanted "$1" || return 0
	search "${@:2}"
	if grep -q 'errors: 0' "$dir/out" &&
		! grep -qE 'max search depth|not completed' "$dir/out"; then
		tap ok "$1: $(states)"
	else
		tap 'not ok' "$1"
		grep -E '^pan|rror' "$dir/out" | sed 's/^/# /'
	fi
}
fails() { # mistake, macros
	wanted "$1" || return 0
	search "-DM_$1" "${@:2}"
	if grep -q 'assertion violated\|invalid end state' "$dir/out"; then
		tap ok "$1 is found: $(states)"
	else
		tap 'not ok' "$1 is not found"
		grep -E '^pan|rror' "$dir/out" | sed 's/^/# /'
	fi
}

small='-DEVENTS=2 -DMIDS=1'
# Words.
# shellcheck disable=SC2086
{
	holds 'one source, a kill' -DCRASHES=1
	holds 'two kills' $small -DEVENTS=1 -DCRASHES=2
	holds 'power failure' $small -DCRASHES=1 -DPOWER
	holds 'two sources' -DNSRC=2 -DCRASHES=0
	holds 'two sources, a kill' $small -DNSRC=2 -DCRASHES=1
	holds 'diamond, a kill' $small -DDIAMOND -DCRASHES=1
	holds 'two sinks, a kill' $small -DNSNK=2 -DCRASHES=1
	holds 'a part that cannot be written' -DCRASHES=0 -DFAILS=1
	holds 'a second run' -DCRASHES=0 -DRACES=1
	holds 'a second run, a kill' $small -DCRASHES=1 -DRACES=1

	fails PENDING_LATE $small -DCRASHES=1
	fails VISIBLE_FIRST $small -DCRASHES=1
	fails EARLY_BARRIER $small -DNSRC=2 -DCRASHES=1
	fails JOIN_NO_EPOCH $small -DCRASHES=1
	fails LEAD_NO_EPOCH $small -DCRASHES=0 -DRACES=1
	fails NO_LOCK $small -DCRASHES=1
	fails EOF_IS_END $small -DEVENTS=1 -DNSRC=2 -DCRASHES=1
	fails NEWEST_DIR $small -DCRASHES=1
	fails REMOVE_FIRST $small -DCRASHES=1
	fails NUMBER_AGAIN $small -DCRASHES=2
	fails SWEEP_HIGHEST $small -DCRASHES=2
	fails CUT $small -DCRASHES=2
	fails SOURCE_NEWEST $small -DCRASHES=1
	fails NO_CHANNEL $small -DNSRC=2 -DCRASHES=1 -DALL_DIE
	fails ONE_SINK $small -DNSNK=2 -DCRASHES=0
	fails ABANDONED_LOST -DCRASHES=0 -DFAILS=1
	fails MANIFEST_UNSYNCED $small -DCRASHES=1 -DPOWER
}
echo "1..$n"
exit $status
