#!/bin/bash
# Goal: whatever call of the system fails, once or for good, a job ends with the
# right output, or says what is wrong with a status of its own, keeps what it
# committed, and when it is run again without the fault has the right output.
# Method: fault.c, for every STEPth call of each kind in each process (STEP, 1),
# until a whole run comes by none; prints TAP, and the number of failures.
set -u
build=$(cd "${BUILD:-build}" && pwd) || exit
PATH=$build:$PATH
step=${STEP:-1}
dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit
n=0 total=0 status=0

for ((i = 0; i < 3000; i++)); do
	printf '{"ts":%d,"host":"h%d","ms":%d}\n' $((i / 10)) $((i % 7)) \
		$((i * 37 % 500))
done >in
# What bash runs inside it, for the tools to be found.
# shellcheck disable=SC2016
job='sfilter -t ts --time-unit=s --else=else.json "ms > 20" |
	sdedup -k "host, ms" --within=5s | swindow -w 10s -k host "n = count()"'

run() { # run VAR=VALUE...: the job, with a fault; its status in $got
	env "$@" LD_PRELOAD="$build/fault.so" timeout -s KILL 60 \
		scheckpoint run -d state -i in -o out --every=100ms \
		--restarts=2 "$job" >messages 2>&1
	got=$?
}

timeout 60 scheckpoint run -d state -i in -o out "$job" || exit
mv out want
mv else.json want-else
rm -rf state

# check CALL, of one failure: 0 if all is well afterwards, else says what is not.
check() {
	case $got in
	0) cmp -s out want || { echo "status 0, but another output"; return 1; } ;;
	137) echo 'it hung'; return 1 ;;
	esac
	# Where nothing can be written, nothing can be said.
	if [ "$got" != 0 ] && ! [ -s messages ] && [ "$1" != write ]; then
		echo "status $got without a word"
		return 1
	fi
	if [ -e out ] && ! cmp -s -n "$(stat -c %s out)" out want; then
		echo "status $got, and what is visible is no beginning"
		return 1
	fi
	timeout -s KILL 60 scheckpoint run -d state -i in -o out "$job" \
		>again 2>&1
	if ! cmp -s out want || ! cmp -s else.json want-else; then
		echo "status $got; run again, another output: $(head -n 1 again)"
		return 1
	fi
}

# All calls of a kind, one after the other.
sweep() { # sweep CALL ERROR STEP
	local at=1 done=0 why bad=0
	while :; do
		rm -rf state out else.json
		: >token
		run WEIR_FAULT="$1:$2:$at" WEIR_FAULT_TOKEN="$dir/token"
		[ ! -e token ] || break
		done=$((done + 1))
		if ! why=$(check "$1"); then
			bad=$((bad + 1))
			echo "# $1 $at $2: $why; $(head -n 1 messages)"
		fi
		at=$((at + $3))
	done
	result "$1 fails with $2, $done times" "$bad"
	total=$((total + done))
}

# From some call on, for good.
forever() { # forever CALL ERROR
	local bad=0 why at
	for at in 1 2 3 5 8 13 21 34; do
		rm -rf state out else.json
		run WEIR_FAULT="$1:$2:$at" WEIR_FAULT_EVER=1
		total=$((total + 1))
		if ! why=$(check "$1"); then
			bad=$((bad + 1))
			echo "# $1 from $at on $2: $why; $(head -n 1 messages)"
		fi
	done
	result "$1 fails with $2 for good" "$bad"
}

result() {
	n=$((n + 1))
	if [ "$2" = 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1: $2 wrong"
		status=1
	fi
}

for how in 'read EIO' 'read EINTR' 'read SHORT' 'write EIO' 'write ENOSPC' \
	'write EINTR' 'write SHORT' 'fsync EIO' 'fsync ENOSPC' 'rename EIO' \
	'rename ENOSPC' 'close EIO' 'open EMFILE' 'open EIO' 'fork EAGAIN'; do
	# how is two words
	# shellcheck disable=SC2086
	sweep $how "$step"
done
sweep malloc ENOMEM $((step * 40))
if [ "$step" = 1 ]; then
	for how in 'write ENOSPC' 'fsync EIO' 'rename EROFS' 'open EMFILE'; do
		# shellcheck disable=SC2086
		forever $how
	done
fi
echo "# $total failures"
echo "1..$n"
exit $status
