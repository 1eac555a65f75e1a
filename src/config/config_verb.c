/*
 * config_verb.c - the verbs, and other words that users may try; the message names the right command.
 */
#include "options.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct verb_row VERBS[] = {
	{ "mount", VERB_MOUNT, 1, SIZE_MAX, "ofd", TAKES_MOUNT, "describefs [OPTION]... SOURCE... MOUNTPOINT",
		"Shows SOURCE in the directory MOUNTPOINT; several sources are a directory each.\n"
		"A section of a config file may be named instead: describefs NAME [MOUNTPOINT].\n"
		"The command ends when the mount answers; fusermount3 -u MOUNTPOINT unmounts.\n" },
	{ "ls", VERB_LS, 1, SIZE_MAX, "odl", TAKES_CALLS, "describefs ls [-l] SOURCE [PATH]...",
		"Lists PATH, or the top, of SOURCE's tree without a mount. A pattern in PATH\n"
		"stands for the paths that it matches: quote it.\n" },
	{ "cat", VERB_CAT, 2, SIZE_MAX, "od", TAKES_CALLS, "describefs cat SOURCE PATH...",
		"Prints the files at PATH of SOURCE's tree without a mount. A pattern in PATH\n"
		"stands for the paths that it matches: quote it.\n" },
	{ "tree", VERB_TREE, 1, SIZE_MAX, "odL", TAKES_CALLS, "describefs tree [-L LEVELS] SOURCE [PATH]...",
		"Draws what is below PATH, or below the top, of SOURCE's tree without a mount.\n" },
	{ "kinds", VERB_KINDS, 0, 1, "o", TAKES_PLACES, "describefs kinds [SOURCE]",
		"Prints the kinds of resources in the catalog of SOURCE, or in each catalog.\n"
		"Makes no call.\n" },
	{ "doctor", VERB_DOCTOR, 0, 1, "od", TAKES_MOUNT, "describefs doctor [SOURCE]",
		"Checks FUSE, your mounts, the config files and for SOURCE the key, the endpoint,\n"
		"the clock and one signed call. Without SOURCE: for each mount that the config\n"
		"files name, and for each other catalog. Takes the options of a mount.\n" },
	{ "refresh", VERB_REFRESH, 1, SIZE_MAX, "", TAKES_PLACES, "describefs refresh PATH...",
		"The next read of each PATH of a mount, and of all below it, asks the cloud.\n" },
	{ "status", VERB_STATUS, 0, 0, "", TAKES_PLACES, "describefs status",
		"Lists your mounts, for root those of all users: a line for each source with its\n"
		"calls, hits, errors, the age of the newest answer and the memory.\n" },
	{ "help", VERB_HELP, 0, 1, "", TAKES_PLACES, "describefs help [VERB]",
		"Says what VERB does and which options it takes, or prints a summary of all.\n" },
	{ "version", VERB_VERSION, 0, 0, "", TAKES_PLACES, "describefs version", "Prints the version.\n" },
};
/* clang-format on */

/* A word that is no verb, and the right command: text, operand (or a placeholder for it), text. */
struct verb_elsewhere {
	const char *word, *before, *operand, *behind;
};

/* clang-format off */
static const struct verb_elsewhere ELSEWHERE[] = {
	{ "umount", "fusermount3 -u ", "MOUNTPOINT", "" },
	{ "unmount", "fusermount3 -u ", "MOUNTPOINT", "" },
	{ "stop", "fusermount3 -u ", "MOUNTPOINT", "" },
	{ "remount", "fusermount3 -u ", "MOUNTPOINT", ", and mount it again" },
	{ "stat", "describefs ls -l SOURCE PATH, or in a mount stat ", "PATH", "" },
	{ "list", "describefs ls ", "SOURCE", " [PATH]..." },
	{ "dir", "describefs ls ", "SOURCE", " [PATH]..." },
	{ "get", "describefs cat ", "SOURCE", " PATH..." },
	{ "show", "describefs cat ", "SOURCE", " PATH..." },
	{ "read", "describefs cat ", "SOURCE", " PATH..." },
	{ "print", "describefs cat ", "SOURCE", " PATH..." },
	{ "describe", "describefs cat ", "SOURCE", " KIND/ID/describe.json" },
	{ "find", "describefs tree ", "SOURCE", ", or find in a mount" },
	{ "reload", "describefs refresh ", "PATH", "" },
	{ "update", "describefs refresh ", "PATH", "" },
	{ "check", "describefs doctor ", "[SOURCE]", "" },
	{ "sources", "describefs kinds", "", "" },
	{ "catalogs", "describefs kinds", "", "" },
	{ "mounts", "describefs status", "", "" },
	{ "start", "describefs mount ", "SOURCE", " MOUNTPOINT" },
};
/* clang-format on */

const struct verb_row *config_find_verb(const char *word)
{
	for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++)
		if (strcmp(VERBS[i].word, word) == 0)
			return &VERBS[i];
	return NULL;
}

bool config_answer_word(const char **words, size_t n, struct buf *why)
{
	for (size_t i = 0; i < sizeof ELSEWHERE / sizeof *ELSEWHERE; i++) {
		const struct verb_elsewhere *other = &ELSEWHERE[i];
		if (strcmp(other->word, words[0]) != 0)
			continue;
		buf_printf(why, "describefs has no verb %s: use %s%s%s", words[0], other->before,
			n > 1 && *other->operand ? words[1] : other->operand, other->behind);
		return true;
	}
	return false;
}

const struct verb_row *config_verb_row(enum verb verb)
{
	size_t i = 0;

	while (VERBS[i].verb != verb)
		i++;
	return &VERBS[i];
}

/* `describefs --help` explains the options of mount. */
void config_name_help(enum verb verb, const char *before, struct buf *out)
{
	const char *word = verb == VERB_MOUNT ? NULL : config_verb_row(verb)->word;

	buf_printf(out, "%sdescribefs %s%s--help", before, word ? word : "", word ? " " : "");
}

bool config_add_near_verb(const char *word, struct buf *why)
{
	struct near_word near = { .word = word };

	for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++)
		near_offer(&near, VERBS[i].word);
	if (near.best)
		buf_printf(why, "; did you mean describefs %s?", near.best);
	return near.best;
}

bool config_refuse_verb(const char *word, struct buf *why)
{
	if (config_answer_word(&word, 1, why))
		return false;
	char *quoted = xstrdup(word);
	address_hide_user(quoted, false);
	buf_printf(why, "\"%s\" is not a verb", quoted);
	if (!config_add_near_verb(word, why))
		buf_puts(why, ": describefs --help lists the verbs");
	free(quoted);
	return false;
}

/* The kinds do not depend on a profile, so one is refused. */
bool config_check_kinds(const struct config *config, struct buf *why)
{
	const struct source_name *source = config->sources;
	if (config->verb != VERB_KINDS || !source->profile)
		return true;
	buf_printf(why, "%s: the kinds are the same for every profile: describefs kinds %s", source->written,
		source->catalog);
	return false;
}
