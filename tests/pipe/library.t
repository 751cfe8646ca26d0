#!/bin/bash
# Goal: the example of weir(3) compiles as printed, against weir.h alone, and
# does what the page says. Method: cut it out of the page, build, run.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${BUILD:-$top/build}" && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0 failed=0
ok() { # ok STATUS NAME
	n=$((n + 1))
	[ "$1" = 0 ] || { printf 'not '; failed=1; }
	echo "ok $n - $2"
}

mkdir "$dir/include"
cp "$top/lib/weir.h" "$dir/include"
sed -n '/^\.Bd -literal$/,/^\.Ed$/p' "$top/man/weir.3" |
	sed -e '/^\.[BE]d/d' -e 's/\\e/\\/g' >"$dir/throttle.c"
# CFLAGS are words: under a sanitizer, the example needs it, too.
# shellcheck disable=SC2086
${CC:-cc} -std=c11 -Wall -Wextra -Werror ${CFLAGS-} -I"$dir/include" \
	-o "$dir/throttle" "$dir/throttle.c" -L"$build" -lweir \
	-Wl,-rpath,"$build"
ok $? "the example compiles against weir.h and libweir.so"

printf '{"ts":"2026-01-01T00:00:%sZ"}\n' 00 00.5 00.9 01 01.2 03 >"$dir/in"
printf '{"ts":"2026-01-01T00:00:%sZ"}\n' 00 01 03 >"$dir/want"
"$dir/throttle" ts <"$dir/in" >"$dir/out" 2>"$dir/err"
ok $? "it runs"
cmp -s "$dir/want" "$dir/out"
ok $? "one event a second passes"
grep -q 'held back 3' "$dir/err"
ok $? "the others are counted"
"$dir/throttle" <"$dir/in" >"$dir/out" 2>"$dir/err"
[ $? = 2 ] && grep -q -- '-t ts' "$dir/err"
ok $? "without a time it says what to do"
c=$(printf '#include <weir.h>\nint x;' |
	${CC:-cc} -std=c11 -pedantic -Wall -Wextra -Werror -I"$dir/include" \
		-c -x c -o /dev/null - 2>&1)
ok $? "weir.h stands alone $c"
exported=$(nm -D --defined-only "$build/libweir.so" | awk '{ print $3 }' |
	while read -r s; do
		grep -q "\\b$s(" "$top/lib/weir.h" || echo "$s"
	done)
[ -z "$exported" ]
ok $? "libweir.so exports only what weir.h declares $exported"
echo "1..$n"
exit $failed
