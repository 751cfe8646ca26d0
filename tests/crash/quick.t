#!/bin/bash
# Goal: the fast part of the crash tests. Method: a few kills of each kind.
set -u
build=$(cd "${BUILD:-build}" && pwd) || exit
PATH=$build/probes:$PATH
dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
n=0 status=0
for mode in 'probes 10' 'recovery 4' 'random 4' 'drain 2'; do
	mkdir "$dir/${mode% *}"
	# mode is two words
	# shellcheck disable=SC2086
	crash "$dir/${mode% *}" "${SEED:-1}" $mode >"$dir/out" || status=1
	# one test file, one numbering
	while read -r line; do
		case $line in
		'ok '* | 'not ok '*)
			n=$((n + 1))
			echo "${line%%ok *}ok $n - ${mode% *}: ${line#*- }"
			;;
		'#'*) echo "$line" ;;
		esac
	done <"$dir/out"
done
echo "1..$n"
exit $status
