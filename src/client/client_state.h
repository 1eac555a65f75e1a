/*
 * client_state.h - the inside of the client, for its own files only.
 */
#ifndef DESCRIBEFS_CLIENT_STATE_H
#define DESCRIBEFS_CLIENT_STATE_H

#include "base/random.h"
#include "circuit_breaker.h"
#include "client/client.h"
#include "client/credential_cache.h"
#include "concurrency.h"
#include "rate_queue.h"

/* What is kept of one action between its calls, as long as the client exists. */
struct client_action {
	const struct action *action;
	struct rate_queue queue;
	struct concurrency concurrency;
	uint64_t ended[ERR_COUNT]; /* tries that ended, by cause */
};

struct client {
	struct client_options options;
	struct credential_cache *credential_cache;
	struct circuit_breaker breaker;
	struct client_action **actions; /* in the order of first use */
	size_t n_actions;
	struct client_stats stats;
	bool is_offline; /* the trace has a line that the cloud cannot be reached, and none after it */
	struct random jitter;
};

int64_t client_now_ms(const struct client *client);
int64_t client_wall_s(const struct client *client);
/* A new one is made for an action that was not used before. */
struct client_action *client_action(struct client *client, const struct action *action);
/* Runs all rate queues, after the circuit breaker's state has changed. */
void client_run_queues(struct client *client);
void client_trace(const struct client *client, const char *line);

#endif
