/*
 * xattr.c - user.describefs.*: which call a value comes from, and how old it is.
 *
 * The answer comes from memory alone: a getxattr never makes a call. (The lookup of the path before it may
 * make one.)
 *
 * A program that copies attributes reads all that are listed, and takes every difference for a change. So
 * listxattr returns only those that change with the content. Those that change with each fetch can be read by
 * name.
 */
#include "views.h"

#include <string.h>

#include "base/timestamp.h"

#define PREFIX "user.describefs."

/* The node and the answer that an id belongs to. */
struct value_origin {
	const struct node *node;
	struct version *version; /* NULL for a listing, or when nothing is known */
	const struct snapshot *snapshot; /* the version's */
	uint32_t entry;
	const struct provenance *provenance;
	int64_t expires_ms;
};

static void set_entry(struct value_origin *origin, struct version *version, uint32_t slot)
{
	uint32_t entry = version ? version_directory(version, slot) : UINT32_MAX;

	origin->version = version;
	origin->entry = entry == UINT32_MAX ? 0 : entry;
}

static bool find_object(const struct tree *tree, uint64_t id, struct value_origin *origin, int64_t now_ms)
{
	uint32_t index;
	struct inode *inode = tree_inode(tree, id, &index);

	if (!inode)
		return false;
	*origin = (struct value_origin){ .entry = index };
	if (inode->is_version) {
		origin->version = as_version(inode);
		const struct resource *owner = origin->version->owner;
		origin->node = &owner->node;
		origin->provenance = origin->version->provenance;
		bool listed = origin->version == owner->cached.version;
		origin->expires_ms = listed ? record_until_ms(&owner->cached, now_ms) :
					      origin->version->expires_ms;
		return true;
	}
	const struct node *node = origin->node = as_node(inode);
	if (index_is_link(index)) /* the kernel allows no user.* attributes on links */
		return false;
	if (node->sort == NODE_VIEW) {
		origin->provenance = view_provenance(as_view(node), &origin->expires_ms);
		return as_view(node)->depth;
	}
	if (node->sort == NODE_LISTING) {
		origin->provenance = as_listing(node)->state.provenance;
		origin->expires_ms = as_listing(node)->state.expires_ms;
		return true;
	}
	const struct record *record = resource_newest(as_resource(node));
	if (!record)
		return true;
	origin->provenance = record->provenance;
	origin->expires_ms = record_until_ms(record, now_ms);
	set_entry(origin, record->version, index);
	if (index && !origin->entry) /* the list's item is newer and not rendered yet */
		set_entry(origin, resource_described(as_resource(node))->version, index);
	return true;
}

static bool find_origin(struct tree *tree, uint64_t id, struct value_origin *origin, int64_t now_ms)
{
	tree_collect(tree);
	if (!find_object(tree, id, origin, now_ms))
		return false;
	origin->snapshot = origin->version ? version_look(tree, origin->version) : NULL;
	return true;
}

static bool put_text(struct buf *out, const char *text)
{
	return buf_puts(out, text);
}

static bool put_key(const struct value_origin *origin, struct buf *out)
{
	if (origin->node->sort != NODE_RESOURCE)
		return false;
	if (origin->version && origin->entry)
		return put_text(out, snapshot_key(origin->snapshot, origin->entry));
	return put_text(out, origin->node->id);
}

static bool put_type(const struct value_origin *origin, struct buf *out)
{
	if (origin->node->sort == NODE_LISTING)
		return put_text(out, "array");
	if (!origin->version)
		return put_text(out, "object");
	return put_text(out, json_type_name(origin->snapshot->entries[origin->entry].type));
}

/* Of a resource: the describe call, even where the list's item shows the same. */
static bool put_action(const struct value_origin *origin, struct buf *out)
{
	const struct node *node = origin->node;

	if (!origin->provenance)
		return false;
	return put_text(out,
		node->sort == NODE_RESOURCE && kind_has_describe(node->kind) ?
			action_name(&node->kind->describe) :
			origin->provenance->action);
}

static bool put_request_id(const struct value_origin *origin, struct buf *out)
{
	return origin->provenance && put_text(out, origin->provenance->request_id);
}

static bool put_fetched(const struct value_origin *origin, struct buf *out)
{
	return origin->provenance && timestamp_format(out, origin->provenance->received_s);
}

static bool put_expires(const struct value_origin *origin, struct buf *out)
{
	if (!origin->provenance)
		return false;
	int64_t left_ms = origin->expires_ms - origin->provenance->received_ms;
	/* an answer that was invalidated early expired when it came */
	return timestamp_format(out,
		origin->provenance->received_s + (left_ms > 0 ? (left_ms + 500) / 1000 : 0));
}

static bool is_listing(const struct value_origin *origin)
{
	return origin->node->sort == NODE_LISTING;
}

/* Whether the listing is complete. If it was not read yet: whether a list call of its kind returns all. */
static bool is_complete(const struct listing *listing)
{
	if (listing->state.provenance || listing->state.failures[FETCH_LIST].error)
		return listing->state.complete;
	return !listing->node.kind->partial;
}

static bool put_complete(const struct value_origin *origin, struct buf *out)
{
	return is_listing(origin) && put_text(out, is_complete(as_listing(origin->node)) ? "1" : "0");
}

struct xattr {
	const char *name;
	/* NULL: `stale`, which needs the current time */
	bool (*put)(const struct value_origin *origin, struct buf *out);
	bool of_a_fetch; /* changes with each fetch, even if the content does not */
};

static bool is_of_a_fetch(const struct xattr *xattr, const struct value_origin *origin)
{
	/* the action of a listing appears when its list is first read */
	return xattr->of_a_fetch || (xattr->put == put_action && origin->node->sort != NODE_RESOURCE);
}

/* clang-format off */
static const struct xattr xattrs[] = {
	{ "key", put_key, false }, { "type", put_type, false }, { "action", put_action, false },
	{ "complete", put_complete, false }, { "request_id", put_request_id, true },
	{ "fetched", put_fetched, true }, { "expires", put_expires, true }, { "stale", NULL, true },
};
/* clang-format on */

static bool put_xattr(const struct xattr *xattr, const struct value_origin *origin, struct query_time query,
	struct buf *out)
{
	if (origin->node->sort == NODE_ROOT)
		return false;
	if (origin->node->sort == NODE_TEXTS && !node_is_table(origin->node))
		return false;
	if (xattr->put)
		return xattr->put(origin, out);
	return origin->provenance && put_text(out, origin->expires_ms <= query.now_ms ? "1" : "0");
}

bool tree_xattr(struct tree *tree, uint64_t id, const char *name, struct buf *out, struct query_time query)
{
	struct value_origin origin;

	if (strncmp(name, PREFIX, strlen(PREFIX)) || !find_origin(tree, id, &origin, query.now_ms))
		return false;
	for (size_t i = 0; i < sizeof(xattrs) / sizeof(*xattrs); i++)
		if (!strcmp(xattrs[i].name, name + strlen(PREFIX)))
			return put_xattr(&xattrs[i], &origin, query, out);
	return false;
}

void tree_xattr_names(struct tree *tree, uint64_t id, struct buf *out, struct query_time query)
{
	struct value_origin origin;
	struct buf value;

	if (!find_origin(tree, id, &origin, query.now_ms))
		return;
	buf_init(&value, SIZE_MAX);
	for (size_t i = 0; i < sizeof(xattrs) / sizeof(*xattrs); i++) {
		buf_clear(&value);
		if (is_of_a_fetch(&xattrs[i], &origin) || !put_xattr(&xattrs[i], &origin, query, &value))
			continue;
		buf_puts(out, PREFIX);
		buf_add(out, xattrs[i].name, strlen(xattrs[i].name) + 1);
	}
	buf_release(&value);
}
