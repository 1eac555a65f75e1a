/*
 * walk.h - one process walks names of the mount so that the kernel forgets them.
 *
 * A kernel before 6.16 drops a cached name only when a system call looks it up again; walk.c says how.
 */
#ifndef DESCRIBEFS_WALK_H
#define DESCRIBEFS_WALK_H

#include "fuse/refresh_request.h"
#include "session.h"

/* The current name: not asked for yet, given to the process, answered ESTALE once, answered ENOENT once. */
enum walk_state { WALK_IDLE, WALK_ASKED, WALK_STALE, WALK_FORGOTTEN };

/*
 * Invariant: `at` is the offset of a name in `names`, or names.len; it is in front's list while `pid` walks.
 */
struct walk {
	struct list link; /* in front->refreshes.walks */
	pid_t pid;
	int64_t begun_ms, until_ms; /* the walk is given up if the process sends no request by until_ms */
	uint64_t base; /* the directory of the names */
	struct buf names; /* the names to forget, each with a NUL */
	size_t at;
	enum walk_state state; /* of the current name */
	uint64_t id; /* the current name's node; 0: none */
	bool is_resource; /* that node is a resource in use */
	struct ids held; /* directories that the kernel held before the refresh */
	size_t held_at; /* the next of them to read */
	bool names_kept; /* a name could not be forgotten */
};

void walk_init(struct walk *walk);
void walk_release(struct walk *walk);
/*
 * Sets base and names so that the kernel forgets what it caches below `id`; TREE_ROOT above several sources:
 * all.
 */
void walk_aim(struct walk *walk, const struct front *front, uint64_t id);
/* There is a name to forget. */
bool walk_is_needed(const struct walk *walk);
/* The current task is the last name to forget. */
bool walk_is_at_last_name(const struct walk *walk);
/* `pid` starts or stops walking; the walk enters or leaves the front's list. */
void walk_join(struct walk *walk, struct front *front, pid_t pid);
void walk_leave(struct walk *walk);
/* The process still sends requests. */
bool walk_is_alive(const struct walk *walk, const struct front *front);
/* How many levels `opened` is below the base. */
uint32_t walk_levels(const struct walk *walk, const struct front *front, uint64_t opened);
/* Ends the current task and writes the next one to `answer`. Returns false if no task is left. */
bool walk_next(struct walk *walk, struct front *front, struct refresh_request *answer);
/* The walk of the process that sent `request`, or NULL. */
struct walk *walk_of(fuse_req_t request);
/*
 * If a walking process sent the request: answers it from the cache, makes no API call, frees `pending`, and
 * returns true. Otherwise returns false.
 */
bool walk_answers(struct pending_request *pending, enum question question, const char *name);
bool walk_reads(struct pending_request *pending, uint64_t cookie);

#endif
