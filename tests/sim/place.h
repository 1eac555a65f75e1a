/*
 * place.h - a cloud of training tasks, and a kernel that looks at it, for the tests of times.
 */
#ifndef TESTS_SIM_PLACE_H
#define TESTS_SIM_PLACE_H

#include "cloud.h"
#include "kernel.h"

enum { LIVE_MS = 15000, LIST_MS = 30000 };

struct place {
	struct world *world;
	struct cloud cloud;
	struct kernel kernel;
};

void enter_with(struct place *place, size_t n_tasks, size_t max_memory);
void enter(struct place *place, size_t n_tasks); /* train-0001 and so on; the first has the tag k=v */
void leave(struct place *place);
void advance(struct place *place, int64_t ms);
/* Something of which neither status nor times say anything, in the list's item too. */
void rename_thing(struct place *place, const char *id, const char *name);
void ls(struct place *place, const char *path);
struct attr stat_of(struct place *place, const char *path);
bool is_same(struct attr one, struct attr other); /* their times */

#endif
