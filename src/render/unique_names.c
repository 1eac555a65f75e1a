/*
 * unique_names.c - makes the names in one directory unique.
 *
 * In rounds: sort by name, and wherever several have one name, let all but one give way.  What the
 * catalog stripped or renamed goes back to its whole name; anything else, and whoever still has no
 * name of its own after a few rounds, gets a hash of its key.  A name made of a hash can be taken
 * as well, by a cloud that knows how we hash, hence the rounds; one who loses every round is left
 * out, so that the others can be had.  Each round sorts, and there are few of them; a sort takes the
 * time of reading the names, so the whole is linear in the answer's size.
 */
#include "unique_names.h"

#include <string.h>

#include "base/name.h"
#include "base/sort.h"
#include "json/json.h"
#include "render/snapshot.h"

enum {
	ROUNDS_WHOLE = 4, /* back to the whole name in these; it may be taken, and so on */
	ROUNDS = 8,
	COUNT_MAX = SNAPSHOT_ENTRIES_MAX + 64, /* with describe.json and the subkinds */
	NAMES_MAX = 64 << 20, /* bytes: of one, those that failed in each round are kept */
};

void unique_names_init(struct unique_names *unique_names)
{
	buf_init(&unique_names->items, COUNT_MAX * sizeof(struct sibling));
	buf_init(&unique_names->order, COUNT_MAX * sizeof(uint32_t));
	buf_init(&unique_names->by_key, COUNT_MAX * sizeof(uint32_t));
	buf_init(&unique_names->sorting, 2 * COUNT_MAX * sizeof(struct sort_item));
	buf_init(&unique_names->names, NAMES_MAX);
}

void unique_names_release(struct unique_names *unique_names)
{
	buf_release(&unique_names->items);
	buf_release(&unique_names->order);
	buf_release(&unique_names->by_key);
	buf_release(&unique_names->sorting);
	buf_release(&unique_names->names);
}

void unique_names_clear(struct unique_names *unique_names)
{
	buf_clear(&unique_names->items);
	buf_clear(&unique_names->order);
	buf_clear(&unique_names->by_key);
	buf_clear(&unique_names->names);
	unique_names->n_merged = 0;
}

size_t unique_names_count(const struct unique_names *unique_names)
{
	return unique_names->items.len / sizeof(struct sibling);
}

struct sibling *unique_names_at(const struct unique_names *unique_names, size_t index)
{
	return (struct sibling *)(void *)unique_names->items.data + index;
}

bool unique_names_by_name(const struct unique_names *unique_names, size_t nth, size_t *index)
{
	if (nth >= unique_names->order.len / sizeof(uint32_t))
		return false;
	*index = ((const uint32_t *)(const void *)unique_names->order.data)[nth];
	return true;
}

const char *unique_names_name(const struct unique_names *unique_names, const struct sibling *sibling)
{
	return unique_names->names.data + sibling->name;
}

const char *unique_names_key(const struct unique_names *unique_names, const struct sibling *sibling)
{
	return sibling->key ? sibling->key : unique_names->names.data + sibling->whole;
}

bool unique_names_full(const struct unique_names *unique_names)
{
	return unique_names->items.full || unique_names->order.full || unique_names->by_key.full ||
		unique_names->sorting.full || unique_names->names.full;
}

static uint32_t put_name(struct unique_names *unique_names, const char *name)
{
	size_t at = unique_names->names.len;

	buf_add(&unique_names->names, name, strlen(name) + 1);
	return (uint32_t)at;
}

void unique_names_add(struct unique_names *unique_names, const struct sibling *sibling, const char *name,
	const char *whole)
{
	struct sibling copy = *sibling;

	copy.name = put_name(unique_names, name);
	copy.whole = strcmp(name, whole) == 0 ? copy.name : put_name(unique_names, whole);
	buf_add(&unique_names->items, &copy, sizeof copy);
}

/* An index and a map's key of the same digits are two keys. */
static int compare_keys(const struct unique_names *unique_names, const struct sibling *a,
	const struct sibling *b)
{
	int by = strcmp(unique_names_key(unique_names, a), unique_names_key(unique_names, b));

	return by ? by : (a->key != NULL) - (b->key != NULL);
}

typedef const char *text_of_fn(const struct unique_names *unique_names, const struct sibling *sibling);

/* Those in `order`, by their texts; of equal ones the order stays. */
static void sort(struct unique_names *unique_names, text_of_fn *text_of)
{
	uint32_t *order = (uint32_t *)(void *)unique_names->order.data;
	size_t count = unique_names->order.len / sizeof *order;
	struct sort_item item = { 0 };

	buf_clear(&unique_names->sorting);
	for (size_t i = 0; i < count; i++) {
		item.text = text_of(unique_names, unique_names_at(unique_names, order[i]));
		item.index = order[i];
		buf_add(&unique_names->sorting, &item, sizeof item);
	}
	for (size_t i = 0; i < count; i++) /* room to sort in */
		buf_add(&unique_names->sorting, &item, sizeof item);
	if (unique_names->sorting.full)
		return;
	struct sort_item *items = (struct sort_item *)(void *)unique_names->sorting.data;
	sort_texts(items, items + count, count);
	for (size_t i = 0; i < count; i++)
		order[i] = items[i].index;
}

/* The nth of the sorted ones, NULL past the last. */
static struct sibling *sorted(const struct unique_names *unique_names, size_t nth)
{
	size_t index;

	return unique_names_by_name(unique_names, nth, &index) ? unique_names_at(unique_names, index) : NULL;
}

static void put_index(struct buf *out, uint32_t index)
{
	buf_add(out, &index, sizeof index);
}

/* Into `order`, by key: of one text an index comes first, and of one key what came first. */
static void sort_by_key(struct unique_names *unique_names)
{
	size_t count = unique_names_count(unique_names);

	buf_clear(&unique_names->order);
	for (uint32_t i = 0; i < count; i++)
		if (!unique_names_at(unique_names, i)->key)
			put_index(&unique_names->order, i);
	for (uint32_t i = 0; i < count; i++)
		if (unique_names_at(unique_names, i)->key)
			put_index(&unique_names->order, i);
	sort(unique_names, unique_names_key);
}

void unique_names_merge(struct unique_names *unique_names)
{
	struct sibling *first, *again;
	size_t nth = 0;

	sort_by_key(unique_names);
	while ((first = sorted(unique_names, nth))) {
		put_index(&unique_names->by_key, (uint32_t)(first - unique_names_at(unique_names, 0)));
		while ((again = sorted(unique_names, ++nth)) && !compare_keys(unique_names, first, again)) {
			first->value = again->value;
			again->dropped = true;
		}
	}
	unique_names->n_merged = unique_names_count(unique_names);
}

/* A name from the key's hash; one that failed before is hashed with the name that failed. */
static void make_distinct(struct unique_names *unique_names, struct sibling *loser)
{
	struct buf text, name;

	buf_init(&text, NAMES_MAX);
	buf_init(&name, NAME_BYTES_MAX);
	if (loser->rank == SIBLING_DISTINCT)
		buf_puts(&text, unique_names_name(unique_names, loser));
	buf_puts(&text, unique_names_key(unique_names, loser));
	name_distinct(&name, unique_names_name(unique_names, loser), text.data);
	if (text.full || name.full) /* memory is out: it is not the name */
		unique_names->names.full = true;
	loser->name = put_name(unique_names, name.data);
	loser->rank = SIBLING_DISTINCT;
	buf_release(&text);
	buf_release(&name);
}

static bool is_altered(const struct sibling *sibling)
{
	return sibling->rank == SIBLING_RENAMED || sibling->rank == SIBLING_STRIPPED;
}

static void give_way(struct unique_names *unique_names, struct sibling *loser, int round)
{
	if (round + 1 == ROUNDS) {
		loser->dropped = true;
	} else if (is_altered(loser) && round < ROUNDS_WHOLE) {
		loser->name = loser->whole;
		loser->rank = SIBLING_PLAIN;
	} else {
		make_distinct(unique_names, loser);
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
static bool part(struct unique_names *unique_names, int round)
{
	bool parted = false;
	size_t end;

	for (size_t nth = 0; sorted(unique_names, nth); nth = end) {
		const char *name = unique_names_name(unique_names, sorted(unique_names, nth));
		struct sibling *next;

		/* The run first: giving way changes names. */
		for (end = nth + 1; (next = sorted(unique_names, end)); end++)
			if (strcmp(name, unique_names_name(unique_names, next)) != 0)
				break;
		if (end == nth + 1)
			continue;
		parted = true;
		if (keeps_name(sorted(unique_names, nth), sorted(unique_names, nth + 1)))
			nth++;
		for (; nth < end; nth++)
			give_way(unique_names, sorted(unique_names, nth), round);
	}
	return parted;
}

/* Into `order`, by name: of one name by rank, who keeps it first, and of one rank by key. */
static void sort_by_name(struct unique_names *unique_names)
{
	const uint32_t *by_key = (const uint32_t *)(const void *)unique_names->by_key.data;
	size_t count = unique_names->by_key.len / sizeof *by_key;

	buf_clear(&unique_names->order);
	for (int rank = 0; rank <= SIBLING_DISTINCT; rank++) {
		if (!unique_names->ranks[rank])
			continue;
		for (size_t i = 0; i < count; i++) {
			const struct sibling *sibling = unique_names_at(unique_names, by_key[i]);

			if ((int)sibling->rank == rank && !sibling->dropped)
				put_index(&unique_names->order, by_key[i]);
		}
	}
	sort(unique_names, unique_names_name);
}

static void note_ranks(struct unique_names *unique_names)
{
	memset(unique_names->ranks, 0, sizeof unique_names->ranks);
	for (size_t i = 0; i < unique_names_count(unique_names); i++)
		unique_names->ranks[unique_names_at(unique_names, i)->rank] = true;
}

void unique_names_settle(struct unique_names *unique_names)
{
	for (size_t i = unique_names->n_merged; i < unique_names_count(unique_names); i++)
		put_index(&unique_names->by_key, (uint32_t)i);
	for (int round = 0; round < ROUNDS; round++) {
		note_ranks(unique_names);
		sort_by_name(unique_names);
		if (!part(unique_names, round))
			break;
	}
}
