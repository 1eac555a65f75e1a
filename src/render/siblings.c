/*
 * siblings.c - makes the names in one directory unique.
 *
 * In rounds: sort by name, and wherever several have one name, let all but one give way.  What the
 * catalog stripped or renamed goes back to its whole name; anything else, and whoever still has no
 * name of its own after a few rounds, gets a hash of its key.  A name made of a hash can be taken
 * as well, by a cloud that knows how we hash, hence the rounds; one who loses every round is left
 * out, so that the others can be had.  Each round sorts, and there are few of them; a sort takes the
 * time of reading the names, so the whole is linear in the answer's size.
 */
#include "siblings.h"

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

void siblings_init(struct siblings *siblings)
{
	buf_init(&siblings->items, COUNT_MAX * sizeof(struct sibling));
	buf_init(&siblings->order, COUNT_MAX * sizeof(uint32_t));
	buf_init(&siblings->by_key, COUNT_MAX * sizeof(uint32_t));
	buf_init(&siblings->sorting, 2 * COUNT_MAX * sizeof(struct sort_item));
	buf_init(&siblings->names, NAMES_MAX);
}

void siblings_release(struct siblings *siblings)
{
	buf_release(&siblings->items);
	buf_release(&siblings->order);
	buf_release(&siblings->by_key);
	buf_release(&siblings->sorting);
	buf_release(&siblings->names);
}

void siblings_clear(struct siblings *siblings)
{
	buf_clear(&siblings->items);
	buf_clear(&siblings->order);
	buf_clear(&siblings->by_key);
	buf_clear(&siblings->names);
	siblings->n_merged = 0;
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
	return siblings->items.full || siblings->order.full || siblings->by_key.full ||
		siblings->sorting.full || siblings->names.full;
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

typedef const char *text_of_fn(const struct siblings *siblings, const struct sibling *sibling);

/* Those in `order`, by their texts; of equal ones the order stays. */
static void sort(struct siblings *siblings, text_of_fn *text_of)
{
	uint32_t *order = (uint32_t *)(void *)siblings->order.data;
	size_t count = siblings->order.len / sizeof *order;
	struct sort_item item = { 0 };

	buf_clear(&siblings->sorting);
	for (size_t i = 0; i < count; i++) {
		item.text = text_of(siblings, siblings_at(siblings, order[i]));
		item.index = order[i];
		buf_add(&siblings->sorting, &item, sizeof item);
	}
	for (size_t i = 0; i < count; i++) /* room to sort in */
		buf_add(&siblings->sorting, &item, sizeof item);
	if (siblings->sorting.full)
		return;
	struct sort_item *items = (struct sort_item *)(void *)siblings->sorting.data;
	sort_texts(items, items + count, count);
	for (size_t i = 0; i < count; i++)
		order[i] = items[i].index;
}

/* The nth of the sorted ones, NULL past the last. */
static struct sibling *sorted(const struct siblings *siblings, size_t nth)
{
	size_t index;

	return siblings_by_name(siblings, nth, &index) ? siblings_at(siblings, index) : NULL;
}

static void put_index(struct buf *out, uint32_t index)
{
	buf_add(out, &index, sizeof index);
}

/* Into `order`, by key: of one text an index comes first, and of one key what came first. */
static void sort_by_key(struct siblings *siblings)
{
	size_t count = siblings_count(siblings);

	buf_clear(&siblings->order);
	for (uint32_t i = 0; i < count; i++)
		if (!siblings_at(siblings, i)->key)
			put_index(&siblings->order, i);
	for (uint32_t i = 0; i < count; i++)
		if (siblings_at(siblings, i)->key)
			put_index(&siblings->order, i);
	sort(siblings, siblings_key);
}

void siblings_merge(struct siblings *siblings)
{
	struct sibling *first, *again;
	size_t nth = 0;

	sort_by_key(siblings);
	while ((first = sorted(siblings, nth))) {
		put_index(&siblings->by_key, (uint32_t)(first - siblings_at(siblings, 0)));
		while ((again = sorted(siblings, ++nth)) && !compare_keys(siblings, first, again)) {
			first->value = again->value;
			again->dropped = true;
		}
	}
	siblings->n_merged = siblings_count(siblings);
}

/* A name from the key's hash; one that failed before is hashed with the name that failed. */
static void make_distinct(struct siblings *siblings, struct sibling *loser)
{
	struct buf text, name;

	buf_init(&text, NAMES_MAX);
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

/* Into `order`, by name: of one name by rank, who keeps it first, and of one rank by key. */
static void sort_by_name(struct siblings *siblings)
{
	const uint32_t *by_key = (const uint32_t *)(const void *)siblings->by_key.data;
	size_t count = siblings->by_key.len / sizeof *by_key;

	buf_clear(&siblings->order);
	for (int rank = 0; rank <= SIBLING_DISTINCT; rank++) {
		if (!siblings->ranks[rank])
			continue;
		for (size_t i = 0; i < count; i++) {
			const struct sibling *sibling = siblings_at(siblings, by_key[i]);

			if ((int)sibling->rank == rank && !sibling->dropped)
				put_index(&siblings->order, by_key[i]);
		}
	}
	sort(siblings, siblings_name);
}

static void note_ranks(struct siblings *siblings)
{
	memset(siblings->ranks, 0, sizeof siblings->ranks);
	for (size_t i = 0; i < siblings_count(siblings); i++)
		siblings->ranks[siblings_at(siblings, i)->rank] = true;
}

void siblings_settle(struct siblings *siblings)
{
	for (size_t i = siblings->n_merged; i < siblings_count(siblings); i++)
		put_index(&siblings->by_key, (uint32_t)i);
	for (int round = 0; round < ROUNDS; round++) {
		note_ranks(siblings);
		sort_by_name(siblings);
		if (!part(siblings, round))
			break;
	}
}
