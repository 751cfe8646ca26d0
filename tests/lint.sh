#!/bin/bash
# Goal: what a reviewer should not have to look for. Method: layers by their
# includes, clang-format, gcc and clang with -Werror, static analysis, manual
# pages, shell scripts, words that must not be in the tree.
# Functions are called by name.
# shellcheck disable=SC2317
set -u
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}
failed=0

say() {
	echo "lint: $1"
}
bad() {
	echo "lint: $1" >&2
	failed=1
}

# A file includes only its own folder and those before it in this order.
layers="base json expr event state stream op"
check_layers() {
	local seen="" layer file used
	say layers
	for layer in $layers; do
		seen="$seen $layer"
		for file in lib/"$layer"/*.[ch]; do
			while read -r used; do
				case " $seen " in
				*" $used "*) ;;
				*) bad "$file includes $used/, a later layer" ;;
				esac
			done < <(sed -n 's|^#include "\([a-z]*\)/.*|\1|p' "$file")
		done
	done
}

# Each foreign library is included by exactly one module.
check_owners() {
	local pair header owner file
	say owners
	for pair in yajl/:lib/json/check.c lz4:lib/state/lz4 \
		xxhash.h:lib/base/hash.c pcre2.h:lib/expr/regex.c \
		sqlite3.h:lib/stream/sqlrows.c; do
		header=${pair%%:*} owner=${pair#*:}
		while read -r file; do
			case $file in
			"$owner"*) ;;
			*) bad "$file includes $header, which is $owner's" ;;
			esac
		done < <(grep -l "^#include <$header" lib/*/*.[ch] cmd/*.[ch])
	done
}

check_library() {
	say "the library never prints, exits or reads the environment"
	grep -nE '\b(printf|puts|perror|exit|getenv|setlocale)\(' lib/*/*.c &&
		bad "found in lib/"
	say "nothing is left open"
	git grep -nE '\bTODO\b|\bFIXME\b|\bXXX\b' -- lib cmd tests man Makefile README.md \
		':!tests/lint.sh' && bad "found in the tree"
}

check_format() {
	say clang-format
	clang-format --dry-run -Werror lib/*.h lib/*/*.[ch] cmd/*.[ch] \
		tests/*/*.[ch] || bad "run clang-format -i on these"
}

check_compilers() {
	local cc
	for cc in gcc clang; do
		say "$cc -Werror"
		make -s -j2 BUILD="$build/lint-$cc" CC="$cc" \
			CFLAGS='-O2 -Werror' all units || bad "$cc warns"
	done
}

check_static() {
	say cppcheck
	cppcheck -q --error-exitcode=1 --std=c11 -Ilib \
		--enable=warning,portability --inline-suppr \
		--suppress=missingIncludeSystem lib cmd || bad "cppcheck"
	say "gcc -fanalyzer"
	make -s -j2 BUILD="$build/lint-analyzer" CC=gcc \
		CFLAGS='-O2 -fanalyzer -Werror' "$build/lint-analyzer/libweir.a" ||
		bad "-fanalyzer"
}

check_pages() {
	say "manual pages"
	mandoc -Tlint -W warning man/*.[1-8] || bad "mandoc"
}

check_scripts() {
	say shellcheck
	shellcheck -x tests/*.sh tests/exec tests/*/*.sh tests/*/*.t .ci/run ||
		bad "shellcheck"
}

[ $# -gt 0 ] ||
	set -- layers owners library format pages scripts compilers static
for check in "$@"; do
	"check_$check"
done
[ "$failed" = 0 ] && echo "lint: clean"
exit "$failed"
