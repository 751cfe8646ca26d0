#include "expr/items.h"

#include "base/mem.h"
#include "expr/parse.h"
#include "json/prover.h"

#include <stdlib.h>
#include <string.h>

struct list {
	struct weir_items *items;
	struct weir_parser p;
	size_t cap;
	bool allow_if;
};

/*
 * Read a name and its `=` if they come next: 1 with the path in *item; 0 and
 * nothing read if not.
 */
static int
read_name(struct list *l, struct weir_item *item)
{
	struct weir_parser ahead = l->p;
	struct weir_source quiet = *l->p.src;
	struct weir_str path[WEIR_PATH_DEPTH];
	size_t depth = 0;

	quiet.err = NULL;
	ahead.lexer.src = &quiet;
	for (;;) {
		if ((ahead.tok.kind < WEIR_T_NAME ||
			ahead.tok.kind > WEIR_T_IN) ||
		    depth == WEIR_PATH_DEPTH)
			return 0;
		path[depth++] = ahead.tok.kind <= WEIR_T_QUOTED
		    ? ahead.tok.str
		    : (struct weir_str){
			  quiet.text + ahead.tok.pos, ahead.tok.len};
		if (weir_parser_next(&ahead) < 0)
			return 0;
		if (ahead.tok.kind != WEIR_T_DOT)
			break;
		if (weir_parser_next(&ahead) < 0)
			return 0;
	}
	if (ahead.tok.kind != WEIR_T_ASSIGN)
		return 0;
	item->path = weir_arena_alloc(&l->items->arena, depth * sizeof *path);
	memcpy(item->path, path, depth * sizeof *path);
	item->depth = depth;
	item->named = true;
	ahead.lexer.src = l->p.src;
	l->p = ahead;
	return 1;
}

/* Without a name: the text, or what a lone (perhaps quoted) name means. */
static void
name_by_text(struct list *l, struct weir_item *item)
{
	bool field = item->expr->kind == WEIR_AST_NAME && item->cond == NULL;

	item->path = weir_arena_alloc(&l->items->arena, sizeof *item->path);
	*item->path = field ? item->expr->name : item->text;
	item->depth = 1;
}

static bool
same_path(const struct weir_item *a, const struct weir_item *b)
{
	size_t i;

	if (a->depth != b->depth)
		return false;
	for (i = 0; i < a->depth; i++)
		if (a->path[i].len != b->path[i].len ||
		    memcmp(a->path[i].s, b->path[i].s, a->path[i].len) != 0)
			return false;
	return true;
}

static int
check_unique(struct list *l, const struct weir_item *item, size_t pos)
{
	size_t i;

	for (i = 0; i < l->items->n; i++)
		if (same_path(&l->items->items[i], item))
			return weir_source_fail(l->p.src, pos,
			    "the name \"%.*s\" is there twice",
			    (int)item->path->len, item->path->s);
	return 1;
}

static int
read_item(struct list *l, struct weir_item *item)
{
	struct weir_parser *p = &l->p;
	size_t pos = p->tok.pos, begin;

	*item = (struct weir_item){0};
	if (read_name(l, item) && weir_parser_next(p) < 0)
		return -1;
	begin = p->tok.pos;
	item->expr = weir_parser_expr(p);
	if (item->expr == NULL)
		return -1;
	if (l->allow_if && p->tok.kind == WEIR_T_NAME &&
	    weir_str_eq(p->tok.str, "if")) {
		if (weir_parser_next(p) < 0 ||
		    (item->cond = weir_parser_expr(p)) == NULL)
			return -1;
	}
	item->text = (struct weir_str){l->items->text + begin, p->end - begin};
	if (!item->named)
		name_by_text(l, item);
	return check_unique(l, item, pos);
}

static int
read_list(struct list *l)
{
	struct weir_items *items = l->items;
	struct weir_item item;

	for (;;) {
		if (read_item(l, &item) < 0)
			return -1;
		items->items = weir_grow(
		    items->items, &l->cap, items->n + 1, sizeof *items->items);
		items->items[items->n++] = item;
		if (l->p.tok.kind == WEIR_T_END)
			return 1;
		if (l->p.tok.kind != WEIR_T_COMMA)
			return weir_parser_unexpected(&l->p,
			    l->allow_if ? "expected , or if" : "expected ,");
		if (weir_parser_next(&l->p) < 0)
			return -1;
	}
}

int
weir_items_parse(struct weir_items *items, const char *text, bool allow_if,
    const char *what, struct weir_error *err)
{
	struct list l = {.items = items, .allow_if = allow_if};
	struct weir_source src = {.what = what, .err = err};
	int rc;

	*items = (struct weir_items){.len = strlen(text)};
	src.text = items->text = weir_strndup(text, items->len);
	src.len = items->len;
	rc = weir_parser_init(&l.p, &src, &items->arena);
	if (rc > 0)
		rc = read_list(&l);
	if (rc < 0)
		weir_items_fini(items);
	return rc;
}

void
weir_items_fini(struct weir_items *items)
{
	weir_arena_fini(&items->arena);
	free(items->items);
	free(items->text);
	*items = (struct weir_items){0};
}
