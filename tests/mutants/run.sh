#!/bin/bash
# Goal: the tests find mistakes of the kinds that cost output. Method: makes each
# mistake of the list (run.sh NAME...: only these) in a copy of the sources,
# builds it, and runs the tests that it names until one fails. Prints TAP.
# What the list calls is called.
# shellcheck disable=SC2317
set -u
build=$(cd "${BUILD:-build}" && pwd) || exit
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
tree=$(mktemp -d "$build/mutants.XXXXXX") || exit
work=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)/weir-mutants.XXXXXX") || exit
trap 'rm -rf "$tree" "$work"' EXIT
n=0 found=0 status=0
only=" $* "
export POWER_FIRST=1
PATH=$tree/build/probes:$PATH
cp -Rp "$top/lib" "$top/cmd" "$top/tests" "$top/Makefile" "$tree" || exit
unset MAKEFLAGS

build() { # build TARGET...: quietly
	nice make -s -C "$tree" BUILD=build "$@" >"$work/make" 2>&1
}

# fails TEST: does this test see it?
fails() {
	local kind=$1 log=$work/log
	shift
	rm -rf "${work:?}"/w
	mkdir "$work/w"
	case $kind in
	unit)
		build "build/unit/$1" || return
		! timeout -s KILL 120 "$tree/build/unit/$1" >"$log" 2>&1
		;;
	power)
		build probes || return
		! timeout -s KILL 300 power "$work/w" 1 "${2:-300}" "$1" \
			>"$log" 2>&1
		;;
	crash)
		build probes || return
		! timeout -s KILL 300 crash "$work/w" 1 "$@" >"$log" 2>&1
		;;
	these)
		build probes || return
		! timeout -s KILL 120 crash "$work/w" 1 these "$@" >"$log" 2>&1
		;;
	*) return 1 ;;
	esac
}

result() { # result GOOD TEXT
	n=$((n + 1))
	if [ "$1" = yes ]; then
		found=$((found + 1))
		echo "ok $n - $2"
	else
		status=1
		echo "not ok $n - $2"
	fi
}

mutant() { # mutant NAME FILE TESTS EDIT
	local tests test
	[ "$only" = '  ' ] || [[ $only == *" $1 "* ]] || return
	cp -p "$tree/$2" "$work/original"
	perl -0pi -e "$4" "$tree/$2"
	if cmp -s "$tree/$2" "$work/original"; then
		result no "$1: the edit changes nothing: $2 is another now"
		return
	fi
	IFS=, read -ra tests <<<"$3"
	for test in "${tests[@]}"; do
		# a test is words
		# shellcheck disable=SC2086
		if fails $test; then
			result yes "$1: found by$(printf ' %s' $test)"
			break
		fi
		test=
	done
	[ -n "$test" ] || result no "$1: not found by $3"
	[ ! -s "$work/make" ] || sed 's/^/# /' "$work/make"
	cp "$work/original" "$tree/$2" # and newer, so that it is built again
}

# Without a mistake nothing may fail, or it says nothing.
build probes || cat "$work/make"
# shellcheck source=/dev/null
. "$here/list"
echo "# $found of $n found"
echo "1..$n"
exit $status
