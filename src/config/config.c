/*
 * config.c - the command line as a value.
 *
 * The words are read from left to right without getopt, which keeps its state in globals and writes its own
 * messages. Options may stand anywhere before "--". The other words are a verb (mount, if none is given) and
 * its operands, whose number the table of verbs limits. Paths are made absolute here, before the daemon
 * changes its working directory.
 */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

/* The state of reading a command line. */
struct line {
	struct config *config;
	char *const *argv;
	int argc, at;
	const char **operands, **lists; /* of -o */
	size_t n_operands, n_lists;
	struct config_files files;
	bool is_bare; /* no verb was given */
	char letters[16]; /* the one-letter options that were given, each once */
	const char *unknown; /* the first unknown option */
	struct buf *why;
};

static bool refuse_usage(struct buf *why, const char *what, const struct verb_row *row)
{
	buf_printf(why, "%s: %s (see describefs --help)", what, row->form);
	return false;
}

/* Options */

static bool refuse_long(const char *arg, const struct verb_row *row, struct buf *why)
{
	char *word = xstrndup(arg + 2, strcspn(arg + 2, "="));
	struct near_word near = { .word = word };

	if (strchr(row->letters, 'o'))
		options_offer(&near, row->takes);
	const char *option = near.best;
	near_offer(&near, "help");
	near_offer(&near, "version");
	address_hide_user(word, false);
	buf_printf(why, "unknown option --%s: ", word);
	if (near.best)
		buf_printf(why, "did you mean %s%s?", near.best == option ? "-o " : "--", near.best);
	else
		config_name_help(row->verb, "see ", why);
	free(word);
	return false;
}

static bool line_is_over(const struct line *line)
{
	return line->config->verb == VERB_HELP || line->config->verb == VERB_VERSION;
}

/* The value of a one-letter option: the rest of its word, or the next word. NULL: missing. */
static const char *take_value(struct line *line, const char *rest)
{
	if (*rest)
		return rest;
	return ++line->at < line->argc ? line->argv[line->at] : NULL;
}

/* Keeps the list of -o: it is applied after the files, and overrides them. */
static bool take_list(struct line *line, const char *rest)
{
	const char *list = take_value(line, rest);
	if (!list) {
		buf_puts(line->why, "-o: a list of options is missing, as in -o ttl=60,secrets");
		return false;
	}
	line->lists[line->n_lists++] = list;
	return true;
}

enum { LEVELS_MAX = 10000 };

static bool take_levels(struct line *line, const char *rest)
{
	const char *text = take_value(line, rest);
	int64_t levels = 0;
	if (!text || !config_read_integer(text, 10, 1, LEVELS_MAX, &levels))
		buf_puts(line->why, "-L: expected a number of levels from 1, as in -L 2");
	line->config->levels = (unsigned)levels;
	return levels;
}

static void note_letter(struct line *line, char letter)
{
	size_t len = strlen(line->letters);
	if (!strchr(line->letters, letter) && len + 1 < sizeof line->letters)
		line->letters[len] = letter;
}

static bool refuse_short(const char *arg, const struct verb_row *row, struct buf *why)
{
	char *quoted = xstrdup(arg);

	address_hide_user(quoted, false);
	buf_printf(why, "unknown option %s: %s takes", quoted, row->word);
	for (const char *at = row->letters; *at; at++)
		buf_printf(why, " -%c", *at);
	buf_puts(why, " -h -V");
	free(quoted);
	return false;
}

/* The message depends on the verb, which may follow later: check_options refuses the option. */
static void note_unknown(struct line *line, const char *arg)
{
	if (!line->unknown)
		line->unknown = arg;
}

/* "-f", "-fd", "-ottl=5", "-fo ttl=5", "-L2" */
static bool take_short(struct line *line, const char *arg)
{
	for (const char *at = arg + 1; *at && !line_is_over(line); at++) {
		note_letter(line, *at);
		switch (*at) {
		case 'o':
			return take_list(line, at + 1);
		case 'L':
			return take_levels(line, at + 1);
		case 'l':
			line->config->is_long = true;
			break;
		case 'd':
			line->config->debug = true;
			line->config->foreground = true;
			break;
		case 'f':
			line->config->foreground = true;
			break;
		case 'h':
			line->config->verb = VERB_HELP;
			break;
		case 'V':
			line->config->verb = VERB_VERSION;
			break;
		default:
			note_unknown(line, arg);
			return true;
		}
	}
	return true;
}

static bool take_option(struct line *line, const char *arg)
{
	if (arg[1] != '-')
		return take_short(line, arg);
	if (strcmp(arg, "--help") == 0)
		line->config->verb = VERB_HELP;
	else if (strcmp(arg, "--version") == 0)
		line->config->verb = VERB_VERSION;
	else
		note_unknown(line, arg);
	return true;
}

static bool take_words(struct line *line)
{
	bool only_operands = false;
	for (line->at = 1; line->at < line->argc && !line_is_over(line); line->at++) {
		const char *arg = line->argv[line->at];
		if (only_operands || arg[0] != '-' || !arg[1])
			line->operands[line->n_operands++] = arg;
		else if (strcmp(arg, "--") == 0)
			only_operands = true;
		else if (!take_option(line, arg))
			return false;
	}
	return true;
}

/* Operands */

/* PATHs in the file system, not in the tree of a source. */
static bool take_paths(struct config *config, const struct verb_row *row, const char **words, size_t n,
	struct buf *why)
{
	if (n == 0)
		return refuse_usage(why, "PATH is missing", row);
	for (size_t i = 0; i < n; i++)
		texts_add(&config->paths, xstrdup(words[i]));
	return true;
}

static bool set_mountpoint(struct line *line, const struct verb_row *row, const char *word)
{
	if (!*word)
		return refuse_usage(line->why, "MOUNTPOINT is empty", row);
	free(line->config->mount.point);
	line->config->mount.point = options_absolute(word);
	return true;
}

static bool check_mountpoint(struct line *line, const char *section)
{
	if (line->config->mount.point)
		return true;
	config_files_place(&line->files, section, line->why);
	buf_printf(line->why,
		" has no mountpoint: add a line mountpoint = ~/DIRECTORY, or run describefs %s "
		"MOUNTPOINT",
		section);
	return false;
}

static bool refuse_single(struct line *line, const struct verb_row *row, const char *word)
{
	struct texts sections = { 0 };
	char *quoted = xstrdup(word);
	config_files_list(&line->files, &sections);
	address_hide_user(quoted, false);
	buf_printf(line->why, "\"%s\" is not the name of a mount in a config file", quoted);
	free(quoted);
	for (size_t i = 0; i < sections.n; i++)
		buf_printf(line->why, "%s%s", i ? ", " : " (the files have ", sections.v[i]);
	buf_printf(line->why, "%s, and a source needs a mount point: %s", sections.n ? ")" : "", row->form);
	config_add_near_verb(word, line->why);
	texts_release(&sections);
	return false;
}

/* SOURCE... MOUNTPOINT, or NAME [MOUNTPOINT] for a mount that the files name. */
static bool take_mount(struct line *line, const struct verb_row *row, const char **words, size_t n)
{
	bool is_known = line->config->n_sources;
	if (n == 1)
		return is_known ? check_mountpoint(line, words[0]) : refuse_single(line, row, words[0]);
	for (size_t i = 0; !is_known && i + 1 < n; i++)
		if (!config_add_source(line->config, words[i], line->why)) {
			config_add_near_verb(words[0], line->why);
			return false;
		}
	return set_mountpoint(line, row, words[n - 1]);
}

/* SOURCE, or the name of a mount in the files; then paths in it. */
static bool take_source(struct line *line, const char **words, size_t n)
{
	struct config *config = line->config;
	if (!config->n_sources &&
		(!config_add_source(config, words[0], line->why) || !config_check_kinds(config, line->why)))
		return false;
	for (size_t i = 1; i < n; i++)
		texts_add(&config->paths, xstrdup(words[i]));
	return true;
}

static bool apply_lists(struct line *line)
{
	for (size_t i = 0; i < line->n_lists; i++)
		if (!options_take(line->config, line->lists[i], line->why))
			return false;
	return true;
}

static bool count_operands(const struct verb_row *row, size_t n, struct buf *why)
{
	if (n < row->least)
		return refuse_usage(why, n == 0 ? "SOURCE is missing" : "PATH is missing", row);
	return n <= row->most || refuse_usage(why, "too many arguments", row);
}

/* `section` NULL: only the lines that apply to all mounts. */
static bool apply_files(struct line *line, const char *section)
{
	return config_files_apply(&line->files, section, line->config, line->why) ||
		config_tolerates_mistake(line->config, line->why);
}

static bool read_files(struct line *line, const struct config_places *places)
{
	bool good = config_files_read(&line->files, places, line->why);
	line->config->files = config_files_named(&line->files);
	return good || config_tolerates_mistake(line->config, line->why);
}

/* A verb with a SOURCE; only these verbs need the config files. */
static bool take_sourced(struct line *line, const struct verb_row *row, const char **words, size_t n,
	const struct config_places *places)
{
	bool mounts = row->verb == VERB_MOUNT;
	if (!count_operands(row, n, line->why) || !read_files(line, places))
		return false;
	bool is_named = n > 0 && config_files_have(&line->files, words[0]);
	if (line->is_bare && n > 0 && !is_named && config_answer_word(words, n, line->why))
		return false;
	is_named = is_named && (!mounts || n <= 2);
	if (!apply_files(line, is_named ? words[0] : NULL))
		return false;
	if (n > 0 && !(mounts ? take_mount(line, row, words, n) : take_source(line, words, n)))
		return false;
	return apply_lists(line);
}

/* Doctor also checks the sections that are not named. */
static bool take_doctor(struct line *line, const struct verb_row *row, const char **words, size_t n,
	const struct config_places *places)
{
	if (!take_sourced(line, row, words, n, places))
		return false;
	config_read_sections(line->config, &line->files, line->lists, line->n_lists);
	return true;
}

/* False: the verb does not take one of the options. */
static bool check_options(struct line *line, const struct verb_row *row)
{
	if (line->unknown)
		return line->unknown[1] == '-' ? refuse_long(line->unknown, row, line->why) :
						 refuse_short(line->unknown, row, line->why);
	for (const char *at = line->letters; *at; at++) {
		if (strchr(row->letters, *at))
			continue;
		buf_printf(line->why, "-%c means nothing for %s: %s", *at, row->word, row->form);
		return false;
	}
	for (size_t i = 0; row->takes < TAKES_MOUNT && i < line->n_lists; i++)
		if (!options_check(line->lists[i], row, line->why))
			return false;
	return true;
}

/* help VERB explains one verb; help alone explains all. */
static bool take_help(struct line *line, const struct verb_row *row, const char **words, size_t n)
{
	const struct verb_row *about = n ? config_find_verb(words[0]) : row;

	if (n > row->most)
		return refuse_usage(line->why, "too many arguments", row);
	if (about)
		line->config->help = about->verb;
	return about || config_refuse_verb(words[0], line->why);
}

static bool take_verb(struct line *line, const struct verb_row *row, const char **words, size_t n,
	const struct config_places *places)
{
	line->config->verb = row->verb;
	if (!check_options(line, row))
		return false;
	switch (row->verb) {
	case VERB_REFRESH:
		return take_paths(line->config, row, words, n, line->why);
	case VERB_HELP:
		return take_help(line, row, words, n);
	case VERB_STATUS:
	case VERB_VERSION:
		return n <= row->most || refuse_usage(line->why, "too many arguments", row);
	case VERB_DOCTOR:
		return take_doctor(line, row, words, n, places);
	default:
		return take_sourced(line, row, words, n, places);
	}
}

/* After --help or --version nothing else is read; a verb before it is the one to explain. */
static void take_over(struct line *line)
{
	const struct verb_row *row = line->n_operands ? config_find_verb(line->operands[0]) : NULL;

	line->config->help = row ? row->verb : VERB_HELP;
}

/* Without a verb the operands are those of mount. */
static bool take_operands(struct line *line, const struct config_places *places)
{
	const char **words = line->operands;
	size_t n = line->n_operands;
	const struct verb_row *row = n > 0 ? config_find_verb(words[0]) : NULL;
	if (row)
		return take_verb(line, row, words + 1, n - 1, places);
	line->is_bare = true;
	return take_verb(line, config_find_verb("mount"), words, n, places);
}

/* The whole command line */

/* A message that quotes a very long word does not fit into `why`, and is left out. */
static void ensure_message(struct buf *why)
{
	if (why->full && why->len == 0) {
		buf_clear(why);
		buf_puts(why, "a word of the command line is too long");
	}
}

int config_parse(struct config *config, int argc, char *const argv[], const struct config_places *places,
	struct buf *why)
{
	config_set_defaults(config);
	struct line line = { .config = config, .argv = argv, .argc = argc, .why = why };
	line.operands = xcalloc((size_t)argc + 1, sizeof *line.operands);
	line.lists = xcalloc((size_t)argc + 1, sizeof *line.lists);
	bool good = take_words(&line);
	if (line_is_over(&line))
		take_over(&line);
	else
		good = good && take_operands(&line, places);
	config_files_release(&line.files);
	free(line.lists);
	free(line.operands);
	if (!good) {
		ensure_message(why);
		return 2;
	}
	/* This is no wrong usage, but it is reported here, before anything is mounted. */
	if (!line_is_over(&line) && config->network.cacert &&
		!config_check_cacert(config->network.cacert, places->invoker, why)) {
		ensure_message(why);
		return 1;
	}
	return 0;
}
