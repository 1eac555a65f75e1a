/*
 * status.c - the text of .describefs/status, and the fill of that directory.
 */
#include "state.h"

#include "base/timestamp.h"

static void add_time(struct buf *out, const char *label, int64_t seconds)
{
	buf_printf(out, "%-16s", label);
	if (seconds)
		timestamp_format(out, seconds);
	else
		buf_puts(out, "never");
	buf_putc(out, '\n');
}

/* Actions that the cloud does not have. If the catalog foresees that, the journal has no line about it. */
static void print_unsupported(const struct engine *engine, struct buf *out)
{
	for (size_t i = 0; i < engine->n_actions; i++)
		if (engine->actions[i].unsupported_until_ms > engine_now_ms(engine))
			buf_printf(out, "%-16s%s\n", "not offered", action_name(engine->actions[i].action));
}

static void print_credentials(const struct engine *engine, struct buf *out)
{
	int64_t expires_s = client_credentials_expires_s(engine->client);

	buf_printf(out, "%-16s%s\n", "key from", client_credentials_origin(engine->client));
	if (expires_s)
		add_time(out, "key until", expires_s);
}

static void print_status(const struct engine *engine, struct buf *out)
{
	const struct engine_options *options = &engine->options;
	const struct engine_stats counted = engine_stats(engine), *stats = &counted;
	enum error outage = client_outage(engine->client);
	struct tree_stats tree = tree_stats(options->tree);

	buf_printf(out, "%-16s%s\n", "catalog", options->site.catalog->name);
	buf_printf(out, "%-16s%s\n", "endpoint", options->site.endpoint);
	if (options->site.region)
		buf_printf(out, "%-16s%s\n", "region", options->site.region);
	print_credentials(engine, out);
	if (outage)
		buf_printf(out, "%-16sdown (%s): asked again every %d s\n", "cloud", error_name(outage),
			CLIENT_PROBE_MS / 1000);
	add_time(out, "mounted", engine->started_s);
	add_time(out, "last answer", stats->last_ok_s);
	buf_printf(out, "%-16s%llu\n", "calls", (unsigned long long)stats->calls);
	buf_printf(out, "%-16s%llu\n", "retries", (unsigned long long)stats->retries);
	buf_printf(out, "%-16s%llu\n", "failures", (unsigned long long)stats->failures);
	buf_printf(out, "%-16s%llu of %llu\n", "asked the cloud", (unsigned long long)stats->waited,
		(unsigned long long)stats->questions);
	print_unsupported(engine, out);
	buf_printf(out, "%-16s%zu\n", "in flight", stats->in_flight);
	buf_printf(out, "%-16s%zu\n", "waiting", stats->waiting);
	buf_printf(out, "%-16s%zu\n", "watching", stats->watching);
	buf_printf(out, "%-16s%zu\n", "followed", tree.followed);
	if (tree.others)
		buf_printf(out, "%-16s%zu ids that are not listed\n", "of other users", tree.others);
	if (stats->turned_away)
		buf_printf(out, "%-16s%llu questions, because too many waited\n", "turned away",
			(unsigned long long)stats->turned_away);
	buf_printf(out, "%-16s%lld s\n", "clock offset", (long long)stats->clock_offset_s);
	buf_printf(out, "%-16s%zu bytes in %zu directories, %zu answers\n", "kept", tree.memory, tree.nodes,
		tree.versions);
	if (tree.memory > tree.max_memory)
		buf_printf(out, "%-16s%zu bytes over: listings and what the kernel uses are kept\n",
			"max_memory", tree.memory - tree.max_memory);
}

void engine_fill_texts(struct engine *engine, struct node *node)
{
	static const char *const names[] = { "status", "errors", "metrics", "requests" };
	enum { N = sizeof(names) / sizeof(*names) };
	struct buf texts[N];
	const struct transport *io = &engine->options.io;
	int64_t now_ms = io->now_ms(io->self);
	struct provenance_note note = { .sent_ms = now_ms,
		.received_ms = now_ms,
		.received_s = io->wall_s(io->self),
		.action = "" };

	for (size_t i = 0; i < N; i++)
		buf_init(&texts[i], SIZE_MAX);
	print_status(engine, &texts[0]);
	journal_print(&engine->journal, &texts[1]);
	metrics_print(engine, &texts[2]);
	requests_print(engine, &texts[3]);
	tree_texts(engine->options.tree, node, names, texts, N, &note);
	for (size_t i = 0; i < N; i++)
		buf_release(&texts[i]);
}
