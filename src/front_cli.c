/*
 * front_cli.c - the second front end: it keeps the core honest, and serves where there is no /dev/fuse.
 *
 * A path is walked by the same lookups that the kernel would send, and links are followed as it would follow
 * them; what is entered stays held, as the kernel would hold it, until the program ends.
 */
#include "front_cli.h"

#include "progress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 64, LINKS_MAX = 40 };

struct answer {
	struct loop *loop;
	bool done;
	struct reply reply;
};

static void take_answer(void *arg, const struct reply *reply)
{
	struct answer *answer = arg;

	answer->done = true;
	answer->reply = *reply;
	loop_stop(answer->loop, 0);
}

/* `wait` NULL: it is answered. */
static struct reply answer_of(struct sources *sources, struct answer *answer, const struct wait *wait)
{
	while (wait && !answer->done)
		loop_run(sources->setting.loop);
	return answer->reply;
}

/* Asks and waits. */
static struct reply ask(struct sources *sources, enum question question, uint64_t id, const char *name)
{
	struct answer answer = { .loop = sources->setting.loop };

	return answer_of(sources, &answer,
		sources_ask(sources, question, id, name, take_answer, &answer));
}

struct names {
	struct sources *sources;
	uint64_t id, cookie;
	struct texts texts;
	size_t room;
	struct answer answer;
};

/* What is there can be taken now, and only now: the next page, or its failure, may come at once. */
static void take_names(void *arg, const struct reply *reply)
{
	struct names *names = arg;
	struct asked asked = { sources_now(names->sources).now_ms, 0 };
	struct entry entry;
	const char *name;

	names->cookie = reply->cookie;
	while (reply->outcome == OUTCOME_FOUND &&
			sources_next(names->sources, names->id, &names->cookie, &name, &entry, asked)) {
		if (names->texts.n == names->room) {
			names->room = names->room ? names->room * 2 : 64;
			names->texts.v = xrealloc(names->texts.v, names->room * sizeof(*names->texts.v));
		}
		names->texts.v[names->texts.n++] = xstrdup(name);
	}
	take_answer(&names->answer, reply);
}

static int reply_errno(const struct reply *reply)
{
	if (reply->outcome == OUTCOME_ABSENT)
		return fault_errno(FAULT_NOT_FOUND);
	return reply->outcome == OUTCOME_FAILED ? fault_errno(reply->fault) : 0;
}

static int complain(const char *path, int error)
{
	fprintf(stderr, "describefs: %s: %s\n", *path ? path : "/", strerror(error));
	return 1;
}

/* The way from the root to where we are. */
struct way {
	struct entry entries[DEPTH_MAX];
	size_t depth;
	unsigned links;
};

static int walk_path(struct sources *sources, const char *path, struct way *way);

/* One name further; what is a link leads on from the directory that it is in. */
static int walk_name(struct sources *sources, const char *name, struct way *way)
{
	const struct entry *here = &way->entries[way->depth];

	if (!strcmp(name, "..")) {
		way->depth -= way->depth > 0;
		return 0;
	}
	if (!S_ISDIR(here->attr.mode))
		return ENOTDIR;
	if (way->depth + 1 == DEPTH_MAX)
		return ENAMETOOLONG;
	struct reply reply = ask(sources, ASK_LOOKUP, here->id, name);
	if (reply.outcome != OUTCOME_FOUND)
		return reply_errno(&reply);
	sources_hold(sources, reply.entry.id, 1);
	if (!S_ISLNK(reply.entry.attr.mode)) {
		way->entries[++way->depth] = reply.entry;
		return 0;
	}
	if (++way->links > LINKS_MAX)
		return ELOOP;
	char *target = xstrdup(sources_link(sources, reply.entry.id));
	int error = walk_path(sources, target, way);
	free(target);
	return error;
}

static int walk_path(struct sources *sources, const char *path, struct way *way)
{
	int error = 0;

	while (*path && !error) {
		size_t len = strcspn(path, "/");
		char *name = xstrndup(path, len);
		if (len && strcmp(name, ".") != 0)
			error = walk_name(sources, name, way);
		free(name);
		path += len + (path[len] == '/');
	}
	return error;
}

/* The entry at a path with slashes; 0, or an errno. */
static int walk(struct sources *sources, const char *path, struct entry *entry)
{
	struct way way = { .entries = { { .id = TREE_ROOT, .attr = { .mode = S_IFDIR | 0555 } } } };
	int error = walk_path(sources, path, &way);

	*entry = way.entries[way.depth];
	return error;
}

static int write_out(const char *bytes, size_t size)
{
	return fwrite(bytes, 1, size, stdout) == size ? 0 : errno;
}

static int cat_path(struct sources *sources, const char *path)
{
	struct entry entry;
	size_t size = 0;
	int error = walk(sources, path, &entry);

	if (!error && S_ISDIR(entry.attr.mode))
		error = EISDIR;
	if (!error && sources_watched(sources, entry.id) == WATCHED_STATUS) {
		struct reply reply = ask(sources, ASK_WAIT, entry.id, NULL);
		error = reply_errno(&reply);
	}
	if (error)
		return complain(path, error);
	const char *bytes = sources_bytes(sources, entry.id, &size);
	error = bytes ? write_out(bytes, size) : EIO;
	return error ? complain(path, error) : 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(struct texts *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
	*names = (struct texts){ 0 };
}

/* The names of a directory, sorted; 0, or an errno. The caller frees them. */
static int list_names(struct sources *sources, uint64_t id, struct texts *out)
{
	struct names names = { .sources = sources, .id = id };
	struct reply reply;
	size_t before;

	do { /* a long listing comes page by page */
		before = names.texts.n;
		names.answer = (struct answer){ .loop = sources->setting.loop };
		reply = answer_of(sources, &names.answer,
			sources_read(sources, id, names.cookie, take_names, &names));
	} while (names.texts.n > before);
	*out = names.texts;
	if (reply.outcome != OUTCOME_FOUND) {
		free_names(out);
		return reply_errno(&reply);
	}
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), compare_names);
	return 0;
}

static int ls_path(struct sources *sources, const char *path)
{
	struct entry entry;
	struct texts names = { 0 };
	int error = walk(sources, path, &entry);

	if (!error && !S_ISDIR(entry.attr.mode)) {
		puts(path);
		return 0;
	}
	if (!error)
		error = list_names(sources, entry.id, &names);
	for (size_t i = 0; i < names.n; i++)
		puts(names.v[i]);
	free_names(&names);
	return error ? complain(path, error) : 0;
}

/* ---- tree ---- */

struct printing {
	struct sources *sources;
	struct buf indent; /* what stands before each line */
	struct progress progress;
};

static int print_below(struct printing *printing, const char *path, uint64_t id);

/* One name, and what is below it. */
static int print_name(struct printing *printing, uint64_t id, const char *name, bool last)
{
	struct sources *sources = printing->sources;
	struct reply reply = ask(sources, ASK_LOOKUP, id, name);
	bool found = reply.outcome == OUTCOME_FOUND;
	const char *target = found ? sources_link(sources, reply.entry.id) : NULL;

	progress_hide(&printing->progress);
	printf("%s%s%s%s%s\n", printing->indent.data, last ? "`-- " : "|-- ", name, target ? " -> " : "",
		target ? target : "");
	if (!found)
		return complain(name, reply_errno(&reply));
	if (!S_ISDIR(reply.entry.attr.mode))
		return 0;
	size_t len = printing->indent.len;
	buf_puts(&printing->indent, last ? "    " : "|   ");
	sources_hold(sources, reply.entry.id, 1);
	int status = print_below(printing, name, reply.entry.id);
	sources_forget(sources, reply.entry.id, 1);
	printing->indent.len = len;
	printing->indent.data[len] = '\0';
	return status;
}

static int print_below(struct printing *printing, const char *path, uint64_t id)
{
	struct texts names;
	int status = 0, error = list_names(printing->sources, id, &names);

	if (error) {
		progress_hide(&printing->progress);
		return complain(path, error);
	}
	for (size_t i = 0; i < names.n; i++) {
		progress_show(&printing->progress, i, names.n, path);
		status |= print_name(printing, id, names.v[i], i + 1 == names.n);
	}
	free_names(&names);
	return status;
}

static int tree_path_below(struct sources *sources, const char *path)
{
	struct printing printing = { .sources = sources };
	struct entry entry;
	int error = walk(sources, path, &entry);

	if (error)
		return complain(path, error);
	puts(*path ? path : "/");
	if (!S_ISDIR(entry.attr.mode))
		return 0;
	buf_init(&printing.indent, SIZE_MAX);
	progress_begin(&printing.progress);
	progress_show(&printing.progress, 0, 1, path);
	int status = print_below(&printing, path, entry.id);
	progress_hide(&printing.progress);
	buf_release(&printing.indent);
	return status;
}

int cli_run(struct sources *sources)
{
	const struct config *config = sources->setting.config;
	const char *only = config->paths.n ? config->paths.v[0] : "";
	int status = 0;

	if (config->verb == VERB_LS)
		status = ls_path(sources, only);
	else if (config->verb == VERB_TREE)
		status = tree_path_below(sources, only);
	else
		for (size_t i = 0; i < config->paths.n; i++)
			status |= cat_path(sources, config->paths.v[i]);
	if (fflush(stdout))
		status = complain("standard output", errno);
	return status;
}
