/*
 * change_log.c - KIND/ID/.events: a line for each change that was seen, for `tail -f`.
 *
 * A reader follows a resource from its first lookup of the file until the kernel forgets the resource. During
 * that time each complete answer about the resource is compared with the one before, file by file. Each
 * difference is appended as a line: the time of the answer, the path, the old and the new value, separated by
 * tabs. events.c decides when that costs a call.
 *
 * The file has a ceiling. The change that would exceed it empties the file first, as a rotation by truncation
 * does: tail reports the truncation and continues with the new content. The lines of one answer fill at most
 * half of the file, so the size after a truncation is always below the size before, and tail notices.
 */
#include "cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"

enum {
	BATCH_MAX = EVENTS_BYTES_MAX / 2, /* bytes of the lines of one answer */
	LINE_ROOM = 256, /* for the line that says that there was more */
	NONE = -1 /* no entry: it is not in this answer */
};

/* ---- lines ---- */

/* Escapes tab and newline, which would end the field or the line. */
static void add_escaped(struct buf *out, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		switch (bytes[i]) {
		case '\t':
			buf_puts(out, "\\t");
			break;
		case '\n':
			buf_puts(out, "\\n");
			break;
		case '\\':
			buf_puts(out, "\\\\");
			break;
		default:
			buf_putc(out, bytes[i]);
		}
	}
}

/* Adds a file's text without its last newline, cut to EVENT_VALUE_MAX bytes. */
static void add_value(struct buf *out, const struct snapshot *snapshot, int64_t entry)
{
	size_t size, most = EVENT_VALUE_MAX;

	if (entry == NONE)
		return;
	if (snapshot->entries[entry].secret) {
		buf_puts(out, "<hidden>"); /* .events has mode 0444, the secret file 0400 */
		return;
	}
	const char *bytes = snapshot_bytes(snapshot, (uint32_t)entry, &size);
	if (size && bytes[size - 1] == '\n')
		size--;
	while (size > most && ((unsigned char)bytes[most] & 0xc0) == 0x80)
		most--; /* not in the middle of a character */
	add_escaped(out, bytes, size > most ? most : size);
	if (size > most)
		buf_puts(out, "...");
}

/* A comparison of two answers: the path that it has reached, and the lines so far. */
struct comparison {
	const struct snapshot *then, *now;
	int64_t at_s;
	struct buf path, lines;
	bool full; /* something did not fit */
};

static void begin_line(struct buf *out, int64_t at_s, const char *path)
{
	timestamp_format(out, at_s);
	buf_putc(out, '\t');
	buf_puts(out, path);
	buf_putc(out, '\t');
}

static void add_line(struct comparison *comparison, int64_t then, int64_t now)
{
	struct buf line;

	buf_init(&line, BATCH_MAX);
	begin_line(&line, comparison->at_s, comparison->path.data);
	add_value(&line, comparison->then, then);
	buf_putc(&line, '\t');
	add_value(&line, comparison->now, now);
	buf_putc(&line, '\n');
	comparison->full |= line.full || comparison->lines.len + line.len > BATCH_MAX - LINE_ROOM;
	if (!comparison->full)
		buf_add(&comparison->lines, line.data, line.len);
	buf_release(&line);
}

/* ---- two answers ---- */

static const struct snapshot_entry *entry_at(const struct snapshot *snapshot, int64_t entry)
{
	return entry == NONE ? NULL : &snapshot->entries[entry];
}

/* An iterator over a directory's entries in the order of their names. */
struct side {
	const struct snapshot *snapshot;
	uint32_t at, end;
};

static struct side side_of(const struct snapshot *snapshot, int64_t directory)
{
	const struct snapshot_entry *entry = entry_at(snapshot, directory);

	if (!entry)
		return (struct side){ 0 };
	return (struct side){ snapshot, entry->first, entry->first + entry->count };
}

static const char *next_name(const struct side *side)
{
	return side->at < side->end ? snapshot_name(side->snapshot, side->snapshot->by_name[side->at]) : NULL;
}

static int64_t take_entry(struct side *side)
{
	return side->snapshot->by_name[side->at++];
}

static void compare_entries(struct comparison *comparison, int64_t then, int64_t now);

/* Compares the entries of each name that one of the directories has, in the order of the names. */
static void compare_directories(struct comparison *comparison, int64_t then, int64_t now)
{
	struct side a = side_of(comparison->then, then), b = side_of(comparison->now, now);
	const char *name, *other;
	size_t len = comparison->path.len;

	while (!comparison->full && ((name = next_name(&a)) || next_name(&b))) {
		other = next_name(&b);
		int order = !name ? 1 : !other ? -1 : strcmp(name, other);
		int64_t old = order <= 0 ? take_entry(&a) : NONE;
		int64_t later = order >= 0 ? take_entry(&b) : NONE;
		name = order <= 0 ? name : other;
		if (!len && !strcmp(name, "describe.json")) /* its content repeats all other files */
			continue;
		if (len)
			buf_putc(&comparison->path, '/');
		buf_puts(&comparison->path, name);
		compare_entries(comparison, old, later);
		comparison->path.len = len;
		comparison->path.data[len] = '\0';
	}
}

static void compare_entries(struct comparison *comparison, int64_t then, int64_t now)
{
	const struct snapshot_entry *old = entry_at(comparison->then, then);
	const struct snapshot_entry *new = entry_at(comparison->now, now);
	bool old_directory = old && old->directory, new_directory = new &&new->directory;
	int64_t old_file = old_directory ? NONE : then, new_file = new_directory ? NONE : now;

	if (old && new &&old_directory == new_directory && old->content == new->content)
		return;
	if (old_file != NONE || new_file != NONE)
		add_line(comparison, old_file, new_file);
	if (old_directory || new_directory)
		compare_directories(comparison, old_directory ? then : NONE, new_directory ? now : NONE);
}

/* ---- the file ---- */

static void append(struct tree *tree, struct follow *follow, const struct buf *lines, int64_t at_s)
{
	tree->memory -= follow->lines.len;
	if (follow->lines.len + lines->len > EVENTS_BYTES_MAX)
		buf_clear(&follow->lines);
	buf_add(&follow->lines, lines->data, lines->len);
	tree->memory += follow->lines.len;
	follow->changed_s = at_s;
	follow->n_appended++;
}

/* Appends a line about the resource itself. */
static void append_word(struct tree *tree, struct follow *follow, const char *old, const char *new,
	int64_t at_s)
{
	struct buf line;

	buf_init(&line, LINE_ROOM);
	begin_line(&line, at_s, ".");
	buf_printf(&line, "%s\t%s\n", old, new);
	append(tree, follow, &line, at_s);
	buf_release(&line);
}

static void compare(struct tree *tree, struct follow *follow, const struct snapshot *then,
	const struct snapshot *now, int64_t at_s)
{
	struct comparison comparison = { .then = then, .now = now, .at_s = at_s };

	buf_init(&comparison.path, SIZE_MAX);
	buf_init(&comparison.lines, BATCH_MAX);
	compare_directories(&comparison, 0, 0);
	if (comparison.full) {
		begin_line(&comparison.lines, at_s, ".");
		buf_puts(&comparison.lines, "\tmore\n");
	}
	if (comparison.lines.len)
		append(tree, follow, &comparison.lines, at_s);
	buf_release(&comparison.path);
	buf_release(&comparison.lines);
}

static void remember(struct tree *tree, struct follow *follow, struct text *text, bool from_list)
{
	struct text *before = follow->last;

	follow->last = text_get(text);
	follow->from_list = from_list;
	text_put(tree, before);
}

static struct snapshot *render_last(struct tree *tree, struct resource *resource, const struct follow *follow,
	int64_t at_s)
{
	struct snapshot *snapshot = NULL;
	struct json *object;

	if (!follow->last || json_parse(&object, follow->last->bytes, follow->last->len))
		return NULL;
	if (resource_render(tree, resource, object, follow->from_list, at_s, &snapshot))
		snapshot = NULL;
	json_free(object);
	return snapshot;
}

static bool is_changed(const struct text *last, const struct text *text)
{
	return !text || last->len != text->len || memcmp(last->bytes, text->bytes, text->len);
}

/*
 * Compares this answer with the last one. If the last one is huge, the log only says that something changed.
 */
static void note_changes(struct tree *tree, struct resource *resource, struct version *version,
	const struct text *text, int64_t at_s)
{
	struct follow *follow = resource->detail->follow;

	if (follow->last && follow->last->len > COMPARED_BYTES_MAX) {
		if (is_changed(follow->last, text))
			append_word(tree, follow, "", "more", at_s);
		return;
	}
	struct snapshot *then = render_last(tree, resource, follow, at_s);
	if (then)
		compare(tree, follow, then, version_look(tree, version), at_s);
	snapshot_free(then);
}

void events_note(struct tree *tree, struct resource *resource, struct version *version, struct text *text,
	int64_t at_s)
{
	struct follow *follow = resource->detail ? resource->detail->follow : NULL;

	if (!follow || !version)
		return;
	if (follow->gone)
		append_word(tree, follow, "gone", "there", at_s);
	follow->gone = false;
	note_changes(tree, resource, version, text, at_s);
	remember(tree, follow, text, version->from_list);
}

void events_note_item(struct tree *tree, struct resource *resource)
{
	struct record *listed = &resource->cached;

	if (resource->detail && resource->detail->follow && item_is_whole(resource->node.kind))
		events_note(tree, resource, record_version(tree, resource, listed), listed->text,
			listed->provenance->received_s);
}

void events_note_gone(struct tree *tree, struct resource *resource, int64_t now_ms)
{
	struct follow *follow = resource->detail ? resource->detail->follow : NULL;
	const struct record *record = resource_newest(resource);

	if (!follow || follow->gone)
		return;
	follow->gone = true;
	if (record) /* the tree reads no clock: count on from the last answer's time */
		append_word(tree, follow, "there", "gone",
			record->provenance->received_s + (now_ms - record->provenance->received_ms) / 1000);
}

/* ---- which files are kept ---- */

static void leave_follows(struct tree *tree, struct follow *follow)
{
	list_remove(&follow->link);
	tree->follows.n--;
	tree->follows.n_others -= follow->by_other;
}

static void join_follows(struct tree *tree, struct follow *follow)
{
	list_add_last(&tree->follows.lru, &follow->link);
	tree->follows.n++;
	tree->follows.n_others += follow->by_other;
}

static struct follow *follow_new(struct tree *tree, struct resource *resource)
{
	struct detail *detail = resource->detail;
	struct follow *follow = xcalloc(1, sizeof(*follow));

	follow->resource = resource;
	follow->by_other = true;
	list_init(&follow->link);
	tree->memory += sizeof(*follow);
	buf_init(&follow->lines, EVENTS_BYTES_MAX);
	if (detail->described.version)
		remember(tree, follow, detail->described.version->text, false);
	else if (item_is_whole(resource->node.kind))
		remember(tree, follow, resource->cached.text, true);
	return follow;
}

/*
 * Drops the .events that was asked for least recently. One that tail reads is asked for every second, so it
 * is not the oldest.
 */
static void drop_oldest(struct tree *tree, bool by_other)
{
	const struct list *lru = &tree->follows.lru, *at = list_first(lru);

	while (at && LIST_OWNER(at, struct follow, link)->by_other != by_other)
		at = list_next(lru, at);
	if (at)
		events_drop(tree, LIST_OWNER(at, struct follow, link)->resource->detail);
}

void events_follow(struct tree *tree, struct resource *resource, bool by_other)
{
	struct detail *detail = resource_detail(tree, resource);

	if (detail->follow)
		leave_follows(tree, detail->follow);
	else
		detail->follow = follow_new(tree, resource);
	detail->follow->by_other &= by_other;
	join_follows(tree, detail->follow);
	if (tree->follows.n_others > FOLLOWS_OTHERS_MAX)
		drop_oldest(tree, true);
	if (tree->follows.n - tree->follows.n_others > FOLLOWS_MAX)
		drop_oldest(tree, false);
}

void events_drop(struct tree *tree, struct detail *detail)
{
	struct follow *follow = detail->follow;

	if (!follow)
		return;
	leave_follows(tree, follow);
	tree->memory -= sizeof(*follow) + follow->lines.len;
	text_put(tree, follow->last);
	buf_release(&follow->lines);
	free(follow);
	detail->follow = NULL;
}
