/*
 * fuzz_catalog.c - any text as a catalog, and one more that adds to it: refused in words, or a catalog that stands.
 *
 * The input: one catalog's text, perhaps a line "--" and a second one.
 */
#include "fuzz.h"

#include "catalog/catalog.h"
#include "catalog/catalog_help.h"

static const char SPLIT[] = "\n--\n";

static void check_action(const struct action *action)
{
	struct json *params = NULL;

	if (!action->name && !action->path)
		return;
	CHECK(!action->params || (json_parse(&params, action->params, strlen(action->params)) ==
		ERR_NONE && json_type(params) == JSON_OBJECT));
	CHECK(action->paging.style == PAGING_NONE || (action->paging.page_size > 0 && action->paging.limit));
	CHECK(action->paging.style != PAGING_OFFSET || action->paging.offset);
	CHECK(action->paging.style != PAGING_MARKER || (action->paging.marker && action->paging.next));
	CHECK(action->rate >= 0);
	json_free(params);
}

static void check_kind(const struct catalog *catalog, const struct kind *kind)
{
	static const char *const ids[] = { "", "a", "1", "train-1", "../x", ".git", "job-Ab_-9" };
	struct buf name;
	bool parent_seen = !kind->parent;

	CHECK(kind->catalog == catalog && fuzz_is_name(kind->name));
	CHECK(catalog_kind(catalog, kind->parent, kind->name) == kind);
	for (size_t i = 0; i < catalog->n_kinds && catalog->kinds[i] != kind; i++)
		parent_seen |= catalog->kinds[i] == kind->parent;
	CHECK(parent_seen);
	for (const struct kind **child = kind->children; *child; child++)
		CHECK((*child)->parent == kind);
	check_action(&kind->list);
	check_action(&kind->describe);
	for (size_t i = 0; i < kind->harvests.n; i++)
		check_action(&kind->harvests.v[i].list);
	CHECK(kind->id.member && kind->id.form);
	CHECK(kind->partial || kind->list.name || kind->list.path);
	CHECK(kind->ttl.live_s >= 0 && kind->ttl.terminal_s >= 0 && kind->ttl.list_s >= 0 &&
		kind->ttl.miss_s >= 0);
	for (size_t i = 0; i < COUNT(ids); i++)
		if (kind_accepts_id(kind, ids[i]))
			CHECK(*ids[i] && *ids[i] != '.');
	buf_init(&name, SIZE_MAX);
	kind_member_name(kind, kind->id.member, false, &name);
	kind_member_name(kind, "TrainingModelFormat", true, &name);
	kind_is_terminal(kind, "SUCCEED");
	buf_release(&name);
}

static void check_catalog(const struct catalog *catalog)
{
	struct buf text;

	CHECK(fuzz_is_name(catalog->name) && catalog->cloud && catalog->endpoint);
	CHECK(!strncmp(catalog->endpoint, "http", 4));
	for (size_t i = 0; i < catalog->n_kinds; i++)
		check_kind(catalog, catalog->kinds[i]);
	for (size_t i = 0; i < catalog->n_types; i++) {
		const struct type *type = catalog->types[i];
		for (size_t j = 0; j < type->n_members; j++)
			CHECK(type_member(type, type->members[j].name));
	}
	buf_init(&text, SIZE_MAX);
	catalog_help_readme(&text, catalog);
	catalog_help_kinds(&text, catalog);
	catalog_help_kinds_table(&text, catalog);
	CHECK(fuzz_is_utf8(text.data) && strlen(text.data) == text.len);
	buf_release(&text);
}

/* What people would see of them. */
static void describe(const struct catalogs *catalogs, struct buf *out)
{
	buf_init(out, SIZE_MAX);
	for (size_t i = 0; i < catalogs->n; i++) {
		catalog_help_readme(out, catalogs->v[i]);
		catalog_help_kinds(out, catalogs->v[i]);
	}
}

static void load(struct catalogs *catalogs, const uint8_t *text, size_t len)
{
	struct buf why, before, after;

	describe(catalogs, &before);
	buf_init(&why, 4096);
	bool good = catalogs_load(catalogs, "x.json", (const char *)text, len, &why);
	describe(catalogs, &after);
	CHECK(good == (why.len == 0));
	CHECK(good || (fuzz_is_printable(why.data) && !strncmp(why.data, "x.json: ", 8)));
	CHECK(good || !strcmp(before.data, after.data));
	for (size_t i = 0; i < catalogs->n; i++)
		check_catalog(catalogs->v[i]);
	buf_release(&before);
	buf_release(&after);
	buf_release(&why);
}

/* regcomp writes out what is repeated: a form like ((a{99}){99}){99} takes all memory, and is the user's own affair. */
static bool repeats(const uint8_t *data, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i + 1 < size; i++)
		n += data[i] == '{' && data[i + 1] >= '0' && data[i + 1] <= '9';
	return n > 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *second = memmem(data, size, SPLIT, sizeof(SPLIT) - 1);
	struct catalogs catalogs;

	if (repeats(data, size))
		return 0;
	catalogs_init(&catalogs);
	load(&catalogs, data, second ? (size_t)(second - data) : size);
	if (second) {
		second += sizeof(SPLIT) - 1;
		load(&catalogs, second, size - (size_t)(second - data));
	}
	catalogs_release(&catalogs);
	return 0;
}
