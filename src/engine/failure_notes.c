/*
 * failure_notes.c - reports failures to the journal, and outages to the tree.
 */
#include "state.h"

void engine_note_failure(struct engine *engine, const struct node *node, unsigned uid, enum error error,
	const struct error_note *note)
{
	struct buf path;

	buf_init(&path, JSON_BYTES_MAX);
	node_path(node, &path);
	journal_add(&engine->journal, engine_wall_s(engine), path.data, uid, error, note);
	buf_release(&path);
}

void engine_note_outage(struct engine *engine, enum error error)
{
	if (error != ERR_TIMEOUT ||
		!client_was_answered_within(engine->client, engine->options.deadline_ms / 2))
		tree_note_outage(engine->options.tree, error, engine_now_ms(engine));
}
