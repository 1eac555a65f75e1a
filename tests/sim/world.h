/*
 * world.h - a tree and an engine with the real catalogs and providers, on a script.
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "script.h"

struct setup {
	const char *catalog;
	int64_t ttl_s, stale_s, deadline_ms;
	double rate; /* 0: the catalog's */
	size_t max_memory;
	bool api_names, secrets;
	const struct credential_source *credential_source; /* NULL: a key that needs no exchange */
	bool (*look)(void *arg, struct credential_source *out, struct buf *why);
	bool (*renew)(void *arg, struct credential_source *out);
	void *key_arg;
	bool (*is_owner)(void *arg, unsigned uid);
	const struct provider *provider; /* NULL: the catalog's */
	const struct catalogs *catalogs; /* NULL: the world reads its own, which takes a millisecond */
};

struct world {
	struct script script;
	struct setup setup;
	struct catalogs catalogs;
	const struct catalog *catalog;
	struct tree *tree;
	struct engine *engine;
	size_t calls_before; /* at the last world_calls */
	size_t unanswered; /* questions that wait */
};

struct setup world_setup(void); /* tione as it is mounted without options */
struct world *world_open(const struct setup *setup); /* NULL: world_setup() */
/* Frees everything. Questions that wait are answered first. */
void world_close(struct world *world);

/* A question. The struct must exist until the question is answered or cancelled. */
struct ask {
	struct world *world;
	struct waiter *wait; /* NULL once answered */
	unsigned answers;
	struct reply reply;
	int64_t asked_ms, answered_ms;
	enum question question;
	unsigned uid;
	void (*then)(struct ask *ask); /* called when it is answered; may be NULL */
	void *arg;
};

/* An id that a lookup returns is referenced, as the kernel does it. */
void ask_put(struct ask *ask, struct world *world, enum question question, uint64_t id,
	const char *name);
void ask_read(struct ask *ask, struct world *world, uint64_t id, uint64_t cookie);
void ask_cancel(struct ask *ask);

/* Puts a question, and moves the clock until it is answered. */
struct reply world_ask(struct world *world, enum question question, uint64_t id, const char *name);
struct reply world_read(struct world *world, uint64_t id, uint64_t cookie);
/*
 * Looks up each name of a path. The reply to the last, or to the first that found nothing. Only the last
 * id is referenced.
 */
struct reply world_lookup(struct world *world, const char *path);
/* The id; fails the test if the path leads nowhere. */
uint64_t world_find(struct world *world, const char *path);
/* The file's content, to be freed; NULL: it is not found. */
char *world_cat(struct world *world, const char *path);
void assert_cat(struct world *world, const char *path, const char *text);
/* The entries' names in order, each with a blank, to be freed; NULL: the directory cannot be read. */
char *world_names(struct world *world, uint64_t id);
char *world_ls(struct world *world, const char *path);
void assert_ls(struct world *world, const char *path, const char *names);
size_t world_count(struct world *world, const char *path); /* entries */
/* The link has this target. */
void assert_link(struct world *world, const char *path, const char *target);

/* The only exchange that waits for an answer; fails the test if there is none, or another. */
struct exchange *world_only(struct world *world);
/* The number of calls since the last world_calls. */
#define assert_calls(world, n) assert_int_equal(world_calls(world), n)
size_t world_calls(struct world *world);

void assert_error(const struct reply *reply, enum error error);
void assert_found(const struct reply *reply);
void assert_absent(const struct reply *reply);
/* "user.describefs.NAME" of a path that is known; NULL text: there is no such attribute. */
void assert_xattr(struct world *world, uint64_t id, const char *name, const char *text);
struct query_time world_now(struct world *world);

#endif
