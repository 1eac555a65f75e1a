/*
 * record.c - records: the last answer of one kind of call about a resource, and when it expires.
 *
 * A describe call's answer is rendered when it comes, because a reader waits for it. A list's items are kept
 * as JSON text. An item becomes a version when a reader looks into it.
 */
#include "cache.h"

void record_unrender(struct tree *tree, struct record *record)
{
	struct version *version = record->version;

	record->version = NULL;
	if (!version)
		return;
	version->current = false;
	inode_idle(tree, &version->inode);
}

void record_drop(struct tree *tree, struct record *record)
{
	record_unrender(tree, record);
	text_put(tree, record->text);
	provenance_put(record->provenance);
	*record = (struct record){ 0 };
}

void record_note(struct record *record, const struct summary *summary, struct provenance *provenance,
	int64_t expires_ms)
{
	record->mtime_s = summary->mtime_s;
	record->stable = summary->stable;
	record->terminal = summary->terminal;
	record_renew(record, provenance, expires_ms);
}

void record_renew(struct record *record, struct provenance *provenance, int64_t expires_ms)
{
	provenance_get(provenance);
	provenance_put(record->provenance);
	record->provenance = provenance;
	record->expires_ms = expires_ms;
	record->bounded = record->grace_used = false;
	if (record->version) {
		provenance_get(provenance);
		provenance_put(record->version->provenance);
		record->version->provenance = provenance;
		record->version->expires_ms = expires_ms;
	}
}

void record_expire_by(struct record *record, int64_t expires_ms)
{
	record->bounded = true;
	if (record->expires_ms <= expires_ms)
		return;
	record->expires_ms = expires_ms;
	if (record->version)
		record->version->expires_ms = expires_ms;
}

void record_set(struct tree *tree, struct resource *resource, struct record *record,
	struct snapshot *snapshot, struct text *text, struct provenance *provenance, int64_t expires_ms)
{
	struct summary summary = { snapshot->stable, snapshot->mtime_s, snapshot->terminal };

	if (record->version && record->version->content == snapshot->content) {
		snapshot_free(snapshot);
	} else {
		bool from_list = record == &resource->cached;
		struct version *version = version_new(tree, resource, snapshot, text, from_list, provenance);
		if (record->version)
			version_compare(tree, version, record->version);
		record_unrender(tree, record);
		record->version = version;
		version_agree(tree, version,
			from_list ? resource_described(resource)->version : resource->cached.version);
	}
	record_note(record, &summary, provenance, expires_ms);
}

struct version *record_version(struct tree *tree, struct resource *resource, struct record *record)
{
	struct snapshot *snapshot;
	struct json *object;

	if (record->version || !record->text) {
		version_use(tree, record->version);
		return record->version;
	}
	/* cannot fail: resource_set_item has checked the text */
	if (json_parse(&object, record->text->bytes, record->text->len))
		return NULL;
	if (!resource_render(tree, resource, object, true, record->provenance->received_s, &snapshot)) {
		record->version = version_new(tree, resource, snapshot, record->text, true,
			record->provenance);
		record->version->expires_ms = record->expires_ms;
		version_agree(tree, record->version, resource_described(resource)->version);
	}
	json_free(object);
	resource->rendered_once = true;
	return record->version;
}

bool version_is_double(const struct version *version)
{
	const struct resource *resource = version->owner;

	return version == resource->cached.version && resource_described(resource)->version &&
		!version->changed_s;
}

void resource_drop_double(struct tree *tree, struct resource *resource)
{
	struct version *version = resource->cached.version;

	if (version && !version_is_held(version) && version_is_double(version))
		record_unrender(tree, &resource->cached);
}
