/*
 * reader.h - how a catalog file is read, for the sources of this module alone: other modules use catalog.h.
 *
 * The order of the files, each calling only those before it: model < rules < read_type, read_action (with
 * id_form) < read_kind < read_catalog < registry.
 *
 * A file is read into a catalog of its own, `fresh`. If it is valid, registry.c adds `fresh` to the loaded
 * catalogs or merges it into the catalog of its name, `base`. Rows of `fresh` may point to types and kinds of
 * `base`. If the file replaces one of these, registry.c swaps the contents of the two structs, so that every
 * pointer to the old one stays valid.
 */
#ifndef DESCRIBEFS_CATALOG_READER_H
#define DESCRIBEFS_CATALOG_READER_H

#include "catalog/catalog.h"
#include "json/schema.h"

/* clang-format off */
#define SCHEMA(rows) { rows, sizeof rows / sizeof rows[0] }
/* clang-format on */

/* model.c: catalogs_find and catalog_kind with a result that registry.c may change. */
struct catalog *catalogs_find_mutable(const struct catalogs *catalogs, const char *name);
struct kind *catalog_find_kind(const struct catalog *catalog, const struct kind *parent, const char *name);
/* NULL: the catalog (which may be NULL) has no type of that name. */
struct type *catalog_type(const struct catalog *catalog, const char *name);

/* rules.c */

struct loading {
	const struct catalog *base; /* NULL: the file makes a new catalog */
	struct catalog *fresh;
};

/* The context of the schema_file of `at`, while a catalog is read. */
const struct loading *loading_of(const struct json_path *at);

struct cloud {
	const char *name;
	bool has_paths; /* calls have URL paths; else the catalog needs a service and a version */
};

/* NULL: no provider has this name. */
const struct cloud *cloud_find(const char *name);

enum { TTL_MAX_S = 366 * 86400 };

/* Reads a "ttl" into a struct ttl, whose members are -1 until the file names them. */
bool ttl_read(const struct json_path *at, const struct json *value, void *out, const struct field *field);
extern const struct ttl TTL_UNSET;
/* Sets the members that are still -1. */
void ttl_default(struct ttl *ttl, const struct ttl *otherwise);

extern const struct text_rule rule_name; /* of a catalog, of a kind */
extern const struct text_rule rule_member; /* of an API's object */
extern const struct text_rule rule_members; /* A.B.C */
/* Whether no segment between the dots is empty. */
bool path_is_dotted(const char *text);

/* read_type.c: "types". */
bool types_read(const struct json_path *at, const struct json *types, struct catalog *fresh);
/* Reads the name of a type into a const struct type *. */
bool type_read_name(const struct json_path *at, const struct json *value, void *out,
	const struct field *field);
/* Whether the type has the member; if not, the error names the nearest one. True for a NULL type. */
bool type_expect(const struct json_path *at, const struct type *type, const char *member);
/* The same for a member that must be a map. */
bool type_expect_map(const struct json_path *at, const struct type *type, const char *member);
/* The same for a path, A.B.C, that must end in a scalar or a list of scalars. */
bool type_expect_cell(const struct json_path *at, const struct type *type, const char *path);
void type_free(struct type *type);

/* read_action.c: "list" and "describe" into a struct action, "harvest" into a struct kind. */
bool action_read_list(const struct json_path *at, const struct json *value, void *out,
	const struct field *field);
bool action_read_describe(const struct json_path *at, const struct json *value, void *out,
	const struct field *field);
bool action_read_harvests(const struct json_path *at, const struct json *value, void *out,
	const struct field *field);
void action_release(struct action *action);
void harvest_release(struct harvest *harvest);

/* id_form.c: the ceilings of an id_form after its bounds are expanded. 2,000 steps match an id in 0.1 s. */
enum { FORM_STEPS_MAX = 2000, FORM_DEPTH_MAX = 20 };
bool form_is_too_large(const char *form);

/* read_kind.c: "kinds". The head of `fresh` must be complete and its types read. */
bool kinds_read(const struct json_path *at, const struct json *kinds, struct catalog *fresh);
void kind_free(struct kind *kind);

/* read_catalog.c: reads one file's text. NULL: `why` has the error. */
struct catalog *catalog_read(const struct catalogs *catalogs, const char *file, const char *text, size_t len,
	struct buf *why);
void catalog_free(struct catalog *catalog); /* accepts NULL among its kinds and types */

#endif
