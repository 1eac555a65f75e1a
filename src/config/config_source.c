/*
 * config_source.c - reads CATALOG[:REGION][@PROFILE].
 *
 * The three parts become parts of file names, headers and messages, so the bytes that they may have are
 * limited here.
 */
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/value.h"

static bool is_lower_word(const char *text, size_t len, bool letter_first)
{
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_lower(text[i]) && !ascii_is_digit(text[i]) && text[i] != '-')
			return false;
	return len > 0 && (!letter_first || ascii_is_lower(text[0]));
}

/* The name of a catalog begins with none of these. */
static bool is_path(const char *written)
{
	return *written == '/' || *written == '.';
}

/* The word may be an address with a password, typed in the wrong place. */
static bool refuse_source(const char *written, const char *wrong, struct buf *why)
{
	char *quoted = xstrdup(written);
	address_hide_user(quoted, false);
	buf_printf(why, "bad source \"%s\": %s, as in tione:ap-x@work%s", quoted, wrong,
		is_path(written) ? "; to list a mount, use ls" : "");
	free(quoted);
	return false;
}

static bool source_parse(struct source_name *source, const char *written, struct buf *why)
{
	size_t catalog_len = strcspn(written, ":@");
	const char *region = written[catalog_len] == ':' ? written + catalog_len + 1 : NULL;
	size_t region_len = region ? strcspn(region, "@") : 0;
	const char *end = region ? region + region_len : written + catalog_len;
	const char *profile = *end == '@' ? end + 1 : NULL;
	const char *wrong = NULL;
	if (is_path(written))
		wrong = "it is a path, and SOURCE names a catalog";
	else if (!is_lower_word(written, catalog_len, true))
		wrong = "the catalog's name is lower-case letters, digits and '-'";
	else if (region && (region_len > REGION_MAX || !is_lower_word(region, region_len, false)))
		wrong = "the region behind ':' is lower-case letters, digits and '-', 64 at most";
	else if (profile && !value_is_profile(profile))
		wrong = "the profile behind '@' may not be empty, begin with '.' or hold '/'";
	if (wrong)
		return refuse_source(written, wrong, why);
	source->written = xstrdup(written);
	source->catalog = xstrndup(written, catalog_len);
	source->region = region ? xstrndup(region, region_len) : NULL;
	source->profile = profile ? xstrdup(profile) : NULL;
	return true;
}

bool config_add_source(struct config *config, const char *written, struct buf *why)
{
	struct source_name source = { 0 };

	for (size_t i = 0; i < config->n_sources; i++)
		if (!strcmp(config->sources[i].written, written)) {
			buf_printf(why, "source %s is named twice", written);
			return false;
		}
	if (config->n_sources == SOURCES_MAX) {
		buf_printf(why, "source %s: at most %d in one mount", written, SOURCES_MAX);
		return false;
	}
	if (!source_parse(&source, written, why))
		return false;
	config->sources = xrealloc(config->sources, (config->n_sources + 1) * sizeof(*config->sources));
	config->sources[config->n_sources++] = source;
	return true;
}

void config_release_sources(struct config *config)
{
	for (size_t i = 0; i < config->n_sources; i++) {
		free(config->sources[i].written);
		free(config->sources[i].catalog);
		free(config->sources[i].region);
		free(config->sources[i].profile);
	}
	free(config->sources);
}
