/*
 * wait.c - KIND/ID/.wait: a read returns when the resource has a terminal status, which does not change by
 * itself.
 *
 * The question is answered from the same answers as the file `status`, with the same rules of freshness. So
 * it costs what reading that file costs. Only a fresh answer ends the wait. A stale answer during an outage
 * does not, and neither does the outage itself. A failure that does not go away with time (the resource is
 * gone, the key is refused) ends the wait with that error.
 */
#include "views.h"

#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/name.h"

bool kind_has_end(const struct kind *kind)
{
	return kind->status.member && kind->status.terminal.n;
}

/* The entry of the file that shows the kind's status; 0: the answer has none. */
static uint32_t status_entry(const struct snapshot *snapshot, const struct kind *kind)
{
	const struct snapshot_entry *top = snapshot->entries;

	for (uint32_t i = top->first; i < top->first + top->count; i++)
		if (!snapshot->entries[i].directory &&
			!strcmp(snapshot_key(snapshot, i), kind->status.member))
			return i;
	return 0;
}

/*
 * The name under which an answer shows the status. If no answer is known, "status" is tried: the describe
 * call decides.
 */
static void status_name(struct tree *tree, struct resource *resource, struct buf *out)
{
	struct version *versions[] = { resource_described(resource)->version, NULL };

	if (!versions[0])
		versions[1] = record_version(tree, resource, &resource->cached);
	for (size_t i = 0; i < 2; i++) {
		const struct snapshot *snapshot = versions[i] ? version_look(tree, versions[i]) : NULL;
		uint32_t entry = snapshot ? status_entry(snapshot, resource->node.kind) : 0;
		if (entry) {
			buf_puts(out, snapshot_name(snapshot, entry));
			return;
		}
	}
	buf_puts(out, "status");
}

/*
 * The length of the kind's longest terminal status, and a newline. `.wait` has this size until its status is
 * known, because a reader that relies on the size must not miss bytes.
 */
static uint64_t longest_end(const struct kind *kind)
{
	size_t longest = 0;

	for (size_t i = 0; i < kind->status.terminal.n; i++)
		if (strlen(kind->status.terminal.v[i]) > longest)
			longest = strlen(kind->status.terminal.v[i]);
	return longest + 1;
}

/* The resource is gone: a fresh list does not have it, and its kind has no other call. */
static bool is_gone(const struct resource *resource, struct query_time query)
{
	const struct kind *kind = resource->node.kind;

	return !kind_has_describe(kind) && !kind->partial && !resource->cached.provenance &&
		listing_is_fresh(listing_of(resource), query);
}

/* Picks the answer that has the status, with the rules of the file `status`. */
static struct selection select_status(struct tree *tree, struct resource *resource, struct query_time query)
{
	struct buf name;

	buf_init(&name, NAME_BYTES_MAX + 1);
	status_name(tree, resource, &name);
	struct selection selection = select_answer(tree, resource, 0, name.data, query);
	buf_release(&name);
	return selection;
}

/* The terminal status and a newline, if a fresh answer has one; NULL: a read has to wait. */
static const char *ended_status(struct tree *tree, const struct resource *resource,
	const struct selection *selection, struct query_time query, size_t *size)
{
	if (!selection->found || !selection->version ||
		!version_is_fresh(resource, selection->version, query))
		return NULL;
	const struct snapshot *snapshot = version_look(tree, selection->version);
	return snapshot->terminal ?
		snapshot_bytes(snapshot, status_entry(snapshot, resource->node.kind), size) :
		NULL;
}

/* `status` NULL: the status is not known, or not terminal. */
static struct entry wait_entry_of(const struct resource *resource, const char *status, size_t size)
{
	const struct record *record = resource_newest(resource);

	return (struct entry){ .id = nodeid_encode(resource->node.inode.serial, INDEX_WAIT),
		.attr = { .ino = hash_text(resource->node.ino, ".wait"),
			.mode = S_IFREG | 0444,
			.size = status ? size : longest_end(resource->node.kind),
			.mtime_s = record ? record->mtime_s : resource->node.kind->catalog->date_s,
			.mtime_ns = status ? (uint32_t)(hash_bytes(0, status, size) % 1000000000) : 0 } };
}

/*
 * A fresh answer has a terminal status. It changes nothing, because stat(2) asks this: to pick an answer is a
 * reader's work, which renders items, extends them and starts read-ahead.
 */
static bool has_ended(const struct resource *resource, struct query_time query)
{
	const struct record *described = resource_described(resource), *listed = &resource->cached;

	return (described->terminal && record_is_fresh(described, query)) ||
		(listed->terminal && record_is_fresh(listed, query));
}

struct entry wait_entry(struct tree *tree, struct resource *resource, struct query_time query)
{
	size_t size = 0;

	if (!has_ended(resource, query))
		return wait_entry_of(resource, NULL, 0);
	struct selection selection = select_status(tree, resource, query);
	const char *status = ended_status(tree, resource, &selection, query, &size);

	return wait_entry_of(resource, status, size);
}

static struct reply reply_later(struct resource *resource, int64_t later_ms, bool outage)
{
	return (struct reply){ .outcome = RESULT_RETRY_LATER,
		.node = &resource->node,
		.later_ms = later_ms,
		.outage = outage };
}

static struct reply look_at(struct tree *tree, struct resource *resource, const struct selection *selection,
	struct query_time query)
{
	bool fresh = selection->version && version_is_fresh(resource, selection->version, query);
	size_t size = 0;
	const char *status = ended_status(tree, resource, selection, query, &size);
	const struct failure *failure = node_failure(refreshed_by(resource));

	if (status) { /* tree_read returns it for the READ that follows */
		struct entry entry = wait_entry_of(resource, status, size);
		buf_clear(&tree->wait_result.status);
		buf_add(&tree->wait_result.status, status, size);
		tree->wait_result.id = entry.id;
		return (struct reply){ .outcome = RESULT_FOUND, .entry = entry };
	}
	if (!fresh && failure_stands(failure, query) && error_lasts(failure->error))
		return reply_failed(failure->error);
	return reply_later(resource, selection->left_ms, !fresh);
}

struct reply tree_wait(struct tree *tree, uint64_t id, struct query_time query)
{
	uint32_t index;

	tree_collect(tree);
	struct inode *inode = tree_inode(tree, id, &index);
	if (!inode || inode->is_version || index != INDEX_WAIT)
		return reply_failed(ERR_NOT_FOUND);

	struct resource *resource = as_resource(as_node(inode));
	if ((resource->missing && resource->failures->missing_ms > query.now_ms) || is_gone(resource, query))
		return reply_failed(ERR_NOT_FOUND);
	struct selection selection = select_status(tree, resource, query);
	if (selection.found)
		return look_at(tree, resource, &selection, query);
	if (selection.reply.outcome != RESULT_FAILED || error_lasts(selection.reply.error))
		return selection.reply;
	return reply_later(resource, 0, true);
}
