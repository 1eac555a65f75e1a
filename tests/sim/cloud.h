/*
 * cloud.h - answers like the clouds: resources that the test adds, changes and takes away.
 */
#ifndef TESTS_SIM_CLOUD_H
#define TESTS_SIM_CLOUD_H

#include "world.h"

struct thing {
	const char *kind; /* as in the catalog; "services", "accelerations": mention the model `parent` */
	char id[48], parent[48];
	char status[24];
	char message[64]; /* a member that both the list and the describe call show */
	char remark[64]; /* one that only the describe call shows */
	char name[400]; /* as JSON writes it between quotes; "": "name of ID"; "null": null */
	char tags[200]; /* a JSON list that the list shows too; "": it shows none */
	unsigned revision; /* in the time of the last update, in seconds */
	bool gone;
};

struct cloud {
	struct script *script;
	int64_t latency_ms;
	size_t serves; /* calls at a time, others stand in line even when they were given up; 0: all */
	struct exchange **line; /* in order of arrival */
	size_t n_line, line_room, served, serving;
	struct thing **things; /* in the order in which they were added */
	size_t n, room;
	bool lists_models; /* DescribeTrainingModels still answers */
	const char *refuses_status; /* a filter by this one is refused */
	bool ignores_filters, ignores_order, refuses_filters; /* what a refresh asks for */
	const char *fail_code; /* every call is refused so; NULL: none is */
	enum error fail; /* the network fails so */
};

/* Answers every request after the latency; < 0: the test hands each to cloud_answer. */
void cloud_open(struct cloud *cloud, struct world *world, int64_t latency_ms);
void cloud_close(struct cloud *cloud);
void cloud_answer(struct cloud *cloud, struct exchange *exchange);

/* A world, and a cloud that answers its calls: what most tests begin with. */
struct cloud_world {
	struct world *world;
	struct cloud cloud;
};

/* As of world_open and cloud_open. */
void cloud_world_open(struct cloud_world *place, const struct setup *setup, int64_t latency_ms);
void cloud_world_close(struct cloud_world *place);
/* Sets the clock ahead, and lets happen what is due until then. */
void cloud_world_advance(struct cloud_world *place, int64_t ms);

/* Valid until the cloud is closed. */
struct thing *cloud_add(struct cloud *cloud, const char *kind, const char *parent, const char *id);
/* train-0001 and so on, or any other kind of the same form: `prefix`0001. */
void cloud_add_many(struct cloud *cloud, const char *kind, const char *parent, const char *prefix,
	size_t n);
struct thing *cloud_thing(struct cloud *cloud, const char *id);
/* The resource has that status from now on, and a later time of its last update. */
void cloud_set_status(struct cloud *cloud, const char *id, const char *status);
/* The resource as a list call returns it (or the describe call). */
void cloud_print(const struct thing *thing, bool detail, struct buf *out);

#endif
