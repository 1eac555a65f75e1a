/*
 * fuzz_snapshot.c - any JSON object of any kind as files: each can be found, and holds what the object says.
 *
 * The input: a byte for the kind, a byte for the style, the object.
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "render/snapshot.h"

enum { NOW_S = 2000000000, MEMBERS_MAX = 400 };

struct subject {
	const struct kind *kind;
	const struct json *object;
	struct snapshot_style style;
	const struct snapshot *snapshot;
	bool in_part; /* of a list's item, of which a describe call says more */
};

/* The built-in kinds of both clouds; they live as long as the program. */
static const struct kind *pick_kind(size_t at)
{
	static struct catalogs catalogs;

	if (!catalogs.n)
		catalogs_load_built_in(&catalogs);
	for (size_t i = 0;; i = (i + 1) % catalogs.n) {
		if (at < catalogs.v[i]->n_kinds)
			return catalogs.v[i]->kinds[at];
		at -= catalogs.v[i]->n_kinds;
	}
}

/* ---- the shape ---- */

static void check_entry(const struct snapshot *s, uint32_t index)
{
	const struct snapshot_entry *entry = &s->entries[index];
	const char *name = snapshot_name(s, index), *end = (const char *)s + s->memory;
	size_t size;

	CHECK(name >= s->text && name < end && memchr(name, 0, (size_t)(end - name)));
	CHECK(fuzz_is_utf8(snapshot_key(s, index)));
	CHECK(entry->ino >= 2 && entry->parent < index);
	const char *bytes = snapshot_bytes(s, index, &size);
	CHECK(bytes >= s->text && bytes + size <= end && size == entry->size);
	CHECK(!entry->directory || size == 0);
	CHECK(entry->directory || entry->count == 0);
	CHECK(fuzz_is_name(name));
	CHECK(snapshot_find(s, entry->parent, name) == index);
}

static void check_shape(const struct snapshot *s)
{
	uint32_t next = 1;

	CHECK(s->n_entries >= 1 && s->entries[0].directory);
	for (uint32_t i = 1; i < s->n_entries; i++)
		check_entry(s, i);
	for (uint32_t d = 0; d < s->n_entries; d++) {
		const struct snapshot_entry *directory = &s->entries[d];
		if (!directory->directory)
			continue;
		CHECK(directory->first == next);
		next += directory->count;
		CHECK(next <= s->n_entries);
		for (uint32_t i = directory->first; i < next; i++)
			CHECK(s->entries[i].parent == d && (i == directory->first ||
				strcmp(snapshot_name(s, s->by_name[i - 1]),
					snapshot_name(s, s->by_name[i])) < 0));
	}
	CHECK(next == s->n_entries);
}

/* ---- the content ---- */

static void check_bytes(const struct snapshot *s, uint32_t index, const struct buf *expected)
{
	size_t size;
	const char *bytes = snapshot_bytes(s, index, &size);

	CHECK(size == expected->len && !memcmp(bytes, expected->data, size));
}

/* Character by character, what a terminal would obey as \xNN. U+0000 comes as C0 80, which is no character. */
static void add_line(struct buf *out, const struct json *value)
{
	uint32_t point;

	for (const char *at = json_text(value); *at;) {
		size_t len = utf8_decode(at, strnlen(at, 4), &point);
		bool obeyed = len && (point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c ||
			point == 0x200e || point == 0x200f || (point >= 0x202a && point <= 0x202e) ||
			(point >= 0x2066 && point <= 0x2069));
		if (!len) {
			CHECK(!memcmp(at, "\xc0\x80", 2));
			buf_puts(out, "\\x00");
			len = 2;
		} else if (!obeyed || point == '\t' || point == '\n') {
			buf_add(out, at, len);
		} else {
			for (size_t i = 0; i < len; i++)
				buf_printf(out, "\\x%02x", (unsigned char)at[i]);
		}
		at += len;
	}
	buf_putc(out, '\n');
}

/* What the contract says that a file of this value holds. */
static void expect_file(struct buf *out, const struct json *value)
{
	if (json_type(value) == JSON_ARRAY) {
		for (const struct json *item = json_first(value); item; item = json_next(item))
			add_line(out, item);
	} else if (json_type(value) != JSON_OBJECT && json_text(value)[0]) {
		add_line(out, value);
	}
}

static void check_member(const struct subject *at, uint32_t index, const struct json *value)
{
	const struct snapshot_entry *entry = &at->snapshot->entries[index];
	const struct member_rule *rule = type_member(at->kind->type, json_key(value));
	bool nothing = json_type(value) == JSON_ARRAY || json_type(value) == JSON_OBJECT ?
		!json_first(value) : !json_text(value)[0];
	bool secret = rule && rule->secret && !nothing;
	struct buf expected;

	CHECK(entry->type == json_type(value));
	CHECK(entry->primed == (at->in_part && (rule || !at->kind->type)));
	CHECK(entry->secret == (secret && at->style.secrets));
	buf_init(&expected, SIZE_MAX);
	if (secret && !at->style.secrets) {
		CHECK(!entry->directory);
		buf_puts(&expected, "<hidden>\n");
	} else if (!entry->directory) {
		CHECK(nothing || json_type(value) != JSON_OBJECT);
		expect_file(&expected, value);
	}
	check_bytes(at->snapshot, index, &expected);
	buf_release(&expected);
}

/* Each key once, with its last value. */
static size_t check_members(const struct subject *at)
{
	const struct snapshot *s = at->snapshot;
	uint32_t describe = at->in_part ? 0 : snapshot_find(s, 0, "describe.json");
	size_t shown = 0;

	for (const struct json *item = json_first(at->object); item; item = json_next(item)) {
		const struct member_rule *rule = type_member(at->kind->type, json_key(item));
		size_t found = 0;
		if (json_get(at->object, json_key(item)) != item)
			continue;
		for (uint32_t i = s->entries[0].first; i < s->entries[0].first + s->entries[0].count; i++) {
			if (i == describe || strcmp(snapshot_key(s, i), json_key(item)) != 0)
				continue;
			check_member(at, i, item);
			found++;
		}
		CHECK(found == !(at->in_part && rule && rule->list_only));
		shown += found;
	}
	return shown;
}

static bool has_secrets(const struct type *type, unsigned depth)
{
	for (size_t i = 0; type && i < type->n_members && depth < 8; i++)
		if (type->members[i].secret || has_secrets(type->members[i].of, depth + 1))
			return true;
	return false;
}

static void check_describe(const struct subject *at)
{
	const struct snapshot *s = at->snapshot;
	uint32_t index = snapshot_find(s, 0, "describe.json");
	struct buf expected;

	if (at->in_part) {
		CHECK(!index);
		return;
	}
	CHECK(index && index == s->entries[0].first + s->entries[0].count - 1);
	buf_init(&expected, SIZE_MAX);
	json_print(&expected, at->object, 2);
	buf_putc(&expected, '\n');
	if (at->style.secrets || !has_secrets(at->kind->type, 0))
		check_bytes(s, index, &expected);
	buf_release(&expected);
}

/* All of it depends on the object alone. */
static void check_same(const struct snapshot *a, const struct snapshot *b)
{
	CHECK(a->memory == b->memory && a->content == b->content && a->stable == b->stable);
	CHECK(a->mtime_s == b->mtime_s && a->mtime_s <= NOW_S && a->terminal == b->terminal);
	for (uint32_t i = 0; i < a->n_entries; i++)
		CHECK(a->entries[i].ino == b->entries[i].ino &&
			a->entries[i].content == b->entries[i].content);
}

static void check_rendered(struct subject *at, size_t size)
{
	struct snapshot *snapshot, *again;
	size_t members = json_count(at->object);
	enum error error = snapshot_render(&snapshot, at->kind, at->object, "/x/y", &at->style, NOW_S);

	CHECK((snapshot != NULL) == (error == ERR_NONE));
	CHECK(error == ERR_NONE || (error == ERR_TOO_BIG && size > 10000));
	if (error)
		return;
	at->snapshot = snapshot;
	check_shape(snapshot);
	if (members <= MEMBERS_MAX)
		CHECK(check_members(at) + !at->in_part == snapshot->entries[0].count);
	check_describe(at);
	CHECK(!snapshot_render(&again, at->kind, at->object, "/x/y", &at->style, NOW_S));
	check_same(snapshot, again);
	snapshot_free(again);
	snapshot_free(snapshot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json *object;

	if (size < 2 || json_parse(&object, (const char *)data + 2, size - 2))
		return 0;
	if (json_type(object) == JSON_OBJECT) {
		struct subject at = { .kind = pick_kind(data[0]), .object = object,
			.style = { data[1] & 1, data[1] & 2, data[1] & 4 } };
		at.in_part = at.style.from_list && at.kind->describe.name && !at.kind->list_is_detail;
		check_rendered(&at, size);
	}
	json_free(object);
	return 0;
}
