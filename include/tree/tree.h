/*
 * tree.h - what is known of the cloud, as the directory tree that the kernel sees.
 *
 * The tree never does I/O and never reads a clock. It answers a question in one of four ways: the thing is
 * found; it does not exist; a failure that is still fresh is repeated; or one fetch is needed. The engine
 * then makes the calls of that fetch, fills the tree with the answers, and asks the question again.
 *
 * Node ids (the kernel refers to files and directories by them; none is used again after it is forgotten):
 *
 *     a directory   keeps its id while the kernel holds it, because a process may have it as its working
 *                   directory. Its content changes.
 *     a file        has one content for ever: it belongs to a version, which is one answer of the API,
 *                   rendered once. When an answer changes, the name gets another id, and the old id reads as
 *                   before.
 *
 * Every id that the kernel is given is counted with tree_ref, and given back with tree_forget. What the
 * kernel does not hold and no listing shows is freed. When more than max_memory is kept, descriptions are
 * freed too, the least recently used first.
 *
 * The caller gives the times: `now_ms` is monotonic, `now_s` Unix seconds. Durations in replies say how
 * long the kernel may use the answer, in ms.
 */
#ifndef DESCRIBEFS_TREE_H
#define DESCRIBEFS_TREE_H

#include "base/error.h"
#include "catalog/catalog.h"
#include "json/json.h"

struct tree;
struct node; /* a directory: the root, a kind's listing, a resource, .describefs, a view's */

enum { TREE_ROOT = 1, TREE_FOR_EVER = -1, TREE_KNOWN = -1 };

struct tree_options {
	const struct catalog *catalog; /* outlives the tree */
	const char *readme; /* the text of /README, copied */
	bool api_names, secrets;
	const unsigned char *key; /* as in snapshot.h, outlives the tree */
	int64_t ttl_ms; /* -1: the catalog's */
	int64_t stale_ms; /* 0: no stale answers */
	size_t max_memory;
	uint64_t seed; /* of its hash tables, of this process's own; inode numbers have none */
	unsigned number; /* of this tree in its mount, from 1; 0: the only one, whose root is TREE_ROOT */
};

/*
 * now_ms: the time of this question. since_ms: when the reader's operation began; an answer is fresh for it
 * if its call was sent at or after that time. TREE_KNOWN for since_ms: any cached answer does, and no fetch
 * is needed.
 */
struct query_time {
	int64_t now_ms, since_ms;
	bool by_other; /* a user who did not mount the tree asks */
};

struct attr {
	uint64_t ino;
	uint32_t mode; /* with S_IFDIR, S_IFREG or S_IFLNK */
	uint64_t size;
	int64_t mtime_s;
	uint32_t mtime_ns;
	int64_t changed_s; /* ctime: when an answer showed a change; 0: none did, ctime is mtime */
};

struct entry {
	uint64_t id; /* 0: the name exists, its attributes are not known */
	struct attr attr;
	int64_t entry_ms; /* how long the name leads to this id */
	int64_t attr_ms; /* how long attr stands; TREE_FOR_EVER for files */
	bool reread; /* tree_attr: the kernel must drop its cached listing of the directory first */
};

/* RESULT_RETRY_LATER: of tree_wait alone. Ask again after later_ms; no fetch is needed. */
enum result { RESULT_FOUND, RESULT_ABSENT, RESULT_FAILED, RESULT_NEED_FETCH, RESULT_RETRY_LATER };
/*
 * FETCH_WHOLE: the engine reads a long listing again in the background; no question needs it.
 * FETCH_FILTERED: a list call with a filter, for a directory of a view.
 */
enum fetch_kind { FETCH_LIST, FETCH_WHOLE, FETCH_DESCRIBE, FETCH_TEXTS, FETCH_FILTERED };

struct reply {
	enum result outcome;
	/*
	 * FOUND, of a lookup and an attr. FAILED, of a lookup: the resource may be there, and its .wait may
	 * be read all the same; id 0: it may not.
	 */
	struct entry entry;
	uint64_t cookie; /* FOUND, of tree_more */
	int64_t absent_ms; /* ABSENT */
	enum error error; /* FAILED */
	int64_t later_ms; /* LATER: when a new answer may have come */
	bool outage; /* LATER: no fresh answer is available now */
	/* NEED: what the fetch is about; LATER: the resource; FOUND of tree_more: a listing; else NULL */
	struct node *node;
	enum fetch_kind fetch_kind;
};

struct tree *tree_new(const struct tree_options *options);
/* The number of the tree that the id belongs to: the trees of a mount share no id. */
unsigned tree_number(uint64_t id);
uint64_t tree_root(const struct tree *tree);
void tree_free(struct tree *tree);
/*
 * Pins "training/1/jobs/2": listings show it although no list call returns it. False: there is no such kind,
 * or it is no id of it; `why` says so.
 */
bool tree_pin(struct tree *tree, const char *pin, struct buf *why);

/* ---- questions; an id that the tree does not know is FAILED with ERR_NOT_FOUND ---- */

struct reply tree_lookup(struct tree *tree, uint64_t parent, const char *name, struct query_time query);
struct reply tree_attr(struct tree *tree, uint64_t id, struct query_time query);
/* Whether the directory can be read now. After FOUND, tree_next returns its entries. */
struct reply tree_open(struct tree *tree, uint64_t id, struct query_time query);
/*
 * The same for one READDIR: FOUND when there are entries behind the cookie (0: from the beginning), or when
 * the directory certainly ends there. While a listing is being read, its entries can be returned as far as
 * its pages have come. After FOUND, call tree_next with reply.cookie before any other question or answer.
 */
struct reply tree_more(struct tree *tree, uint64_t id, uint64_t cookie, struct query_time query);
/*
 * The entry after *cookie, and its cookie. `name` is borrowed until the tree changes. False: call
 * tree_more. An entry that exists during the whole pass is returned exactly once, whatever is refreshed
 * between two calls.
 */
bool tree_next(struct tree *tree, uint64_t id, uint64_t *cookie, const char **name, struct entry *entry,
	struct query_time query);
/* A READDIR was answered: with the first names of a pass (begins), or with none, which ends it (ends). */
void tree_handed(struct tree *tree, uint64_t id, bool begins, bool ends);
/* A file's bytes, borrowed until the next question; NULL for anything else. */
const char *tree_read(struct tree *tree, uint64_t id, size_t *size);
/* Where a link leads, from the directory that it is in; borrowed as above. NULL for anything else. */
const char *tree_link(struct tree *tree, uint64_t id);
/* `name` is "user.describefs.key" and so on. False: there is no such attribute here. */
bool tree_xattr(struct tree *tree, uint64_t id, const char *name, struct buf *out, struct query_time query);
/*
 * The names for listxattr: those that change only with the content, each with its prefix and a NUL. The ones
 * that change with each fetch (request_id, fetched, expires, stale) can be read and are not listed.
 */
void tree_xattr_names(struct tree *tree, uint64_t id, struct buf *out, struct query_time query);
/* "/training/train-1/status", for logs. */
void tree_path(struct tree *tree, uint64_t id, struct buf *out);

/*
 * Two names in a resource's directory can be looked up and are not returned by READDIR. KIND/ID/.wait exists
 * if the kind knows which statuses are terminal (do not change by themselves); its size is never less than
 * its content. KIND/ID/.events grows by a line for each change that is seen. A question for its attributes
 * never fails, and makes the daemon describe the resource if its answer has expired.
 */
enum watched { WATCHED_NOT, WATCHED_STATUS, WATCHED_CHANGES };
enum watched tree_watched(const struct tree *tree, uint64_t id);
/* Of .wait. FOUND: a fresh answer has a terminal status, which tree_read returns; LATER: none has yet. */
struct reply tree_wait(struct tree *tree, uint64_t id, struct query_time query);

/* Ids of directories; to be freed. */
struct ids {
	uint64_t *v;
	size_t n, room;
};
/*
 * Makes everything stale that is cached of the id, or of `name` in it (NULL: of the id itself), and of all
 * that is inside. Returns the directory that this is; NULL: no call is made for it. `held` (or NULL):
 * receives the directories of which the kernel may have cached something.
 */
struct node *tree_refresh(struct tree *tree, uint64_t id, const char *name, struct ids *held);
/* The same in steps of n directories. False: nothing is left to do. */
struct node *tree_refresh_begin(struct tree *tree, uint64_t id, const char *name, struct ids *todo);
bool tree_refresh_step(struct tree *tree, struct ids *todo, size_t n, struct ids *held);
/* The directory that tree_refresh would return. */
struct node *tree_refresh_top(const struct tree *tree, uint64_t id, const char *name);
/* Its id, to refresh it by; *name becomes NULL if the id alone says it. 0: no call is made for it. */
uint64_t tree_refresh_id(const struct tree *tree, uint64_t id, const char **name);
/*
 * Limits the refreshes of users who did not mount the tree to one in each TTL. 0: the user may refresh, and
 * this is noted; else the time until then, because this directory or one above it was refreshed just now.
 */
int64_t tree_refresh_left_ms(struct tree *tree, struct node *top, int64_t now_ms);
/*
 * The names that the kernel must drop after a refresh of `top`, each with a NUL. Returns the id of the
 * directory that they are in.
 */
uint64_t tree_names_of(const struct tree *tree, const struct node *top, struct buf *names);
/* The id of the directory of that name in `directory`; 0: the tree knows none. */
uint64_t tree_id_of(const struct tree *tree, uint64_t directory, const char *name);
/* It is a resource's directory, and the kernel holds it. */
bool tree_is_used(const struct tree *tree, uint64_t id);
/* Invalidates one listing (or a view's filtered answer) for queries made from that time on. */
void tree_invalidate_before(struct node *listing, int64_t at_ms);
/* A fetch about `node` that began before a refresh of `top` is too old for questions after it. */
bool node_is_affected_by(const struct node *node, const struct node *top);

/*
 * Calls fn when an answer has changed the mtime of a resource's directory that the kernel holds, because the
 * kernel may cache the former attributes as long as the listing is fresh. fn is not called again until
 * tree_moved has returned 0.
 */
void tree_tell_moved(struct tree *tree, void (*fn)(void *arg), void *arg);
/* The next of these directories that the kernel has not asked about since; 0: there is none. */
uint64_t tree_moved(struct tree *tree);

void tree_ref(struct tree *tree, uint64_t id, uint64_t count);
void tree_forget(struct tree *tree, uint64_t id, uint64_t count);

/* ---- what a fetch is about ---- */

const struct kind *node_kind(const struct node *node); /* of a listing's resources, or a resource */
const char *node_id(const struct node *node); /* a resource's raw id, NULL for a listing */
const char *node_parent_id(const struct node *node); /* the raw id of the resource above, NULL at the top */
void node_path(const struct node *node, struct buf *out);
/*
 * Whether a listing showed the resource (of a listing: the resource that it is in). Else its id came from
 * the user's path.
 */
bool node_is_listed(const struct node *node);
/* FETCH_FILTERED: the members of the list call's body that filter, as JSON. */
const char *node_filter(const struct node *node);
/* The listing is fresh, so that the filtered answer is not needed any more. */
bool node_filtered_is_listed(const struct node *view, struct query_time query);
/*
 * The answer that came last about a resource, to be compared alone: it differs after each further answer, and
 * after a failure that drops answers. NULL: nothing is known.
 */
const void *node_last_answer(const struct node *resource);
int64_t node_last_sent_ms(const struct node *resource); /* when its call was sent; 0: nothing is known */
/* The engine keeps a node while a call about it is under way, or a reader waits for its status. */
void node_pin(struct node *node);
void node_unpin(struct tree *tree, struct node *node);

/*
 * Read-ahead. While a reader scans a listing and needs the describe call's answer of each resource: the next
 * resource to describe before the reader comes to it; NULL: none. Resources for which `is_described` returns
 * true are skipped: a describe call about them is under way.
 */
struct node *tree_ahead(struct tree *tree, struct query_time query,
	bool (*is_described)(const void *arg, const struct node *resource), const void *arg);

/* ---- answers ---- */

/* Where an answer comes from, for freshness and xattrs. */
struct provenance_note {
	int64_t sent_ms, received_ms; /* monotonic */
	int64_t received_s; /* Unix */
	const char *action; /* outlives the tree (the catalog's) */
	const char *request_id; /* copied */
	struct reading *reading; /* NULL, or that of the list that it is a page of */
};

/*
 * A list, whole or filtered, is being read. Its items stay fresh until the reading ends, and for some time
 * after that. `affordable_wait_ms`: how long a reader can wait for the list to be read again.
 */
void tree_reading_begin(struct tree *tree, struct node *node, int64_t now_ms, int64_t affordable_wait_ms);
void tree_reading_end(struct node *node, int64_t now_ms);
struct reading *tree_reading(struct node *node); /* NULL: it is not being read */

/* A reading of the whole list begins. `shown`: READDIR may return its resources before it ends. */
void tree_list_begin(struct node *listing, bool shown);
/* How an item compares with what was known. */
struct listed {
	bool first; /* not met before in this reading */
	bool changed; /* new, or it says something else than before */
	bool terminal;
};
/*
 * Takes in one item of a list's answer. `reading`: the listing shows it when the reading ends; else at once.
 * ERR_ANSWER: it is no object or has no id, and is skipped.
 */
enum error tree_list_item(struct tree *tree, struct node *listing, const struct json *item,
	const struct provenance_note *note, bool reading, struct listed *listed);
/* Takes in an id that another kind's list mentions (harvest). True: the first time in this reading. */
bool tree_list_id(struct tree *tree, struct node *listing, const char *id);
/* Keeps all resources that are listed now: this list cannot mention all of them. */
void tree_list_keep(struct node *listing);
/*
 * All pages have come: resources that were not among them are not listed any more. `newest_s`: the last
 * change.
 */
void tree_list_end(struct tree *tree, struct node *listing, bool complete, int64_t newest_s,
	const struct provenance_note *note);
/* The reading is over, whether it came to its end or not. */
void tree_list_leave(struct node *listing, bool shown);
/* How many calls the next reading takes, and whether a reader of one resource can wait for it. */
void tree_list_price(struct node *listing, size_t calls, bool affordable);

/* The result of the last reading of the whole list. */
struct tree_whole {
	size_t n; /* resources that the cloud lists */
	size_t price; /* calls; 0: not known */
	int64_t read_ms, newest_s;
};
/* False: there was none, or it was not complete. */
bool tree_list_whole(const struct node *listing, struct tree_whole *out);
/* Every resource whose status is not terminal was among the items that came since then. */
bool tree_list_adds_up(const struct node *listing, int64_t since_ms);
/* The resources that did not come since then did not change: renews all of the listing. */
void tree_list_renew(struct tree *tree, struct node *listing, int64_t since_ms, int64_t newest_s,
	const struct provenance_note *note);
/* The reading of a filtered list begins. */
void tree_filtered_begin(struct tree *tree, struct node *node);
/*
 * Takes in one of its items. The listing does not show it by this. ERR_ANSWER: as of tree_list_item.
 * ERR_UNSUPPORTED: the filter should have excluded the item, so this cloud does not filter.
 */
enum error tree_filtered_item(struct tree *tree, struct node *node, const struct json *item,
	const struct provenance_note *note, bool *first);
void tree_filtered_end(struct tree *tree, struct node *node, bool complete,
	const struct provenance_note *note);
/* The reading is over, whether it came to its end or not. */
void tree_filtered_leave(struct tree *tree, struct node *node);
/*
 * The cloud refused the filter: until `until_ms` the whole list is read instead. ERR_UNSUPPORTED: for every
 * value. Another error: for this value, and for every value if the catalog itself names this one.
 */
void tree_filtered_refuse(struct tree *tree, struct node *node, enum error error, int64_t until_ms);
/* A describe call's object. ERR_ANSWER: another resource's; ERR_NOT_FOUND: another parent's. */
enum error tree_described(struct tree *tree, struct node *resource, const struct json *object,
	const struct provenance_note *note);
/* The texts of .describefs. */
void tree_texts(struct tree *tree, struct node *node, const char *const names[], const struct buf texts[],
	size_t n, const struct provenance_note *note);
/* If no server was reached: for OUTAGE_MS, stale answers are served without a call. */
void tree_note_outage(struct tree *tree, enum error error, int64_t now_ms);
/*
 * A call made now would miss its deadline: stale answers are served, as after this error, until this function
 * is called with ERR_NONE.
 */
void tree_crowd(struct tree *tree, enum error error);
/*
 * A reader gave up waiting for the id, or for `name` in it (NULL: a question about the id itself). For
 * hold_ms, questions about that resource are answered from the cache.
 */
void tree_give_up(struct tree *tree, uint64_t id, const char *name, enum error error, int64_t hold_ms,
	int64_t now_ms);
/*
 * A call about the node failed. The failure answers questions for hold_ms; cached answers are dropped if the
 * error's row in error.c says so. `sent_ms`: when that call was sent; 0: now.
 */
void tree_fail(struct tree *tree, struct node *node, enum fetch_kind fetch_kind, enum error error,
	int64_t hold_ms, int64_t sent_ms, int64_t now_ms);

struct tree_stats {
	size_t nodes, versions;
	size_t followed; /* .events that are kept */
	size_t others; /* resources that only users asked for who did not mount the tree */
	size_t max_memory; /* that was allowed */
	size_t memory, answers; /* bytes: of all that is kept, which max_memory bounds; of answers alone */
};
struct tree_stats tree_stats(struct tree *tree);

#endif
