#!/bin/bash
# Goal: the fast part of the faults. Method: every 17th call of each kind.
if ldd "${BUILD:-build}/scheckpoint" | grep -q asan; then
	echo '1..0 # SKIP no library goes before that of AddressSanitizer'
	exit
fi
STEP=${STEP:-17} exec bash "$(dirname "$0")/faults.sh"
