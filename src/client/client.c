/*
 * client.c - what the calls of one source share: credentials, circuit breaker, and a queue for each action.
 *
 * Calls ahead of their need (the next pages of a list, the next resources of a scan) are sent only while no
 * call waits in the queue, and only up to the concurrency limit (concurrency.h).
 */
#include "client_state.h"

#include <stdlib.h>

enum { IN_TIME = 4 }; /* calls ahead may make an answer take one part in so many of the deadline */

static struct credential_cache *client_credentials_new(struct client *client)
{
	const struct client_options *options = &client->options;
	struct credential_cache_options cache = {
		.io = options->io,
		.completions = options->completions,
		.provider = options->provider,
		.site = options->key_site,
		.credential_source = options->credential_source,
		.deadline_ms = options->deadline_ms,
		.clock_offset_s = &client->stats.clock_offset_s,
		.seed = options->seed,
		.look = options->look,
		.renew = options->renew,
		.source_arg = options->key_arg,
		.failed = options->credentials_failed,
		.failed_arg = options->credentials_arg,
		.trace = options->trace,
		.trace_arg = options->trace_arg,
	};

	return credential_cache_new(&cache);
}

struct client *client_new(const struct client_options *options)
{
	struct client *client = xcalloc(1, sizeof(*client));

	client->options = *options;
	client->jitter = (struct random){ options->seed ? options->seed : 1 };
	circuit_breaker_init(&client->breaker);
	client->credential_cache = client_credentials_new(client);
	return client;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	for (size_t i = 0; i < client->n_actions; i++) {
		rate_queue_release(&client->actions[i]->queue);
		free(client->actions[i]);
	}
	free(client->actions);
	credential_cache_free(client->credential_cache);
	free(client);
}

int64_t client_now_ms(const struct client *client)
{
	return client->options.io.now_ms(client->options.io.self);
}

int64_t client_wall_s(const struct client *client)
{
	return client->options.io.wall_s(client->options.io.self);
}

void client_trace(const struct client *client, const char *line)
{
	const struct client_options *options = &client->options;

	if (options->trace)
		options->trace(options->trace_arg, line);
}

struct client_stats client_stats(const struct client *client)
{
	return client->stats;
}

const char *client_credentials_origin(const struct client *client)
{
	return credential_cache_origin(client->credential_cache);
}

int64_t client_credentials_expires_s(const struct client *client)
{
	return credential_cache_expires_s(client->credential_cache);
}

enum error client_outage(const struct client *client)
{
	return circuit_breaker_state(&client->breaker);
}

bool client_was_answered_within(const struct client *client, int64_t ms)
{
	return circuit_breaker_answered_within(&client->breaker, ms, client_now_ms(client));
}

void client_add_demand(struct client *client, int change)
{
	client->stats.demand += (size_t)change;
}

/* ---- actions ---- */

struct client_action *client_action(struct client *client, const struct action *action)
{
	const struct client_options *options = &client->options;

	for (size_t i = 0; i < client->n_actions; i++)
		if (client->actions[i]->action == action)
			return client->actions[i];

	double rate = options->rate > 0 ? options->rate : action->rate;
	struct client_action *state = xcalloc(1, sizeof(*state));
	state->action = action;
	rate_queue_init(&state->queue, &options->io, options->completions, &client->breaker,
		rate > 0 ? rate : options->site.catalog->rate);
	concurrency_init(&state->concurrency, options->deadline_ms / IN_TIME);
	client->actions = xrealloc(client->actions, (client->n_actions + 1) * sizeof(*client->actions));
	client->actions[client->n_actions++] = state;
	return state;
}

void client_run_queues(struct client *client)
{
	for (size_t i = 0; i < client->n_actions; i++)
		rate_queue_run(&client->actions[i]->queue);
}

int64_t client_wait_ms(struct client *client, const struct action *action, unsigned uid)
{
	return rate_queue_wait_ms(&client_action(client, action)->queue, uid);
}

bool client_has_room_ahead(struct client *client, const struct action *action, double share)
{
	struct client_action *state = client_action(client, action);

	return rate_queue_has_room(&state->queue) && concurrency_has_room(&state->concurrency, share);
}

int64_t client_pace_ms(struct client *client, const struct action *action)
{
	struct client_action *state = client_action(client, action);

	if (!client_has_room_ahead(client, action, 1))
		return rate_queue_look_again_ms(&state->queue);
	return rate_limiter_pace_ms(&state->queue.rate, client_now_ms(client));
}

bool client_can_make(struct client *client, const struct action *action, int64_t calls, int64_t within_ms)
{
	const struct rate_limiter *rate = &client_action(client, action)->queue.rate;

	return !rate->size || calls * rate->window_ms < (int64_t)rate->size * within_ms;
}

bool client_next_action(const struct client *client, size_t *at, struct client_action_stats *out)
{
	if (*at >= client->n_actions)
		return false;
	const struct client_action *state = client->actions[(*at)++];
	*out = (struct client_action_stats){ state->action, state->ended, state->queue.n_queued };
	return true;
}
