/*
 * tree.c - nodes, their ids, and their ends.
 *
 * The root and its listings are made once from the catalog.  Resources come and go: a resource stands as
 * long as its listing shows it, the kernel holds an id of it, a call about it is under way, or something
 * below it stands.  One that merely was looked at (entered by name, found missing, failed) is kept in the
 * ring of loose nodes, so that its answer is not asked for again at once, until UNLISTED_MAX newer ones came.
 */
#include "tree_views.h"

#include <stdlib.h>
#include <string.h>

/* ---- ids ---- */

/* The first tree's root has serial and index 0, and FUSE's root id is 1.  Others begin further up. */
uint64_t id_pack(uint64_t serial, uint32_t index)
{
	return (serial << ID_INDEX_BITS | index) + TREE_ROOT;
}

unsigned tree_number(uint64_t id)
{
	return id < TREE_ROOT ? 0 : (unsigned)((id - TREE_ROOT) >> (ID_INDEX_BITS + ID_SERIAL_BITS));
}

uint64_t tree_root(const struct tree *tree)
{
	return id_pack(tree->root->object.serial, 0);
}

static bool object_has_serial(const void *value, const void *key)
{
	return ((const struct inode *)value)->serial == *(const uint64_t *)key;
}

struct inode *tree_inode(const struct tree *tree, uint64_t id, uint32_t *index)
{
	if (id < TREE_ROOT)
		return NULL;
	uint64_t serial = (id - TREE_ROOT) >> ID_INDEX_BITS;
	*index = (uint32_t)((id - TREE_ROOT) & ID_INDEX_MASK);
	return map_get(&tree->objects, serial, object_has_serial, &serial);
}

void inode_register(struct tree *tree, struct inode *object)
{
	object->serial = tree->next_serial++ & (UINT64_MAX >> 1);
	map_add(&tree->objects, object->serial, object);
	if (object->is_version)
		tree->n_versions++;
	else
		tree->n_nodes++;
}

void inode_unregister(struct tree *tree, struct inode *object)
{
	map_remove(&tree->objects, object->serial, object);
	if (object->is_version)
		tree->n_versions--;
	else
		tree->n_nodes--;
}

/* ---- names ---- */

struct name_key {
	const struct node *listing;
	const char *name;
};

static uint64_t name_hash(const struct tree *tree, const struct node *listing, const char *name)
{
	return map_hash_text(&tree->names, listing->object.serial, name);
}

static bool node_has_name(const void *value, const void *key)
{
	const struct node *node = value;
	const struct name_key *wanted = key;

	return node->parent == wanted->listing && !strcmp(node->name, wanted->name);
}

struct node *node_find(const struct tree *tree, const struct node *listing, const char *name)
{
	struct name_key key = { listing, name };

	return map_get(&tree->names, name_hash(tree, listing, name), node_has_name, &key);
}

void node_path(const struct node *node, struct buf *out)
{
	if (!node->parent)
		return;
	node_path(node->parent, out);
	if (!*node->name) /* it lies where its parent does */
		return;
	buf_putc(out, '/');
	buf_puts(out, node->name);
}

/* ---- rings ---- */

static void leave_loose(struct tree *tree, struct node *node)
{
	if (!node->unlisted_next)
		return;
	node->unlisted_next->unlisted_prev = node->unlisted_prev;
	node->unlisted_prev->unlisted_next = node->unlisted_next;
	node->unlisted_next = node->unlisted_prev = NULL;
	tree->n_unlisted--;
}

static void join_loose(struct tree *tree, struct node *node)
{
	leave_loose(tree, node);
	node->unlisted_prev = tree->unlisted_lru.unlisted_prev;
	node->unlisted_next = &tree->unlisted_lru;
	node->unlisted_prev->unlisted_next = node;
	tree->unlisted_lru.unlisted_prev = node;
	tree->n_unlisted++;
}

/* ---- making ---- */

/* What a node of this sort has, before its name. */
static size_t sort_size(enum node_sort sort)
{
	if (sort == NODE_LISTING)
		return offsetof(struct node, failures) + sizeof(((struct node *)0)->failures);
	if (sort == NODE_VIEW)
		return offsetof(struct node, depth) + sizeof(((struct node *)0)->depth);
	return offsetof(struct node, unlisted_prev) + sizeof(struct node *);
}

/* The id stands behind the name, unless they are the same. */
static size_t node_size(enum node_sort sort, const char *name, const char *id)
{
	return sort_size(sort) + strlen(name) + 1 + (id && strcmp(id, name) ? strlen(id) + 1 : 0);
}

struct node *node_new(struct tree *tree, enum node_sort sort, struct node *parent, const char *name,
	const char *id)
{
	size_t size = node_size(sort, name, id);
	struct node *node = xcalloc(1, size);
	struct buf path;

	node->sort = (unsigned char)sort;
	node->parent = parent;
	node->name = (char *)node + sort_size(sort);
	memcpy(node->name, name, strlen(name));
	if (id) {
		node->id = strcmp(id, name) ? node->name + strlen(name) + 1 : node->name;
		memcpy(node->id, id, strlen(id));
	}
	tree->memory += size;
	inode_register(tree, &node->object);
	buf_init(&path, SIZE_MAX);
	node_path(node, &path);
	if (path.full)
		out_of_memory();
	node->ino = hash_bytes(0, path.data, path.len);
	if (node->ino <= TREE_ROOT)
		node->ino += 2;
	buf_release(&path);
	return node;
}

void node_release(struct tree *tree, struct node *node)
{
	inode_unregister(tree, &node->object);
	tree->memory -= node_size(node->sort, node->name, node->id);
	free(node);
}

void node_add_name(struct tree *tree, struct node *node)
{
	map_add(&tree->names, name_hash(tree, node->parent, node->name), node);
}

void node_remove_name(struct tree *tree, struct node *node)
{
	map_remove(&tree->names, name_hash(tree, node->parent, node->name), node);
}

static struct node *listing_new(struct tree *tree, struct node *parent, const struct kind *kind)
{
	struct node *node = node_new(tree, NODE_LISTING, parent, kind->name, NULL);

	node->kind = kind;
	node->next_seq = 1;
	return node;
}

void node_open(struct tree *tree, struct node *node)
{
	const struct catalog *catalog = tree->options.catalog;

	if (node->n_listings || node->sort == NODE_TEXTS || (node->kind && !node->kind->children[0]))
		return;
	for (size_t i = 0; i < catalog->n_kinds; i++) {
		if (catalog->kinds[i]->parent != node->kind)
			continue;
		node->listings = xrealloc(node->listings, (node->n_listings + 1) * sizeof(*node->listings));
		node->listings[node->n_listings++] = listing_new(tree, node, catalog->kinds[i]);
	}
}

struct node *node_add_resource(struct tree *tree, struct node *listing, const char *name, const char *id)
{
	struct node *node = node_new(tree, NODE_RESOURCE, listing, name, id);

	node->kind = listing->kind;
	node_add_name(tree, node);
	node->below_next = listing->first_below;
	if (node->below_next)
		node->below_next->below_prev = node;
	listing->first_below = node;
	join_loose(tree, node);
	return node;
}

static void add_readme(struct tree *tree, const char *text)
{
	const char *name = "README";
	struct provenance_note note = { .received_ms = 1,
		.received_s = tree->options.catalog->date_s,
		.action = "" };
	struct buf readme;

	buf_init(&readme, SIZE_MAX);
	buf_puts(&readme, text);
	tree_texts(tree, tree->root, &name, &readme, 1, &note);
	buf_release(&readme);
}

struct tree *tree_new(const struct tree_options *options)
{
	struct tree *tree = xcalloc(1, sizeof(*tree));

	tree->options = *options;
	map_init(&tree->objects, options->seed);
	map_init(&tree->names, options->seed);
	buf_init(&tree->item, JSON_BYTES_MAX);
	buf_init(&tree->said, SNAPSHOT_BYTES_MAX);
	tree->next_serial = (uint64_t)options->number << ID_SERIAL_BITS;
	buf_init(&tree->link, SIZE_MAX);
	tree->unlisted_lru.unlisted_next = tree->unlisted_lru.unlisted_prev = &tree->unlisted_lru;
	tree->lru.lru_next = tree->lru.lru_prev = &tree->lru;
	tree->folded.lru_next = tree->folded.lru_prev = &tree->folded;
	tree->root = node_new(tree, NODE_ROOT, NULL, "", NULL);
	tree->root->object.held = 1;
	add_readme(tree, options->readme);
	node_open(tree, tree->root);
	views_plant(tree);
	tree->texts = node_new(tree, NODE_TEXTS, tree->root, ".describefs", NULL);
	tree->texts->object.held = 1;
	return tree;
}

/* ---- ending ---- */

static void node_free(struct tree *tree, struct node *node);

static void leave_listing(struct tree *tree, struct node *node)
{
	struct node *listing = node->parent;

	node_remove_name(tree, node);
	if (node->below_prev)
		node->below_prev->below_next = node->below_next;
	else
		listing->first_below = node->below_next;
	if (node->below_next)
		node->below_next->below_prev = node->below_prev;
	if (node->counted_in_parent)
		listing->n_held--;
}

static void listing_free(struct tree *tree, struct node *listing)
{
	listing->ending = true;
	if (tree->scanned == listing)
		tree->scanned = NULL;
	while (listing->first_below)
		node_free(tree, listing->first_below);
	provenance_put(listing->list_stamp);
	provenance_put(listing->page_stamp);
	reading_put(listing->reading);
	free(listing->entries);
	listing_drop_aspects(tree, listing);
	node_release(tree, listing);
}

void node_end_others(struct tree *tree, struct node *node)
{
	tree->n_others -= node->others;
	node->others = false;
}

static void free_listings(struct tree *tree, struct node *node)
{
	for (size_t i = 0; i < node->n_listings; i++)
		listing_free(tree, node->listings[i]);
	free(node->listings);
	node->listings = NULL;
	node->n_listings = 0;
}

static void node_free(struct tree *tree, struct node *node)
{
	node->ending = true;
	node_end_others(tree, node);
	free_listings(tree, node);
	leave_loose(tree, node);
	record_drop(tree, &node->listed);
	node_drop_inside(tree, node);
	node_drop_trouble(tree, node);
	if (node->sort == NODE_RESOURCE)
		leave_listing(tree, node);
	node_release(tree, node);
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	size_t at = 0;
	struct inode *object;

	/* the kernel is gone: nothing is held any more */
	while ((object = map_next(&tree->objects, &at)))
		object->held = 0;
	version_free_orphans(tree);
	views_free(tree);
	free(tree->view_marks);
	free(tree->moved.v);
	node_free(tree, tree->texts);
	node_free(tree, tree->root);
	map_release(&tree->objects);
	map_release(&tree->names);
	buf_release(&tree->item);
	buf_release(&tree->said);
	buf_release(&tree->link);
	free(tree);
}

/* Whether the kernel, a call or a pin needs the node or something below it. */
static bool node_is_held(const struct node *node)
{
	const struct version *detail = node_detail(node)->version, *listed = node->listed.version;
	unsigned current = (detail ? 1 : 0) + (listed ? 1 : 0);

	if (node->object.held || node->pins || node->pinned)
		return true;
	if (node->inside && node->inside->n_versions > current)
		return true;
	for (size_t i = 0; i < node->n_listings; i++) {
		const struct node *listing = node->listings[i];
		if (listing->object.held || listing->pins || listing->n_held || table_is_held(listing))
			return true;
	}
	return version_is_held(detail) || version_is_held(listed);
}

/* Lets go of what only matters while the kernel knows the resource, or can be made again for nothing. */
static void shed(struct tree *tree, struct node *node)
{
	if (node->inside && !node->object.held)
		events_drop(tree, node->inside);
	/* what dates the directory stays */
	if (node->inside && !node->inside->detail.stamp && !node->inside->n_versions &&
		!node->inside->mtime_salt)
		node_drop_inside(tree, node);
	for (size_t i = 0; i < node->n_listings; i++) {
		const struct node *listing = node->listings[i];
		if (listing->first_below || listing->list_stamp || listing->failures[FETCH_LIST].error)
			return;
	}
	free_listings(tree, node);
}

void node_settle(struct tree *tree, struct node *node)
{
	if (node->sort == NODE_VIEW) {
		view_settle(tree, node);
		return;
	}
	if (node_is_table(node))
		node = node->parent;
	if (node->sort == NODE_LISTING)
		node = node->parent;
	if (node->sort != NODE_RESOURCE || node->ending)
		return;

	struct node *above = node->parent->parent;
	bool held = node_is_held(node);

	if (held != node->counted_in_parent) {
		node->counted_in_parent = held;
		node->parent->n_held += held ? 1 : (size_t)-1;
	}
	if (!held)
		shed(tree, node);
	if (held || node->in_listing)
		leave_loose(tree, node);
	else if (!node->unlisted_next)
		join_loose(tree, node);
	node_settle(tree, above);
	while (tree->n_unlisted > UNLISTED_MAX) {
		struct node *oldest = tree->unlisted_lru.unlisted_next;
		if (node_is_held(oldest) || oldest->in_listing)
			leave_loose(tree, oldest); /* came to be needed since; who lets go of it settles it */
		else
			node_free(tree, oldest);
	}
}

void node_pin(struct node *node)
{
	node->pins++;
}

void node_unpin(struct tree *tree, struct node *node)
{
	node->pins--;
	node_settle(tree, node);
}

/* ---- what the kernel holds ---- */

void tree_ref(struct tree *tree, uint64_t id, uint64_t count)
{
	uint32_t index;
	struct inode *object = tree_inode(tree, id, &index);

	if (!object)
		return;
	object->held += count;
	if (!object->is_version && !index) /* its attributes go with its id */
		((struct node *)object)->moved = false;
	node_settle(tree, object->is_version ? ((struct version *)object)->owner : (struct node *)object);
}

void tree_forget(struct tree *tree, uint64_t id, uint64_t count)
{
	uint32_t index;
	struct inode *object = tree_inode(tree, id, &index);

	if (!object)
		return;
	object->held -= count < object->held ? count : object->held;
	if (object->is_version) {
		if (!object->held)
			version_let_go(tree, (struct version *)object);
		return;
	}
	struct node *node = (struct node *)object;
	if (node == tree->root || node == tree->texts) {
		node->object.held += !node->object.held; /* these two are the tree's own */
		return;
	}
	node_settle(tree, node);
}

int64_t tree_ttl_ms(const struct tree *tree, int64_t of_catalog_s)
{
	return tree->options.ttl_ms >= 0 ? tree->options.ttl_ms : of_catalog_s * 1000;
}

struct tree_stats tree_stats(const struct tree *tree)
{
	return (struct tree_stats){ .nodes = tree->n_nodes,
		.versions = tree->n_versions,
		.followed = tree->n_follows,
		.others = tree->n_others,
		.max_memory = tree->options.max_memory,
		.memory = tree_bytes(tree),
		.answers = tree->answers };
}
