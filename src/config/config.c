/*
 * config.c - the command line as a value.
 *
 * Read from left to right by hand: getopt would keep its state in globals and word its complaints
 * itself. Options may stand anywhere before "--"; what is left is a verb (or none: mount) and its
 * operands, counted against one table.  Paths are made absolute here, while the working directory
 * is still the user's.
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
	char letters[16]; /* the options of one letter that were given, each once */
	struct buf *why;
};

/* At most 4095 bytes: C promises no longer literal. */
static const char
	HELP[] = "Usage: describefs [OPTION]... SOURCE... MOUNTPOINT\n"
		 "       describefs [OPTION]... NAME [MOUNTPOINT]\n"
		 "       describefs ls|tree [OPTION]... SOURCE [PATH]...\n"
		 "       describefs cat [OPTION]... SOURCE PATH...\n"
		 "       describefs kinds|doctor [OPTION]... [SOURCE]\n"
		 "       describefs refresh PATH...\n"
		 "       describefs status\n"
		 "\n"
		 "Shows the resources of a cloud as a read-only tree of files.\n"
		 "\n"
		 "SOURCE is CATALOG[:REGION][@PROFILE], as in tione, tione:ap-shanghai,\n"
		 "tione:ap-beijing@work, qianfan; several are a directory each. NAME is a section\n"
		 "of ~/.config/describefs/config or /etc/describefs/config: its sources, its\n"
		 "mountpoint and its options, by the names below.\n"
		 "\n"
		 "  mount            show SOURCE in the directory MOUNTPOINT (if no verb is given)\n"
		 "  ls, cat, tree    show a part of the same tree without a mount\n"
		 "  kinds            say what each source can show\n"
		 "  doctor           check FUSE, key, clock and network, and say what to do\n"
		 "  refresh          have the next read of these paths of a mount ask the cloud\n"
		 "  status           your mounts: calls, hits, errors, age of the newest answer\n"
		 "\n"
		 "  -o OPT[,OPT...]  one or more of the options below; may be repeated\n"
		 "  -f               stay in the foreground\n"
		 "  -d               say on stderr what happens; implies -f\n"
		 "  -l, -L LEVELS    ls: with modes, sizes and times; tree: so deep\n"
		 "  -h, --help       print this text\n"
		 "  -V, --version    print the version\n"
		 "\n"
		 "Options after -o, as in /etc/fstab with the type describefs:\n"
		 "  deadline=TIME     longest wait of a reader, 0.1 s to 1h (10)\n"
		 "  ttl=TIME          how long a value is fresh (the catalog's, by kind)\n"
		 "  stale=TIME        how old a value may be shown when the cloud fails (1h)\n"
		 "  rate=CALLS        calls a second of each action (the catalog's, 20)\n"
		 "  max_memory=SIZE   bytes kept; K, M, G for powers of 1024 (256M)\n"
		 "  pin=KIND/ID[/SUBKIND/ID][:...]\n"
		 "                    list these ids where the cloud cannot list them\n"
		 "  names=api|snake   file names as in the API, or in snake_case (snake)\n"
		 "  secrets           show secret fields, readable by the owner alone\n"
		 "  endpoint=URL      another address of the API; http:// only to loopback\n"
		 "  metadata=URL, sts=URL\n"
		 "                    the same for the services that give keys\n"
		 "  proxy=URL         http[s]://[USER:PASSWORD@]HOST[:PORT] (none)\n"
		 "  cacert=FILE       trust these certificates (PEM) instead of the system's\n"
		 "  allow_other, uid=N, gid=N, umask=OCTAL, fsname=NAME, default_permissions,\n"
		 "  auto_unmount      as in mount.fuse3(8)\n"
		 "\n"
		 "Keys are found where tccli, the SDKs and bcecmd have them, a machine's own role\n"
		 "included: describefs(1) lists the places.\n"
		 "\n"
		 "Examples:\n"
		 "  describefs tione:ap-shanghai /mnt/tione\n"
		 "  describefs -o ttl=60,stale=86400 tione@work /mnt/tione\n"
		 "  describefs cat tione /training/train-1234/status\n"
		 "  describefs cat tione 'training/*/status'\n"
		 "  describefs tree tione /models\n"
		 "  describefs doctor tione\n"
		 "  fusermount3 -u /mnt/tione\n"
		 "\n"
		 "Exit status: 0 done, and a mount answers; 1 it failed; 2 wrong usage.\n";

const char *config_help(void)
{
	return HELP;
}

static bool refuse_usage(struct buf *why, const char *what, const struct verb_row *row)
{
	buf_printf(why, "%s: %s (see describefs --help)", what, row->form);
	return false;
}

/* Options */

static bool refuse_long(const char *arg, struct buf *why)
{
	static const char *const LONGS[] = { "help", "version" };
	char *word = xstrndup(arg + 2, strcspn(arg + 2, "="));
	size_t distance;
	const char *nearest = options_nearest(word, &distance), *dashes = "-o ";
	for (size_t i = 0; i < 2; i++) {
		if (options_distance(LONGS[i], word) > distance)
			continue;
		distance = options_distance(LONGS[i], word);
		nearest = LONGS[i];
		dashes = "--";
	}
	address_hide_user(word, false);
	buf_printf(why, "unknown option --%s: ", word);
	if (options_is_near(word, distance))
		buf_printf(why, "did you mean %s%s?", dashes, nearest);
	else
		buf_puts(why, "see describefs --help");
	free(word);
	return false;
}

static bool line_is_over(const struct line *line)
{
	return line->config->verb == VERB_HELP || line->config->verb == VERB_VERSION;
}

/* The value of an option of one letter: the rest of its word, or the next word. NULL: missing. */
static const char *take_value(struct line *line, const char *rest)
{
	if (*rest)
		return rest;
	return ++line->at < line->argc ? line->argv[line->at] : NULL;
}

/* The list of -o is read after the files, and wins over them. */
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
		buf_puts(line->why, "-L: wants how many levels to show, 1 or more, as in -L 2");
	line->config->levels = (unsigned)levels;
	return levels;
}

static void note_letter(struct line *line, char letter)
{
	size_t len = strlen(line->letters);
	if (!strchr(line->letters, letter) && len + 1 < sizeof line->letters)
		line->letters[len] = letter;
}

static bool refuse_short(const char *arg, struct buf *why)
{
	char *quoted = xstrdup(arg);
	address_hide_user(quoted, false);
	buf_printf(why, "unknown option %s: there are -o -f -d -l -L -h -V", quoted);
	free(quoted);
	return false;
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
			return refuse_short(arg, line->why);
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
		return refuse_long(arg, line->why);
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

/* Of the file system, and not of a source. */
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
		" has no mountpoint: add a line mountpoint = ~/DIRECTORY, or say describefs %s "
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
		buf_printf(line->why, "%s%s", i ? ", " : " (they name ", sections.v[i]);
	buf_printf(line->why, "%s, and a source needs a mount point: %s", sections.n ? ")" : "", row->form);
	config_add_near_verb(word, line->why);
	texts_release(&sections);
	return false;
}

/* SOURCE... MOUNTPOINT, or the name of a mount that the files know, and perhaps another MOUNTPOINT. */
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

/* SOURCE, or a mount that the files know; then paths in it. */
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
	return n <= row->most || refuse_usage(why, "too many words", row);
}

/* `section` NULL: none is named. */
static bool apply_files(struct line *line, const char *section)
{
	return config_files_apply(&line->files, section, line->config, line->why) ||
		config_bears_mistake(line->config, line->why);
}

static bool read_files(struct line *line, const struct config_places *places)
{
	bool good = config_files_read(&line->files, places, line->why);
	line->config->files = config_files_named(&line->files);
	return good || config_bears_mistake(line->config, line->why);
}

/* The files are read when they are needed: for what has a source. */
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

/* Doctor looks at the other sections, too. */
static bool take_doctor(struct line *line, const struct verb_row *row, const char **words, size_t n,
	const struct config_places *places)
{
	if (!take_sourced(line, row, words, n, places))
		return false;
	config_read_sections(line->config, &line->files, line->lists, line->n_lists);
	return true;
}

/* Whether each option has a meaning for the verb. */
static bool check_options(struct line *line, const struct verb_row *row)
{
	for (const char *at = line->letters; *at; at++) {
		if (strchr(row->letters, *at))
			continue;
		buf_printf(line->why, "-%c means nothing for %s: %s", *at, row->word, row->form);
		return false;
	}
	for (size_t i = 0; !row->mounts && i < line->n_lists; i++)
		if (!options_check(line->lists[i], row->word, row->verb != VERB_KINDS, line->why))
			return false;
	return true;
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
	case VERB_STATUS:
	case VERB_HELP:
	case VERB_VERSION:
		return n <= row->most || refuse_usage(line->why, "too many words", row);
	case VERB_DOCTOR:
		return take_doctor(line, row, words, n, places);
	default:
		return take_sourced(line, row, words, n, places);
	}
}

/* Without a verb it is a mount. */
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

/* The whole */

/* The message quotes the word, which may be too long for it. */
static void say_something(struct buf *why)
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
	bool good = take_words(&line) && (line_is_over(&line) || take_operands(&line, places));
	config_files_release(&line.files);
	free(line.lists);
	free(line.operands);
	if (!good) {
		say_something(why);
		return 2;
	}
	/* Not a mistake of usage, but the earliest place to report it. */
	if (!line_is_over(&line) && config->network.cacert &&
		!config_check_cacert(config->network.cacert, places->invoker, why)) {
		say_something(why);
		return 1;
	}
	return 0;
}
