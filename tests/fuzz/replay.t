#!/bin/bash
# Goal: what fuzzing once found stays mended. Method: every target runs over its
# corpus, without a fuzzer.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${BUILD:-$top/build}" && pwd)
n=0 failed=0
for source in "$top"/tests/fuzz/*.c; do
	name=$(basename "$source" .c)
	[ "$name" != replay ] || continue
	n=$((n + 1))
	if "$build/fuzz-replay/$name" "$top/tests/fuzz/corpus/$name" \
		>/dev/null; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		failed=1
	fi
done
echo "1..$n"
exit $failed
