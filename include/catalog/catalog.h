/*
 * catalog.h - the kinds of resources as data.
 *
 * A catalog is a JSON file: one cloud's service, its kinds, and the API's types.  src/catalog/NAME.json
 * are built in; a user's own files (~/.config/describefs/catalog/NAME.json, /etc/describefs/catalog/) go
 * through the same loader.  A file whose "catalog" is already loaded adds its kinds and types to it (a
 * kind or type of the same name replaces the earlier one); other members it need not repeat.  The format
 * is described in describefs-catalog(5).  A mistake is refused with file, row and reason.
 *
 * Everything is owned by the struct catalogs and constant after loading; pointers stay valid until
 * catalogs_release.
 *
 * Pure (the caller reads the files).
 */
#ifndef DESCRIBEFS_CATALOG_H
#define DESCRIBEFS_CATALOG_H

#include <regex.h>

#include "base/buf.h"
#include "json/json.h"

struct json;

/* Texts, NULL-terminated. */
enum paging { PAGING_NONE, PAGING_OFFSET, PAGING_MARKER };

/* One action of the API, as a row names it.  name == NULL: there is no such call. */
struct action {
	char *name; /* "DescribeTrainingTasks", sent as X-TC-Action or ?Action= */
	char *path; /* Baidu's URL path, "/v2/finetuning"; NULL for Tencent */
	bool bare; /* Baidu V1: the path says it all, no ?Action= */
	char *params; /* fixed request members, a JSON object's text; "{}" if none */
	char *id; /* request member that takes the resource's id; NULL in a list */
	char *parent; /* request member that takes the parent's id; NULL if none */
	bool numbers; /* ids travel as JSON integers */
	char *items; /* list: path of the array in the result.  describe: of the object, "" = the result */
	enum paging paging;
	int page; /* how many to ask for, the documented maximum */
	char *offset, *limit, *total; /* PAGING_OFFSET: request members, and the result's path of the count */
	char *marker, *next, *more; /* PAGING_MARKER: request member, result paths; limit as above */
	double rate; /* calls a second that the API allows */
	/* Of a list that can be refreshed (all three or none): instead of params, the newest change first;
	 * which member says when that was; only what is in no terminal status. */
	char *newest, *newest_by, *live;
	/* Of a list that can be asked for a part: instead of params, with "{status}", or "{key}" and
	 * "{value}", where the value goes.  NULL: it cannot. */
	char *by_status, *by_tag;
};

/* Where ids of an unlistable kind turn up: every text at `ids`, "ServiceGroups[].Services[].X.ModelId". */
struct harvest {
	struct action list;
	char *ids;
};

enum member_shape {
	MEMBER_SCALAR,
	MEMBER_LIST, /* of scalars: a file, one a line */
	MEMBER_OBJECT,
	MEMBER_OBJECTS, /* a list of objects: 0, 1, ... */
	MEMBER_MAP /* a list of objects that is a map: a file a key */
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

struct rename {
	char *member, *name;
};

/* Ways to a resource beside its own: by-name, by-status, by-tag. */
enum view_sort { VIEW_NAME, VIEW_STATUS, VIEW_TAG, VIEW_SORTS };

struct kind {
	char *name; /* the directory */
	char *about; /* one line for people */
	const struct catalog *catalog;
	const struct kind *parent; /* NULL at the top */
	const struct kind **children; /* NULL-terminated */
	struct action list, describe;
	bool partial; /* the list call may be gone or not know all: ids can be entered by name */
	bool list_is_detail; /* the list's item is all there is: a describe call would say no more */
	struct harvest *harvests;
	size_t n_harvests;
	char *id; /* the item's member that is its id */
	char *parent_id; /* the item's member that names its parent; NULL if none */
	char *id_form; /* extended regular expression for the whole id */
	regex_t id_regex;
	char *status; /* member; NULL if none */
	struct texts terminal; /* statuses that do not change by themselves */
	struct texts statuses; /* more statuses that the API's documents name */
	char *label; /* the item's member that people name it by; NULL if none */
	char *tags; /* its member that is a map of tags; NULL if none */
	struct texts columns; /* paths of members that its listing's table shows */
	struct texts times; /* members; the latest one is the mtime */
	char *strip; /* prefix taken off member names; NULL if none */
	struct rename *renames;
	size_t n_renames;
	const struct type *type; /* of the resource's object; NULL if the catalog does not say */
	int ttl_live_s, ttl_terminal_s, ttl_list_s, ttl_miss_s;
};

struct catalog {
	char *name; /* "tione" */
	char *about;
	char *cloud; /* which provider: "tencent", "baidu" */
	char *service, *version; /* Tencent: "tione", "2021-11-11" */
	char *endpoint; /* "https://tione.tencentcloudapi.com" */
	char *region; /* the region used when nobody names one; NULL: the cloud has no regions */
	int64_t date_s; /* the API version's date: mtime of directories that no answer dates */
	double rate; /* default calls a second an action */
	int ttl_live_s, ttl_terminal_s, ttl_list_s, ttl_miss_s; /* of kinds that name none */
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
 * Adds the catalogs that are built in and not there yet.  They are right by construction: aborts otherwise.
 * Whoever adds files adds these first: a file may change one of them.
 */
void catalogs_load_built_in(struct catalogs *catalogs);
bool catalogs_are_built_in(const char *name);
/* Adds the one of this name, if one that is built in has it. */
void catalogs_load_one(struct catalogs *catalogs, const char *name);
/* Adds one file's text.  False: `why` says "FILE: kinds[2] (notebooks): list.paging: ...". Nothing is
 * changed then. */
bool catalogs_load(struct catalogs *catalogs, const char *file, const char *text, size_t len,
	struct buf *why);
const struct catalog *catalogs_find(const struct catalogs *catalogs, const char *name);
/* Says that there is none of that name, and which there are. */
void catalogs_refuse(const struct catalogs *catalogs, const char *name, struct buf *why);

/* The top-level kinds have parent NULL; a kind's children are found by name here too. */
const struct kind *catalog_kind(const struct catalog *catalog, const struct kind *parent, const char *name);
/* NULL when the type or the member is not known. */
const struct member_rule *type_member(const struct type *type, const char *member);
/*
 * Whether a member that has a value is a secret: its rule says so, and without one (NULL) its name.  What
 * only says that there is one (true, false), or counts tokens, is none.
 */
bool member_is_secret(const struct member_rule *rule, const char *name, enum json_type type);
bool kind_is_terminal(const struct kind *kind, const char *status);
/* Whether the API's documents name the status. */
bool kind_has_status(const struct kind *kind, const char *status);
const char *view_name(enum view_sort view); /* "by-name" */
/* The item's member that the view goes by; NULL: the kind is not in it, as none inside others is. */
const char *kind_view(const struct kind *kind, enum view_sort view);
/* What a call is called, in metrics, logs and attributes. */
const char *action_name(const struct action *action);
/* Whether a raw id has the form of this kind's ids. */
bool kind_accepts_id(const struct kind *kind, const char *id);
/* A member's entry name before escaping: renamed, or stripped and in snake_case; `api_names`: as it is. */
void kind_member_name(const struct kind *kind, const char *member, bool api_names, struct buf *out);
/* Whether that makes of it another name than snake_case alone does. */
bool kind_alters_name(const struct kind *kind, const char *member);

#endif
