#!/bin/sh
# Goal: what a group of targets needs is there, or is installed, saying so.
# need.sh [--tell] GROUP...: build, test, lint, bench, model. With --tell
# it only says what is missing. Quiet when all is there.
# Functions are called by name.
# shellcheck disable=SC2317
set -u

tell=no
if [ "${1-}" = --tell ]; then
	tell=yes
	shift
fi

missing=
want() { # package, and how to see that it is there
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}
has_header() {
	printf '#include <%s>\n' "$1" | ${CC:-cc} -DPCRE2_CODE_UNIT_WIDTH=8 \
		-E -x c - >/dev/null 2>&1
}
has_command() {
	command -v "$1"
}

for group in "$@"; do
	case $group in
	build)
		# shellcheck disable=SC2086 # it may have words
		want gcc has_command ${CC:-cc}
		want libyajl-dev has_header yajl/yajl_parse.h
		want liblz4-dev has_header lz4frame.h
		want libxxhash-dev has_header xxhash.h
		want libpcre2-dev has_header pcre2.h
		want libsqlite3-dev has_header sqlite3.h
		;;
	test)
		want perl has_command prove
		want bats has_command bats
		want lz4 has_command lz4
		want jq has_command jq
		want sqlite3 has_command sqlite3
		want mandoc has_command mandoc
		want zsh has_command zsh
		want fish has_command fish
		want shellcheck has_command shellcheck
		want pkg-config has_command pkg-config
		want tzdata test -r /usr/share/zoneinfo/Europe/Berlin
		;;
	lint)
		want clang has_command clang
		want clang-format has_command clang-format
		want cppcheck has_command cppcheck
		want valgrind has_command valgrind
		;;
	model)
		want spin has_command spin
		;;
	bench)
		want jq has_command jq
		want miller has_command mlr
		want time test -x /usr/bin/time
		want python3-venv python3 -c 'import venv, ensurepip'
		;;
	esac
done

[ -n "$missing" ] || exit 0
if [ "$tell" = yes ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "weir: missing:$missing" >&2
	echo "weir: on Debian or Ubuntu: sudo apt-get install$missing" >&2
	echo "weir: elsewhere install what these packages hold" >&2
	exit 1
fi

sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
echo "weir: installing with apt-get:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp) || exit 1
# The packages are words.
# shellcheck disable=SC2086
if $sudo apt-get install -y --no-install-recommends $missing >"$log" 2>&1 ||
	{ $sudo apt-get update >"$log" 2>&1 &&
		$sudo apt-get install -y --no-install-recommends $missing \
			>>"$log" 2>&1; }; then
	rm -f "$log"
	exit 0
fi
cat "$log" >&2
rm -f "$log"
echo "weir: could not install:$missing" >&2
exit 1
