/*
 * config.c - the command line as a value.
 *
 * Read from left to right by hand: getopt would keep its state in globals and word its complaints
 * itself. Options may stand anywhere before "--"; what is left is a verb (or none: mount) and its
 * operands, counted against one table.  Paths are made absolute here, while the working directory
 * is still the user's.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ascii.h"
#include "file.h"
#include "options.h"

enum { CATALOG_BYTES_MAX = 1 << 20, PATH_ROOM = 1 << 20 };

struct verb_row {
	const char *word;
	enum verb verb;
	size_t least, most; /* operands after the verb */
	const char *form;
};

static const struct verb_row VERBS[] = {
	{ "mount", VERB_MOUNT, 2, 2, "describefs [OPTION]... SOURCE MOUNTPOINT" },
	{ "ls", VERB_LS, 1, 2, "describefs ls SOURCE [PATH]" },
	{ "cat", VERB_CAT, 2, SIZE_MAX, "describefs cat SOURCE PATH..." },
	{ "tree", VERB_TREE, 1, 2, "describefs tree SOURCE [PATH]" },
	{ "kinds", VERB_KINDS, 0, 1, "describefs kinds [SOURCE]" },
	{ "doctor", VERB_DOCTOR, 0, 1, "describefs doctor [SOURCE]" },
	{ "refresh", VERB_REFRESH, 1, SIZE_MAX, "describefs refresh PATH..." },
};

/* What is left of the command line, and where we are in it. */
struct line {
	struct config *config;
	char *const *argv;
	int argc, at;
	const char **operands;
	size_t n_operands;
	struct buf *why;
};

/* At most 4095 bytes: C promises no longer literal. */
static const char HELP[] =
"Usage: describefs [OPTION]... SOURCE MOUNTPOINT\n"
"       describefs ls|tree [OPTION]... SOURCE [PATH]\n"
"       describefs cat [OPTION]... SOURCE PATH...\n"
"       describefs kinds|doctor [OPTION]... [SOURCE]\n"
"       describefs refresh PATH...\n"
"\n"
"Shows the resources of a cloud as a read-only tree of files.\n"
"\n"
"SOURCE is CATALOG[:REGION][@PROFILE], as in tione, tione:ap-shanghai,\n"
"tione:ap-beijing@work, qianfan.\n"
"\n"
"  mount            show SOURCE in the directory MOUNTPOINT (if no verb is given)\n"
"  ls, cat, tree    show a part of the same tree without a mount\n"
"  kinds            say what each source can show\n"
"  doctor           check FUSE, key, clock and network, and say what to do\n"
"  refresh          have the next read of these paths of a mount ask the cloud\n"
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

/* The list of -o: the rest of its word, or the next one. */
static bool take_list(struct line *line, const char *rest)
{
	if (*rest)
		return options_take(line->config, rest, line->why);
	if (++line->at < line->argc)
		return options_take(line->config, line->argv[line->at], line->why);
	buf_puts(line->why, "-o: a list of options is missing, as in -o ttl=60,secrets");
	return false;
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

/* The source */

static bool is_lower_word(const char *text, size_t len, bool letter_first)
{
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_lower(text[i]) && !ascii_is_digit(text[i]) && text[i] != '-')
			return false;
	return len > 0 && (!letter_first || ascii_is_lower(text[0]));
}

/* It becomes a part of a file's name, and of messages. */
static bool is_profile(const char *text)
{
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '/')
			return false;
	return *text && *text != '.';
}

static bool parse_source(struct source_name *source, const char *written, struct buf *why)
{
	size_t catalog_len = strcspn(written, ":@");
	const char *region = written[catalog_len] == ':' ? written + catalog_len + 1 : NULL;
	size_t region_len = region ? strcspn(region, "@") : 0;
	const char *end = region ? region + region_len : written + catalog_len;
	const char *profile = *end == '@' ? end + 1 : NULL;
	const char *wrong = NULL;
	if (!is_lower_word(written, catalog_len, true))
		wrong = "the catalog's name is lower-case letters, digits and '-'";
	else if (region && !is_lower_word(region, region_len, false))
		wrong = "the region behind ':' is lower-case letters, digits and '-'";
	else if (profile && !is_profile(profile))
		wrong = "the profile behind '@' may not be empty, begin with '.' or hold '/'";
	if (wrong) {
		buf_printf(why, "bad source \"%s\": %s, as in tione:ap-x@work", written, wrong);
		return false;
	}
	source->written = xstrdup(written);
	source->catalog = xstrndup(written, catalog_len);
	source->region = region ? xstrndup(region, region_len) : NULL;
	source->profile = profile ? xstrdup(profile) : NULL;
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

static bool check_count(const struct verb_row *row, size_t n, struct buf *why)
{
	bool mounts = row->verb == VERB_MOUNT;
	if (n < row->least && n == 0)
		return complain(why, "SOURCE is missing", row);
	if (n < row->least)
		return complain(why, mounts ? "MOUNTPOINT is missing" : "PATH is missing", row);
	if (n > row->most)
		return complain(why, mounts ? "several sources in one mount come later" :
			"too many words", row);
	return true;
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

static bool take_operands(struct line *line)
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
	struct config *config = line->config;
	config->verb = row->verb;
	if (row->verb == VERB_REFRESH)
		return take_paths(config, row, words, n, line->why);
	config->has_source = n > 0;
	if (!row->least && n == 0)
		return true;
	if (!check_count(row, n, line->why) || !parse_source(&config->source, words[0], line->why))
		return false;
	if (row->verb == VERB_MOUNT && *words[1])
		config->mountpoint = options_absolute(words[1]);
	else if (row->verb == VERB_MOUNT)
		return complain(line->why, "MOUNTPOINT is empty", row);
	for (size_t i = 1; row->verb != VERB_MOUNT && i < n; i++)
		texts_add(&config->paths, xstrdup(words[i]));
	return true;
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

int config_parse(struct config *config, int argc, char *const argv[], struct buf *why)
{
	set_defaults(config);
	struct line line = { .config = config, .argv = argv, .argc = argc, .why = why };
	line.operands = xcalloc((size_t)argc + 1, sizeof *line.operands);
	bool good = take_words(&line) && (is_over(&line) || take_operands(&line));
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

static void release_texts(struct texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		free(texts->v[i]);
	free(texts->v);
	*texts = (struct texts){ 0 };
}

void config_release(struct config *config)
{
	free(config->source.written);
	free(config->source.catalog);
	free(config->source.region);
	free(config->source.profile);
	free(config->mountpoint);
	free(config->endpoint);
	free(config->metadata);
	free(config->sts);
	free(config->cacert);
	release_texts(&config->paths);
	release_texts(&config->pins);
	release_texts(&config->fuse);
	*config = (struct config){ 0 };
}

/* Catalogs of the user's own */

static bool is_catalog_file(const char *name)
{
	size_t len = strlen(name);
	return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".json") == 0;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool list_catalogs(struct texts *names, const char *directory, struct buf *why)
{
	DIR *open = opendir(directory);
	if (!open && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (!open) {
		buf_printf(why, "%s: %s", directory, strerror(errno));
		return false;
	}
	for (const struct dirent *entry; (entry = readdir(open));)
		if (is_catalog_file(entry->d_name))
			texts_add(names, xstrdup(entry->d_name));
	closedir(open);
	if (names->n > 1)
		qsort(names->v, names->n, sizeof *names->v, compare_texts);
	return true;
}

static bool load_catalog(struct catalogs *catalogs, const char *directory, const char *name,
	struct buf *why)
{
	struct buf path;
	size_t len;
	buf_init(&path, PATH_ROOM);
	buf_printf(&path, "%s/%s", directory, name);
	char *text = file_read(path.data, CATALOG_BYTES_MAX, &len, why);
	bool good = text && catalogs_load(catalogs, path.data, text, len, why);
	free(text);
	buf_release(&path);
	return good;
}

bool config_load_catalogs(struct catalogs *catalogs, const char *directory, struct buf *why)
{
	struct texts names = { 0 };
	bool good = list_catalogs(&names, directory, why);
	for (size_t i = 0; good && i < names.n; i++)
		good = load_catalog(catalogs, directory, names.v[i], why);
	release_texts(&names);
	return good;
}
