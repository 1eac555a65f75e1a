/*
 * sources_refresh.c - a refresh of one source, or of all sources below the directory above them.
 */
#include "source/sources.h"

uint64_t sources_refresh_id(const struct sources *sources, uint64_t opened, const char **name)
{
	const struct source *source = sources_of(sources, opened);

	if (source)
		return tree_refresh_id(source->tree, opened, name);
	return *name ? 0 : TREE_ROOT;
}

static int64_t source_left_ms(const struct source *source, uint64_t id, int64_t now_ms)
{
	struct node *top = tree_refresh_top(source->tree, id, NULL);

	return top ? tree_refresh_left_ms(source->tree, top, now_ms) : 0;
}

int64_t sources_refresh_left_ms(struct sources *sources, uint64_t id, int64_t now_ms)
{
	const struct source *source = sources_of(sources, id);
	int64_t longest_ms = 0;

	if (source)
		return source_left_ms(source, id, now_ms);
	for (size_t i = 0; i < sources->n; i++) {
		int64_t ms = source_left_ms(&sources->v[i], tree_root(sources->v[i].tree), now_ms);
		longest_ms = ms > longest_ms ? ms : longest_ms;
	}
	return longest_ms;
}

bool sources_refresh_begin(struct sources *sources, size_t n, uint64_t id, const char *name, struct ids *todo,
	bool *of_resource)
{
	const struct source *source = sources_of(sources, id);

	*of_resource = false;
	if (n == (source ? 1 : sources->n))
		return false;
	const struct source *part = source ? source : &sources->v[n];
	const struct node *top = engine_refresh_begin(part->engine, source ? id : tree_root(part->tree), name,
		todo);
	*of_resource = source && top && !name && node_id(top);
	return true;
}

void sources_refresh_step(struct sources *sources, struct ids *todo, size_t n_nodes, struct ids *held)
{
	const struct source *source = sources_of(sources, todo->v[0]);

	tree_refresh_step(source->tree, todo, n_nodes, held);
}

uint64_t sources_refresh_names(const struct sources *sources, uint64_t id, struct buf *names)
{
	const struct source *source = sources_of(sources, id);

	if (source) {
		const struct node *top = tree_refresh_top(source->tree, id, NULL);
		return top ? tree_names_of(source->tree, top, names) : 0;
	}
	for (size_t i = 0; i < sources->n; i++) {
		buf_puts(names, sources->v[i].name->written);
		buf_putc(names, '\0');
	}
	return TREE_ROOT;
}
