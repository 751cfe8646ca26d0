/*
 * The sdedup operator with --keep=first: an event passes if its key was not
 * seen less than DUR before or after it. In runs: a first pass hashes all keys
 * and has the memory that they are about to touch fetched, a second one judges.
 */
#include "op/sdedup_impl.h"

/* The hash of the first pass, if it still holds for this age's table. */
static const uint64_t *
hash_in(const struct weir_sdedup *sd, const struct weir_sdedup_item *item,
    const struct weir_age *age, int which)
{
	return item->hashed[which] && item->closed == sd->ages.closed &&
		item->generation[which] ==
		    weir_table_generation(age->keys.table)
	    ? &item->hash[which]
	    : NULL;
}

/* --- exact --- */

/* Was the key seen less than DUR before or after t? */
static bool
seen_near(
    struct weir_sdedup *sd, const struct weir_sdedup_item *item, int64_t t)
{
	uint64_t within = (uint64_t)sd->within_ns;
	const struct weir_seen *seen;
	struct weir_age *age;

	age = weir_ages_find(&sd->ages, item->number);
	if (age != NULL &&
	    weir_groups_get(
		&age->keys, &item->key, hash_in(sd, item, age, 0)) != NULL)
		return true; /* all of an age is less than DUR apart */
	age = weir_ages_find(&sd->ages, item->number - 1);
	if (age != NULL) {
		seen = weir_groups_get(
		    &age->keys, &item->key, hash_in(sd, item, age, 1));
		if (seen != NULL && weir_sdedup_apart(t, seen->hi) < within)
			return true;
	}
	age = weir_ages_find(&sd->ages, item->number + 1);
	if (age == NULL)
		return false;
	seen = weir_groups_get(&age->keys, &item->key, NULL);
	return seen != NULL && weir_sdedup_apart(seen->lo, t) < within;
}

/* Enter the key into an age: 1 if it is new there. */
static int
enter(struct weir_sdedup *sd, const struct weir_sdedup_item *item,
    struct weir_age *age, int64_t t)
{
	size_t size = sd->within_ns > 0 ? sizeof(struct weir_seen) : 0;
	struct weir_seen *seen;
	int added;

	seen = weir_groups_put(
	    &age->keys, &item->key, size, hash_in(sd, item, age, 0), &added);
	if (added) {
		weir_groups_keep(&age->keys,
		    &(struct weir_key){
			item->key.canonical, item->key.canonical});
		sd->nkeys++;
	}
	if (size > 0) {
		if (added || t < seen->lo)
			seen->lo = t;
		if (added || t > seen->hi)
			seen->hi = t;
	}
	return added;
}

/* The age that an event enters; its end may be the next thing due. */
static struct weir_age *
age_of(struct weir_sdedup *sd, struct weir_stage *st, int64_t number)
{
	struct weir_age *age = weir_ages_find(&sd->ages, number);

	if (age != NULL)
		return age;
	age = weir_ages_open(&sd->ages, number);
	weir_sdedup_set_due(
	    sd, st, weir_ages_end(&sd->ages, weir_ages_first(&sd->ages)));
	return age;
}

static int
outgrown_table(const struct weir_sdedup *sd, const struct weir_age *age,
    struct weir_error *err)
{
	return weir_fail(err, WEIR_STATE,
	    "%zu keys are more than one table can hold: need less with %s",
	    weir_groups_count(&age->keys),
	    sd->within_ns > 0 ? "a shorter --within or --approx"
			      : "--within or --approx");
}

static int
remember(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_sdedup_item *item, int64_t t, struct weir_error *err)
{
	struct weir_age *age = age_of(sd, st, item->number);

	if (!enter(sd, item, age, t))
		return 1;
	weir_ages_measure(&sd->ages, age);
	if (age->bytes >= WEIR_TABLE_MAX)
		return outgrown_table(sd, age, err);
	return weir_sdedup_check(sd, err);
}

/* --- --approx --- */

/* How far into its age t is, in 2^32 steps. */
static uint32_t
offset_of(const struct weir_sdedup *sd, int64_t t)
{
	uint64_t into = weir_ages_into(&sd->ages, t);

	if (sd->within_ns <= UINT32_MAX)
		return (uint32_t)into;
	return (uint32_t)(((unsigned __int128)into << 32) /
	    (uint64_t)sd->within_ns);
}

static bool
printed_near(
    struct weir_sdedup *sd, const struct weir_sdedup_item *item, int64_t t)
{
	uint32_t at = offset_of(sd, t);
	struct weir_age *age = weir_ages_find(&sd->ages, item->number);
	uint64_t hash = item->hash[0];

	if (age != NULL &&
	    weir_prints_find(&age->prints, sd->form, hash, 0, UINT32_MAX))
		return true;
	if (sd->within_ns == 0)
		return false;
	/* In the age before, what is further in is less than DUR ago. */
	age = weir_ages_find(&sd->ages, item->number - 1);
	if (age != NULL && at < UINT32_MAX &&
	    weir_prints_find(&age->prints, sd->form, hash, at + 1, UINT32_MAX))
		return true;
	age = weir_ages_find(&sd->ages, item->number + 1);
	return age != NULL && at > 0 &&
	    weir_prints_find(&age->prints, sd->form, hash, 0, at - 1);
}

static int
print(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_sdedup_item *item, int64_t t, struct weir_error *err)
{
	struct weir_age *age = age_of(sd, st, item->number);
	size_t room = SIZE_MAX, held = weir_sdedup_bytes(sd);

	if (sd->config.max_state > 0)
		room = held < sd->config.max_state
		    ? (size_t)sd->config.max_state - held
		    : 0;
	if (!weir_prints_add(
		&age->prints, sd->form, item->hash[0], offset_of(sd, t), room))
		return weir_sdedup_outgrown(sd, err);
	sd->nkeys++;
	weir_ages_measure(&sd->ages, age);
	return 1;
}

/* --- events --- */

/* The key came out, or with --refresh was seen again, at t. */
static int
note(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_sdedup_item *item, int64_t t, struct weir_error *err)
{
	return sd->form.width > 0 ? print(sd, st, item, t, err)
				  : remember(sd, st, item, t, err);
}

/* For ever: one search does for both. 1 if it is new. */
static int
enter_for_ever(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_sdedup_item *item, struct weir_error *err)
{
	struct weir_age *age = age_of(sd, st, 0);

	if (!enter(sd, item, age, 0))
		return 0;
	weir_ages_measure(&sd->ages, age);
	if (age->bytes >= WEIR_TABLE_MAX)
		return outgrown_table(sd, age, err);
	return weir_sdedup_check(sd, err);
}

/* 1 if event i is to pass, 0 if it is a repeat, -1. */
static int
judge(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_sdedup_item *item, int64_t t, struct weir_error *err)
{
	bool repeat;

	if (sd->form.width == 0 && sd->within_ns == 0)
		return enter_for_ever(sd, st, item, err);
	repeat = sd->form.width > 0 ? printed_near(sd, item, t)
				    : seen_near(sd, item, t);
	if ((!repeat || sd->config.refresh) && note(sd, st, item, t, err) < 0)
		return -1;
	return !repeat;
}

/*
 * An event that cannot be judged, under --late=pass: it comes out, and so
 * counts against those after it, as long as any of them can ask.
 */
static int
pass_late(struct weir_sdedup *sd, struct weir_stage *st,
    const struct weir_block *b, uint32_t i, const struct weir_sdedup_item *item,
    struct weir_error *err)
{
	struct weir_age asked = {.number = item->number};

	weir_stage_metrics(st)->late++;
	if (weir_ages_end(&sd->ages, &asked) > sd->closed &&
	    note(sd, st, item, b->events[i].time, err) < 0)
		return -1;
	return weir_sdedup_keep(sd, st, b, i, err);
}

static int
apply(struct weir_sdedup *sd, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, const struct weir_sdedup_item *item, struct weir_error *err)
{
	const struct weir_event *ev = &b->events[i];
	bool late;
	int rc;

	if (ev->watermark > sd->closed) {
		sd->closed = ev->watermark;
		/* An age that opened in this run may end within it. */
		if (ev->watermark >= sd->due &&
		    weir_sdedup_first_ops.advance(sd, st, ev->watermark, err) <
			0)
			return -1;
	}
	late = sd->within_ns > 0 &&
	    ev->time < weir_time_add(sd->closed, -sd->within_ns);
	if (late && !sd->late_pass)
		return weir_sdedup_late(sd, st, b, i, err);
	if (item->bad)
		return weir_sdedup_refuse(sd, st, b, i, err);
	if (late)
		return pass_late(sd, st, b, i, item, err);
	rc = judge(sd, st, item, ev->time, err);
	if (rc > 0)
		return weir_sdedup_keep(sd, st, b, i, err);
	weir_stage_metrics(st)->dropped += rc == 0;
	return rc < 0 ? -1 : 1;
}

static int
first_events(void *self, struct weir_stage *st, const struct weir_block *b,
    uint32_t i, uint32_t n, struct weir_error *err)
{
	struct weir_sdedup *sd = self;
	struct weir_error flushed;
	int rc = 1;

	weir_sdedup_catch_up(sd, st);
	while (n > 0 && rc > 0) {
		uint32_t run = n < WEIR_RUN ? n : WEIR_RUN;

		weir_sdedup_prepare(sd, b, i, run);
		for (uint32_t k = 0; k < run && rc > 0; k++)
			rc = apply(sd, st, b, i + k, &sd->run[k], err);
		i += run;
		n -= run;
	}
	weir_sdedup_count(sd, st);
	/* What was judged before a failure still goes out. */
	if (rc < 0) {
		weir_sdedup_flush(sd, st, b, &flushed);
		return -1;
	}
	return weir_sdedup_flush(sd, st, b, err);
}

static int
first_advance(
    void *self, struct weir_stage *st, int64_t w, struct weir_error *err)
{
	struct weir_sdedup *sd = self;
	struct weir_age *first;

	(void)err;
	weir_sdedup_forget(sd, st, w);
	if (w > sd->closed)
		sd->closed = w;
	first = weir_ages_first(&sd->ages);
	weir_sdedup_set_due(sd, st,
	    first != NULL ? weir_ages_end(&sd->ages, first) : WEIR_TIME_MAX);
	weir_sdedup_count(sd, st);
	return 1;
}

const struct weir_stage_ops weir_sdedup_first_ops = {
    .open = weir_sdedup_open,
    .events = first_events,
    .advance = first_advance,
    .save = weir_sdedup_save,
    .load = weir_sdedup_load,
};
