/*
 * options.h - the parts of the configuration: the words after -o, the verbs, a source's name, the files.
 */
#ifndef DESCRIBEFS_OPTIONS_H
#define DESCRIBEFS_OPTIONS_H

#include "base/ini.h"
#include "config/config.h"
#include "net/address.h"

/* Which of the words after -o a verb takes. Each value includes those before it. */
enum takes {
	TAKES_PLACES, /* the addresses of a cloud's services */
	TAKES_CALLS, /* and how the cloud is called and shown */
	TAKES_MOUNT, /* and the options of mount(8) and libfuse */
};

struct verb_row {
	const char *word;
	enum verb verb;
	size_t least, most; /* operands after the verb */
	const char *letters; /* the options of one letter that it takes */
	enum takes takes; /* used only if `letters` contains 'o' */
	const char *form; /* of the command line, for messages */
	const char *about; /* what it does, in lines of at most 80 columns */
};

/* The nearest of the words offered so far. `best` NULL: `word` is a mistyped form of none. */
struct near_word {
	const char *word, *best;
	size_t distance; /* of `best` */
};
void near_offer(struct near_word *near, const char *candidate);

/*
 * One list, "ttl=5,secrets"; a backslash takes the next byte as it is ("fsname=a\,b"). False:
 * `why` says in one line which word is wrong, and what it should be.
 */
bool options_take(struct config *config, const char *list, struct buf *why);

/* One line of a file. A switch is set by yes, true, on, 1 or no value, and cleared by no, false, off or 0. */
bool options_take_row(struct config *config, const char *word, const char *value, struct buf *why);

bool options_is_unknown(const char *word);
/* Offers every option that a verb takes. */
void options_offer(struct near_word *near, enum takes takes);
/* Adds the names of the options that a verb takes, without those of mount(8) that are ignored. */
void options_list(enum takes takes, struct texts *out);
/* False: the list has an option that the verb does not take. options_take refuses unknown options. */
bool options_check(const char *list, const struct verb_row *row, struct buf *why);

/* ---- config_verb.c ---- */

/* NULL: there is no such verb. */
const struct verb_row *config_find_verb(const char *word);
const struct verb_row *config_verb_row(enum verb verb);
/* Appends `before` and the command that explains the verb's options. */
void config_name_help(enum verb verb, const char *before, struct buf *out);
/* False: the word is no verb; `why` has the nearest one. */
bool config_refuse_verb(const char *word, struct buf *why);
/* True: the first word is another word for a verb, and `why` names the right command. */
bool config_answer_word(const char **words, size_t n, struct buf *why);

/* A path that stays right when the working directory changes; the caller frees it. */
char *options_absolute(const char *path);

/* config_source.c. False: `why` is one line. */
bool config_add_source(struct config *config, const char *written, struct buf *why);
void config_release_sources(struct config *config);

/* config_address.c: sets *field to the address's normal form. */
bool config_set_address(char **field, const char *value, enum reach plain);

/* config_number.c: the whole text must be a number in the range, else false. */
bool config_read_integer(const char *text, int base, int64_t least, int64_t most, int64_t *out);
bool config_read_decimal(const char *text, double *out); /* "12", "0.5", ".5"; not "5." */
/* A time: "60" (seconds), "1.5s", "500ms", "10m", "2h", "1d". */
bool config_read_ms(const char *text, int64_t least, int64_t most, int64_t *out);

/* config_cacert.c: whether the file of certificates can be used; if not, `why` says what to do. */
bool config_check_cacert(const char *path, int64_t invoker, struct buf *why);

/* config_file.c */
struct config_file {
	const char *path; /* NULL: the file is not used */
	struct ini rows;
};

struct config_files {
	struct config_file machine, user;
	const char *home;
};

/* Reads both files; a missing one is empty. False: one cannot be read, or is no INI; `why` is one line. */
bool config_files_read(struct config_files *files, const struct config_places *places, struct buf *why);
void config_files_release(struct config_files *files);
/* The paths of the files that exist, separated by blanks; NULL: none. The caller frees it. */
char *config_files_named(const struct config_files *files);
bool config_files_have(const struct config_files *files, const char *section);
/* "FILE:LINE: [SECTION]", for an error message. */
void config_files_place(const struct config_files *files, const char *section, struct buf *out);
/* The names of the sections, each once. */
void config_files_list(const struct config_files *files, struct texts *out);
/* Applies the lines before the first section, then `section` (or NULL). False: `why` names file and line. */
bool config_files_apply(const struct config_files *files, const char *section, struct config *config,
	struct buf *why);

/*
 * config_doctor.c: reads every section into config->sections, and applies the `n` lists of -o to each.
 * Mistakes go to config->mistakes. If a source is given, only the mistakes are kept.
 */
void config_read_sections(struct config *config, const struct config_files *files, const char *const *lists,
	size_t n);
/* True: the verb is doctor, and the mistake moved from `why` to config->mistakes. False: the verb fails. */
bool config_tolerates_mistake(struct config *config, struct buf *why);
void config_set_defaults(struct config *config);

#endif
