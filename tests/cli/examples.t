#!/bin/bash
# Goal: every example in the README and the manual pages that shows its output
# still gives it. Method: a line "$ command" and the lines up to the next one, or
# to the end of the block, are held against what the command writes. Each
# document has a folder of its own, with the files of tests/examples in it.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0 failed=0

# Blocks of a document, markup undone; a line of \001 ends each.
blocks() {
	case $1 in
	*.md) awk '/^```/ { if (open) print "\001"; open = !open && /console/
		next } open' "$1" ;;
	*) awk '/^\.Bd -literal/ { open = 1; next }
		/^\.Ed/ { if (open) print "\001"; open = 0; next } open' "$1" |
		sed -e 's/\\e/\\/g' -e 's/\\-/-/g' -e 's/\\&//g' ;;
	esac
}

run_one() { # run_one DOCUMENT COMMAND WANT
	n=$((n + 1))
	got=$(cd "$dir/$1" && timeout 60 bash -c "$2" 2>/dev/null </dev/null)
	if [ "$got" = "$3" ]; then
		echo "ok $n - $1: $2"
	else
		failed=1
		echo "not ok $n - $1: $2"
		diff <(printf '%s\n' "$3") <(printf '%s\n' "$got") | sed 's/^/# /'
	fi
}

document() { # document FILE
	local name command='' want='' line
	name=$(basename "$1")
	mkdir "$dir/$name"
	cp "$top"/tests/examples/* "$dir/$name"
	while IFS= read -r line; do
		case $line in
		"$ "* | $'\001')
			[ -z "$command" ] || run_one "$name" "$command" \
				"${want%$'\n'}"
			command=${line#"$ "} want=
			[ "$line" != $'\001' ] || command=
			;;
		*) [ -z "$command" ] || want+=$line$'\n' ;;
		esac
	done < <(blocks "$1")
}

for file in "$top"/README.md "$top"/man/*.[1-8]; do
	document "$file"
done
echo "1..$n"
exit $failed
