/*
 * path.c - resolves paths of the tree without a mount: questions, walking, listing.
 */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/name.h"
#include "failure.h"

enum { DEPTH_MAX = 64, LINKS_MAX = 40 };

/* ---- asking ---- */

struct cli_answer {
	struct loop *loop;
	bool done;
	struct reply reply;
};

static void answer_done(void *arg, const struct reply *reply)
{
	struct cli_answer *answer = arg;

	answer->done = true;
	answer->reply = *reply;
	loop_stop(answer->loop, 0);
}

static void cli_begin_query(struct cli *cli, uint64_t id)
{
	cli->error = ERR_NONE;
	cli->asked = sources_of(cli->sources, id);
	cli->noted = cli->asked ? source_journal(cli->asked)->count : 0;
}

/* `wait` NULL: the question was answered already. */
static struct reply answer_wait(struct cli *cli, struct cli_answer *answer, const struct waiter *wait)
{
	while (wait && !answer->done)
		loop_run(cli->sources->setting.loop);
	if (answer->reply.outcome == RESULT_ABSENT)
		cli->error = ERR_NOT_FOUND;
	else if (answer->reply.outcome == RESULT_FAILED)
		cli->error = answer->reply.error;
	return answer->reply;
}

struct reply cli_ask(struct cli *cli, enum question question, uint64_t id, const char *name)
{
	struct cli_answer answer = { .loop = cli->sources->setting.loop };

	cli_begin_query(cli, id);
	return answer_wait(cli, &answer,
		sources_ask(cli->sources, question, id, name, 0, answer_done, &answer));
}

int cli_errno(const struct reply *reply)
{
	if (reply->outcome == RESULT_ABSENT)
		return error_errno(ERR_NOT_FOUND);
	return reply->outcome == RESULT_FAILED ? error_errno(reply->error) : 0;
}

int cli_complain(const struct cli *cli, const char *path, int error)
{
	struct buf line;

	buf_init(&line, SIZE_MAX);
	buf_printf(&line, "%s: %s", *path ? path : "\"\"", strerror(error));
	if (cli->error && cli->asked && error_errno(cli->error) == error)
		failure_add(&line, cli->asked, cli->error, cli->noted);
	fflush(stdout);
	output_complain(line.data);
	buf_release(&line);
	return 1;
}

/* ---- walking ---- */

/* The directories from the root to the current one. Invariant: depth < DEPTH_MAX. */
struct way {
	struct entry entries[DEPTH_MAX];
	size_t depth;
	unsigned links;
	bool follows; /* also a link at the end of the path */
};

static int walk_path(struct cli *cli, const char *path, struct way *way);

static int walk_link(struct cli *cli, uint64_t id, struct way *way)
{
	if (++way->links > LINKS_MAX)
		return ELOOP;
	char *target = xstrdup(sources_link(cli->sources, id));
	int error = walk_path(cli, target, way);
	free(target);
	return error;
}

/* Resolves one name. A link is relative to its directory. */
static int walk_name(struct cli *cli, const char *name, bool is_last, struct way *way)
{
	const struct entry *here = &way->entries[way->depth];

	if (!S_ISDIR(here->attr.mode))
		return ENOTDIR;
	if (!*name || !strcmp(name, "."))
		return 0;
	if (!strcmp(name, "..")) {
		way->depth -= way->depth > 0;
		return 0;
	}
	if (strlen(name) > NAME_BYTES_MAX || way->depth + 1 == DEPTH_MAX)
		return ENAMETOOLONG;
	struct reply reply = cli_ask(cli, ASK_LOOKUP, here->id, name);
	if (reply.outcome != RESULT_FOUND)
		return cli_errno(&reply);
	sources_hold(cli->sources, reply.entry.id, 1);
	if (S_ISLNK(reply.entry.attr.mode) && (way->follows || !is_last))
		return walk_link(cli, reply.entry.id, way);
	way->entries[++way->depth] = reply.entry;
	return 0;
}

/* A slash at the end requires a directory, and follows a link. */
static int walk_path(struct cli *cli, const char *path, struct way *way)
{
	int error = 0;

	while (*path && !error) {
		size_t len = strcspn(path, "/");
		char *name = xstrndup(path, len);
		error = walk_name(cli, name, !path[len], way);
		free(name);
		path += len;
		if (!*path)
			break;
		path++;
		if (!*path && !error && !S_ISDIR(way->entries[way->depth].attr.mode))
			error = ENOTDIR;
	}
	return error;
}

int cli_walk(struct cli *cli, const char *path, bool follow, struct entry *entry)
{
	struct way way = { .entries = { { .id = TREE_ROOT, .attr = { .mode = S_IFDIR | 0555 } } },
		.follows = follow };

	cli->error = ERR_NONE;
	if (!*path)
		return ENOENT;
	int error = strlen(path) < PATH_MAX ? walk_path(cli, path, &way) : ENAMETOOLONG;
	*entry = way.entries[way.depth];
	return error;
}

/* ---- listing ---- */

struct names {
	struct sources *sources;
	uint64_t id, cookie;
	struct texts texts;
	struct cli_answer answer;
};

/* Takes the names during the callback: afterwards the next page may change the listing. */
static void take_names(void *arg, const struct reply *reply)
{
	struct names *names = arg;
	struct query_time query = { .now_ms = sources_now(names->sources).now_ms };
	struct entry entry;
	const char *name;

	names->cookie = reply->cookie;
	while (reply->outcome == RESULT_FOUND &&
		sources_next(names->sources, names->id, &names->cookie, &name, &entry, query))
		texts_add(&names->texts, xstrdup(name));
	answer_done(&names->answer, reply);
}

int cli_names(struct cli *cli, uint64_t id, struct texts *out)
{
	struct names names = { .sources = cli->sources, .id = id };
	struct reply reply;
	size_t before;

	cli_begin_query(cli, id);
	do { /* once for each page of a long listing */
		before = names.texts.n;
		names.answer = (struct cli_answer){ .loop = cli->sources->setting.loop };
		reply = answer_wait(cli, &names.answer,
			sources_read(cli->sources, id, names.cookie, 0, take_names, &names));
	} while (names.texts.n > before);
	*out = names.texts;
	if (reply.outcome != RESULT_FOUND) {
		texts_release(out);
		return cli_errno(&reply);
	}
	texts_sort(out);
	return 0;
}
