/*
 * tree.h - what is known of the cloud, as the directory tree that the kernel sees.
 *
 * The tree never does I/O and never reads a clock.  Asked for something, it finds it, says that it is not
 * there, repeats a failure that still stands, or names the one fetch that it needs; the engine makes its
 * calls, fills the tree, and asks again.
 *
 * Node ids (what the kernel holds, never used again once forgotten):
 *
 *     a directory   keeps its id as long as it is held: a shell may stand in it.  What is in it changes.
 *     a file        stands for one content for ever: it belongs to a version, one answer of the API rendered
 *                   once.  When an answer changes, the name gets another id and the old one reads as before.
 *
 * Every id handed to the kernel is counted with tree_ref and given back with tree_forget.
 * What has no reference and is in no listing is freed; once all that is kept passes max_memory, descriptions
 * are freed too, the least recently used first.
 *
 * Times are given: `now_ms` monotonic, `now_s` Unix seconds.  All durations that come back are how long the
 * kernel may rely on the thing, in ms.
 */
#ifndef DESCRIBEFS_TREE_H
#define DESCRIBEFS_TREE_H

#include "base/error.h"
#include "catalog/catalog.h"
#include "json/json.h"

struct tree;
struct node; /* a directory that stands: the root, a kind's listing, a resource, .describefs */

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
	unsigned number; /* among the trees of its mount, from 1; 0: it is alone, and its root is TREE_ROOT */
};

/*
 * now_ms: the time of this question.  since_ms: when the reader's operation began; an answer is fresh for it
 * if its call was sent at or after that time.  TREE_KNOWN for since_ms: any cached answer does, and no fetch
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
	int64_t changed_s; /* when it was seen to change; 0: never, its ctime is its mtime */
};

struct entry {
	uint64_t id; /* 0: the name is certain, its attributes are not known */
	struct attr attr;
	int64_t entry_ms; /* how long the name leads to this id */
	int64_t attr_ms; /* how long attr stands; TREE_FOR_EVER for files */
	bool reread; /* of tree_attr: first the kernel is to drop what it keeps of the directory's listing */
};

/* RESULT_RETRY_LATER: from tree_wait alone; ask again after later_ms, no fetch is needed. */
enum result { RESULT_FOUND, RESULT_ABSENT, RESULT_FAILED, RESULT_NEED_FETCH, RESULT_RETRY_LATER };
/*
 * FETCH_WHOLE: the tree never needs it; the engine reads a long listing again in the background.
 * FETCH_PART: the part of a list that a filter lets through.
 */
enum fetch_kind { FETCH_LIST, FETCH_WHOLE, FETCH_DESCRIBE, FETCH_TEXTS, FETCH_PART };

struct reply {
	enum result outcome;
	/*
	 * FOUND, of a lookup and an attr.  FAILED, of a lookup: the resource may be there, and its .wait may
	 * be read all the same; id 0: it may not.
	 */
	struct entry entry;
	uint64_t cookie; /* FOUND, of tree_more */
	int64_t absent_ms; /* ABSENT */
	enum error error; /* FAILED */
	int64_t later_ms; /* LATER: when there may be something new */
	bool outage; /* LATER: nothing fresh is to be had now */
	/* NEED: what is to be asked about; LATER: the resource; FOUND of tree_more: a listing; else NULL */
	struct node *node;
	enum fetch_kind fetch_kind;
};

struct tree *tree_new(const struct tree_options *options);
/* Ids of several trees differ: the number of the tree that an id is of. */
unsigned tree_number(uint64_t id);
uint64_t tree_root(const struct tree *tree);
void tree_free(struct tree *tree);
/* "training/1/jobs/2": shown in listings that cannot know it. False: no such kind, or not an id. */
bool tree_pin(struct tree *tree, const char *pin, struct buf *why);

/* Asking.  An id that the tree does not know is FAILED with ERR_NOT_FOUND. */
struct reply tree_lookup(struct tree *tree, uint64_t parent, const char *name, struct query_time query);
struct reply tree_attr(struct tree *tree, uint64_t id, struct query_time query);
/* Whether the directory can be read now; after FOUND, tree_next goes through it. */
struct reply tree_open(struct tree *tree, uint64_t id, struct query_time query);
/*
 * The same for one step of a pass: whether there is more to hand out from the cookie on (0: from the
 * beginning), or the end is certain.  A listing whose pages are still coming can be gone through as far as
 * they have come.  On FOUND tree_next goes on at reply.cookie, before anything else is asked or comes.
 */
struct reply tree_more(struct tree *tree, uint64_t id, uint64_t cookie, struct query_time query);
/*
 * The entry after *cookie, and its cookie.  `name` is borrowed until the tree changes.  False: ask
 * tree_more.  An entry that stands the whole time comes exactly once, whatever is refreshed between
 * two calls.
 */
bool tree_next(struct tree *tree, uint64_t id, uint64_t *cookie, const char **name, struct entry *entry,
	struct query_time query);
/* The kernel was handed names of the directory: the first of a pass, or none, which ends a pass. */
void tree_handed(struct tree *tree, uint64_t id, bool begins, bool ends);
/* A file's bytes, borrowed until the next question; NULL for anything else. */
const char *tree_read(struct tree *tree, uint64_t id, size_t *size);
/* Where a link leads, from the directory that it is in; borrowed as above. NULL for anything else. */
const char *tree_link(struct tree *tree, uint64_t id);
/* `name` is "user.describefs.key" and so on. False: there is no such attribute here. */
bool tree_xattr(struct tree *tree, uint64_t id, const char *name, struct buf *out, struct query_time query);
/*
 * The names that tree_xattr answers for this id and that follow the content, each with its prefix and a NUL;
 * those of one fetch (request_id, fetched, expires, stale) are answered and not among them.
 */
void tree_xattr_names(struct tree *tree, uint64_t id, struct buf *out, struct query_time query);
/* "/training/train-1/status", for logs. */
void tree_path(struct tree *tree, uint64_t id, struct buf *out);

/*
 * In a resource's directory two names can be looked up that are in no listing.  KIND/ID/.wait is there where
 * the kind knows which statuses do not change by themselves; its size is at most what it will be.
 * KIND/ID/.events grows by a line for each change that is seen; asking for its attributes has the resource
 * asked about when its term is over, and never fails.
 */
enum watched { WATCHED_NOT, WATCHED_STATUS, WATCHED_CHANGES };
enum watched tree_watched(const struct tree *tree, uint64_t id);
/* Of .wait.  FOUND: a fresh answer has a terminal status, which tree_read gives; LATER: there is none yet. */
struct reply tree_wait(struct tree *tree, uint64_t id, struct query_time query);

/* Ids of directories; to be freed. */
struct ids {
	uint64_t *v;
	size_t n, room;
};
/*
 * Nothing that is kept of what the id stands for, or of what is in it, counts as fresh any more.  What that
 * is comes back, or NULL if there is nothing to be asked for.  `name`: something in it, maybe not there, or
 * NULL.  `held`: the directories of which the kernel may keep something are added; or NULL.
 */
struct node *tree_refresh(struct tree *tree, uint64_t id, const char *name, struct ids *held);
/* The same in steps of n nodes.  False: nothing is left to be done. */
struct node *tree_refresh_begin(struct tree *tree, uint64_t id, const char *name, struct ids *todo);
bool tree_refresh_step(struct tree *tree, struct ids *todo, size_t n, struct ids *held);
/* What would be refreshed. */
struct node *tree_refresh_top(const struct tree *tree, uint64_t id, const char *name);
/* The directory that the id and the name in it (or NULL) say so by; 0: nothing is to be asked for. */
uint64_t tree_refresh_id(const struct tree *tree, uint64_t id, const char **name);
/*
 * For a user who did not mount the tree: 0, and the refresh is counted; or for how long there is none,
 * because one of this or of what it is in was counted less than its term ago.
 */
int64_t tree_refresh_left_ms(struct tree *tree, struct node *top, int64_t now_ms);
/*
 * What the kernel keeps below these names, each with a NUL, has to go with the refreshed one.  The directory
 * that they are in.
 */
uint64_t tree_names_of(const struct tree *tree, const struct node *top, struct buf *names);
/* Of a directory that the catalog or a listing made; 0: there is none of that name. */
uint64_t tree_id_of(const struct tree *tree, uint64_t directory, const char *name);
/* A directory of a resource of which the kernel still keeps something. */
bool tree_is_used(const struct tree *tree, uint64_t id);
/* Invalidates one listing (or a view's part) for queries made from that time on. */
void tree_invalidate_before(struct node *listing, int64_t at_ms);
/* A fetch under way about the node would be too old for a refresh of the top. */
bool node_is_affected_by(const struct node *node, const struct node *top);

/*
 * Calls fn when an answer has moved the time of a resource's directory that the kernel holds: it may keep the
 * attributes from before for as long as the listing stands.  Once until tree_moved has given all of them.
 */
void tree_tell_moved(struct tree *tree, void (*fn)(void *arg), void *arg);
/* The next of these directories, if the kernel has not come for its attributes since; 0: there is none. */
uint64_t tree_moved(struct tree *tree);

void tree_ref(struct tree *tree, uint64_t id, uint64_t count);
void tree_forget(struct tree *tree, uint64_t id, uint64_t count);

/* What a call is to be about. */
const struct kind *node_kind(const struct node *node); /* of a listing's resources, or a resource */
const char *node_id(const struct node *node); /* a resource's raw id, NULL for a listing */
const char *node_parent_id(const struct node *node); /* the raw id of the resource above, NULL at the top */
void node_path(const struct node *node, struct buf *out);
/*
 * Whether a listing showed the resource (of a listing: the resource that it is in).  Else its id came from
 * the user's path.
 */
bool node_is_listed(const struct node *node);
/* FETCH_PART: the fixed members of the list's call, as JSON. */
const char *node_filter(const struct node *node);
/* The whole listing has come meanwhile, and says the same and more. */
bool node_part_is_listed(const struct node *view, struct query_time query);
/*
 * The answer that came last about a resource, to be compared alone: it differs after each further answer, and
 * after a failure that drops answers.  NULL: nothing is known.
 */
const void *node_last_answer(const struct node *resource);
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

/* Filling.  Where an answer comes from, for freshness and xattrs. */
struct provenance_note {
	int64_t sent_ms, received_ms; /* monotonic */
	int64_t received_s; /* Unix */
	const char *action; /* outlives the tree (the catalog's) */
	const char *request_id; /* copied */
	struct reading *reading; /* NULL, or that of the list that it is a page of */
};

/*
 * A list, or the part of one, is being read: what comes with it stands until that is over, and for some time
 * more.  `affordable_wait_ms`: how long anyone waits for it to be read again.
 */
void tree_reading_begin(struct tree *tree, struct node *node, int64_t now_ms, int64_t affordable_wait_ms);
void tree_reading_end(struct node *node, int64_t now_ms);
struct reading *tree_reading(struct node *node); /* NULL: it is not being read */

/* A whole reading of the list begins; `shown`: readers of the listing may follow it page by page. */
void tree_list_begin(struct node *listing, bool shown);
/* How an item compares with what was known. */
struct listed {
	bool first; /* not met before in this reading */
	bool changed; /* new, or it says something else than before */
	bool terminal;
};
/*
 * One item of a list's answer.  `reading`: of a whole reading, whose end will show it; else it is shown at
 * once.  ERR_ANSWER: it is no object or has no id, and was passed over.
 */
enum error tree_list_item(struct tree *tree, struct node *listing, const struct json *item,
	const struct provenance_note *note, bool reading, struct listed *listed);
/* An id that turned up elsewhere (harvest); true: for the first time in this reading. */
bool tree_list_id(struct tree *tree, struct node *listing, const char *id);
/* Members listed before count as seen again: this list could not mention all of them. */
void tree_list_keep(struct node *listing);
/* The pages are all there: what was not among them is no longer listed.  `newest_s`: the latest change. */
void tree_list_end(struct tree *tree, struct node *listing, bool complete, int64_t newest_s,
	const struct provenance_note *note);
/* The reading is over, whether it came to its end or not. */
void tree_list_leave(struct node *listing, bool shown);
/* What the next one will take, in calls, and whether a query about one resource can wait for it. */
void tree_list_price(struct node *listing, size_t calls, bool affordable);

/* What stands of the last whole reading. */
struct tree_whole {
	size_t n; /* resources that the cloud lists */
	size_t price; /* calls; 0: not known */
	int64_t read_ms, newest_s;
};
/* False: there was none, or it did not hold everything. */
bool tree_list_whole(const struct node *listing, struct tree_whole *out);
/* Whether everything that was not in a terminal status was met since then. */
bool tree_list_adds_up(const struct node *listing, int64_t since_ms);
/* What was not met since then did not change: all stands anew. */
void tree_list_renew(struct tree *tree, struct node *listing, int64_t since_ms, int64_t newest_s,
	const struct provenance_note *note);
/* The part of a list that a filter lets through is being read. */
void tree_part_begin(struct tree *tree, struct node *node);
/*
 * One of its items, which is known from now on, but not shown in the listing by this.  ERR_ANSWER: as of
 * tree_list_item.  ERR_UNSUPPORTED: the filter would not have let it through.
 */
enum error tree_part_item(struct tree *tree, struct node *node, const struct json *item,
	const struct provenance_note *note, bool *first);
void tree_part_end(struct tree *tree, struct node *node, bool complete, const struct provenance_note *note);
/* The reading is over, whether it came to its end or not. */
void tree_part_leave(struct tree *tree, struct node *node);
/*
 * The cloud does not filter so, or not by this very value: until then the whole list is read instead.
 * ERR_UNSUPPORTED: by no value; else that depends on where the value came from.
 */
void tree_part_refuse(struct tree *tree, struct node *node, enum error error, int64_t until_ms);
/* A describe call's object.  ERR_ANSWER: another resource's; ERR_NOT_FOUND: another parent's. */
enum error tree_described(struct tree *tree, struct node *resource, const struct json *object,
	const struct provenance_note *note);
/* The texts of .describefs. */
void tree_texts(struct tree *tree, struct node *node, const char *const names[], const struct buf texts[],
	size_t n, const struct provenance_note *note);
/* If no server was reached: for OUTAGE_MS, what has a last good answer serves it without a call. */
void tree_note_outage(struct tree *tree, enum error error, int64_t now_ms);
/*
 * A call would come too late: what has a last good answer is answered with that, as after this error.
 * Until it is called with ERR_NONE.
 */
void tree_crowd(struct tree *tree, enum error error);
/*
 * A reader gave up waiting for this (a lookup's name, or NULL): whatever call it waited for, the resource
 * that it is about answers out of what there is until hold_ms are over.
 */
void tree_give_up(struct tree *tree, uint64_t id, const char *name, enum error error, int64_t hold_ms,
	int64_t now_ms);
/*
 * A call about the node failed; stands for hold_ms, and drops what the error's row says.  `sent_ms`: of that
 * call, for queries made since; 0: now.
 */
void tree_fail(struct tree *tree, struct node *node, enum fetch_kind fetch_kind, enum error error,
	int64_t hold_ms, int64_t sent_ms, int64_t now_ms);

struct tree_stats {
	size_t nodes, versions;
	size_t followed; /* .events that are kept */
	size_t others; /* resources that only users know that did not mount the tree */
	size_t max_memory; /* that was allowed */
	size_t memory, answers; /* bytes: of all that is kept, which max_memory bounds; of answers alone */
};
struct tree_stats tree_stats(struct tree *tree);

#endif
