/* Faults to be: which calls they hit, and what happens to these. */
#ifndef EMULATOR_PLAN_H
#define EMULATOR_PLAN_H

#include "jtext.h"

#include <stdbool.h>
#include <stdint.h>

enum plan_verb {
	PLAN_ERROR,
	PLAN_HTTP,
	PLAN_BODY,
	PLAN_RAW,
	PLAN_DELAY,
	PLAN_STALL,
	PLAN_HALF_OPEN,
	PLAN_RESET,
	PLAN_CLOSE_EARLY,
	PLAN_SLICE,
	PLAN_BANDWIDTH,
	PLAN_WRONG_LENGTH,
	PLAN_REDIRECT,
	PLAN_DATE_OFFSET,
	PLAN_ENDLESS,
	PLAN_GZIP,
	PLAN_PAGE_REPEAT,
	PLAN_PAGE_SHORT,
	PLAN_PAGE_SHIFT,
	PLAN_TOTAL_LIES,
	PLAN_LIMIT_MAX,
	PLAN_VERBS
};

struct plan {
	struct plan *next;
	enum plan_verb verb;
	char *action; /* "*": any */
	char *id;     /* NULL: any */
	int64_t from, count, seen;
	int64_t percent;
	bool reused; /* only calls that are not the first on their connection */
	char *args; /* the whole object it was made from */
};

struct plans {
	struct plan *first;
	uint32_t random;
};

const char *plan_verb_name(enum plan_verb verb);
/* False when there is no such verb. */
bool plan_add(struct plans *plans, struct slice object);
void plan_clear(struct plans *plans);
/* The first plan that this call fulfils, or NULL. Counts the call for every plan it matches. */
const struct plan *plan_take(struct plans *plans, const char *action, const char *id, bool reused);
/* Arguments. */
int64_t plan_int(const struct plan *plan, const char *name, int64_t otherwise);
char *plan_string(const struct plan *plan, const char *name); /* NULL: absent */
struct slice plan_value(const struct plan *plan, const char *name);
/* The bytes of "base64", "body" or "file"; false when none is given. */
bool plan_bytes(const struct plan *plan, struct text *out);
bool plan_is(const struct plan *plan, enum plan_verb verb);

#endif
