#!/usr/bin/env bats
# Goal: a state directory that somebody prepared is refused: exit 5, a message
# that names the file, nothing followed, nothing waited for, nothing written
# elsewhere. Method: each file and directory of a job that was suspended is
# replaced in turn, and run, list, show and verify look at it.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	awk 'BEGIN { for (; i < 300; i++) printf "{\"t\":%d,\"k\":1}\n", i }' >log
	job --once
	cp=$(echo good/cp/*)
	cp=${cp#good/}
	mkdir outside
	echo precious >outside/file
	files=(job "$cp/MANIFEST" "$cp/in.part" "$cp/in%2Fswindow.1.part")
}

# job WORD...: run it in good.
job() {
	scheckpoint run -d good -i log -o sink "$@" \
		'sfilter -t t true | swindow -w 1m -k k "n = count()"'
}

# spoil FILE: begin with a copy of good, without FILE.
spoil() {
	rm -rf bad
	cp -a good bad
	rm -rf "bad/$1"
}

# refused WORD...: scheckpoint says 5 within ten seconds, and tells why.
refused() {
	local got=0
	timeout -s KILL 10 scheckpoint "$@" >stdout 2>stderr </dev/null || got=$?
	if [ "$got" != 5 ] || [ ! -s stderr ] && [ ! -s stdout ]; then
		echo "exit status $got, not 5: $*"
		ls -laR bad
		cat stdout stderr
		return 1
	fi
	[ "$(ls outside)" = file ]
	[ "$(cat outside/file)" = precious ]
}

run_refused() {
	refused run -d bad -i log -o sink \
		'sfilter -t t true | swindow -w 1m -k k "n = count()"'
}

# All ways to look at bad/$1. What need not be opened for it is not.
all_refused() {
	run_refused
	refused verify -d bad
	[ "$1" = job ] || refused show -d bad
	case $1 in
	*MANIFEST | *in.part) refused list -d bad ;;
	*swindow*) refused show -d bad in/swindow.1 ;;
	esac
}

@test "the directory as it is, is good" {
	scheckpoint verify -d good
	scheckpoint show -d good
	job
}

@test "links in place of files" {
	for file in "${files[@]}"; do
		spoil "$file"
		ln -s "$PWD/good/$file" "bad/$file"
		all_refused "$file"
		grep -q 'symbolic link' stdout stderr
	done
}

@test "FIFOs, sockets and directories in place of files" {
	for file in "${files[@]}"; do
		spoil "$file"
		mkfifo "bad/$file"
		all_refused "$file"
		grep -q 'not a regular file' stdout stderr
		rm "bad/$file"
		mkdir "bad/$file"
		all_refused "$file"
	done
	spoil job
	python3 -c 'import socket
socket.socket(socket.AF_UNIX).bind("bad/job")' || skip "no python3"
	run_refused
	refused verify -d bad
}

@test "devices in place of files" {
	[ "$(id -u)" = 0 ] || skip "only root can make them"
	for file in "${files[@]}"; do
		spoil "$file"
		mknod -m 600 "bad/$file" c 1 5 || skip "no devices here"
		all_refused "$file"
		grep -q 'not a regular file' stdout stderr
	done
}

@test "others' files, and files that others may write to" {
	for file in "${files[@]}"; do
		spoil none
		chmod 620 "bad/$file"
		all_refused "$file"
		grep -q 'others may write' stdout stderr
		[ "$(id -u)" = 0 ] || continue
		chmod 600 "bad/$file"
		cp -p "bad/$file" theirs
		chown 12345 theirs
		ln -f theirs "bad/$file"
		all_refused "$file"
		grep -q 'belongs to user 12345' stdout stderr
		rm theirs
	done
}

@test "sizes: empty, cut, and a file of nothing that is a terabyte long" {
	for file in "${files[@]}"; do
		spoil none
		: >"bad/$file"
		all_refused "$file"
		cp "good/$file" "bad/$file"
		truncate -s -1 "bad/$file"
		all_refused "$file"
		truncate -s 1T "bad/$file" 2>/dev/null || continue
		all_refused "$file"
	done
}

@test "directories inside: links, files, of others, writable" {
	for dir in cp "$cp" epoch out run; do
		[ -e "good/$dir" ] || mkdir -m 700 "good/$dir"
		spoil "$dir"
		ln -s "$PWD/outside" "bad/$dir"
		run_refused
		rm "bad/$dir"
		cp good/job "bad/$dir"
		run_refused
		spoil none
		chmod 770 "bad/$dir"
		run_refused
		grep -q 'others may write' stderr
		[ "$(id -u)" = 0 ] || continue
		chmod 700 "bad/$dir"
		chown 12345 "bad/$dir"
		run_refused
	done
}

@test "the directory itself: a link, a file, a FIFO, of others, writable" {
	for make in 'ln -s good bad' 'cp log bad' 'mkfifo bad' \
		'cp -a good bad; chmod 770 bad' 'cp -a good bad; chmod 702 bad'; do
		rm -rf bad
		eval "$make"
		run_refused
		refused list -d bad
		refused verify -d bad
		refused show -d bad
	done
}

@test "lock and report FIFO" {
	for make in 'ln -s ../outside/file' 'mkfifo' 'mkdir'; do
		spoil lock
		eval "$make bad/lock"
		run_refused
	done
}

@test "names that would act on a terminal, or fill it" {
	spoil none
	esc=$'\e[2J\n\xc2\x9b31m'
	: >"bad/cp/1.1$esc"
	mkdir "bad/cp/$esc" "bad/epoch/$esc"
	: >"bad/$cp/$esc.part"
	: >"bad/$esc"
	for look in list show verify; do
		scheckpoint $look -d bad >out 2>&1
		run ! grep -q $'\e' out
	done
	# shellcheck disable=SC2016
	printf '{"weir":"manifest","version":1,"x":"%s"}\n' "$esc" \
		>"bad/$cp/MANIFEST"
	refused verify -d bad
	LC_ALL=C run ! grep -aq $'\e\|\xc2\x9b' stdout stderr
}
