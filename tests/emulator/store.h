/* The resources of the emulated clouds. A resource is the JSON text of its detail, kept as it
 * was given; a synthetic one is made again from its index whenever it is asked for, so that
 * 100,000 of them cost an id and three times each. */
#ifndef EMULATOR_STORE_H
#define EMULATOR_STORE_H

#include "jtext.h"
#include "text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind_id {
	KIND_TRAINING,
	KIND_NOTEBOOK,
	KIND_MODEL,
	KIND_VERSION,
	KIND_SERVICE_GROUP,
	KIND_ACCELERATE,
	KIND_RESOURCE_GROUP,
	KIND_NODE,
	KIND_RUN, /* Qianfan V1: its id is TASKID/JOBID */
	KIND_JOB,
	KIND_TASK,
	KIND_MODEL_SET,
	KIND_QIANFAN_MODEL,
	KIND_COUNT
};

/* Which of the times a list is ordered by. */
enum order_time { ORDER_UPDATE, ORDER_CREATE, ORDER_START, ORDER_COUNT };

struct kind {
	enum kind_id id;
	const char *cloud;
	const char *name;
	const char *also; /* another accepted name */
	const char *id_member;
	const char *parent_member; /* NULL: the kind has no parent */
	const char *time_member[ORDER_COUNT];
	const char *const *detail_only; /* members that a list item does not carry */
	const char *const *list_only;   /* members that only a list item carries */
	const char *list_defaults;      /* their values, an object */
};

struct resource {
	char *id;
	char *parent; /* "" without one */
	int64_t time[ORDER_COUNT];
	int32_t synthetic; /* index, or -1 */
	char *text;        /* detail; NULL: made from the index */
	char *extra;       /* list-only members that were set, an object; NULL: the defaults */
	char *envelope_id; /* the fixture's own RequestId or log_id; NULL mostly */
	struct resource *next;
};

struct shelf {
	const struct kind *kind;
	struct resource **all;
	size_t n, cap;
	struct resource **order[ORDER_COUNT]; /* ascending by parent, time, id */
	bool sorted;
	struct resource **bucket;
	size_t buckets;
};

struct store {
	struct shelf shelf[KIND_COUNT];
	struct text template[KIND_COUNT]; /* of the synthetic resources, minified */
	int versions_per_model; /* of the synthetic ones */
	int tasks_per_job;
};

struct store_sizes {
	int tasks, notebooks, models, versions, jobs, v2tasks, v1;
};

void store_init(struct store *s, const struct store_sizes *sizes);
void store_free(struct store *s);

/* By cloud (may be NULL) and name. */
const struct kind *kind_find(const char *cloud, const char *name);
const struct kind *kind_at(enum kind_id id);

struct resource *store_find(struct store *s, enum kind_id kind, const char *id);
/* The children of `parent` ("" for kinds without one), ascending: n of them from *first on. */
size_t store_range(struct store *s, enum kind_id kind, const char *parent, enum order_time by,
		   struct resource ***first);
/* The detail text. The caller frees. */
char *store_text(const struct store *s, enum kind_id kind, const struct resource *r);
/* Adds the list item: the detail without detail-only members, with the list-only ones. */
void store_add_item(struct text *out, const struct store *s, enum kind_id kind,
		    const struct resource *r);

/* Adds or replaces; `text` is kept byte for byte. False when no id can be found in it. */
bool store_put(struct store *s, enum kind_id kind, const char *id, const char *text, size_t n);
bool store_remove(struct store *s, enum kind_id kind, const char *id);
/* Merges `members` (an object) and removes those named in `gone` (an array, may be empty). */
bool store_set(struct store *s, enum kind_id kind, const char *id, struct slice members,
	       struct slice gone);

/* synth.c: the synthetic resources. */
void synth_init(struct store *s);
void synth_id(enum kind_id kind, int32_t index, char *id, size_t size);
void synth_parent(const struct store *s, enum kind_id kind, int32_t index, char *id, size_t size);
void synth_times(enum kind_id kind, int32_t index, int64_t time[ORDER_COUNT]);
void synth_text(struct text *out, const struct store *s, enum kind_id kind, int32_t index);

/* seed.c: the fixtures. */
void seed_load(struct store *s);

#endif
