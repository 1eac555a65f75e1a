/*
 * tree_record.c - records: what one way of asking said of a resource last, and until when it stands.
 *
 * A describe call's answer is rendered at once, because somebody waits for it; a list's items are kept as
 * JSON text, and become a version when one is looked into.
 */
#include "tree_node.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_RENDER_MAX = 512 << 10 }; /* bytes of a page's items that are rendered in its turn */

/* ---- stamps ---- */

struct provenance *provenance_new(const struct provenance_note *note)
{
	struct provenance *stamp = xcalloc(1, sizeof(*stamp));

	stamp->refs = 1;
	stamp->sent_ms = note->sent_ms;
	stamp->received_ms = note->received_ms;
	stamp->received_s = note->received_s;
	stamp->action = note->action;
	stamp->reading = reading_get(note->reading);
	error_note_copy(stamp->request_id, sizeof(stamp->request_id),
		note->request_id ? note->request_id : "");
	return stamp;
}

struct provenance *provenance_get(struct provenance *stamp)
{
	stamp->refs++;
	return stamp;
}

void provenance_put(struct provenance *stamp)
{
	if (!stamp || --stamp->refs)
		return;
	reading_put(stamp->reading);
	free(stamp);
}

/* ---- texts ---- */

static size_t text_size(const struct text *text)
{
	return offsetof(struct text, bytes) + text->len;
}

struct text *text_new(struct tree *tree, const struct buf *bytes)
{
	struct text *text = xmalloc(offsetof(struct text, bytes) + bytes->len);

	text->refs = 1;
	text->len = (uint32_t)bytes->len;
	memcpy(text->bytes, bytes->data, bytes->len);
	tree->memory += text_size(text);
	tree->answers += text_size(text);
	return text;
}

struct text *text_get(struct text *text)
{
	if (text)
		text->refs++;
	return text;
}

void text_put(struct tree *tree, struct text *text)
{
	if (!text || --text->refs)
		return;
	tree->memory -= text_size(text);
	tree->answers -= text_size(text);
	free(text);
}

/* ---- records ---- */

void record_unrender(struct tree *tree, struct record *record)
{
	struct version *version = record->version;

	record->version = NULL;
	if (!version)
		return;
	version->current = false;
	version_settle(tree, version);
}

void record_drop(struct tree *tree, struct record *record)
{
	record_unrender(tree, record);
	text_put(tree, record->text);
	provenance_put(record->stamp);
	*record = (struct record){ 0 };
}

/* What is known of the answer without looking into it. */
static void note_answer(struct record *record, const struct summary *summary, struct provenance *stamp,
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
		bool from_list = record == &node->listed;
		struct version *version = version_new(tree, node, snapshot, text, from_list, stamp);
		if (record->version)
			version_compare(tree, version, record->version);
		record_unrender(tree, record);
		record->version = version;
		version_agree(tree, version, from_list ? node_detail(node)->version : node->listed.version);
	}
	note_answer(record, &summary, stamp, expires_ms);
}

enum error node_render(struct tree *tree, struct node *node, const struct json *object, bool from_list,
	int64_t now_s, struct snapshot **out)
{
	struct snapshot_style style = {
		.api_names = tree->options.api_names,
		.secrets = tree->options.secrets,
		.key = tree->options.key,
		.from_list = from_list,
	};
	struct buf path;

	buf_init(&path, SIZE_MAX);
	node_path(node, &path);
	enum error error = path.full ? ERR_LOCAL :
				       snapshot_render(out, node->kind, object, path.data, &style, now_s);
	buf_release(&path);
	return error;
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
	node->looked = true;
	tree_shrink(tree);
	return record->version;
}

/* ---- a list's item ---- */

/* A page of more than a cloud has reason to send is rendered where somebody looks, not in its own turn. */
static bool takes_part(struct provenance *stamp, size_t len)
{
	stamp->rendered += len;
	return stamp->rendered <= PAGE_RENDER_MAX;
}

static bool holds_text(const struct record *record, const struct buf *text)
{
	return record->text && record->text->len == text->len &&
		!memcmp(record->text->bytes, text->data, text->len);
}

bool node_set_item(struct tree *tree, struct node *node, const struct json *item, const struct buf *text,
	struct provenance *stamp, bool *changed)
{
	struct summary summary = snapshot_summary(node->kind, item, stamp->received_s);
	struct record *record = &node->listed;
	struct snapshot *snapshot = NULL;
	bool same = holds_text(record, text);

	if (!same && !snapshot_is_sure(item, text->len))
		return false;
	/* nobody has looked into most items, and few change: rendering each would be most of a list's work */
	bool renders = !same && node->looked && takes_part(stamp, text->len);
	if (renders && node_render(tree, node, item, true, stamp->received_s, &snapshot))
		return false;
	int64_t expires_ms = expiry_ms(tree, node->kind, summary.terminal, stamp->sent_ms);
	if (renders) /* say what changed since */
		record_version(tree, node, record);
	else if (!same)
		record_unrender(tree, record);
	if (!same) {
		text_put(tree, record->text);
		record->text = text_new(tree, text);
	}
	if (snapshot && record->version)
		record_set(tree, node, record, snapshot, record->text, stamp, expires_ms);
	else
		snapshot_free(snapshot);
	note_answer(record, &summary, stamp, expires_ms);
	node->outdone = false;
	if (!same)
		events_note_item(tree, node);
	node->parent->changes += !same && node->in_listing;
	*changed = !same;
	return true;
}

bool record_is_fresh(const struct record *record, struct query_time query)
{
	return record->stamp &&
		(record_until_ms(record, query.now_ms) > query.now_ms ||
			record->stamp->sent_ms >= query.since_ms);
}

bool version_is_fresh(const struct node *node, const struct version *version, struct query_time query)
{
	if (version == node->listed.version)
		return record_is_fresh(&node->listed, query);
	return version->expires_ms > query.now_ms || version->stamp->sent_ms >= query.since_ms;
}

const struct record *node_newest(const struct node *node)
{
	const struct record *detail = node_detail(node), *listed = &node->listed;

	if (!listed->stamp)
		return detail->stamp ? detail : NULL;
	if (!detail->stamp || detail->stamp->received_ms < listed->stamp->received_ms)
		return listed;
	return detail;
}
