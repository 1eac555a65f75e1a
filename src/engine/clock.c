/*
 * clock.c - the engine's clocks: those of its transport.
 */
#include "state.h"

int64_t engine_now_ms(const struct engine *engine)
{
	return engine->options.io.now_ms(engine->options.io.self);
}

int64_t engine_wall_s(const struct engine *engine)
{
	return engine->options.io.wall_s(engine->options.io.self);
}

struct query_time engine_now(const struct engine *engine)
{
	int64_t now = engine_now_ms(engine);

	return (struct query_time){ .now_ms = now, .since_ms = now };
}
