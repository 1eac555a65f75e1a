/*
 * read_catalog.c - one catalog file: its head, then its types, then its kinds.
 *
 * The head decides whether the file makes a new catalog or adds to a loaded one, from which it then inherits
 * the members that it lacks. All is read into a fresh catalog, so an invalid file changes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "reader.h"
#include "json/json.h"

static const struct ttl TTL_DEFAULT = { .live_s = 15, .terminal_s = 600, .list_s = 30, .miss_s = 5 };

enum { RATE = 20, RATE_MAX = 100000 };

/* The contexts of the head's fields. */
enum { IN_NEW = 1, IN_ADDED = 2, IN_SERVICE = 4, IN_ANY = IN_NEW | IN_ADDED };

static bool is_cloud(const char *name)
{
	return cloud_find(name) != NULL;
}

/* Whether the text is a scheme and an authority. Without TLS the host must be this machine. */
static bool is_endpoint(const char *text)
{
	static const char *const local[] = { "localhost", "127.0.0.1", "[::1]" };
	bool tls = strncmp(text, "https://", 8) == 0;

	if (!tls && strncmp(text, "http://", 7) != 0)
		return false;
	text += tls ? 8 : 7;
	if (text[0] == '\0' || strchr(text, '/'))
		return false;
	for (size_t i = 0; !tls && i < sizeof local / sizeof local[0]; i++) {
		size_t len = strlen(local[i]);

		tls = strncmp(text, local[i], len) == 0 && (text[len] == ':' || text[len] == '\0');
	}
	return tls;
}

static const struct text_rule rule_cloud = {
	"a cloud that is known: tencent, baidu",
	NULL,
	TEXT_LOWER,
	is_cloud,
};
static const struct text_rule rule_token = {
	"of a-z, 0-9, - and .",
	TEXT_LOWER TEXT_DIGITS,
	TEXT_LOWER TEXT_DIGITS "-.",
	NULL,
};
static const struct text_rule rule_endpoint = {
	"https://HOST[:PORT] (or http:// to this machine), without a path",
	"h",
	TEXT_LETTERS TEXT_DIGITS ":/.-[]",
	is_endpoint,
};

/* Parses "2021-11-11": its first second in UTC. */
static bool read_date(const struct json_path *at, const struct json *value, void *out,
	const struct field *field)
{
	const char *date;
	struct buf time;

	(void)field;
	if (!schema_string(at, value, &date))
		return false;
	buf_init(&time, 32);
	buf_printf(&time, "%sT00:00:00Z", date);

	bool parsed = strlen(date) == 10 && timestamp_parse(time.data, out);

	buf_release(&time);
	return parsed || schema_refuse(at, "must be a date, YYYY-MM-DD, 1980 or later");
}

#define HEAD(member, read_, field) .name = member, .read = read_, .offset = offsetof(struct catalog, field)

/* In the order of describefs-catalog(5). */
/* clang-format off */
static const struct field catalog_fields[] = {
	{ HEAD("catalog", schema_text, name), .rule = &rule_name, .needed = IN_ANY },
	{ HEAD("about", schema_text, about) },
	{ HEAD("cloud", schema_text, cloud), .rule = &rule_cloud, .needed = IN_NEW },
	{ HEAD("service", schema_text, service), .rule = &rule_token, .needed = IN_SERVICE },
	{ HEAD("version", schema_text, version), .rule = &rule_token, .needed = IN_SERVICE },
	{ HEAD("endpoint", schema_text, endpoint), .rule = &rule_endpoint, .needed = IN_NEW },
	{ HEAD("region", schema_text, region), .rule = &rule_token },
	{ HEAD("date", read_date, date_s), .needed = IN_NEW },
	{ HEAD("rate", schema_rate, rate), .max = RATE_MAX },
	{ HEAD("ttl", ttl_read, ttl) },
	{ .name = "kinds", .read = schema_array, .needed = IN_NEW },
	{ .name = "types", .read = schema_members },
};
/* clang-format on */
static const struct schema catalog_schema = SCHEMA(catalog_fields);

void catalog_free(struct catalog *catalog)
{
	if (catalog == NULL)
		return;
	for (size_t i = 0; i < catalog->n_kinds; i++)
		kind_free(catalog->kinds[i]);
	for (size_t i = 0; i < catalog->n_types; i++)
		type_free(catalog->types[i]);
	free(catalog->kinds);
	free(catalog->types);
	schema_release(&catalog_schema, catalog);
	free(catalog);
}

/* Members that the file lacks come from the catalog that it adds to, else from the defaults. */
static void complete_head(struct catalog *fresh, const struct catalog *base)
{
	if (base)
		schema_inherit(&catalog_schema, fresh, base);
	if (fresh->about == NULL)
		fresh->about = xstrdup("");
	if (fresh->date_s == INT64_MIN && base)
		fresh->date_s = base->date_s;
	if (fresh->rate <= 0)
		fresh->rate = base ? base->rate : RATE;
	ttl_default(&fresh->ttl, base ? &base->ttl : &TTL_DEFAULT);
}

static unsigned head_place(const struct json *root, const struct catalog *base)
{
	const struct json *name = json_get(root, "cloud");
	const struct cloud *cloud = name ? cloud_find(json_text(name)) : NULL;

	if (base)
		return IN_ADDED;
	return cloud && !cloud->has_paths ? IN_NEW | IN_SERVICE : IN_NEW;
}

static bool read_head(const struct json_path *at, const struct json *root, const struct loading *loading)
{
	const struct catalog *base = loading->base;
	struct catalog *fresh = loading->fresh;

	if (!schema_object(at, root, &catalog_schema, head_place(root, base), fresh))
		return false;
	complete_head(fresh, base);
	if (base && strcmp(fresh->cloud, base->cloud) != 0)
		return schema_refuse_member(at, "cloud", "a catalog cannot change its cloud");
	return true;
}

static bool read_all(const struct json_path *at, const struct json *root, const struct loading *loading)
{
	const struct json *types = json_get(root, "types"), *kinds = json_get(root, "kinds");
	struct json_path at_types = json_path_member(at, "types");

	return read_head(at, root, loading) &&
		(types == NULL || types_read(&at_types, types, loading->fresh)) &&
		(kinds == NULL || kinds_read(at, kinds, loading->fresh));
}

struct catalog *catalog_read(const struct catalogs *catalogs, const char *file, const char *text, size_t len,
	struct buf *why)
{
	struct loading loading = { .base = NULL };
	struct schema_file schema_file = { file, why, &loading };
	struct json_path at = json_path_root(&schema_file);
	struct json *root;
	enum error error = json_parse(&root, text, len);

	if (error != ERR_NONE) {
		schema_refuse(&at,
			error == ERR_TOO_BIG       ? "too big" :
				error == ERR_LOCAL ? "out of memory" :
						     "not JSON (jq . FILE says in which line)");
		return NULL;
	}
	const struct json *name = json_get(root, "catalog");

	loading.base = name ? catalogs_find(catalogs, json_text(name)) : NULL;
	loading.fresh = xcalloc(1, sizeof *loading.fresh);
	loading.fresh->date_s = INT64_MIN;
	loading.fresh->ttl = TTL_UNSET;
	if (!read_all(&at, root, &loading)) {
		catalog_free(loading.fresh);
		loading.fresh = NULL;
	}
	json_free(root);
	return loading.fresh;
}
