/*
 * unique_names.c - gives each entry of one directory a unique file name.
 *
 * It works in rounds: sort by name, and let all but one of the entries with one name give way. A stripped or
 * renamed entry goes back to its whole name. Any other, and one that still conflicts after ROUNDS_WHOLE
 * rounds, gets a hash of its key. A cloud that knows the hash can occupy such a name, too; so there are
 * several rounds, and an entry that loses every round is left out, so that the others stay accessible. The
 * number of rounds is fixed and each sort is linear in the bytes of the names, so the whole is linear in the
 * size of the response.
 */
#include "unique_names.h"

#include <string.h>

#include "base/name.h"
#include "base/sort.h"
#include "json/json.h"
#include "render/snapshot.h"

enum {
	/* Rounds in which an entry may go back to its whole name, which may conflict again. */
	ROUNDS_WHOLE = 4,
	ROUNDS = 8,
	COUNT_MAX = SNAPSHOT_ENTRIES_MAX + 64, /* describe.json and the subkinds included */
	NAMES_MAX = 64 << 20, /* bytes of all names, with those that lost a round */
};

void unique_names_init(struct unique_names *unique)
{
	buf_init(&unique->items, COUNT_MAX * sizeof(struct sibling));
	buf_init(&unique->order, COUNT_MAX * sizeof(uint32_t));
	buf_init(&unique->by_key, COUNT_MAX * sizeof(uint32_t));
	buf_init(&unique->sorting, 2 * COUNT_MAX * sizeof(struct sort_item));
	buf_init(&unique->names, NAMES_MAX);
}

void unique_names_release(struct unique_names *unique)
{
	buf_release(&unique->items);
	buf_release(&unique->order);
	buf_release(&unique->by_key);
	buf_release(&unique->sorting);
	buf_release(&unique->names);
}

void unique_names_clear(struct unique_names *unique)
{
	buf_clear(&unique->items);
	buf_clear(&unique->order);
	buf_clear(&unique->by_key);
	buf_clear(&unique->sorting);
	buf_clear(&unique->names);
	unique->n_merged = 0;
}

size_t unique_names_count(const struct unique_names *unique)
{
	return unique->items.len / sizeof(struct sibling);
}

struct sibling *unique_names_at(const struct unique_names *unique, size_t index)
{
	return (struct sibling *)(void *)unique->items.data + index;
}

bool unique_names_by_name(const struct unique_names *unique, size_t nth, size_t *index)
{
	if (nth >= unique->order.len / sizeof(uint32_t))
		return false;
	*index = ((const uint32_t *)(const void *)unique->order.data)[nth];
	return true;
}

const char *unique_names_name(const struct unique_names *unique, const struct sibling *sibling)
{
	return unique->names.data + sibling->name;
}

const char *unique_names_key(const struct unique_names *unique, const struct sibling *sibling)
{
	return sibling->key ? sibling->key : unique->names.data + sibling->whole;
}

bool unique_names_full(const struct unique_names *unique)
{
	return unique->items.full || unique->order.full || unique->by_key.full || unique->sorting.full ||
		unique->names.full;
}

static uint32_t store_name(struct unique_names *unique, const char *name)
{
	size_t at = unique->names.len;

	buf_add(&unique->names, name, strlen(name) + 1);
	return (uint32_t)at;
}

void unique_names_add(struct unique_names *unique, const struct sibling *sibling, const char *name,
	const char *whole)
{
	struct sibling copy = *sibling;

	copy.name = store_name(unique, name);
	copy.whole = strcmp(name, whole) == 0 ? copy.name : store_name(unique, whole);
	buf_add(&unique->items, &copy, sizeof copy);
}

/* An index and a map's key with the same digits are different keys. */
static int compare_keys(const struct unique_names *unique, const struct sibling *a, const struct sibling *b)
{
	int by = strcmp(unique_names_key(unique, a), unique_names_key(unique, b));

	return by ? by : (a->key != NULL) - (b->key != NULL);
}

typedef const char *sibling_text_fn(const struct unique_names *unique, const struct sibling *sibling);

/* Sorts `order` by the entries' texts (a stable sort). */
static void unique_sort(struct unique_names *unique, sibling_text_fn *text_of)
{
	uint32_t *order = (uint32_t *)(void *)unique->order.data;
	size_t count = unique->order.len / sizeof *order;
	struct sort_item item = { 0 };

	buf_clear(&unique->sorting);
	for (size_t i = 0; i < count; i++) {
		item.text = text_of(unique, unique_names_at(unique, order[i]));
		item.index = order[i];
		buf_add(&unique->sorting, &item, sizeof item);
	}
	for (size_t i = 0; i < count; i++) /* spare room for the sort */
		buf_add(&unique->sorting, &item, sizeof item);
	if (unique->sorting.full)
		return;
	struct sort_item *items = (struct sort_item *)(void *)unique->sorting.data;
	sort_texts(items, items + count, count);
	for (size_t i = 0; i < count; i++)
		order[i] = items[i].index;
}

/* The nth entry of `order`; NULL: there is none. */
static struct sibling *nth_by_name(const struct unique_names *unique, size_t nth)
{
	size_t index;

	return unique_names_by_name(unique, nth, &index) ? unique_names_at(unique, index) : NULL;
}

static void add_index(struct buf *out, uint32_t index)
{
	buf_add(out, &index, sizeof index);
}

/* Fills `order`, sorted by key. Of equal texts an index is first; of equal keys, the earlier entry. */
static void sort_by_key(struct unique_names *unique)
{
	size_t count = unique_names_count(unique);

	buf_clear(&unique->order);
	for (uint32_t i = 0; i < count; i++)
		if (!unique_names_at(unique, i)->key)
			add_index(&unique->order, i);
	for (uint32_t i = 0; i < count; i++)
		if (unique_names_at(unique, i)->key)
			add_index(&unique->order, i);
	unique_sort(unique, unique_names_key);
}

void unique_names_merge(struct unique_names *unique)
{
	struct sibling *first, *again;
	size_t nth = 0;

	sort_by_key(unique);
	while ((first = nth_by_name(unique, nth))) {
		add_index(&unique->by_key, (uint32_t)(first - unique_names_at(unique, 0)));
		while ((again = nth_by_name(unique, ++nth)) && !compare_keys(unique, first, again)) {
			first->value = again->value;
			again->dropped = true;
		}
	}
	unique->n_merged = unique_names_count(unique);
}

/* Makes a name with a hash of the key, or of the last name and the key if that name lost a round. */
static void make_distinct(struct unique_names *unique, struct sibling *loser)
{
	struct buf text, name;

	buf_init(&text, NAMES_MAX);
	buf_init(&name, NAME_BYTES_MAX);
	if (loser->rank == SIBLING_DISTINCT)
		buf_puts(&text, unique_names_name(unique, loser));
	buf_puts(&text, unique_names_key(unique, loser));
	name_distinct(&name, unique_names_name(unique, loser), text.data);
	if (text.full || name.full) /* memory is out: the name is not valid */
		unique->names.full = true;
	loser->name = store_name(unique, name.data);
	loser->rank = SIBLING_DISTINCT;
	buf_release(&text);
	buf_release(&name);
}

static bool is_altered(const struct sibling *sibling)
{
	return sibling->rank == SIBLING_RENAMED || sibling->rank == SIBLING_STRIPPED;
}

static void give_way(struct unique_names *unique, struct sibling *loser, int round)
{
	if (round + 1 == ROUNDS) {
		loser->dropped = true;
	} else if (is_altered(loser) && round < ROUNDS_WHOLE) {
		loser->name = loser->whole;
		loser->rank = SIBLING_PLAIN;
	} else {
		make_distinct(unique, loser);
	}
}

/* Whether the first of the entries with one name keeps it. */
static bool keeps_name(const struct sibling *first, const struct sibling *second)
{
	if (first->rank == SIBLING_RENAMED)
		return second->rank != SIBLING_RENAMED;
	return first->rank != SIBLING_STRIPPED;
}

/* One round. False: all names are unique. */
static bool resolve_round(struct unique_names *unique, int round)
{
	bool found = false;
	size_t end;

	for (size_t nth = 0; nth_by_name(unique, nth); nth = end) {
		const char *name = unique_names_name(unique, nth_by_name(unique, nth));
		struct sibling *next;

		/* Find the end of the run first, because give_way changes names. */
		for (end = nth + 1; (next = nth_by_name(unique, end)); end++)
			if (strcmp(name, unique_names_name(unique, next)) != 0)
				break;
		if (end == nth + 1)
			continue;
		found = true;
		if (keeps_name(nth_by_name(unique, nth), nth_by_name(unique, nth + 1)))
			nth++;
		for (; nth < end; nth++)
			give_way(unique, nth_by_name(unique, nth), round);
	}
	return found;
}

/* Fills `order`, sorted by name, then by rank, then by key: the first of each name keeps it. */
static void sort_by_name(struct unique_names *unique)
{
	const uint32_t *by_key = (const uint32_t *)(const void *)unique->by_key.data;
	size_t count = unique->by_key.len / sizeof *by_key;

	buf_clear(&unique->order);
	for (int rank = 0; rank <= SIBLING_DISTINCT; rank++) {
		if (!unique->ranks[rank])
			continue;
		for (size_t i = 0; i < count; i++) {
			const struct sibling *sibling = unique_names_at(unique, by_key[i]);

			if ((int)sibling->rank == rank && !sibling->dropped)
				add_index(&unique->order, by_key[i]);
		}
	}
	unique_sort(unique, unique_names_name);
}

static void note_ranks(struct unique_names *unique)
{
	memset(unique->ranks, 0, sizeof unique->ranks);
	for (size_t i = 0; i < unique_names_count(unique); i++)
		unique->ranks[unique_names_at(unique, i)->rank] = true;
}

void unique_names_settle(struct unique_names *unique)
{
	for (size_t i = unique->n_merged; i < unique_names_count(unique); i++)
		add_index(&unique->by_key, (uint32_t)i);
	/* a round empties buffers, so none begins that would hide that one was full */
	for (int round = 0; round < ROUNDS && !unique_names_full(unique); round++) {
		note_ranks(unique);
		sort_by_name(unique);
		if (!resolve_round(unique, round))
			break;
	}
}
