#!/usr/bin/env bats
# Goal: option tables, --help, manual pages and completions say the same. Method:
# the tables as --complete=fish lists them, held against the others; each shell
# is asked to complete.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	top=$BATS_TEST_DIRNAME/../..
	tools=("$top"/man/s*.1)
	tools=("${tools[@]##*/}")
	tools=("${tools[@]%.*}")
}

# Long names in a tool's tables, and letters as "-x name".
table() {
	"$1" --complete=fish | sed -n 's/.* -l \([a-z-]*\) .*/\1/p' | sort -u
}
letters() {
	"$1" --complete=fish |
		sed -n 's/.* -s \(.\) -l \([a-z-]*\) .*/-\1 \2/p' | sort -u
}

# The same of a manual page: the tags of its lists of options.
tags() {
	awk '/^\.It Fl / { for (i = 3; i <= NF; i++)
		if ($i ~ /^-[a-z][a-z-]+$/) print substr($i, 2) }' "$1" | sort -u
}
page_letters() {
	awk '/^\.It Fl / { letter = ""
		for (i = 3; i <= NF; i++) {
			if ($i ~ /^[A-Za-z]$/ && $(i - 1) == "Fl") letter = $i
			if ($i ~ /^-[a-z][a-z-]+$/ && letter != "") {
				print "-" letter, substr($i, 2)
				break
			}
		} }' "$1" | sort -u
}

@test "manual pages describe the options that there are, and no others" {
	for tool in "${tools[@]}"; do
		table "$tool" >all
		tags "$top/man/$tool.1" >tagged
		tags "$top/man/weir.7" >common
		[ -s all ] && [ -s tagged ] && [ -s common ]
		run comm -13 all tagged
		[ -z "$output" ]
		run comm -23 all <(sort -u tagged common)
		[ -z "$output" ]
		while read -r name; do
			grep -qE "Fl( [A-Za-z] ,( Fl)?)? -$name( |\$)" \
				"$top/man/$tool.1" || {
				echo "$tool.1 lacks --$name"
				false
			}
		done <all
	done
	run comm -13 <(table sfilter) <(tags "$top/man/weir.7")
	[ -z "$output" ]
}

@test "manual pages give the letters that there are" {
	for tool in "${tools[@]}"; do
		run comm -13 <(letters "$tool") <(page_letters "$top/man/$tool.1")
		[ -z "$output" ]
	done
	[ "$(page_letters "$top/man/weir.7")" = \
		"$(comm -12 <(letters sfilter) <(letters swindow))" ]
}

@test "--help names every option" {
	for tool in sfilter swindow; do
		"$tool" --help >help
		while read -r name; do
			grep -q -- "--$name\\b" help
		done < <(table "$tool")
	done
}

@test "completions are valid for their shells" {
	for tool in "${tools[@]}"; do
		for shell in bash zsh fish; do
			"$tool" --complete=$shell >"$tool.$shell"
		done
		shellcheck -s bash "$tool.bash"
		zsh -n "$tool.zsh"
		fish --no-execute "$tool.fish"
	done
}

@test "bash completes options, values and files" {
	sfilter --complete=bash >completion
	cat >query <<-'E'
		source ./completion
		compopt() { :; }
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_sfilter_complete
		printf '%s ' "${COMPREPLY[@]}"
	E
	touch 'a b.json'
	[ "$(bash query sfilter --inv)" = '--invert ' ]
	[ "$(bash query sfilter --max)" = '--max-delay= --max-line= ' ]
	[ "$(bash query sfilter --time-unit = '')" = 's ms us ns ' ]
	[ "$(bash query sfilter --time-unit =)" = 's ms us ns ' ]
	[ "$(bash query sfilter --color = n)" = 'never ' ]
	[ "$(bash query sfilter -i f)" = 'frames ' ]
	[ "$(bash query sfilter -E f)" = 'fail ' ]
	[ "$(bash query sfilter -E a)" = 'a b.json ' ]
	[ "$(bash query sfilter true a)" = 'a b.json ' ]
	[ "$(bash query sfilter -n '')" = ' ' ]
	scheckpoint --complete=bash >completion
	sed -i 's/_sfilter/_scheckpoint/' query
	[[ " $(bash query scheckpoint '')" == *" run "*" list "* ]]
	[ "$(bash query scheckpoint run --ev)" = '--every= ' ]
	[ "$(bash query scheckpoint list --ev)" = ' ' ]
}

@test "fish completes options, values and files" {
	sfilter --complete=fish >completion.fish
	touch a.json
	ask() {
		HOME=$PWD fish -c "source completion.fish; complete -C '$1'" |
			cut -f 1 | sort | tr '\n' ' '
	}
	[ "$(ask 'sfilter --inv')" = '--invert ' ]
	[[ "$(ask 'sfilter --max')" == *--max-delay*--max-line* ]]
	[ "$(ask 'sfilter --color ')" = 'always auto never ' ]
	[[ "$(ask 'sfilter -E ')" == *a.json*fail*skip* ]]
	[ "$(ask 'sfilter true a.j')" = 'a.json ' ]
	scheckpoint --complete=fish >completion.fish
	[[ "$(ask 'scheckpoint ')" == *list*run* ]]
	[[ "$(ask 'scheckpoint run --ev')" == --every* ]]
	[ -z "$(ask 'scheckpoint list --ev')" ]
}
