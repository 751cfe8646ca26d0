#!/usr/bin/env bats
# Goal: nothing that comes from outside acts on a terminal: not ESC, not C1
# controls, not DEL, not marks of direction, whoever says what. Method: each is
# put into names of files, fields, keys and options, into events and expressions,
# and all that the tools say, tables and what they show on a terminal is searched
# for the bytes.

# bats sets these.
# shellcheck disable=SC2154

bats_require_minimum_version 1.5.0

# ESC, BEL, DEL, CSI in C1, right-to-left override, isolate, byte order mark.
evil=$'a\e[31m\a\177\xc2\x9b2J\xe2\x80\xae\xe2\x81\xa6\xef\xbb\xbfz'

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir "$evil"
	printf '{"t":%d,"k":"x"}\n' 1 2 3 >"$evil/$evil"
	file=$evil/$evil
}

# clean FILE...: something was said, and nothing of it acts on a terminal.
clean() {
	local bytes=$'[\e\a\177]|\xc2\x9b|\xe2\x80\xae|\xe2\x81\xa6|\xef\xbb\xbf'
	[ -n "$(cat "$@")" ]
	if LC_ALL=C grep -aE "$bytes" "$@" >found; then
		cat -v found
		return 1
	fi
}

# says WORD...: the tool has something to say, and says it cleanly.
says() {
	timeout -s KILL 20 "$@" >out 2>err </dev/null || true
	echo "$*" | cat -v
	clean err
}

# on_terminal WORD...: on a terminal of its own, without colors.
on_terminal() {
	printf '%q ' "$@" >words
	NO_COLOR=1 SHELL=/bin/bash script -qec "bash $PWD/words" /dev/null </dev/null >shown || true
	tr -d '\r' <shown >shown.text
}

@test "what is searched for would be found" {
	printf '%s\n' "$evil" >err
	run clean err
	[ "$status" = 1 ]
	for c in $'\e' $'\a' $'\177' $'\xc2\x9b' $'\xe2\x80\xae' $'\xe2\x81\xa6' $'\xef\xbb\xbf'; do
		echo "$c" >err
		run clean err
		[ "$status" = 1 ]
	done
}

@test "names of files: not there, not readable, bad lines, dead letters" {
	echo '{"a":' >>"$file"
	for words in 'sfilter true' 'smap b=1' 'swindow -t t -w 1m count()' \
		'sdedup -k k' 'smerge -t t -' 'sjoin -k k --static -'; do
		read -ra words <<<"$words"
		says "${words[@]}" "$evil/none"
		says "${words[@]}" "$evil"
		says "${words[@]}" "$file"
		says "${words[@]}" -E fail "$file"
		says "${words[@]}" -E "$evil/dead" "$file"
		says "${words[@]}" -E "$evil" "$file"
		says "${words[@]}" -i csv "$file"
		says "${words[@]}" -i frames "$file"
	done
	says sfilter true --else="$evil" "$file"
	says sfilter true --else="$file" "$file"
	says sfilter -f true "$evil/none/x" --bad
	printf '{"t":%d,"k":"x"}\n' 90 1 >log
	says swindow -t t -w 1s --late="$evil/late" 'count()' log
	says sdedup -t t --within=1s -k k --late="$evil/late" log
	printf '\037\213broken' >"$evil/gz"
	says sfilter true "$evil/gz"
	sfilter -F true log | head -c 100 >"$evil/frames"
	says sfilter true "$evil/frames"
	printf 'weirbroken-------------------------------' >"$evil/frames"
	says sfilter true "$evil/frames"
}

@test "options and operands" {
	for tool in sfilter smap swindow sdedup smerge sjoin scheckpoint; do
		says "$tool" "--$evil"
		says "$tool" "--$evil=$evil"
		says "$tool" "-$evil"
		says "$tool" "$evil"
		says "$tool" "$evil" "$evil" "$evil" "$evil"
		for option in id tz window within every max-delay time \
			time-format time-unit columns color input output \
			sandbox max-line year header watermark late top \
			emit mode keep changes approx max-state type where \
			key each drop max-state offset idle progress from \
			on-gap guarantee visible drop-state restarts; do
			"$tool" "--$option=$evil" x x >out 2>err \
				</dev/null || true
			run cat err
			[ -z "$output" ] || clean err
		done
	done
	for command in run source sink list show verify prune save get; do
		says scheckpoint $command -d "$evil/none" "$evil"
		says scheckpoint $command -d "$file" "$evil"
		says scheckpoint $command -d "$evil" -i "$file" -o "$evil" "$evil"
	done
}

@test "expressions, fields, keys" {
	says sfilter "$evil" log
	says sfilter "\`$evil\` +" log
	says sfilter "x == \"$evil" log
	says sfilter "foo$evil(1)" log
	says smap "\`$evil\` = " log
	says smap "\`$evil\`.x = 1, \`$evil\` = 2" log
	says smap -x "$evil" a=1 log
	says swindow -w 1m -t t -k "$evil" 'count()' log
	says swindow -w 1m -t t "\`$evil\` = nosuch(x)" log
	says swindow -w 1m -t t -k "\`$evil\`, \`$evil\`" 'count()' log
	says sdedup -k "$evil" log
	says sjoin -k "$evil" log log
	json=$(printf '{"k":"%s"}' "$(jq -Rr @json <<<"$evil" | tr -d '"')")
	printf '%s\n' "$json" >log
	for expr in 'timestamp(k) > timestamp(0)' 'k.matches(k)' 'int(k) > 1' \
		'duration(k) > duration("1s")' 'k + 1 > 2' \
		'timestamp("2026-01-01T00:00:00Z").getHours(k) > 1' \
		'{}[k] == 1' 'event[k].x.y == 1'; do
		sfilter "$expr" log >out 2>err || true
		run cat err
		[ -z "$output" ] || clean err
	done
	says swindow -t k -w 1m 'count()' log
}

@test "lines that are no events: what the parser says of them" {
	printf '{"%s":%s}\n' "$evil" "$evil" x "$evil" >log
	printf '%s\n' "$evil" >>log
	says sfilter true log
	says sfilter -E fail true log
	printf '\037\036%s\n' "$evil" | says_from seq
	printf '%s\n' "$evil" | says_from clf
	printf '%s\n' "$evil" | says_from combined
	printf '%s="\n' "$evil" | says_from logfmt
	printf '%s,%s\n' "$evil" "$evil" | says_from csv
	printf 'a\n"%s\n' "$evil" | says_from csv
}

# says_from FORMAT: what sfilter says of standard input, if anything.
says_from() {
	sfilter -i "$1" true >out 2>err || true
	[ ! -s err ] || clean err
}

@test "tables" {
	json=$(jq -Rc '{(.): ., x: [.]}' <<<"$evil")
	printf '%s\n' "$json" >log
	sfilter -o table true log >out
	clean out
	on_terminal sfilter -o table true log
	LC_ALL=C run ! grep -aq $'\a\|\177\|\xc2\x9b\|\xe2\x80\xae\|\xef\xbb\xbf' shown.text
}

@test "progress lines and counters" {
	sfilter --progress -S true "$file" >out 2>err
	clean err
}

@test "a job: sources, sinks, list, show and verify on a terminal" {
	json=$(jq -Rc '{t: 1, k: .}' <<<"$evil")
	printf '%s\n' "$json" >"$file"
	scheckpoint run --once -d "$evil/state" -i "$file" -o "$evil/sink" \
		'swindow -t t -w 1m -k k "n = count()"' 2>err
	for look in list show verify; do
		on_terminal scheckpoint $look -d "$evil/state"
		clean shown.text
	done
	scheckpoint verify -d "$evil/state" >out 2>err
	clean out
	scheckpoint list -d "$evil/state" | jq -e .sources.in.file >/dev/null
	scheckpoint show -d "$evil/state" | jq -e . >/dev/null
	echo x >>"$evil/sink"
	says scheckpoint run -d "$evil/state" -i "$file" -o "$evil/sink" \
		'swindow -t t -w 1m -k k "n = count()"'
	says scheckpoint run -d "$evil/state" -i "$file" -o "$evil/other" \
		'swindow -t t -w 1m -k k "n = count()"'
	says scheckpoint run -d "$evil/state" -i log -o "$evil/sink" x
	rm "$evil/sink"
	on_terminal scheckpoint verify -d "$evil/state"
	clean shown.text
	: >"$evil/state/job"
	run ! scheckpoint verify -d "$evil/state"
	echo "$output" >out
	clean out
}
