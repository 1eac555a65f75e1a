/*
 * catalog.h - the kinds of resources as data, loaded from JSON.
 *
 * A catalog is a JSON file: one cloud's service, its kinds, and the API's types. src/catalog/NAME.json
 * are built in; the same loader reads a user's own files (~/.config/describefs/catalog/NAME.json and
 * /etc/describefs/catalog/). A file with the name of a loaded catalog adds its kinds and types to that one.
 * A kind or type of the same name replaces the earlier one, and members of the head may be left out.
 * describefs-catalog(5) has the format. The error for an invalid file names the file, the row and the reason.
 *
 * Ownership: the struct catalogs owns everything below it. After loading it is constant, and pointers into it
 * stay valid until catalogs_release.
 *
 * Pure (the caller reads the files).
 */
#ifndef DESCRIBEFS_CATALOG_H
#define DESCRIBEFS_CATALOG_H

#include <regex.h>

#include "base/buf.h"
#include "json/json.h"

struct json;

enum paging_style { PAGING_NONE, PAGING_OFFSET, PAGING_MARKER };

/*
 * How the pages of a list are requested. A style other than PAGING_NONE has a page_size of at least 1, a
 * limit and each member of that style; the others are NULL.
 */
struct paging {
	enum paging_style style;
	int page_size; /* resources requested in a call: the documented maximum */
	char *limit; /* request member that takes the page size */
	char *offset, *total; /* PAGING_OFFSET: request member; result path of the number of resources */
	char *marker, *next, *more; /* PAGING_MARKER: request member; result paths */
};

/* How an expired list is refreshed with fewer calls. All three are set, or none is. */
struct list_refresh {
	char *newest; /* replaces params: sorts by the newest change */
	char *newest_by; /* the item's member with the time of that change */
	char *live; /* replaces params: only resources in no terminal status */
};

/*
 * How a list call is filtered. Each text replaces params; "{status}", or "{key}" and "{value}", stand for the
 * values. NULL: the API has no such filter.
 */
struct list_filter {
	char *by_status, *by_tag;
};

/* One action of the API. name == NULL: the kind has no such call. */
struct action {
	char *name; /* "DescribeTrainingTasks", sent as X-TC-Action or ?Action= */
	char *path; /* Baidu's URL path, "/v2/finetuning"; NULL for Tencent */
	bool bare; /* Baidu V1: the path alone names the call; there is no ?Action= */
	char *params; /* fixed request members, a JSON object's text; "{}" if none */
	char *id; /* request member that takes the resource's id; NULL in a list */
	char *parent; /* request member that takes the parent's id; NULL if none */
	bool numbers; /* ids are sent as JSON integers */
	char *items; /* list: path of the array in the result. describe: of the object, "" = the result */
	double rate; /* calls a second that the API allows */
	struct paging paging; /* of a list */
	struct list_refresh refresh; /* of a list */
	struct list_filter filter; /* of a list */
};

/*
 * A list call of another kind whose answers mention ids of a kind without a list: `ids` is their path,
 * "Groups[].Services[].ModelId".
 */
struct harvest {
	struct action list;
	char *ids;
};

struct harvests {
	struct harvest *v;
	size_t n;
};

enum member_shape {
	MEMBER_SCALAR,
	MEMBER_LIST, /* a list of scalars: a file with one value on each line */
	MEMBER_OBJECT,
	MEMBER_OBJECTS, /* a list of objects: 0, 1, ... */
	MEMBER_MAP /* a list of key-value objects: a directory with a file for each key */
};

/* What the API's documents say of one member of one type. */
struct member_rule {
	char *name; /* the API's */
	enum member_shape shape;
	const struct type *of; /* MEMBER_OBJECT, MEMBER_OBJECTS; NULL if the catalog does not say */
	char *map_key, *map_value; /* MEMBER_MAP */
	bool secret;
	bool list_only; /* comes in the list's items but not in the describe call's answer */
};

struct type {
	char *name;
	struct member_rule *members;
	size_t n_members;
};

/* Ways to a resource beside its own path: by-name, by-status, by-tag. */
enum view_sort { VIEW_NAME, VIEW_STATUS, VIEW_TAG, VIEW_SORTS };

/* Seconds for which an answer is fresh; never negative in a loaded catalog. */
struct ttl {
	int live_s; /* a resource that may still change */
	int terminal_s; /* a resource in a terminal status */
	int list_s; /* a listing */
	int miss_s; /* a negative entry: "no such resource" */
};

/* How a kind's resources are identified. `member` and `form` are set, and `regex` is `form` compiled. */
struct id_rule {
	char *member; /* the item's member that is its id */
	char *parent; /* the item's member that names its parent; NULL if none */
	char *form; /* extended regular expression for the whole id */
	regex_t regex;
};

/* The statuses of a kind. Without a `member` both lists are empty. */
struct status_rule {
	char *member; /* the item's member with the status; NULL if none */
	struct texts terminal; /* statuses that do not change by themselves */
	struct texts others; /* the other statuses in the API's documents */
};

struct rename {
	char *member, *name;
};

/* How members become file names. No member is renamed twice. */
struct naming {
	char *strip; /* prefix taken off member names; NULL if none */
	struct rename *renames;
	size_t n_renames;
};

/* One kind of resource. Either list.name is set, or the kind is partial. */
struct kind {
	char *name; /* the directory */
	char *about; /* one line of description */
	const struct catalog *catalog;
	const struct kind *parent; /* NULL at the top */
	const struct kind **children; /* NULL-terminated */
	struct action list, describe;
	struct harvests harvests;
	bool partial; /* the list may be missing or incomplete: ids that it lacks can be opened by name */
	bool list_is_detail; /* the list's items have all members: no describe call is made */
	struct id_rule id;
	struct status_rule status;
	struct texts times; /* members; the latest one is the mtime */
	struct ttl ttl;
	struct naming names;
	char *label; /* the item's member with the resource's name; NULL if none */
	char *tags; /* the item's member that is a map of tags; NULL if none */
	struct texts columns; /* paths of members that the listing's table shows */
	const struct type *type; /* of the resource's object; NULL if the catalog does not say */
};

struct catalog {
	char *name; /* "tione" */
	char *about;
	char *cloud; /* which provider: "tencent", "baidu" */
	char *service, *version; /* Tencent: "tione", "2021-11-11" */
	char *endpoint; /* "https://tione.tencentcloudapi.com" */
	char *region; /* the default region; NULL: the cloud has no regions */
	int64_t date_s; /* the API version's date, Unix: the mtime of directories that come from no answer */
	double rate; /* default calls a second of an action */
	struct ttl ttl; /* of kinds that set none */
	struct kind **kinds; /* parents before children */
	size_t n_kinds;
	struct type **types;
	size_t n_types;
};

struct catalogs {
	struct catalog **v;
	size_t n;
};

void catalogs_init(struct catalogs *catalogs);
void catalogs_release(struct catalogs *catalogs);
/*
 * Adds the built-in catalogs that are not loaded yet; aborts if one is invalid. Call it before adding files,
 * because a file may add to a built-in catalog.
 */
void catalogs_load_built_in(struct catalogs *catalogs);
bool catalogs_are_built_in(const char *name);
/* Adds the built-in catalog of this name, if there is one. */
void catalogs_load_one(struct catalogs *catalogs, const char *name);
/*
 * Adds one file's text. False: nothing is changed, and `why` is "FILE: kinds[2] (notebooks): list: ...".
 */
bool catalogs_load(struct catalogs *catalogs, const char *file, const char *text, size_t len,
	struct buf *why);
const struct catalog *catalogs_find(const struct catalogs *catalogs, const char *name);
/* Appends to `why` that there is no such catalog, and the names of those that are loaded. */
void catalogs_refuse(const struct catalogs *catalogs, const char *name, struct buf *why);

/* The kind of this name below `parent`; NULL stands for the top level. Returns NULL if there is none. */
const struct kind *catalog_kind(const struct catalog *catalog, const struct kind *parent, const char *name);
/* NULL when the type or the member is not known. */
const struct member_rule *type_member(const struct type *type, const char *member);
/*
 * Whether a member's value is a secret: by its rule, or, if the rule is NULL, by its name. A boolean is no
 * secret, and neither is a number in a member like TotalTokens.
 */
bool member_is_secret(const struct member_rule *rule, const char *name, enum json_type type);
bool kind_is_terminal(const struct kind *kind, const char *status);
/* Whether the API's documents name the status. */
bool kind_has_status(const struct kind *kind, const char *status);
const char *view_name(enum view_sort view); /* "by-name" */
/* The item's member whose value names the view's directories; NULL: the view does not show the kind. */
const char *kind_view(const struct kind *kind, enum view_sort view);
/* A kind may have no list or no describe call: then no other question about the action has an answer. */
bool action_exists(const struct action *action);
/* The call's name in metrics, logs and attributes. */
const char *action_name(const struct action *action);
/* Whether a raw id has the form of this kind's ids. */
bool kind_accepts_id(const struct kind *kind, const char *id);
/*
 * Appends a member's file name before escaping: the catalog's rename, or the name without the prefix `strip`
 * in snake_case. `api_names`: the API's name.
 */
void kind_member_name(const struct kind *kind, const char *member, bool api_names, struct buf *out);
/* Whether that name differs from the member in snake_case. */
bool kind_alters_name(const struct kind *kind, const char *member);

#endif
