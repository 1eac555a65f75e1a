/*
 * record.c - records: what one way of asking said of a resource last, and until when it stands.
 *
 * A describe call's answer is rendered at once, because a reader waits for it.  A list's items are kept as
 * JSON text, and become a version when one is looked into.
 */
#include "cache.h"

void record_unrender(struct tree *tree, struct record *record)
{
	struct version *version = record->version;

	record->version = NULL;
	if (!version)
		return;
	version->current = false;
	inode_idle(tree, &version->object);
}

void record_drop(struct tree *tree, struct record *record)
{
	record_unrender(tree, record);
	text_put(tree, record->text);
	provenance_put(record->stamp);
	*record = (struct record){ 0 };
}

void record_note(struct record *record, const struct summary *summary, struct provenance *stamp,
	int64_t expires_ms)
{
	record->mtime_s = summary->mtime_s;
	record->stable = summary->stable;
	record->terminal = summary->terminal;
	record_renew(record, stamp, expires_ms);
}

void record_renew(struct record *record, struct provenance *stamp, int64_t expires_ms)
{
	provenance_get(stamp);
	provenance_put(record->stamp);
	record->stamp = stamp;
	record->expires_ms = expires_ms;
	record->bounded = record->lent = false;
	if (record->version) {
		provenance_get(stamp);
		provenance_put(record->version->stamp);
		record->version->stamp = stamp;
		record->version->expires_ms = expires_ms;
	}
}

void outlive_not(struct record *record, int64_t expires_ms)
{
	record->bounded = true;
	if (record->expires_ms <= expires_ms)
		return;
	record->expires_ms = expires_ms;
	if (record->version)
		record->version->expires_ms = expires_ms;
}

void record_set(struct tree *tree, struct node *node, struct record *record, struct snapshot *snapshot,
	struct text *text, struct provenance *stamp, int64_t expires_ms)
{
	struct summary summary = { snapshot->stable, snapshot->mtime_s, snapshot->terminal };

	if (record->version && record->version->content == snapshot->content) {
		snapshot_free(snapshot);
	} else {
		bool from_list = record == &node->resource.cached;
		struct version *version = version_new(tree, node, snapshot, text, from_list, stamp);
		if (record->version)
			version_compare(tree, version, record->version);
		record_unrender(tree, record);
		record->version = version;
		version_agree(tree, version,
			from_list ? node_detail(node)->version : node->resource.cached.version);
	}
	record_note(record, &summary, stamp, expires_ms);
}

struct version *record_version(struct tree *tree, struct node *node, struct record *record)
{
	struct snapshot *snapshot;
	struct json *object;

	if (record->version || !record->text) {
		version_use(tree, record->version);
		return record->version;
	}
	/* node_set_item saw to it that neither of these fails */
	if (json_parse(&object, record->text->bytes, record->text->len))
		return NULL;
	if (!node_render(tree, node, object, true, record->stamp->received_s, &snapshot)) {
		record->version = version_new(tree, node, snapshot, record->text, true, record->stamp);
		record->version->expires_ms = record->expires_ms;
		version_agree(tree, record->version, node_detail(node)->version);
	}
	json_free(object);
	node->resource.rendered_once = true;
	return record->version;
}

bool version_is_double(const struct version *version)
{
	const struct node *node = version->owner;

	return version == node->resource.cached.version && node_detail(node)->version && !version->changed_s;
}

void node_shed_double(struct tree *tree, struct node *node)
{
	struct version *version = node->resource.cached.version;

	if (version && !version_is_held(version) && version_is_double(version))
		record_unrender(tree, &node->resource.cached);
}
