/*
 * cloud.h - an emulated cloud: answers calls with resources that the test adds, changes and removes.
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
	size_t serves; /* calls that it works on at a time; others queue, cancelled or not; 0: no limit */
	struct exchange **line; /* the queue, in order of arrival */
	size_t n_line, line_room, served, serving;
	struct thing **things; /* in the order in which they were added */
	size_t n, room;
	bool lists_models; /* DescribeTrainingModels still answers */
	const char *refuses_status; /* refuses a filter by this status */
	bool ignores_filters, ignores_order, refuses_filters; /* of a refresh */
	const char *fail_code; /* each call is refused with this code; NULL: none is */
	enum error fail; /* each call fails in the network with this cause; ERR_NONE: none does */
};

/* Answers each request after the latency. < 0: only in cloud_answer, which the test calls. */
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
/* `prefix`0001 and so on. */
void cloud_add_many(struct cloud *cloud, const char *kind, const char *parent, const char *prefix,
	size_t n);
struct thing *cloud_thing(struct cloud *cloud, const char *id);
/* The resource has that status from now on, and a later time of its last update. */
void cloud_set_status(struct cloud *cloud, const char *id, const char *status);
/* The resource as a list call returns it (or the describe call). */
void cloud_print(const struct thing *thing, bool detail, struct buf *out);

#endif
