#!/bin/bash
# Goal: whole commands give the output that the case files say. Method: each
# case of tests/conformance/*.cases runs in an empty folder. Its lines:
#   == name
#   < a line of standard input
#   $ command
#   > a line of standard output (all of them, in order)
#   FILE> a line that FILE must hold afterwards (all of them, if any is given)
#   ! text that standard error must contain (no such line: it is not looked at)
#   ? exit status (0 if not said)
# Other lines are comments. %N in < lines repeats the line before N times.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0 failed=0

begin() {
	rm -rf "$dir/run" "$dir/want"
	mkdir "$dir/run" "$dir/want"
	: >"$dir/in"
	: >"$dir/want/stdout"
	name=$1 command='' status=0 says=()
}

finish() {
	local got why='' file text
	[ -n "$command" ] || return 0
	n=$((n + 1))
	(cd "$dir/run" && timeout 60 bash -o pipefail -c "$command" \
		<"$dir/in" >"$dir/stdout" 2>"$dir/stderr")
	got=$?
	[ "$got" = "$status" ] || why="exit status $got, not $status"
	for file in "$dir"/want/*; do
		text=$dir/run/${file##*/}
		[ "${file##*/}" != stdout ] || text=$dir/stdout
		cmp -s "$file" "$text" || why+=$'\n'$(diff "$file" "$text" 2>&1)
	done
	for text in "${says[@]+"${says[@]}"}"; do
		grep -qF -- "$text" "$dir/stderr" ||
			why+=$'\n'"standard error does not say: $text"
	done
	if [ -z "$why" ]; then
		echo "ok $n - $name"
	else
		failed=1
		echo "not ok $n - $name"
		printf '%s\n' "$why" "$(head -5 "$dir/stderr")" | sed 's/^/# /'
	fi
}

begin none
for file in "$top"/tests/conformance/*.cases; do
	while IFS= read -r line; do
		case $line in
		"== "*)
			finish
			begin "${file##*/}: ${line#== }"
			;;
		"< "*) printf '%s\n' "${line#< }" >>"$dir/in" ;;
		"%"*)
			last=$(tail -1 "$dir/in")
			for ((i = 1; i < ${line#%}; i++)); do
				printf '%s\n' "$last" >>"$dir/in"
			done
			;;
		"\$ "*) command=${line#\$ } ;;
		"> "*) printf '%s\n' "${line#> }" >>"$dir/want/stdout" ;;
		*"> "*) printf '%s\n' "${line#*> }" >>"$dir/want/${line%%> *}" ;;
		"! "*) says+=("${line#! }") ;;
		"? "*) status=${line#? } ;;
		esac
	done <"$file"
done
finish
echo "1..$n"
exit $failed
