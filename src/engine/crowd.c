/*
 * crowd.c - admission control: a ceiling on the questions that wait at once.
 *
 * A question that waits takes memory in the daemon and in the kernel. A user with access to the mount can
 * have as many of them as processes. Users who did not mount the tree have a lower ceiling, so that there
 * is always room for the user who did.
 */
#include "waiter.h"

bool crowd_is_other(const struct engine *engine, unsigned uid)
{
	const struct engine_options *options = &engine->options;

	return options->is_owner && !options->is_owner(options->key_arg, uid);
}

static void crowd_note_refusal(struct engine *engine, const struct waiter *wait)
{
	struct error_note note = { 0 };
	struct buf path;

	engine->stats.turned_away++;
	error_note_copy(note.message, sizeof(note.message),
		"too many questions wait already: let fewer readers ask at once (xargs -P)");
	buf_init(&path, JSON_BYTES_MAX);
	tree_path(engine->options.tree, wait->id, &path);
	journal_add(&engine->journal, engine_wall_s(engine), path.data, wait->uid, ERR_QUEUE, &note);
	buf_release(&path);
}

bool crowd_admits(struct waiter *wait, const struct reply *reply)
{
	struct engine *engine = wait->engine;
	struct engine_stats *stats = &engine->stats;
	bool by_other = crowd_is_other(engine, wait->uid);
	bool is_full = stats->parked >= WAITS_MAX || (by_other && stats->parked_others >= WAITS_OTHERS_MAX);

	/* the texts of .describefs need no wait */
	if (is_full && (reply->outcome != RESULT_NEED_FETCH || reply->fetch_kind != FETCH_TEXTS)) {
		crowd_note_refusal(engine, wait);
		return false;
	}
	wait->by_other = by_other;
	stats->parked++;
	stats->parked_others += by_other;
	return true;
}

void crowd_leave(const struct waiter *wait)
{
	struct engine_stats *stats = &wait->engine->stats;

	stats->parked--;
	stats->parked_others -= wait->by_other;
}
