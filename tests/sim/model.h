/*
 * model.h - what a cloud had at which time, and the last call that said so: the tree's answers are compared with it.
 *
 * The model is naive on purpose: it knows no freshness, no records, no listings that pay. Every state of every
 * thing has a text of its own (v17), so whatever a file shows names the state, and the answers that carried it to us
 * are known by their texts.
 */
#ifndef TESTS_SIM_MODEL_H
#define TESTS_SIM_MODEL_H

#include "cloud.h"

enum { MODEL_THINGS = 16, MODEL_STATES = 400, MODEL_TURNS = 64 };

/* One state of one thing. */
struct state {
	int64_t ttl_ms; /* how long it may be shown */
	int64_t sent_ms, received_ms; /* the last call whose answer said so; -1: none did */
};

struct subject {
	struct thing *thing;
	const struct kind *kind;
	const char *files[2]; /* that show the state; the second NULL where there is one alone */
	uint64_t listing; /* its id, held by the test */
	uint64_t directory; /* its id, 0: not held */
	unsigned held;
	unsigned state;
	unsigned long shown[2]; /* by file: the state that it showed last; it never goes back */
	int64_t turned_ms[MODEL_TURNS]; /* came, went, came, ...: the even ones came */
	size_t turns;
	int64_t refused_ms; /* the last answer to a call for it that said that it does not exist; -1 */
	int64_t lacked_sent_ms, lacked_received_ms; /* the last list without it */
};

struct model {
	struct world *world;
	struct cloud cloud;
	struct subject subjects[MODEL_THINGS];
	size_t n;
	struct state states[MODEL_STATES];
	unsigned n_states;
	uint64_t failures; /* that the engine had counted when we last looked */
	int64_t failed_ms; /* when there was one more */
	int64_t unsupported_ms; /* until when a call that the cloud does not support fails without being made */
	bool refuses; /* the cloud may say that of a call: it makes the model blind for long */
	unsigned seed;
	/* the answer under way */
	struct exchange *exchange;
	transport_reply_fn *done;
	void *done_arg;
};

unsigned model_chance(struct model *model, unsigned n);
int64_t model_now(const struct model *model);

void model_open(struct model *model, const struct setup *setup, unsigned seed);
void model_close(struct model *model);

/* The thing is another from now on, or goes, or comes back. */
void model_change(struct model *model, struct subject *subject);
/* Answers rightly, or, `failing` times in a hundred, in one of the ways in which things fail. */
void model_answer(struct model *model, struct exchange *exchange, unsigned failing);

/* The three promises; they fail the test. */
void model_check_value(struct model *model, const struct ask *ask, struct subject *subject,
	size_t file, const char *bytes);
void model_check_absent(struct model *model, const struct ask *ask, const struct subject *subject);
void model_check_failed(struct model *model, const struct ask *ask);
/* Of one pass over a listing that was opened then: whether `shown` can be. */
void model_check_shown(struct model *model, const struct subject *subject, bool shown, int64_t asked_ms);

#endif
