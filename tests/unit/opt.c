/*
 * Goal: option tables are parsed as POSIX and GNU users expect, and help and
 * completions say what the tables say. Method: command lines as words, against
 * what comes out of weir_opt_next() written as one line of text.
 */
#include "base/opt.h"

#include "tap.h"

/* clang-format off */
static const struct weir_option own[] = {
	{256, 'v', "invert", NULL, "turn it round", NULL},
	{257, 'n', "limit", "N", "end after N", NULL},
	{258, 0, "else", "FILE", "the others' file", "FILE"},
	{259, 'i', "source", "[NAME=]FILE", "a source", "FILE"},
	{0, 0, NULL, NULL, NULL, NULL}
};
static const struct weir_option shared[] = {
	{1, 'i', "input", "FORMAT", "what: [it] is", "json|seq"},
	{2, 0, "idle", "DUR", "how long", NULL},
	{3, 'E', "on-error", "skip|FILE", "bad ones", "skip|FILE"},
	{4, 0, "dir", "DIR", "where", "DIR"},
	{5, 0, "complete", "SHELL", NULL, NULL},
	{6, 'h', "help", NULL, "show this", NULL},
	{7, 0, "inputs", NULL, "all of them", NULL},
	{0, 0, NULL, NULL, NULL, NULL}
};
/* clang-format on */
static const struct weir_option *const tables[] = {own, shared};
static const struct weir_command command = {.name = "tool",
    .synopsis = "[-v] -n N EXPR [FILE...]",
    .summary = "do it",
    .example = "tool -v 'x > 1' a.json\ntool y",
    .tables = tables,
    .ntables = 2};

#define WORDS_MAX 8

/* "id=value id … | operand operand", or the message. */
static void
parse(const char *line, struct weir_buf *out)
{
	char copy[256], *words[WORDS_MAX + 1] = {0}, *save = NULL;
	struct weir_opt o = {.command = &command, .argv = words};
	struct weir_error err;
	int id;

	snprintf(copy, sizeof copy, "tool %s", line);
	for (char *w = strtok_r(copy, " ", &save);
	     w != NULL && o.argc < WORDS_MAX; w = strtok_r(NULL, " ", &save))
		words[o.argc++] = w;
	while ((id = weir_opt_next(&o, &err)) > 0) {
		weir_buf_printf(out, "%d", id);
		if (o.value != NULL)
			weir_buf_printf(out, "=%s", o.value);
		weir_buf_putc(out, ' ');
	}
	if (id < 0) {
		weir_buf_puts(out, err.text);
		ok(err.status == WEIR_USAGE, "a usage error: %s", line);
		return;
	}
	weir_buf_putc(out, '|');
	for (; o.at < o.argc; o.at++)
		weir_buf_printf(out, " %s", o.argv[o.at]);
}

static void
test_parse(void)
{
	static const char *const cases[][2] = {
	    {"", "|"},
	    {"-v", "256 |"},
	    {"-vvn5 x", "256 256 257=5 | x"},
	    {"-n 5 x -v", "257=5 | x -v"},
	    {"-n -- x", "257=-- | x"},
	    {"-vn", "256 -n needs a value: N"},
	    {"--limit", "--limit needs a value: N"},
	    {"--limit=", "257= |"},
	    {"--limit=5 --limit 6", "257=5 257=6 |"},
	    {"--lim=5", "257=5 |"},
	    {"-- -v", "| -v"},
	    {"-v - -v", "256 | - -v"},
	    {"--invert=1", "--invert takes no value"},
	    {"--i", "'--i' may be '--invert' or '--input'"},
	    {"--input json", "1=json |"},
	    {"--inp=json", "'--inp=json' may be '--input' or '--inputs'"},
	    {"--id 1s", "2=1s |"},
	    {"-i a=b", "259=a=b |"},
	    {"--complete=x", "5=x |"},
	    {"--compl=x", "there is no option '--compl=x'"},
	    {"--invrt",
		"there is no option '--invrt'; did you mean '--invert'?"},
	    {"--no-error=skip",
		"there is no option '--no-error=skip'; did you mean "
		"'--on-error'?"},
	    {"-x", "there is no option '-x'"},
	    {"-vx", "256 there is no option '-x'"},
	    {"-else=x", "there is no option '-else=x'; did you mean '--else'?"},
	    {"-\303\251", "there is no option '-\303\251'"},
	    {"--=x", "there is no option '--=x'"},
	    {"--\033[1m", "there is no option '--\\x1b[1m'"},
	};
	struct weir_buf out = {0};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		out.len = 0;
		parse(cases[i][0], &out);
		is_text(out.data, out.len, cases[i][1]);
	}
	weir_buf_fini(&out);
}

static void
test_help(void)
{
	static const char want[] =
	    "    tool -v 'x > 1' a.json\n"
	    "    tool y\n"
	    "\n"
	    "tool: do it\n"
	    "usage: tool [-v] -n N EXPR [FILE...]\n"
	    "  -v, --invert              turn it round\n"
	    "  -n, --limit=N             end after N\n"
	    "      --else=FILE           the others' file\n"
	    "  -i, --source=[NAME=]FILE  a source\n"
	    "      --input=FORMAT        what: [it] is\n"
	    "      --idle=DUR            how long\n"
	    "  -E, --on-error=skip|FILE  bad ones\n"
	    "      --dir=DIR             where\n"
	    "  -h, --help                show this\n"
	    "      --inputs              all of them\n";
	struct weir_buf out = {0};

	weir_opt_help(&out, &command);
	is_text(out.data, out.len, want);
	weir_buf_fini(&out);
}

/* With many options, those of the second table are told in short. */
static void
test_long_help(void)
{
	struct weir_option many[20] = {{0}};
	const struct weir_option *const both[] = {many, shared};
	struct weir_command c = command;
	struct weir_buf out = {0};
	size_t i, lines, n;
	const char *s;

	c.tables = both;
	for (n = 1; n < 17; n++) {
		many[n - 1] = (struct weir_option){
		    256, 0, "some-option", NULL, "a", NULL};
		out.len = 0;
		weir_opt_help(&out, &c);
		for (i = lines = 0; i < out.len; i++)
			lines += out.data[i] == '\n';
		s = weir_buf_cstr(&out);
		ok(lines < 24, "%zu options fit a screen", n);
		ok(strstr(s, "--idle=DUR") != NULL, "each is there");
		ok((strstr(s, "how long") != NULL) == (5 + n + 6 < 24),
		    "with what it means if there is room");
		ok((strstr(s, "bad ones") != NULL) == (5 + n + 4 < 24),
		    "those with letters longer");
	}
	weir_buf_fini(&out);
}

static void
test_completions(void)
{
	static const char *const shells[] = {"bash", "zsh", "fish"};
	static const char *const has[][3] = {
	    {"--limit=", "-n+,--limit=", "-s n -l limit -x"},
	    {"'json seq'", "(json seq)", "-l input -x -a 'json seq'"},
	    {"compgen -d", "_files -/", "__fish_complete_directories"},
	    {"--else)", "the others'\\''", "the others\\'"},
	    {"-i --source=", "[a source]", "-s i -l source"},
	    {" --input=", "'*--input=[what\\: \\[it\\]", "tool -l input"},
	};
	struct weir_buf out = {0};
	size_t s, i;

	for (s = 0; s < 3; s++) {
		out.len = 0;
		weir_opt_complete(&out, &command, shells[s]);
		for (i = 0; i < 6; i++)
			ok(strstr(weir_buf_cstr(&out), has[i][s]) != NULL,
			    "%s: %s", shells[s], has[i][s]);
		ok(strstr(weir_buf_cstr(&out), "complete=") == NULL,
		    "%s: no hidden option", shells[s]);
	}
	out.len = 0;
	weir_opt_complete(&out, &command, "tcsh");
	ok(out.len == 0, "a shell that we do not know");
	weir_buf_fini(&out);
}

int
main(void)
{
	test_parse();
	test_help();
	test_long_help();
	test_completions();
	return done();
}
