#!/bin/bash
# Goal: the fast part of the crash tests. Method: a few kills of each kind.
set -u
build=$(cd "${BUILD:-build}" && pwd) || exit
PATH=$build/probes:$PATH
dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
n=0 status=0
for mode in 'probes 7 main' 'probes 8 ends' 'probes 4 join' \
	'probes 3 late' 'random 2 late' \
	'probes 5 spool' 'recovery 2 spool' 'random 2 spool' \
	'probes 5 now' 'recovery 2 now' 'random 2 now' \
	'probes 4 repeat' 'random 2 repeat' \
	'recovery 2 main' 'zombie 2 main' 'zombie 2 join' \
	'recovery 3 ends' 'random 3 main' 'random 3 ends' 'drain 1 main' \
	'drain 2 ends' 'probes 4 kinds' 'recovery 2 kinds' 'random 2 kinds'; do
	at=$dir/${mode%% *}.${mode##* }
	mkdir "$at"
	# mode is three words
	# shellcheck disable=SC2086
	crash "$at" "${SEED:-1}" $mode >"$dir/out" || status=1
	# one test file, one numbering
	while read -r line; do
		case $line in
		'ok '* | 'not ok '*)
			n=$((n + 1))
			echo "${line%%ok *}ok $n - ${mode##* }, ${mode%% *}: ${line#*- }"
			;;
		'#'*) echo "$line" ;;
		esac
	done <"$dir/out"
done
echo "1..$n"
exit $status
