/*
 * action_notes.c - what the cloud was seen to do with each action. A note is kept as long as the engine
 * lives.
 */
#include "state.h"

enum { UNSUPPORTED_MS = 600 * 1000 };

struct action_note *engine_action_note(struct engine *engine, const struct action *action)
{
	for (size_t i = 0; i < engine->n_actions; i++)
		if (engine->actions[i].action == action)
			return &engine->actions[i];

	engine->actions = xrealloc(engine->actions, (engine->n_actions + 1) * sizeof(*engine->actions));
	engine->actions[engine->n_actions] = (struct action_note){ .action = action };
	return &engine->actions[engine->n_actions++];
}

bool engine_is_unsupported(struct engine *engine, const struct action *action)
{
	return engine_action_note(engine, action)->unsupported_until_ms > engine_now_ms(engine);
}

void engine_note_unsupported(struct engine *engine, const struct action *action)
{
	engine_action_note(engine, action)->unsupported_until_ms = engine_now_ms(engine) + UNSUPPORTED_MS;
}
