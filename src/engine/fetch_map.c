/*
 * fetch_map.c - the fetches that are under way, by what they read: (node, fetch kind).
 *
 * A fetch keeps its node pinned, so no other node can have that address meanwhile.
 */
#include "fetch.h"

struct fetch_key {
	const struct node *node;
	enum fetch_kind fetch_kind;
};

/* A node's address is a multiple of more than there are kinds. */
static uint64_t fetch_hash(const struct node *node, enum fetch_kind fetch_kind)
{
	return (uint64_t)(uintptr_t)node + fetch_kind;
}

static bool fetch_reads(const void *value, const void *key)
{
	const struct fetch *fetch = value;
	const struct fetch_key *wanted = key;

	return fetch->node == wanted->node && fetch->fetch_kind == wanted->fetch_kind;
}

struct fetch *fetch_under_way(const struct engine *engine, const struct node *node,
	enum fetch_kind fetch_kind)
{
	struct fetch_key key = { node, fetch_kind };

	return map_get(&engine->fetch_map, fetch_hash(node, fetch_kind), fetch_reads, &key);
}

void fetch_map_add(struct fetch *fetch)
{
	map_add(&fetch->engine->fetch_map, fetch_hash(fetch->node, fetch->fetch_kind), fetch);
}

void fetch_map_remove(struct fetch *fetch)
{
	map_remove(&fetch->engine->fetch_map, fetch_hash(fetch->node, fetch->fetch_kind), fetch);
}
