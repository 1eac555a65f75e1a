/*
 * siblings.c - makes the names in one directory unique.
 *
 * In rounds: sort by name, and wherever several have one name, let all but one give way.  What the
 * catalog stripped or renamed goes back to its whole name; anything else, and whoever still has no
 * name of its own after a few rounds, gets a hash of its key.  A name made of a hash can be taken
 * as well, by a cloud that knows how we hash, hence the rounds; one who loses every round is left
 * out, so that the others can be had.  Each round sorts, and there are few of them: no answer makes
 * this quadratic.
 */
#include "siblings.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "name.h"
#include "snapshot.h"

enum {
	ROUNDS_WHOLE = 4, /* back to the whole name in these; it may be taken, and so on */
	ROUNDS = 8,
	COUNT_MAX = JSON_VALUES_MAX + 64, /* with describe.json and the subkinds */
};

void siblings_init(struct siblings *siblings)
{
	buf_init(&siblings->items, COUNT_MAX * sizeof(struct sibling));
	buf_init(&siblings->order, COUNT_MAX * sizeof(uint32_t));
	buf_init(&siblings->names, SNAPSHOT_BYTES_MAX);
}

void siblings_release(struct siblings *siblings)
{
	buf_release(&siblings->items);
	buf_release(&siblings->order);
	buf_release(&siblings->names);
}

void siblings_clear(struct siblings *siblings)
{
	buf_clear(&siblings->items);
	buf_clear(&siblings->order);
	buf_clear(&siblings->names);
}

size_t siblings_count(const struct siblings *siblings)
{
	return siblings->items.len / sizeof(struct sibling);
}

struct sibling *siblings_at(const struct siblings *siblings, size_t index)
{
	return (struct sibling *)(void *)siblings->items.data + index;
}

bool siblings_by_name(const struct siblings *siblings, size_t nth, size_t *index)
{
	if (nth >= siblings->order.len / sizeof(uint32_t))
		return false;
	*index = ((const uint32_t *)(const void *)siblings->order.data)[nth];
	return true;
}

const char *siblings_name(const struct siblings *siblings, const struct sibling *sibling)
{
	return siblings->names.data + sibling->name;
}

const char *siblings_key(const struct siblings *siblings, const struct sibling *sibling)
{
	return sibling->key ? sibling->key : siblings->names.data + sibling->whole;
}

bool siblings_full(const struct siblings *siblings)
{
	return siblings->items.full || siblings->order.full || siblings->names.full;
}

static uint32_t put_name(struct siblings *siblings, const char *name)
{
	size_t at = siblings->names.len;

	buf_add(&siblings->names, name, strlen(name) + 1);
	return (uint32_t)at;
}

void siblings_add(struct siblings *siblings, const struct sibling *sibling, const char *name,
	const char *whole)
{
	struct sibling copy = *sibling;

	copy.name = put_name(siblings, name);
	copy.whole = strcmp(name, whole) == 0 ? copy.name : put_name(siblings, whole);
	buf_add(&siblings->items, &copy, sizeof copy);
}

/* An index and a map's key of the same digits are two keys. */
static int compare_keys(const struct siblings *siblings, const struct sibling *a,
	const struct sibling *b)
{
	int by = strcmp(siblings_key(siblings, a), siblings_key(siblings, b));

	return by ? by : (a->key != NULL) - (b->key != NULL);
}

/* For qsort_r: by key, then as they came. */
static int order_by_key(const void *a, const void *b, void *siblings)
{
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	int by = compare_keys(siblings, siblings_at(siblings, i), siblings_at(siblings, j));

	return by ? by : (i > j) - (i < j);
}

/* For qsort_r: by name, and of one name who keeps it first. */
static int order_by_name(const void *a, const void *b, void *siblings)
{
	const struct sibling *x = siblings_at(siblings, *(const uint32_t *)a);
	const struct sibling *y = siblings_at(siblings, *(const uint32_t *)b);
	int by = strcmp(siblings_name(siblings, x), siblings_name(siblings, y));

	if (by == 0)
		by = (int)x->rank - (int)y->rank;
	return by ? by : compare_keys(siblings, x, y);
}

static void sort(struct siblings *siblings, int (*order)(const void *, const void *, void *))
{
	buf_clear(&siblings->order);
	for (uint32_t i = 0; i < siblings_count(siblings); i++)
		if (!siblings_at(siblings, i)->dropped)
			buf_add(&siblings->order, &i, sizeof i);
	size_t count = siblings->order.len / sizeof(uint32_t);
	qsort_r(siblings->order.data, count, sizeof(uint32_t), order, siblings);
}

/* The nth of the sorted ones, NULL past the last. */
static struct sibling *sorted(const struct siblings *siblings, size_t nth)
{
	size_t index;

	return siblings_by_name(siblings, nth, &index) ? siblings_at(siblings, index) : NULL;
}

void siblings_merge(struct siblings *siblings)
{
	struct sibling *first, *again;

	sort(siblings, order_by_key);
	for (size_t nth = 0; (first = sorted(siblings, nth)); ) {
		while ((again = sorted(siblings, ++nth)) && !compare_keys(siblings, first, again)) {
			first->value = again->value;
			again->dropped = true;
		}
	}
}

/* A name from the key's hash; one that failed before is hashed with the name that failed. */
static void make_distinct(struct siblings *siblings, struct sibling *loser)
{
	struct buf text, name;

	buf_init(&text, SNAPSHOT_BYTES_MAX);
	buf_init(&name, NAME_BYTES_MAX);
	if (loser->rank == SIBLING_DISTINCT)
		buf_puts(&text, siblings_name(siblings, loser));
	buf_puts(&text, siblings_key(siblings, loser));
	name_distinct(&name, siblings_name(siblings, loser), text.data);
	if (text.full || name.full) /* memory is out: it is not the name */
		siblings->names.full = true;
	loser->name = put_name(siblings, name.data);
	loser->rank = SIBLING_DISTINCT;
	buf_release(&text);
	buf_release(&name);
}

static bool is_altered(const struct sibling *sibling)
{
	return sibling->rank == SIBLING_RENAMED || sibling->rank == SIBLING_STRIPPED;
}

static void give_way(struct siblings *siblings, struct sibling *loser, int round)
{
	if (round + 1 == ROUNDS) {
		loser->dropped = true;
	} else if (is_altered(loser) && round < ROUNDS_WHOLE) {
		loser->name = loser->whole;
		loser->rank = SIBLING_PLAIN;
	} else {
		make_distinct(siblings, loser);
	}
}

/* Whether the first of those who share a name keeps it. */
static bool keeps_name(const struct sibling *first, const struct sibling *second)
{
	if (first->rank == SIBLING_RENAMED)
		return second->rank != SIBLING_RENAMED;
	return first->rank != SIBLING_STRIPPED;
}

/* One round; false when every name was unique. */
static bool part(struct siblings *siblings, int round)
{
	bool parted = false;
	size_t end;

	for (size_t nth = 0; sorted(siblings, nth); nth = end) {
		const char *name = siblings_name(siblings, sorted(siblings, nth));
		struct sibling *next;

		/* The run first: giving way changes names. */
		for (end = nth + 1; (next = sorted(siblings, end)); end++)
			if (strcmp(name, siblings_name(siblings, next)) != 0)
				break;
		if (end == nth + 1)
			continue;
		parted = true;
		if (keeps_name(sorted(siblings, nth), sorted(siblings, nth + 1)))
			nth++;
		for (; nth < end; nth++)
			give_way(siblings, sorted(siblings, nth), round);
	}
	return parted;
}

void siblings_settle(struct siblings *siblings)
{
	for (int round = 0; round < ROUNDS; round++) {
		sort(siblings, order_by_name);
		if (!part(siblings, round))
			break;
	}
}
