/*
 * control_read.c - control payloads from JSON.
 *
 * Members that are not known are passed over: a later writer may say more.
 * What is known must be of the right kind, within its limit, and, where others
 * make file names of it, of harmless characters.
 */
#include "base/mem.h"
#include "base/text.h"
#include "event/control.h"
#include "event/frame.h"
#include "json/check.h"
#include "json/prover.h"
#include "json/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN	64   /* of a source or tool */
#define STAGE_MAX_LEN	200  /* of a stage's identity, and of a job's */
#define FILE_MAX_LEN	255  /* of a part's file name */
#define DIR_MAX_LEN	4095 /* of the state directory */
#define MESSAGE_MAX_LEN 4096
#define COUNT_MAX	1000000 /* times a path goes through a tool */

struct decoder {
	const char *what; /* kind of frame, for messages */
	struct weir_arena arena;
	struct weir_error *err;
};

typedef bool text_check(const char *s, size_t len);

static int
refuse(struct decoder *d, const char *name, const char *why)
{
	return weir_fail(
	    d->err, WEIR_INPUT, "%s: \"%s\" %s", d->what, name, why);
}

/*
 * Open the payload. It is copied, since scans want a newline and bytes to read
 * behind it.
 */
static int
begin(struct decoder *d, const char *s, size_t len, struct weir_value *map)
{
	char why[256], *copy;

	if (len > WEIR_CONTROL_MAX)
		return weir_fail(d->err, WEIR_INPUT,
		    "%s: %zu bytes, over the limit of %d", d->what, len,
		    WEIR_CONTROL_MAX);
	copy = weir_arena_alloc(&d->arena, len + WEIR_PAD);
	assert(copy != NULL);
	if (len > 0) /* s may be NULL then */
		memcpy(copy, s, len);
	memset(copy + len, 0, WEIR_PAD);
	copy[len] = '\n';
	if (!weir_check(copy, len, why, sizeof why))
		return weir_fail(d->err, WEIR_INPUT, "%s: %s", d->what, why);
	while (*copy != '{') {
		copy++;
		len--;
	}
	while (copy[len - 1] != '}')
		len--;
	*map =
	    weir_value_open(weir_value_read(copy, len, &d->arena), &d->arena);
	if (map->kind != WEIR_MAP)
		return weir_fail(d->err, WEIR_INPUT,
		    "%s: a lone surrogate in a name", d->what);
	return 1;
}

/* A member; null counts as absent. */
static struct weir_value
member(const struct weir_map *map, const char *name)
{
	for (size_t i = 0; i < map->n; i++)
		if (map->keys[i].kind == WEIR_STRING &&
		    weir_str_eq(
			(struct weir_str){map->keys[i].s, map->keys[i].aux},
			name) &&
		    map->values[i].kind != WEIR_NULL)
			return map->values[i];
	return (struct weir_value){.kind = WEIR_ABSENT};
}

static int
as_count(struct decoder *d, struct weir_value v, const char *name, uint64_t max,
    uint64_t *out)
{
	if (v.kind == WEIR_INT && v.i >= 0)
		*out = (uint64_t)v.i;
	else if (v.kind == WEIR_UINT)
		*out = v.u;
	else
		return refuse(d, name, "is not a count");
	return *out <= max ? 1 : refuse(d, name, "is too big");
}

static int
get_count(struct decoder *d, const struct weir_map *map, const char *name,
    uint64_t max, uint64_t *out)
{
	return as_count(d, member(map, name), name, max, out);
}

static int
as_text(struct decoder *d, struct weir_value v, const char *name,
    text_check *check, char **out)
{
	if (v.kind != WEIR_STRING)
		return refuse(d, name, "is not a string");
	if (!check(v.s, v.aux))
		return refuse(d, name, "has a value that is not allowed");
	*out = weir_strndup(v.s, v.aux);
	return 1;
}

static int
get_text(struct decoder *d, const struct weir_map *map, const char *name,
    text_check *check, char **out)
{
	return as_text(d, member(map, name), name, check, out);
}

static int
as_list(struct decoder *d, struct weir_value v, const char *name, size_t max,
    const struct weir_list **out)
{
	v = weir_value_open(v, &d->arena);
	if (v.kind != WEIR_LIST)
		return refuse(d, name, "is not a list");
	if (v.list->n > max)
		return refuse(d, name, "is too long");
	*out = v.list;
	return 1;
}

static int
as_map(struct decoder *d, struct weir_value v, const char *name,
    const struct weir_map **out)
{
	v = weir_value_open(v, &d->arena);
	if (v.kind != WEIR_MAP)
		return refuse(d, name, "is not an object");
	*out = v.map;
	return 1;
}

/* Names that become parts of file names. */
static bool
word_chars(const char *s, size_t len, const char *others)
{
	for (size_t i = 0; i < len; i++) {
		bool alnum = (s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= 'A' && s[i] <= 'Z') ||
		    (s[i] >= '0' && s[i] <= '9');

		if (!alnum && (s[i] == '\0' || strchr(others, s[i]) == NULL))
			return false;
	}
	return len > 0 && *s != '.';
}

static bool
name_text(const char *s, size_t len)
{
	return len <= NAME_MAX_LEN && word_chars(s, len, "._-");
}

static bool
file_text(const char *s, size_t len)
{
	return len <= FILE_MAX_LEN && word_chars(s, len, "._-+%");
}

static bool
stage_text(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		bool c1 =
		    c == 0xc2 && i + 1 < len && (unsigned char)s[i + 1] < 0xa0;

		if (c < 0x20 || c == 0x7f || c1)
			return false;
	}
	return len > 0 && len <= STAGE_MAX_LEN;
}

static bool
dir_text(const char *s, size_t len)
{
	return len > 0 && len <= DIR_MAX_LEN && *s == '/' &&
	    memchr(s, '\0', len) == NULL;
}

static bool
message_text(const char *s, size_t len)
{
	return len <= MESSAGE_MAX_LEN && memchr(s, '\0', len) == NULL;
}

/* "<n>.<e>": two numbers of up to 19 digits. */
static bool
restore_text(const char *s, size_t len)
{
	for (int part = 0; part < 2; part++) {
		size_t n = 0;

		while (n < len && s[n] >= '0' && s[n] <= '9')
			n++;
		if (n == 0 || n > 19 || (part == 1 && n < len) ||
		    (part == 0 && (n == len || s[n] != '.')))
			return false;
		s += n + (part == 0);
		len -= n + (part == 0);
	}
	return true;
}

static int
read_path(struct decoder *d, struct weir_value v, struct weir_path *p)
{
	const struct weir_map *map = NULL, *tools = NULL;
	uint64_t count = 0;

	if (as_map(d, v, "paths", &map) < 0 ||
	    get_text(d, map, "source", name_text, &p->source) < 0 ||
	    as_map(d, member(map, "tools"), "tools", &tools) < 0)
		return -1;
	if (tools->n > WEIR_TOOLS_OF_PATH)
		return refuse(d, "tools", "is too long");
	p->tools = weir_calloc(tools->n + 1, sizeof *p->tools);
	for (size_t i = 0; i < tools->n; i++) {
		struct weir_tool_count *t = &p->tools[i];

		if (as_text(d, tools->keys[i], "tools", name_text, &t->tool) <
		    0)
			return -1;
		p->ntools++;
		if (as_count(d, tools->values[i], "tools", COUNT_MAX, &count) <
		    0)
			return -1;
		t->count = (uint32_t)count;
	}
	return 1;
}

static int
read_job(struct decoder *d, struct weir_value v, struct weir_hello *h)
{
	const struct weir_map *map = NULL;
	const struct weir_list *paths = NULL;
	struct weir_value restore;

	if (as_map(d, v, "job", &map) < 0 ||
	    get_text(d, map, "id", stage_text, &h->id) < 0 ||
	    get_text(d, map, "dir", dir_text, &h->dir) < 0 ||
	    get_count(d, map, "epoch", INT64_MAX, &h->epoch) < 0)
		return -1;
	restore = member(map, "restore");
	if (restore.kind != WEIR_ABSENT &&
	    as_text(d, restore, "restore", restore_text, &h->restore) < 0)
		return -1;
	if (as_list(d, member(map, "paths"), "paths", WEIR_PATHS_OF_HELLO,
		&paths) < 0)
		return -1;
	if (paths->n == 0)
		return refuse(d, "paths", "is empty");
	h->paths = weir_calloc(paths->n, sizeof *h->paths);
	h->job = true;
	for (size_t i = 0; i < paths->n; i++) {
		h->npaths++;
		if (read_path(d, paths->items[i], &h->paths[i]) < 0)
			return -1;
	}
	return 1;
}

static int
read_hello(struct decoder *d, const struct weir_map *map, struct weir_hello *h)
{
	struct weir_value changes = member(map, "changes");
	struct weir_value job = member(map, "job");
	uint64_t version = 0;

	if (get_count(d, map, "version", INT64_MAX, &version) < 0)
		return -1;
	if (version != WEIR_FRAME_VERSION)
		return weir_fail(d->err, WEIR_INPUT,
		    "its version is %llu, this program knows version %d",
		    (unsigned long long)version, WEIR_FRAME_VERSION);
	if (changes.kind != WEIR_ABSENT) {
		struct weir_str s = {changes.s, changes.aux};

		if (changes.kind != WEIR_STRING)
			return refuse(d, "changes", "is not a string");
		h->retract = weir_str_eq(s, "retract");
		if (!h->retract && !weir_str_eq(s, "append"))
			return refuse(d, "changes", "is not known");
	}
	return job.kind == WEIR_ABSENT ? 1 : read_job(d, job, h);
}

static int
read_parts(
    struct decoder *d, const struct weir_map *map, struct weir_parts *parts)
{
	struct weir_value v = member(map, "parts");
	const struct weir_list *list = NULL, *pair = NULL;
	struct weir_part_ref part;

	if (v.kind == WEIR_ABSENT)
		return 1;
	if (as_list(d, v, "parts", WEIR_PARTS_MAX, &list) < 0)
		return -1;
	parts->part =
	    weir_grow(parts->part, &parts->cap, list->n, sizeof *parts->part);
	for (size_t i = 0; i < list->n; i++) {
		if (as_list(d, list->items[i], "parts", 2, &pair) < 0)
			return -1;
		if (pair->n != 2)
			return refuse(d, "parts", "has one without a file");
		if (as_text(d, pair->items[0], "parts", stage_text,
			&part.stage) < 0)
			return -1;
		if (as_text(d, pair->items[1], "parts", file_text, &part.file) <
		    0) {
			free(part.stage);
			return -1;
		}
		parts->part[parts->n++] = part;
	}
	return 1;
}

static int
read_barrier(
    struct decoder *d, const struct weir_map *map, struct weir_barrier *b)
{
	if (get_count(d, map, "checkpoint", INT64_MAX, &b->checkpoint) < 0 ||
	    get_count(d, map, "events", UINT64_MAX, &b->events) < 0)
		return -1;
	return read_parts(d, map, &b->parts);
}

static int
read_reason(
    struct decoder *d, const struct weir_map *map, enum weir_end_reason *out)
{
	struct weir_value v = member(map, "reason");
	struct weir_str s = {v.s, v.aux};

	if (v.kind != WEIR_STRING)
		return refuse(d, "reason", "is not a string");
	if (weir_str_eq(s, "complete"))
		*out = WEIR_COMPLETE;
	else if (weir_str_eq(s, "suspended"))
		*out = WEIR_SUSPENDED;
	else if (weir_str_eq(s, "failed"))
		*out = WEIR_FAILED;
	else
		return refuse(d, "reason", "is not known");
	return 1;
}

static int
read_end(struct decoder *d, const struct weir_map *map, struct weir_end *e)
{
	struct weir_value message = member(map, "message");
	struct weir_value checkpoint = member(map, "checkpoint");
	uint64_t status = 0;

	if (read_reason(d, map, &e->reason) < 0 ||
	    get_count(d, map, "status", 255, &status) < 0 ||
	    get_count(d, map, "events", UINT64_MAX, &e->events) < 0)
		return -1;
	e->status = (int)status;
	if (checkpoint.kind != WEIR_ABSENT &&
	    as_count(d, checkpoint, "checkpoint", INT64_MAX, &e->checkpoint) <
		0)
		return -1;
	if (message.kind != WEIR_ABSENT &&
	    as_text(d, message, "message", message_text, &e->message) < 0)
		return -1;
	return read_parts(d, map, &e->parts);
}

int
weir_hello_read(
    struct weir_hello *h, const char *s, size_t len, struct weir_error *err)
{
	struct decoder d = {.what = "HELLO", .err = err};
	struct weir_value v;
	int rc;

	*h = (struct weir_hello){0};
	rc = begin(&d, s, len, &v) < 0 ? -1 : read_hello(&d, v.map, h);
	if (rc < 0)
		weir_hello_fini(h);
	weir_arena_fini(&d.arena);
	return rc;
}

int
weir_barrier_read(
    struct weir_barrier *b, const char *s, size_t len, struct weir_error *err)
{
	struct decoder d = {.what = "BARRIER", .err = err};
	struct weir_value v;
	int rc;

	*b = (struct weir_barrier){0};
	rc = begin(&d, s, len, &v) < 0 ? -1 : read_barrier(&d, v.map, b);
	if (rc < 0)
		weir_barrier_fini(b);
	weir_arena_fini(&d.arena);
	return rc;
}

int
weir_end_read(
    struct weir_end *e, const char *s, size_t len, struct weir_error *err)
{
	struct decoder d = {.what = "END", .err = err};
	struct weir_value v;
	int rc;

	*e = (struct weir_end){0};
	rc = begin(&d, s, len, &v) < 0 ? -1 : read_end(&d, v.map, e);
	if (rc < 0)
		weir_end_fini(e);
	weir_arena_fini(&d.arena);
	return rc;
}
