/*
 * options.c - the words after -o.
 *
 * One table has our own words, each with the value that it accepts. mount(8) and fstab add words: those that
 * mean something for a read-only mount are passed on to libfuse as mount.fuse3 does, the others are accepted
 * and ignored ("rw" too: the mount is always read-only). Any other word is refused: a typing mistake must
 * not become a mount without its deadline.
 */
#include "options.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/ascii.h"

/* An argument of a command has at most 128 KiB, so an item always fits. */
enum { ITEM_MAX = 1 << 20 };

static void replace_text(char **field, char *value)
{
	free(*field);
	*field = value;
}

char *options_absolute(const char *path)
{
	char *directory = path[0] == '/' ? NULL : getcwd(NULL, 0);
	if (!directory)
		return xstrdup(path);
	struct buf whole;
	buf_init(&whole, ITEM_MAX);
	buf_printf(&whole, "%s/%s", directory, path);
	free(directory);
	return buf_take(&whole);
}

/* Addresses */

static bool set_endpoint(struct config *config, const char *value)
{
	return config_set_address(&config->network.endpoint, value, REACH_SELF);
}

static bool set_sts(struct config *config, const char *value)
{
	return config_set_address(&config->network.sts, value, REACH_SELF);
}

/* Metadata services use plain HTTP; naming one permits an address in a private network. */
static bool set_metadata(struct config *config, const char *value)
{
	return config_set_address(&config->network.metadata, value, REACH_PRIVATE);
}

/* The other words */

static bool set_cacert(struct config *config, const char *value)
{
	replace_text(&config->network.cacert, options_absolute(value));
	return *value != '\0';
}

static bool set_proxy(struct config *config, const char *value)
{
	return proxy_read(&config->network.proxy, value);
}

static bool set_deadline(struct config *config, const char *value)
{
	return config_read_ms(value, 100, (int64_t)3600 * 1000, &config->limits.deadline_ms);
}

static const int64_t TEN_YEARS_MS = (int64_t)10 * 366 * 24 * 3600 * 1000;

static bool set_ttl(struct config *config, const char *value)
{
	return config_read_ms(value, 0, TEN_YEARS_MS, &config->limits.ttl_ms);
}

static bool set_stale(struct config *config, const char *value)
{
	return config_read_ms(value, 0, TEN_YEARS_MS, &config->limits.stale_ms);
}

static bool set_rate(struct config *config, const char *value)
{
	double rate;
	if (!config_read_decimal(value, &rate) || rate < 0.001 || rate > 100000)
		return false;
	config->limits.rate = rate;
	return true;
}

/*
 * KIND/ID or KIND/ID/SUBKIND/ID: no empty part, and every '%' an escape (how a '/', ':' or ',' is
 * written).
 */
static bool is_pin(const char *text, size_t len)
{
	size_t parts = 1, part_len = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '%' &&
			(i + 2 >= len || ascii_hex_value(text[i + 1]) < 0 ||
				ascii_hex_value(text[i + 2]) < 0))
			return false;
		if (text[i] != '/') {
			part_len++;
			continue;
		}
		if (part_len == 0)
			return false;
		parts++;
		part_len = 0;
	}
	return part_len > 0 && (parts == 2 || parts == 4);
}

static bool set_pin(struct config *config, const char *value)
{
	for (;; value++) {
		size_t len = strcspn(value, ":");
		if (!is_pin(value, len))
			return false;
		texts_add(&config->tree.pins, xstrndup(value, len));
		value += len;
		if (!*value)
			return true;
	}
}

static bool set_names(struct config *config, const char *value)
{
	config->tree.api_names = strcmp(value, "api") == 0;
	return config->tree.api_names || strcmp(value, "snake") == 0;
}

static bool set_secrets(struct config *config, const char *value)
{
	config->tree.secrets = !value; /* a file may have secrets = no */
	return true;
}

/* With less, an answer could be evicted before a reader has read it. */
enum { MEMORY_LEAST = 1 << 20 };

static bool set_max_memory(struct config *config, const char *value)
{
	static const char UNITS[] = "kmg";
	size_t len = strlen(value);
	const char *unit = len > 0 ? strchr(UNITS, ascii_lower(value[len - 1])) : NULL;
	int shift = unit ? 10 * (int)(unit - UNITS + 1) : 0;
	char *digits = xstrndup(value, unit ? len - 1 : len);
	int64_t count;
	bool good = config_read_integer(digits, 10, 1, INT64_C(1) << (50 - shift), &count);
	free(digits);
	good = good && count << shift >= MEMORY_LEAST;
	if (good)
		config->limits.max_memory = (size_t)count << shift;
	return good;
}

static bool set_allow_other(struct config *config, const char *value)
{
	config->mount.allow_other = !value;
	return true;
}

static bool set_uid(struct config *config, const char *value)
{
	return config_read_integer(value, 10, 0, UINT32_MAX - 1, &config->mount.uid);
}

static bool set_gid(struct config *config, const char *value)
{
	return config_read_integer(value, 10, 0, UINT32_MAX - 1, &config->mount.gid);
}

static bool set_umask(struct config *config, const char *value)
{
	return config_read_integer(value, 8, 0, 0777, &config->mount.umask);
}

static bool set_fsname(struct config *config, const char *value)
{
	struct buf whole;
	buf_init(&whole, ITEM_MAX);
	buf_printf(&whole, "fsname=%s", value);
	texts_add(&config->mount.options, buf_take(&whole));
	return *value != '\0';
}

static bool option_refuse(struct config *config, const char *value)
{
	(void)config;
	(void)value;
	return false;
}

struct option {
	const char *word;
	const char *accepts; /* the value, for an error message; NULL: takes no value */
	bool (*set)(struct config *config, const char *value);
};

/* clang-format off */
static const struct option OPTIONS[] = {
	{ "endpoint", "https://HOST[:PORT]; http:// only to a loopback host",
		set_endpoint },
	{ "metadata", "https://HOST[:PORT]; http:// only in a private network",
		set_metadata },
	{ "sts", "https://HOST[:PORT]; http:// only to a loopback host", set_sts },
	{ "deadline", "a time, 0.1 to 3600 seconds: a number of seconds, or one with ms, s, m, h or d",
		set_deadline },
	{ "ttl", "a time: a number of seconds, or one with ms, s, m, h or d", set_ttl },
	{ "stale", "a time: a number of seconds, or one with ms, s, m, h or d; 0 for never",
		set_stale },
	{ "rate", "calls a second, 0.001 to 100000", set_rate },
	{ "pin", "KIND/ID[/SUBKIND/ID], several with ':' between; an id's own / and : as %XX",
		set_pin },
	{ "cacert", "a PEM file", set_cacert },
	{ "proxy", "http[s]://[USER:PASSWORD@]HOST[:PORT]", set_proxy },
	{ "names", "api or snake", set_names },
	{ "secrets", NULL, set_secrets },
	{ "max_memory", "a number of bytes, or one with K, M or G; 1M is the least", set_max_memory },
	{ "allow_other", NULL, set_allow_other },
	{ "uid", "a number", set_uid },
	{ "gid", "a number", set_gid },
	{ "umask", "an octal number up to 777", set_umask },
	{ "fsname", "a name", set_fsname },
	{ "subtype", "cannot be set: describefs knows its own mounts by it", option_refuse },
};
/* clang-format on */

/* The options of this table that only a mount uses. */
static const char *const OF_MOUNTS[] = { "allow_other", "uid", "gid", "umask", "fsname", "subtype" };

/* The addresses of services. `kinds` accepts and ignores them, so that all these verbs take the same list. */
static const char *const OF_PLACES[] = { "endpoint", "metadata", "sts", "cacert", "proxy" };

/* Passed on to libfuse. */
static const char *const PASSED[] = { "auto_unmount", "default_permissions", "nodev", "nosuid", "noexec",
	"noatime" };

/* Accepted and ignored: options of mount(8) and fstab without a meaning for a read-only mount. */
static const char *const IGNORED[] = { "ro", "rw", "defaults", "dev", "suid", "exec", "auto", "noauto",
	"user", "nouser", "users", "nousers", "owner", "noowner", "group", "nogroup", "_netdev", "nofail",
	"sync", "async", "dirsync", "atime", "diratime", "nodiratime", "relatime", "norelatime",
	"strictatime", "nostrictatime", "lazytime", "nolazytime", "silent", "loud", "mand", "nomand",
	"iversion", "noiversion", "symfollow", "nosymfollow" };

static const char *const IGNORED_PREFIXES[] = { "x-", "X-", "comment=", "user=" };

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool is_word_of(const char *const *list, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

static bool is_ignored(const char *item)
{
	for (size_t i = 0; i < COUNT(IGNORED_PREFIXES); i++)
		if (strncmp(item, IGNORED_PREFIXES[i], strlen(IGNORED_PREFIXES[i])) == 0)
			return true;
	return is_word_of(IGNORED, COUNT(IGNORED), item);
}

static const struct option *option_find(const char *item)
{
	size_t len = strcspn(item, "=");
	for (size_t i = 0; i < COUNT(OPTIONS); i++)
		if (strlen(OPTIONS[i].word) == len && memcmp(OPTIONS[i].word, item, len) == 0)
			return &OPTIONS[i];
	return NULL;
}

bool options_is_unknown(const char *word)
{
	return !option_find(word) && !is_word_of(PASSED, COUNT(PASSED), word) && !is_ignored(word);
}

/* The smallest value of enum takes that includes the option. */
static enum takes option_taken(const char *item, const char *word)
{
	if (is_word_of(OF_MOUNTS, COUNT(OF_MOUNTS), word) || is_word_of(PASSED, COUNT(PASSED), word) ||
		is_ignored(item))
		return TAKES_MOUNT;
	return is_word_of(OF_PLACES, COUNT(OF_PLACES), word) ? TAKES_PLACES : TAKES_CALLS;
}

/* The first option from *at on that can be set and that the verb takes; NULL: none is left. */
static const char *next_taken(size_t *at, enum takes takes)
{
	while (*at < COUNT(OPTIONS)) {
		const struct option *option = &OPTIONS[(*at)++];
		if (option->set != option_refuse && option_taken(option->word, option->word) <= takes)
			return option->word;
	}
	return NULL;
}

static void options_offer_all(struct near_word *near, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		near_offer(near, words[i]);
}

void options_offer(struct near_word *near, enum takes takes)
{
	size_t at = 0;
	const char *word;

	while ((word = next_taken(&at, takes)))
		near_offer(near, word);
	if (takes < TAKES_MOUNT)
		return;
	options_offer_all(near, PASSED, COUNT(PASSED));
	options_offer_all(near, IGNORED, COUNT(IGNORED));
}

void options_list(enum takes takes, struct texts *out)
{
	size_t at = 0;
	const char *word;

	while ((word = next_taken(&at, takes)))
		texts_add(out, xstrdup(word));
	for (size_t i = 0; takes == TAKES_MOUNT && i < COUNT(PASSED); i++)
		texts_add(out, xstrdup(PASSED[i]));
}

/* One item of the list */

static bool option_refuse_unknown(const struct config *config, const char *item, struct buf *why)
{
	const struct verb_row *row = config_verb_row(config->verb);
	char *word = xstrndup(item, strcspn(item, "="));
	struct near_word near = { .word = word };

	options_offer(&near, row->takes);
	address_hide_user(word, false);
	buf_printf(why, "unknown option -o %s: ", word);
	if (strcmp(word, "remount") == 0) {
		buf_puts(why, "fusermount3 -u MOUNTPOINT, then mount it again");
	} else if (near.best) {
		buf_printf(why, "did you mean %s?", near.best);
	} else {
		config_name_help(row->verb, "", why);
		buf_puts(why, " lists the options");
	}
	free(word);
	return false;
}

/* `before`: "-o " for the message, or "" if the option is from a file. */
static bool option_take(struct config *config, const char *item, const char *before, struct buf *why)
{
	if (!*item || is_ignored(item))
		return true;
	if (is_word_of(PASSED, COUNT(PASSED), item)) {
		texts_add(&config->mount.options, xstrdup(item));
		return true;
	}
	const struct option *option = option_find(item);
	if (!option)
		return option_refuse_unknown(config, item, why);
	const char *value = strchr(item, '=');
	bool takes_value = option->accepts != NULL;
	if (takes_value == (value != NULL) && option->set(config, value ? value + 1 : NULL))
		return true;
	bool is_address = option->set == set_endpoint || option->set == set_sts ||
		option->set == set_metadata;
	char *quoted = xstrdup(option->set == set_proxy ? option->word : item); /* it may hold a password */
	address_hide_user(quoted, is_address);
	const char *expected = takes_value && option->set != option_refuse ? "expected " : "";
	buf_printf(why, "%s%s: %s%s", before, quoted, expected,
		takes_value ? option->accepts : "takes no value");
	free(quoted);
	return false;
}

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(words[i], text) == 0)
			return true;
	return false;
}

static void texts_remove(struct texts *texts, const char *word)
{
	size_t kept = 0;

	for (size_t i = 0; i < texts->n; i++)
		if (strcmp(texts->v[i], word) != 0)
			texts->v[kept++] = texts->v[i];
		else
			free(texts->v[i]);
	texts->n = kept;
	if (texts->v)
		texts->v[kept] = NULL;
}

bool options_take_row(struct config *config, const char *word, const char *value, struct buf *why)
{
	static const char *const ON[] = { "", "yes", "true", "on", "1" };
	static const char *const OFF[] = { "no", "false", "off", "0" };
	const struct option *option = option_find(word);
	bool is_switch = option ? !option->accepts :
				  is_word_of(PASSED, COUNT(PASSED), word) || is_ignored(word);
	struct buf item;

	if (is_switch && is_one_of(value, OFF, COUNT(OFF))) {
		texts_remove(&config->mount.options, word);
		return !option || option->set(config, "no");
	}
	if (is_switch && !is_one_of(value, ON, COUNT(ON))) {
		buf_printf(why, "%s: expected yes or no", word);
		return false;
	}
	buf_init(&item, ITEM_MAX);
	buf_puts(&item, word);
	if (!is_switch)
		buf_printf(&item, "=%s", value);
	bool good = option_take(config, item.data, "", why);
	explicit_bzero(item.data, item.len); /* it may be a password */
	buf_release(&item);
	return good;
}

/* Copies the first item into `item`. Returns the rest of the list; NULL: that was the last item. */
static const char *next_item(const char *list, struct buf *item)
{
	buf_clear(item);
	for (; *list; list++) {
		if (*list == ',')
			return list + 1;
		if (*list == '\\' && list[1])
			list++;
		buf_putc(item, *list);
	}
	return NULL;
}

bool options_take(struct config *config, const char *list, struct buf *why)
{
	struct buf item;
	bool good = true;
	buf_init(&item, ITEM_MAX);
	while (good && list) {
		list = next_item(list, &item);
		good = option_take(config, item.data, "-o ", why);
	}
	explicit_bzero(item.data, item.len); /* it may be a password */
	buf_release(&item);
	return good;
}

bool options_check(const char *list, const struct verb_row *row, struct buf *why)
{
	struct buf item;
	bool good = true;

	buf_init(&item, ITEM_MAX);
	while (good && list) {
		list = next_item(list, &item);
		char *word = xstrndup(item.data, strcspn(item.data, "="));
		bool is_unknown = !*word || (!is_ignored(item.data) && options_is_unknown(word));
		enum takes taken = option_taken(item.data, word);
		good = is_unknown || taken <= row->takes;
		if (!good)
			buf_printf(why, "-o %s means nothing for %s: only %s it", word, row->word,
				taken == TAKES_MOUNT ? "a mount takes" : "what asks a cloud takes");
		free(word);
	}
	buf_release(&item);
	return good;
}
