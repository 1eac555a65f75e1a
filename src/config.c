/*
 * config.c - the command line as a value.
 *
 * Read from left to right by hand: getopt would keep its state in globals and word its complaints
 * itself. Options may stand anywhere before "--"; what is left is a verb (or none: mount) and its
 * operands, counted against one table.  Paths are made absolute here, while the working directory
 * is still the user's.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

struct verb_row {
	const char *word;
	enum verb verb;
	size_t least, most; /* operands after the verb */
	const char *form;
};

static const struct verb_row VERBS[] = {
	{ "mount", VERB_MOUNT, 1, SIZE_MAX, "describefs [OPTION]... SOURCE... MOUNTPOINT" },
	{ "ls", VERB_LS, 1, 2, "describefs ls SOURCE [PATH]" },
	{ "cat", VERB_CAT, 2, SIZE_MAX, "describefs cat SOURCE PATH..." },
	{ "tree", VERB_TREE, 1, 2, "describefs tree SOURCE [PATH]" },
	{ "kinds", VERB_KINDS, 0, 1, "describefs kinds [SOURCE]" },
	{ "doctor", VERB_DOCTOR, 0, 1, "describefs doctor [SOURCE]" },
	{ "refresh", VERB_REFRESH, 1, SIZE_MAX, "describefs refresh PATH..." },
	{ "status", VERB_STATUS, 0, 0, "describefs status" },
};

/* What is left of the command line, and where we are in it. */
struct line {
	struct config *config;
	char *const *argv;
	int argc, at;
	const char **operands, **lists; /* of -o */
	size_t n_operands, n_lists;
	struct config_files files;
	struct buf *why;
};

/* At most 4095 bytes: C promises no longer literal. */
static const char HELP[] =
"Usage: describefs [OPTION]... SOURCE... MOUNTPOINT\n"
"       describefs [OPTION]... NAME [MOUNTPOINT]\n"
"       describefs ls|tree [OPTION]... SOURCE [PATH]\n"
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
"  -h, --help       print this text\n"
"  -V, --version    print the version\n"
"\n"
"Options after -o, as in /etc/fstab with the type describefs:\n"
"  deadline=SECONDS  longest wait of a reader, 0.1 to 3600 (10)\n"
"  ttl=SECONDS       how long a value is fresh (the catalog's, by kind)\n"
"  stale=SECONDS     how old a value may be shown when the cloud fails (3600)\n"
"  rate=CALLS        calls a second of each action (the catalog's, 20)\n"
"  max_memory=SIZE   bytes kept; K, M, G for powers of 1024 (256M)\n"
"  pin=KIND/ID[/SUBKIND/ID][:...]\n"
"                    list these ids where the cloud cannot list them\n"
"  names=api|snake   file names as in the API, or in snake_case (snake)\n"
"  secrets           show secret fields, readable by the owner alone\n"
"  endpoint=URL      another address of the API; http:// only to loopback\n"
"  metadata=URL, sts=URL\n"
"                    the same for the services that give keys\n"
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
"  describefs ls qianfan /finetuning\n"
"  describefs tree tione /models\n"
"  describefs kinds qianfan\n"
"  describefs doctor tione\n"
"  fusermount3 -u /mnt/tione\n"
"\n"
"Exit status: 0 done, and a mount answers; 1 it failed; 2 wrong usage.\n";

const char *config_help(void)
{
	return HELP;
}

static bool complain(struct buf *why, const char *what, const struct verb_row *row)
{
	buf_printf(why, "%s: %s (see describefs --help)", what, row->form);
	return false;
}

/* Options */

static bool refuse_long(const char *arg, struct buf *why)
{
	static const char *const LONGS[] = { "help", "version" };
	char *word = xstrndup(arg + 2, strcspn(arg + 2, "="));
	size_t nearest_distance;
	const char *nearest = options_nearest(word, &nearest_distance), *dashes = "-o ";
	for (size_t i = 0; i < 2; i++) {
		size_t distance = options_distance(LONGS[i], word);
		if (distance > nearest_distance)
			continue;
		nearest_distance = distance;
		nearest = LONGS[i];
		dashes = "--";
	}
	buf_printf(why, "unknown option --%s: did you mean %s%s?", word, dashes, nearest);
	free(word);
	return false;
}

/* The list of -o: the rest of its word, or the next one.  Read after the files, it wins over them. */
static bool take_list(struct line *line, const char *rest)
{
	if (!*rest && ++line->at == line->argc) {
		buf_puts(line->why, "-o: a list of options is missing, as in -o ttl=60,secrets");
		return false;
	}
	line->lists[line->n_lists++] = *rest ? rest : line->argv[line->at];
	return true;
}

static bool is_over(const struct line *line)
{
	return line->config->verb == VERB_HELP || line->config->verb == VERB_VERSION;
}

/* "-f", "-fd", "-ottl=5", "-fo ttl=5" */
static bool take_short(struct line *line, const char *arg)
{
	for (const char *at = arg + 1; *at && !is_over(line); at++) {
		switch (*at) {
		case 'o':
			return take_list(line, at + 1);
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
			buf_printf(line->why, "unknown option %s: there are -o -f -d -h -V", arg);
			return false;
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
	for (line->at = 1; line->at < line->argc && !is_over(line); line->at++) {
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

static const struct verb_row *find_verb(const char *word)
{
	for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++)
		if (strcmp(VERBS[i].word, word) == 0)
			return &VERBS[i];
	return NULL;
}

/* Of the file system, and not of a source. */
static bool take_paths(struct config *config, const struct verb_row *row, const char **words, size_t n,
	struct buf *why)
{
	if (n == 0)
		return complain(why, "PATH is missing", row);
	for (size_t i = 0; i < n; i++)
		texts_add(&config->paths, xstrdup(words[i]));
	return true;
}

static bool set_mountpoint(struct line *line, const struct verb_row *row, const char *word)
{
	if (!*word)
		return complain(line->why, "MOUNTPOINT is empty", row);
	free(line->config->mountpoint);
	line->config->mountpoint = options_absolute(word);
	return true;
}

/* SOURCE... MOUNTPOINT, or the name of a mount that the files know, and perhaps another MOUNTPOINT. */
static bool take_mount(struct line *line, const struct verb_row *row, const char **words, size_t n)
{
	bool is_known = line->config->n_sources;
	if (n == 1 && is_known)
		return line->config->mountpoint || complain(line->why, "MOUNTPOINT is missing", row);
	if (n == 1) {
		buf_printf(line->why, "\"%s\" is no mount that a config file names, and as a source it has "
			"no mount point: %s", words[0], row->form);
		return false;
	}
	for (size_t i = 0; !is_known && i + 1 < n; i++)
		if (!config_add_source(line->config, words[i], line->why))
			return false;
	return set_mountpoint(line, row, words[n - 1]);
}

/* SOURCE, or a mount that the files know; then paths in it. */
static bool take_source(struct line *line, const char **words, size_t n)
{
	if (!line->config->n_sources && !config_add_source(line->config, words[0], line->why))
		return false;
	for (size_t i = 1; i < n; i++)
		texts_add(&line->config->paths, xstrdup(words[i]));
	return true;
}

static bool apply_lists(struct line *line)
{
	for (size_t i = 0; i < line->n_lists; i++)
		if (!options_take(line->config, line->lists[i], line->why))
			return false;
	return true;
}

/* The files are read when they are needed: for what has a source. */
static bool take_sourced(struct line *line, const struct verb_row *row, const char **words, size_t n,
	const struct config_places *places)
{
	bool mounts = row->verb == VERB_MOUNT;
	if (n < row->least)
		return complain(line->why, n == 0 ? "SOURCE is missing" : "PATH is missing", row);
	if (n > row->most)
		return complain(line->why, "too many words", row);
	if (!config_files_read(&line->files, places, line->why))
		return false;
	bool is_named = n > 0 && n <= (mounts ? 2 : SIZE_MAX) && config_files_have(&line->files, words[0]);
	if (!config_files_apply(&line->files, is_named ? words[0] : NULL, line->config, line->why))
		return false;
	if (n > 0 && !(mounts ? take_mount(line, row, words, n) : take_source(line, words, n)))
		return false;
	return apply_lists(line);
}

static bool take_operands(struct line *line, const struct config_places *places)
{
	const char **words = line->operands;
	size_t n = line->n_operands;
	const struct verb_row *row = n > 0 ? find_verb(words[0]) : NULL;
	if (row) {
		words++;
		n--;
	} else {
		row = &VERBS[0];
	}
	line->config->verb = row->verb;
	if (row->verb == VERB_REFRESH)
		return take_paths(line->config, row, words, n, line->why) && apply_lists(line);
	if (row->verb == VERB_STATUS)
		return (n == 0 || complain(line->why, "too many words", row)) && apply_lists(line);
	return take_sourced(line, row, words, n, places);
}

/* The whole */

static void set_defaults(struct config *config)
{
	*config = (struct config){
		.verb = VERB_MOUNT,
		.deadline_ms = 10000,
		.ttl_s = -1,
		.stale_s = 3600,
		.max_memory = (size_t)256 << 20,
		.uid = -1,
		.gid = -1,
		.umask = -1,
	};
}

/* What was typed is quoted in the line: it must stay one, and be one. */
static void make_one_line(struct buf *why)
{
	if (why->full && why->len == 0) {
		buf_clear(why);
		buf_puts(why, "a word of the command line is too long");
	}
	for (size_t i = 0; i < why->len; i++)
		if ((unsigned char)why->data[i] < ' ' || why->data[i] == 0x7f)
			why->data[i] = '?';
}

int config_parse(struct config *config, int argc, char *const argv[], const struct config_places *places,
	struct buf *why)
{
	set_defaults(config);
	struct line line = { .config = config, .argv = argv, .argc = argc, .why = why };
	line.operands = xcalloc((size_t)argc + 1, sizeof *line.operands);
	line.lists = xcalloc((size_t)argc + 1, sizeof *line.lists);
	bool good = take_words(&line) && (is_over(&line) || take_operands(&line, places));
	config_files_release(&line.files);
	free(line.lists);
	free(line.operands);
	if (!good) {
		make_one_line(why);
		return 2;
	}
	/* Not a matter of usage, but nobody could say it as early and as clearly as we can. */
	if (!is_over(&line) && config->cacert && access(config->cacert, R_OK) < 0) {
		buf_printf(why, "cacert=%s: %s", config->cacert, strerror(errno));
		make_one_line(why);
		return 1;
	}
	return 0;
}

void config_release(struct config *config)
{
	config_release_sources(config);
	free(config->mountpoint);
	free(config->endpoint);
	free(config->metadata);
	free(config->sts);
	free(config->cacert);
	texts_release(&config->paths);
	texts_release(&config->pins);
	texts_release(&config->fuse);
	*config = (struct config){ 0 };
}
