/*
 * metrics.c - the texts of .describefs/metrics and .describefs/requests.
 *
 * The first is for Prometheus (exposition format 0.0.4). The second has a line for each call under way.
 * Both describe the moment at which their names are looked up.
 */
#include "fetch.h"

enum { MS_A_SECOND = 1000 };

/* The HELP and TYPE lines. */
static void add_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP describefs_%s %s\n# TYPE describefs_%s %s\n", name, help, name, type);
}

static void add_number(struct buf *out, const char *name, const char *type, uint64_t value, const char *help)
{
	add_head(out, name, type, help);
	buf_printf(out, "describefs_%s %llu\n", name, (unsigned long long)value);
}

static void add_seconds(struct buf *out, const char *name, int64_t ms, const char *help)
{
	add_head(out, name, "gauge", help);
	buf_printf(out, "describefs_%s %lld.%03lld\n", name, (long long)(ms / MS_A_SECOND),
		(long long)(ms % MS_A_SECOND));
}

/* The label `action`. Its value is escaped, because a user's catalog may name an action in any way. */
static void add_action(struct buf *out, const struct action *action)
{
	buf_puts(out, "{action=\"");
	for (const char *at = action_name(action); *at; at++) {
		if (*at == '\\' || *at == '"')
			buf_putc(out, '\\');
		buf_puts(out, *at == '\n' ? "\\n" : (char[]){ *at, '\0' });
	}
	buf_putc(out, '"');
}

static void add_calls(struct buf *out, const struct engine *engine)
{
	struct client_action_stats stats;
	size_t at = 0;

	add_head(out, "calls_total", "counter", "Tries of calls that ended, by cause.");
	while (client_next_action(engine->client, &at, &stats)) {
		for (unsigned cause = 0; cause < ERR_COUNT; cause++) {
			if (!stats.ended[cause])
				continue;
			buf_puts(out, "describefs_calls_total");
			add_action(out, stats.action);
			buf_printf(out, ",cause=\"%s\"} %llu\n", error_name((enum error)cause),
				(unsigned long long)stats.ended[cause]);
		}
	}
}

static void add_queues(struct buf *out, const struct engine *engine)
{
	struct client_action_stats stats;
	size_t at = 0;

	add_head(out, "rate_waiting", "gauge", "Calls that wait in the rate queue.");
	while (client_next_action(engine->client, &at, &stats)) {
		buf_puts(out, "describefs_rate_waiting");
		add_action(out, stats.action);
		buf_printf(out, "} %zu\n", stats.n_queued);
	}
}

struct engine_stats engine_stats(const struct engine *engine)
{
	struct engine_stats stats = engine->stats;
	struct client_stats client = client_stats(engine->client);

	stats.failures = engine->journal.count;
	stats.in_flight = client.demand;
	stats.calls = client.calls;
	stats.retries = client.retries;
	stats.clock_offset_s = client.clock_offset_s;
	stats.last_ok_s = client.last_ok_s;
	return stats;
}

void metrics_print(const struct engine *engine, struct buf *out)
{
	const struct engine_stats counted = engine_stats(engine), *stats = &counted;
	int64_t last_ok_ms = client_stats(engine->client).last_ok_ms;
	struct tree_stats tree = tree_stats(engine->options.tree);
	int64_t now_ms = engine_now_ms(engine);

	add_calls(out, engine);
	add_number(out, "retries_total", "counter", stats->retries, "Retries of calls.");
	add_number(out, "failures_total", "counter", stats->failures,
		"Failures; the file errors has a line for each group of them.");
	add_number(out, "questions_total", "counter", stats->questions, "Questions, mostly the kernel's.");
	add_number(out, "waits_total", "counter", stats->waited, "Questions that waited for a fetch.");
	add_number(out, "cache_hits_total", "counter", stats->questions - stats->waited,
		"Questions that were answered from the cache.");
	add_number(out, "in_flight", "gauge", stats->in_flight, "Fetches under way.");
	add_number(out, "waiting", "gauge", stats->waiting, "Questions that wait for a fetch now.");
	add_number(out, "watching", "gauge", stats->watching, "Reads of .wait that wait now.");
	add_number(out, "turned_away_total", "counter", stats->turned_away,
		"Questions that were refused because too many waited.");
	add_queues(out, engine);
	add_number(out, "followed", "gauge", tree.followed, "Files .events whose changes are recorded.");
	add_number(out, "breaker_open", "gauge", client_outage(engine->client) != ERR_NONE,
		"1: the circuit breaker is open.");
	add_number(out, "resources", "gauge", tree.nodes, "Resources and listings in memory.");
	add_number(out, "versions", "gauge", tree.versions, "Rendered answers in memory.");
	add_number(out, "memory_bytes", "gauge", tree.memory, "Memory of resources, listings and answers.");
	if (last_ok_ms)
		add_seconds(out, "newest_answer_age_seconds", now_ms - last_ok_ms,
			"Time since the last good answer.");
	add_seconds(out, "uptime_seconds", now_ms - engine->started_ms, "Time since the mount.");
}

static const char *state_name(enum call_state state)
{
	static const char *const names[] = { [CALL_BACKOFF] = "sleeps",
		[CALL_AWAITING_CREDENTIALS] = "keyless",
		[CALL_QUEUED] = "queued",
		[CALL_SENT] = "sent",
		[CALL_ANSWERED] = "answered",
		[CALL_DONE] = "answered" };

	return names[state];
}

static void print_request(const struct fetch_request *request, int64_t now_ms, struct buf *out)
{
	const struct call *call = request->call;
	int64_t age_ms = now_ms - call_begun_ms(call);

	buf_printf(out, "%lld.%03lld\t%s\t", (long long)(age_ms / MS_A_SECOND),
		(long long)(age_ms % MS_A_SECOND), action_name(call_action(call)));
	node_path(request->fetch->node, out);
	buf_printf(out, "\t%u\t%s\n", call_tries(call), state_name(call_state(call)));
}

void requests_print(const struct engine *engine, struct buf *out)
{
	const struct list *fetches = &engine->fetches;

	for (struct list *at = list_first(fetches); at; at = list_next(fetches, at)) {
		const struct list *requests = &LIST_OWNER(at, struct fetch, link)->requests.list;
		for (struct list *each = list_first(requests); each; each = list_next(requests, each))
			print_request(LIST_OWNER(each, struct fetch_request, link), engine_now_ms(engine),
				out);
	}
}
