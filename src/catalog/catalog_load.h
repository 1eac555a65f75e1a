/*
 * catalog_load.h - the parts of the catalog loader, for one another alone: others use catalog.h.
 *
 * A file is read into a catalog of its own, `fresh`, that nobody sees yet.  Its rows may point to
 * types and kinds of the catalog that it adds to, `base`.  Where base has one of the same name,
 * which the fresh one will replace, the pointer goes to base's: catalog.c then swaps the contents,
 * not the places, so that all pointers that anybody holds stay right.
 */
#ifndef DESCRIBEFS_CATALOG_LOAD_H
#define DESCRIBEFS_CATALOG_LOAD_H

#include "catalog/catalog.h"
#include "json/schema.h"

struct loading {
	const struct catalog *base; /* NULL: the file makes a new catalog */
	struct catalog *fresh;
};

/* What place->file->context is while a catalog is read. */
const struct loading *loading_of(const struct json_path *at);

/* The table of a "ttl", in a struct catalog and in a struct kind. */
#define TTL_ROW(type, member, field) \
	{ \
		.name = member, .read = schema_count, .offset = offsetof(struct type, field), \
		.max = TTL_MAX_S \
	}
/* clang-format off */
#define TTL_ROWS(type) { \
	TTL_ROW(type, "live", ttl_live_s), TTL_ROW(type, "terminal", ttl_terminal_s), \
	TTL_ROW(type, "list", ttl_list_s), TTL_ROW(type, "miss", ttl_miss_s), \
}
/* clang-format on */
enum { TTL_MAX_S = 366 * 86400 };

/* clang-format off */
#define TABLE(rows) { rows, sizeof rows / sizeof rows[0] }
/* clang-format on */

extern const struct form form_name; /* of a catalog, of a kind */
extern const struct form form_member; /* of an API's object */
extern const struct form form_members; /* A.B.C */

/* catalog_load.c: one file's text; NULL: `why` says what is wrong. */
struct catalog *catalog_read(const struct catalogs *catalogs, const char *file, const char *text, size_t len,
	struct buf *why);
/* Whether the calls of a cloud have URL paths; else the catalog's service and version name them. */
bool cloud_has_paths(const char *name);
/* Sets a time to live that the file does not name, which is -1 until then. */
void ttl_default(int *field, int otherwise);
void catalog_free(struct catalog *catalog); /* NULL slots among its kinds and types are fine */

/* catalog_kind.c: "kinds"; the head of `fresh` is complete and its types are read. */
bool kinds_read(const struct json_path *at, const struct json *kinds, struct catalog *fresh);
void kind_free(struct kind *kind);

/* catalog_form.c: of an id's form, once its bounds are written out: 2,000 steps match an id in 0.1 s. */
enum { FORM_STEPS_MAX = 2000, FORM_DEPTH_MAX = 20 };
bool form_is_too_large(const char *form);

/* catalog_type.c: "types". */
bool types_read(const struct json_path *at, const struct json *types, struct catalog *fresh);
/* Reads the name of a type into a const struct type *. */
bool type_read_name(const struct json_path *at, const struct json *value, void *field,
	const struct field *row);
/* Whether the type has the member; says which one may be meant.  A NULL type knows nothing. */
bool type_expect(const struct json_path *at, const struct type *type, const char *member);
/* The same of a member that is a map. */
bool type_expect_map(const struct json_path *at, const struct type *type, const char *member);
/* The same of a path, A.B.C, that ends in a value or a list of values. */
bool type_expect_cell(const struct json_path *at, const struct type *type, const char *path);
void type_free(struct type *type);
/* The type of that name among a catalog's; a NULL catalog has none. */
struct type *catalog_type(const struct catalog *catalog, const char *name);

/* catalog_action.c: "list" and "describe" into a struct action, "harvest" into a struct kind. */
bool action_read_list(const struct json_path *at, const struct json *value, void *field,
	const struct field *row);
bool action_read_describe(const struct json_path *at, const struct json *value, void *field,
	const struct field *row);
bool action_read_harvests(const struct json_path *at, const struct json *value, void *field,
	const struct field *row);
void action_release(struct action *action);
void harvest_release(struct harvest *harvest);

#endif
