/*
 * config_verb.c - the verbs, and other words for them that are answered with the right command.
 */
#include "options.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct verb_row VERBS[] = {
	{ "mount", VERB_MOUNT, 1, SIZE_MAX, "ofd", true, "describefs [OPTION]... SOURCE... MOUNTPOINT" },
	{ "ls", VERB_LS, 1, SIZE_MAX, "odfl", false, "describefs ls [-l] SOURCE [PATH]..." },
	{ "cat", VERB_CAT, 2, SIZE_MAX, "odf", false, "describefs cat SOURCE PATH..." },
	{ "tree", VERB_TREE, 1, SIZE_MAX, "odfL", false, "describefs tree [-L LEVELS] SOURCE [PATH]..." },
	{ "kinds", VERB_KINDS, 0, 1, "o", false, "describefs kinds [SOURCE]" },
	{ "doctor", VERB_DOCTOR, 0, 1, "od", true, "describefs doctor [SOURCE]" },
	{ "refresh", VERB_REFRESH, 1, SIZE_MAX, "", false, "describefs refresh PATH..." },
	{ "status", VERB_STATUS, 0, 0, "", false, "describefs status" },
	{ "help", VERB_HELP, 0, 1, "", false, "describefs help" },
	{ "version", VERB_VERSION, 0, 0, "", false, "describefs version" },
};
/* clang-format on */

/* The right command: the text before and after the operand, and the placeholder for a missing one. */
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

void config_add_near_verb(const char *word, struct buf *why)
{
	for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++)
		if (options_is_near(word, options_distance(VERBS[i].word, word))) {
			buf_printf(why, "; did you mean describefs %s?", VERBS[i].word);
			return;
		}
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
