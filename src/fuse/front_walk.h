/*
 * front_walk.h - a process that goes through names, so that the kernel forgets what it keeps of them.
 */
#ifndef DESCRIBEFS_FRONT_WALK_H
#define DESCRIBEFS_FRONT_WALK_H

#include "front_reply.h"
#include "fuse/refresh_request.h"

enum walk_state { WALK_IDLE, WALK_ASKED, WALK_DOUBTED, WALK_FORGOTTEN };

struct walk {
	struct walk *next; /* among the front's */
	pid_t pid;
	int64_t begun_ms, until_ms; /* the process has gone if it has asked for nothing by then */
	uint64_t base; /* the directory that the names are in */
	struct buf names; /* that are to be forgotten, each with a NUL */
	size_t at;
	enum walk_state state; /* of the name at hand */
	uint64_t id; /* where that leads; 0: nowhere */
	bool is_resource; /* that is one */
	struct ids held; /* directories that were held before */
	size_t held_at;
	bool names_kept; /* one of the names could not be forgotten */
};

void walk_init(struct walk *walk);
void walk_release(struct walk *walk);
/* `target`: what the kernel keeps below it goes; NULL: below every source. */
void walk_aim(struct walk *walk, const struct front *front, const struct source *source,
	const struct node *target);
bool walk_is_needed(const struct walk *walk);
void walk_join(struct walk *walk, struct front *front, pid_t pid);
void walk_leave(struct walk *walk, struct front *front);
/* The process still goes on. */
bool walk_is_alive(const struct walk *walk, const struct front *front);
/* So far the opened thing is below the directory that paths begin in. */
uint32_t walk_levels(const struct walk *walk, const struct front *front, uint64_t opened);
/* The task at hand is done, or was given up; fills in the next one.  False: there is none. */
bool walk_next(struct walk *walk, struct front *front, struct refresh_request *answer);
/* That of the process that asks; NULL: it does not go through names. */
struct walk *walk_of(fuse_req_t request);
/*
 * A question of such a process is answered out of what is known, and no call is made.  False: it is
 * another's.
 */
bool walk_answers(struct parked *parked, enum question question, const char *name);
bool walk_reads(struct parked *parked, uint64_t cookie);

#endif
