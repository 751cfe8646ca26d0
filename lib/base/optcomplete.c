/*
 * Completion files for shells. Each is made of the same three things: the
 * options of a command, what may stand behind one, and the operands.
 */
#include "base/opt.h"

#include <stdbool.h>
#include <string.h>

/* What to offer as the value of an option, or as an operand. */
struct offer {
	char words[512]; /* divided by blanks */
	bool files, dirs;
};

static void
offer_values(struct offer *f, const char *values)
{
	const char *end;
	size_t len, at = 0;

	*f = (struct offer){0};
	for (; values != NULL && *values != '\0';
	     values = *end == '|' ? end + 1 : end) {
		end = values + strcspn(values, "|");
		len = (size_t)(end - values);
		if (len == 4 && memcmp(values, "FILE", 4) == 0) {
			f->files = true;
		} else if (len == 3 && memcmp(values, "DIR", 3) == 0) {
			f->dirs = true;
		} else if (at + len + 2 < sizeof f->words) {
			if (at > 0)
				f->words[at++] = ' ';
			memcpy(f->words + at, values, len);
			at += len;
		}
	}
}

/* The word of a subcommand: "run" of "scheckpoint run". */
static const char *
sub_word(const struct weir_command *c)
{
	const char *space = strrchr(c->name, ' ');

	return space != NULL ? space + 1 : c->name;
}

/* The name as a function of the shell: blanks become underscores. */
static void
function_name(struct weir_buf *out, const struct weir_command *c)
{
	const char *s;

	weir_buf_putc(out, '_');
	for (s = c->name; *s != '\0'; s++)
		weir_buf_putc(out, *s == ' ' || *s == '-' ? '_' : *s);
}

/*
 * Do the operands begin with files? Others come first where the synopsis has
 * words in capitals before FILE that are not the value of an option.
 */
static size_t
operands_before_files(const struct weir_command *c)
{
	const char *s = c->synopsis;
	bool value = false;
	size_t n = 0, len;
	int depth = 0;

	for (; *s != '\0'; s += len) {
		len = strcspn(s, " []");
		if (len == 0) {
			depth += *s == '[' ? 1 : *s == ']' ? -1 : 0;
			len = 1;
			continue;
		}
		if (strncmp(s, "FILE", 4) == 0)
			break;
		if (depth == 0 && !value && *s >= 'A' && *s <= 'Z')
			n++;
		value = s[0] == '-' && len == 2;
	}
	return n;
}

/* For text between single quotes: special characters are escaped. */
static void
quote(struct weir_buf *out, const char *s, const char *special)
{
	for (; *s != '\0'; s++) {
		if (*s == '\'' && strchr(special, '\'') == NULL) {
			weir_buf_puts(out, "'\\''");
			continue;
		}
		if (strchr(special, *s) != NULL)
			weir_buf_putc(out, '\\');
		weir_buf_putc(out, *s);
	}
}

#define EACH_OPTION(c, t, o)                                                   \
	for ((t) = 0; (t) < (c)->ntables; (t)++)                               \
		for ((o) = (c)->tables[t]; (o)->id != 0; (o)++)                \
			if ((o)->help != NULL)

/* --- bash --- */

static void
bash_offer(struct weir_buf *out, const struct offer *f)
{
	if (f->files || f->dirs)
		weir_buf_puts(out, "\t\tcompopt -o filenames\n");
	weir_buf_puts(out, "\t\tmapfile -t COMPREPLY < <(compgen");
	if (f->files)
		weir_buf_puts(out, " -f");
	if (f->dirs)
		weir_buf_puts(out, " -d");
	weir_buf_printf(out, " -W '%s' -- \"$cur\")\n", f->words);
}

static void
bash_values(struct weir_buf *out, const struct weir_command *c)
{
	const struct weir_option *o;
	struct offer f;
	char letter;
	size_t t;

	EACH_OPTION(c, t, o)
	{
		if (!weir_option_needs(o))
			continue;
		letter = weir_opt_letter(c, o);
		weir_buf_putc(out, '\t');
		if (letter != 0)
			weir_buf_printf(out, "-%c | ", letter);
		weir_buf_printf(out, "--%s)\n", o->name);
		offer_values(&f, o->values);
		if (o->values != NULL)
			bash_offer(out, &f);
		weir_buf_puts(out, "\t\treturn\n\t\t;;\n");
	}
}

static void
bash_words(struct weir_buf *out, const struct weir_command *c)
{
	const struct weir_option *o;
	char letter;
	size_t t;

	EACH_OPTION(c, t, o)
	{
		letter = weir_opt_letter(c, o);
		if (letter != 0)
			weir_buf_printf(out, "-%c ", letter);
		weir_buf_printf(
		    out, "--%s%s ", o->name, weir_option_needs(o) ? "=" : "");
	}
	out->len--; /* the last blank */
}

/* Completes cur behind prev, for one command. */
static void
bash_function(struct weir_buf *out, const struct weir_command *c)
{
	size_t i;

	for (i = 0; i < c->nsubs; i++)
		bash_function(out, c->subs[i]);
	function_name(out, c);
	weir_buf_puts(out, "()\n{\n");
	if (c->nsubs > 0) {
		weir_buf_puts(out, "\tcase ${COMP_WORDS[1]} in\n");
		for (i = 0; i < c->nsubs; i++) {
			weir_buf_printf(out,
			    "\t%s)\n\t\t[[ $COMP_CWORD -gt 1 "
			    "]] && ",
			    sub_word(c->subs[i]));
			function_name(out, c->subs[i]);
			weir_buf_puts(out, " && return\n\t\t;;\n");
		}
		weir_buf_puts(out, "\tesac\n");
	}
	weir_buf_puts(out, "\tcase $prev in\n");
	bash_values(out, c);
	weir_buf_puts(out,
	    "\tesac\n\tif [[ $cur == -* ]]; then\n"
	    "\t\tmapfile -t COMPREPLY < <(compgen -W \\\n\t\t\t'");
	bash_words(out, c);
	weir_buf_puts(out,
	    "' -- \"$cur\")\n"
	    "\t\t[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace\n"
	    "\telse\n");
	if (c->nsubs > 0) {
		weir_buf_puts(out, "\t\tmapfile -t COMPREPLY < <(compgen -W '");
		for (i = 0; i < c->nsubs; i++)
			weir_buf_printf(out, "%s%s", i > 0 ? " " : "",
			    sub_word(c->subs[i]));
		weir_buf_puts(out, "' -- \"$cur\")\n");
	} else {
		weir_buf_puts(out,
		    "\t\tcompopt -o filenames\n"
		    "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n");
	}
	weir_buf_puts(out, "\tfi\n\treturn 0\n}\n\n");
}

static void
bash(struct weir_buf *out, const struct weir_command *c)
{
	weir_buf_printf(out, "# bash completion for %s\n\n", c->name);
	bash_function(out, c);
	function_name(out, c);
	weir_buf_puts(out,
	    "_complete()\n{\n\tlocal cur prev\n"
	    "\tcur=${COMP_WORDS[COMP_CWORD]}\n"
	    "\tprev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	    "\t# bash divides --name=value into three words\n"
	    "\tif [[ $cur == '=' ]]; then\n\t\tcur=\n"
	    "\telif [[ $prev == '=' && $COMP_CWORD -gt 1 ]]; then\n"
	    "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n\tfi\n"
	    "\tCOMPREPLY=()\n\t");
	function_name(out, c);
	weir_buf_puts(out, "\n}\n\ncomplete -F ");
	function_name(out, c);
	weir_buf_printf(out, "_complete %s\n", c->name);
}

/* --- zsh --- */

/* What takes a value may be given again. */
static void
zsh_option(struct weir_buf *out, const struct weir_command *c,
    const struct weir_option *o)
{
	char letter = weir_opt_letter(c, o);
	struct offer f;

	weir_buf_puts(out, " \\\n\t\t");
	if (letter != 0 && weir_option_needs(o))
		weir_buf_printf(out, "'*'{-%c+,--%s=}'", letter, o->name);
	else if (letter != 0)
		weir_buf_printf(out, "'(-%c --%s)'{-%c,--%s}'", letter, o->name,
		    letter, o->name);
	else
		weir_buf_printf(out, "'%s--%s%s",
		    weir_option_needs(o) ? "*" : "", o->name,
		    weir_option_needs(o) ? "=" : "");
	weir_buf_putc(out, '[');
	quote(out, o->help, "[]:\\");
	weir_buf_putc(out, ']');
	if (weir_option_needs(o)) {
		offer_values(&f, o->values);
		weir_buf_putc(out, ':');
		quote(out, o->arg, "[]:\\");
		weir_buf_putc(out, ':');
		if (f.files && f.words[0] != '\0')
			weir_buf_printf(out, "{compadd %s; _files}", f.words);
		else if (f.files)
			weir_buf_puts(out, "_files");
		else if (f.dirs)
			weir_buf_puts(out, "_files -/");
		else if (f.words[0] != '\0')
			weir_buf_printf(out, "(%s)", f.words);
		else
			weir_buf_putc(out, ' ');
	}
	weir_buf_putc(out, '\'');
}

static void
zsh_operands(struct weir_buf *out, const struct weir_command *c)
{
	size_t n = operands_before_files(c), i;

	for (i = 0; i < n; i++)
		weir_buf_printf(
		    out, " \\\n\t\t'%u:operand: '", (unsigned)i + 1);
	weir_buf_puts(out, " \\\n\t\t'*:file:_files'\n");
}

static void
zsh_subs(struct weir_buf *out, const struct weir_command *c)
{
	size_t i;

	weir_buf_puts(out, " \\\n\t\t'1:command:((");
	for (i = 0; i < c->nsubs; i++) {
		weir_buf_printf(
		    out, "%s%s\\:\"", i > 0 ? " " : "", sub_word(c->subs[i]));
		quote(out, c->subs[i]->summary, "[]:\\\"");
		weir_buf_putc(out, '"');
	}
	weir_buf_puts(out,
	    "))' \\\n\t\t'*:: :->sub'\n"
	    "\t[[ $state == sub ]] || return\n\tcase $words[1] in\n");
	for (i = 0; i < c->nsubs; i++) {
		weir_buf_printf(out, "\t%s) ", sub_word(c->subs[i]));
		function_name(out, c->subs[i]);
		weir_buf_puts(out, " ;;\n");
	}
	weir_buf_puts(out, "\tesac\n");
}

static void
zsh_function(struct weir_buf *out, const struct weir_command *c)
{
	const struct weir_option *o;
	size_t t, i;

	for (i = 0; i < c->nsubs; i++)
		zsh_function(out, c->subs[i]);
	function_name(out, c);
	weir_buf_puts(out, "()\n{\n");
	if (c->nsubs > 0)
		weir_buf_puts(out,
		    "\tlocal context state state_descr line\n"
		    "\ttypeset -A opt_args\n");
	weir_buf_printf(out, "\t_arguments -s -S%s", c->nsubs > 0 ? " -C" : "");
	EACH_OPTION(c, t, o)
	zsh_option(out, c, o);
	if (c->nsubs > 0)
		zsh_subs(out, c);
	else
		zsh_operands(out, c);
	weir_buf_puts(out, "}\n\n");
}

static void
zsh(struct weir_buf *out, const struct weir_command *c)
{
	weir_buf_printf(out, "#compdef %s\n\n", c->name);
	zsh_function(out, c);
	function_name(out, c);
	weir_buf_puts(out, " \"$@\"\n");
}

/* --- fish --- */

static void
fish_line(struct weir_buf *out, const char *tool, const char *when)
{
	weir_buf_printf(out, "complete -c %s", tool);
	if (when[0] != '\0')
		weir_buf_printf(out, " -n '%s'", when);
}

static void
fish_option(struct weir_buf *out, const struct weir_command *c,
    const struct weir_option *o)
{
	char letter = weir_opt_letter(c, o);
	struct offer f;

	if (letter != 0)
		weir_buf_printf(out, " -s %c", letter);
	weir_buf_printf(out, " -l %s", o->name);
	if (weir_option_needs(o)) {
		offer_values(&f, o->values);
		weir_buf_puts(out, f.files ? " -r -F" : " -x");
		if (f.dirs)
			weir_buf_puts(
			    out, " -a '(__fish_complete_directories)'");
		else if (f.words[0] != '\0')
			weir_buf_printf(out, " -a '%s'", f.words);
	}
	weir_buf_puts(out, " -d '");
	quote(out, o->help, "'\\");
	weir_buf_puts(out, "'\n");
}

static void
fish(struct weir_buf *out, const struct weir_command *c, const char *tool,
    const char *when)
{
	const struct weir_option *o;
	struct weir_buf sub = {0};
	size_t t, i;

	if (c->nsubs > 0)
		when = "__fish_use_subcommand";
	EACH_OPTION(c, t, o)
	{
		fish_line(out, tool, when);
		fish_option(out, c, o);
	}
	for (i = 0; i < c->nsubs; i++) {
		fish_line(out, tool, when);
		weir_buf_printf(out, " -f -a %s -d '", sub_word(c->subs[i]));
		quote(out, c->subs[i]->summary, "'\\");
		weir_buf_puts(out, "'\n");
		sub.len = 0;
		weir_buf_printf(&sub, "__fish_seen_subcommand_from %s",
		    sub_word(c->subs[i]));
		fish(out, c->subs[i], tool, weir_buf_cstr(&sub));
	}
	weir_buf_fini(&sub);
}

void
weir_opt_complete(
    struct weir_buf *out, const struct weir_command *c, const char *shell)
{
	if (strcmp(shell, "bash") == 0) {
		bash(out, c);
	} else if (strcmp(shell, "zsh") == 0) {
		zsh(out, c);
	} else if (strcmp(shell, "fish") == 0) {
		weir_buf_printf(out, "# fish completion for %s\n\n", c->name);
		fish(out, c, c->name, "");
	}
}
