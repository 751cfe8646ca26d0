#!/bin/bash
# Goal: inputs of any length in every format, 1 % of them bad in several ways: every
# event, every dead letter with its line, offset and bytes, and no more memory than
# short ones need. Method: formats.pl makes SOAK_LINES records (1,000,000 in `make
# soak`) and says what they give.
# Files are named as words of the verbs are.
# shellcheck disable=SC2094
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${BUILD:-$here/../../build}" && pwd)
lines=${SOAK_LINES:-20000}
few=10000
slack=512 # KiB
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
n=0 failed=0 peak=0

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

read_all() { # read_all FORMAT: in.in into out, dead, stats and peak
	local options=(-S --max-line=4k -E dead -i "$1")
	[ "$1" != syslog ] || options+=(--year=2026)
	[ "$1" != regex ] || options[-1]='regex:^(?<id>\d+) (?<w>.*)$'
	rm -f dead
	"$build/soak/peak" peak sfilter "${options[@]}" true in.in >out 2>stats
}

format() { # format NAME N: sets peak
	local bad=$(($2 / 100))
	perl "$here/formats.pl" make "$1" "$2" in || return
	read_all "$1" || return
	perl "$here/formats.pl" letters dead >letters || return
	peak=$(<peak)
	cmp out in.want && cmp letters in.bad &&
		[ "$(wc -l <letters)" = $bad ] &&
		[ "$(grep '^{' stats | jq -c '[.in, .bad]')" = \
			"[$(($2 - bad)),$bad]" ]
}

for f in json seq csv tsv logfmt clf combined syslog lines regex; do
	format $f $few
	result $? "$f: $few records"
	small=$peak
	format $f "$lines"
	result $? "$f: $lines records"
	echo "# $f: peak memory $small and $peak KiB"
	checked && continue
	[ $((peak - small)) -le $slack ]
	result $? "$f: peak memory is flat"
done
echo "1..$n"
exit $failed
