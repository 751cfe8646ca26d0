/*
 * Assignments: from their text to steps.
 */
#include "op/assign_impl.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* What is being compiled. */
struct compiler {
	struct weir_assign *a;
	const struct weir_assign_config *c;
	const char **names; /* of variables: declared ones, then targets */
	struct weir_error *err;
};

static bool
is_blank(const char *s)
{
	return s[strspn(s, " \t\r\n")] == '\0';
}

static bool
same(struct weir_str a, struct weir_str b)
{
	return a.len == b.len && memcmp(a.s, b.s, a.len) == 0;
}

static int
want_slot(struct compiler *k, struct weir_str name, int *slot)
{
	*slot = WEIR_NO_SLOT;
	if (k->c->scope.prover == NULL || k->c->scope.no_fields)
		return 1;
	*slot = weir_prover_want(k->c->scope.prover, &name, 1);
	return *slot != WEIR_NO_SLOT
	    ? 1
	    : weir_fail(k->err, WEIR_USAGE, "%s: more than %d fields",
		  k->c->what, WEIR_PATHS_MAX);
}

/* The target of that name, made if there is none yet. */
static int
get_target(struct compiler *k, struct weir_str name, size_t *index)
{
	struct weir_assign *a = k->a;
	struct weir_target *t;
	size_t i;

	for (i = 0; i < a->ntargets; i++)
		if (same(name, weir_str(a->targets[i].name)))
			break;
	*index = i;
	if (i < a->ntargets)
		return 1;
	a->targets =
	    weir_grow(a->targets, &a->targets_cap, i + 1, sizeof *a->targets);
	t = &a->targets[i];
	*t = (struct weir_target){
	    .name = weir_strndup(name.s, name.len), .declared = -1};
	a->ntargets++;
	for (i = 0; i < a->nvars; i++)
		if (weir_str_eq(name, k->c->scope.vars[i]))
			t->declared = (int)i;
	weir_json_string(&t->key, name.s, name.len);
	weir_buf_putc(&t->key, ':');
	return want_slot(k, name, &t->slot);
}

/* JSON text of the names that a step goes down by. */
static struct weir_str *
path_keys(struct weir_arena *arena, const struct weir_str *path, size_t depth)
{
	struct weir_str *keys = weir_arena_alloc(arena, depth * sizeof *keys);
	struct weir_buf text = {0};
	char *p;
	size_t i;

	for (i = 0; i < depth; i++) {
		text.len = 0;
		weir_json_string(&text, path[i].s, path[i].len);
		weir_buf_putc(&text, ':');
		p = weir_arena_alloc(arena, text.len);
		memcpy(p, text.data, text.len);
		keys[i] = (struct weir_str){p, text.len};
	}
	weir_buf_fini(&text);
	return keys;
}

static struct weir_step *
add_step(struct weir_assign *a)
{
	a->steps =
	    weir_grow(a->steps, &a->steps_cap, a->nsteps + 1, sizeof *a->steps);
	a->steps[a->nsteps] = (struct weir_step){.field = WEIR_NO_SLOT};
	return &a->steps[a->nsteps++];
}

static int
mark_seen(void *arg, struct weir_str name)
{
	struct weir_assign *a = arg;
	size_t i;

	for (i = 0; i < a->ntargets; i++)
		a->targets[i].seen |= same(name, weir_str(a->targets[i].name));
	return 0;
}

/* The variables that the next expression sees: its names, in row.vars' order.
 */
static struct weir_scope
scope_here(struct compiler *k)
{
	struct weir_scope scope = k->c->scope;
	size_t i, j;

	for (i = 0; i < scope.nvars; i++)
		k->names[i] = k->c->scope.vars[i];
	for (i = 0; i < k->a->ntargets; i++) {
		k->names[scope.nvars + i] = k->a->targets[i].name;
		for (j = 0; j < scope.nvars; j++)
			if (strcmp(k->names[j], k->a->targets[i].name) == 0)
				k->names[j] = ""; /* it stands before */
	}
	scope.vars = k->names;
	scope.nvars += k->a->ntargets;
	return scope;
}

static int
compile_item(struct compiler *k, const struct weir_item *item)
{
	struct weir_assign *a = k->a;
	struct weir_scope scope = scope_here(k);
	struct weir_step *step;
	size_t target;

	weir_ast_names(item->expr, mark_seen, a);
	step = add_step(a);
	step->expr = weir_expr_compile_ast(&scope, item->expr, a->items.text,
	    a->items.len, k->c->what, k->err);
	if (step->expr == NULL || get_target(k, item->path[0], &target) < 0)
		return -1;
	step->field = weir_expr_field(step->expr);
	step->path_field = step->field == WEIR_NO_SLOT &&
	    weir_expr_path(step->expr) != WEIR_NO_SLOT;
	step->target = target;
	step->path = item->path + 1;
	step->depth = item->depth - 1;
	step->keys = path_keys(&a->items.arena, step->path, step->depth);
	return 1;
}

/* The path of names that an item of --drop is: its depth, or 0. */
static size_t
path_of(const struct weir_ast *ast, struct weir_str *path)
{
	size_t depth = 0;

	if (ast->flags & (WEIR_AST_ROOT | WEIR_AST_OPTIONAL))
		return 0;
	if (ast->kind == WEIR_AST_SELECT)
		depth = path_of(ast->kids[0], path);
	if (ast->kind != WEIR_AST_NAME &&
	    (depth == 0 || depth == WEIR_PATH_DEPTH))
		return 0;
	path[depth++] = ast->name;
	return depth;
}

/* Would what path names, or a part of it, be both set and removed? */
static bool
is_set(const struct weir_assign *a, const struct weir_str *path, size_t depth)
{
	const struct weir_item *item;
	size_t i, j;

	for (i = 0; i < a->items.n; i++) {
		item = &a->items.items[i];
		for (j = 0; j < depth && j < item->depth; j++)
			if (!same(item->path[j], path[j]))
				break;
		if (j == depth || j == item->depth)
			return true;
	}
	return false;
}

static int
compile_drop(struct compiler *k, const struct weir_item *item)
{
	struct weir_str path[WEIR_PATH_DEPTH], *inside;
	size_t depth = item->named ? 0 : path_of(item->expr, path), target;
	struct weir_step *step;

	if (depth == 0)
		return weir_fail(k->err, WEIR_USAGE,
		    "--drop: %.*s is no field name (an odd one goes into "
		    "backquotes)",
		    (int)item->text.len, item->text.s);
	if (is_set(k->a, path, depth))
		return weir_fail(k->err, WEIR_USAGE, "--drop: %.*s is set, too",
		    (int)item->text.len, item->text.s);
	if (get_target(k, path[0], &target) < 0)
		return -1;
	inside = weir_arena_alloc(&k->a->drops.arena, depth * sizeof *inside);
	memcpy(inside, path, depth * sizeof *inside);
	step = add_step(k->a);
	step->target = target;
	step->path = inside + 1;
	step->depth = depth - 1;
	step->keys = path_keys(&k->a->drops.arena, step->path, step->depth);
	k->a->targets[target].dropped |= step->depth == 0;
	return 1;
}

static int
compile(struct compiler *k)
{
	struct weir_assign *a = k->a;
	size_t i;

	if (!is_blank(k->c->text) &&
	    weir_items_parse(&a->items, k->c->text, false, k->c->what, k->err) <
		0)
		return -1;
	k->names = weir_calloc(a->nvars + a->items.n + 1, sizeof *k->names);
	for (i = 0; i < a->items.n; i++)
		if (compile_item(k, &a->items.items[i]) < 0)
			return -1;
	if (k->c->drop != NULL &&
	    weir_items_parse(&a->drops, k->c->drop, false, "--drop", k->err) <
		0)
		return -1;
	for (i = 0; i < a->drops.n; i++)
		if (compile_drop(k, &a->drops.items[i]) < 0)
			return -1;
	return 1;
}

/* What the hot path needs, now that all targets are known. */
static void
prepare(struct weir_assign *a)
{
	struct weir_target *t;
	size_t i;

	a->vars = weir_calloc(a->nvars + a->ntargets + 1, sizeof *a->vars);
	a->edits = weir_calloc(a->ntargets + 1, sizeof *a->edits);
	a->made = weir_calloc(a->ntargets + 1, sizeof *a->made);
	for (i = 0; i < a->ntargets; i++) {
		t = &a->targets[i];
		a->edits[i].name = weir_str(t->name);
		a->edits[i].key = (struct weir_str){t->key.data, t->key.len};
	}
}

struct weir_assign *
weir_assign_new(const struct weir_assign_config *c, struct weir_error *err)
{
	struct weir_assign *a = weir_calloc(1, sizeof *a);
	struct compiler k = {.a = a, .c = c, .err = err};
	int rc;

	a->nvars = c->scope.nvars;
	a->project = c->project;
	rc = compile(&k);
	free(k.names);
	if (rc < 0) {
		weir_assign_free(a);
		return NULL;
	}
	prepare(a);
	return a;
}

void
weir_assign_free(struct weir_assign *a)
{
	size_t i;

	if (a == NULL)
		return;
	for (i = 0; i < a->nsteps; i++)
		weir_expr_free(a->steps[i].expr);
	for (i = 0; i < a->ntargets; i++) {
		free(a->targets[i].name);
		weir_buf_fini(&a->targets[i].key);
	}
	free(a->steps);
	free(a->targets);
	free(a->vars);
	free(a->edits);
	free(a->made);
	weir_buf_fini(&a->room);
	weir_buf_fini(&a->inner);
	weir_items_fini(&a->items);
	weir_items_fini(&a->drops);
	free(a);
}
