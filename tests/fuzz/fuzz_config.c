/*
 * fuzz_config.c - any command line: a configuration within its bounds, or a text that says why not.
 *
 * The input: a word a line.
 */
#include <strings.h>

#include "fuzz.h"

#include "config/config.h"

enum { WORDS_MAX = 40 };

static void check_texts(const struct texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		CHECK(texts->v[i]);
	CHECK(!texts->v || !texts->v[texts->n]);
}

static void check_source(const struct source_name *source)
{
	CHECK(source->written && *source->catalog && !strpbrk(source->catalog, ":@/. "));
	CHECK(!source->region || (*source->region && !strpbrk(source->region, ":@/. ")));
	CHECK(!source->profile || (*source->profile && *source->profile != '.' &&
		!strchr(source->profile, '/')));
}

static void check_good(const struct config *config)
{
	for (size_t i = 0; i < config->n_sources; i++)
		check_source(&config->sources[i]);
	if (config->verb == VERB_MOUNT)
		CHECK(config->n_sources && config->mount.point && config->mount.point[0] == '/');
	CHECK(config->verb != VERB_CAT || config->paths.n > 0);
	CHECK(config->paths.n <= 1 || config->verb == VERB_CAT || config->verb == VERB_REFRESH);
	CHECK(config->limits.deadline_ms >= 100 && config->limits.deadline_ms <= 3600 * 1000);
	CHECK(config->limits.ttl_ms >= -1 && config->limits.stale_ms >= 0 && config->limits.rate >= 0);
	CHECK(config->mount.umask >= -1 && config->mount.umask <= 0777);
	CHECK(config->mount.uid >= -1 && config->mount.uid < UINT32_MAX && config->mount.gid >= -1 &&
		config->mount.gid < UINT32_MAX);
	CHECK(!config->debug || config->foreground);
	CHECK(!config->network.endpoint || !strncmp(config->network.endpoint, "https://", 8) ||
		!strncmp(config->network.endpoint, "http://", 7));
	CHECK(!config->network.cacert || config->network.cacert[0] == '/');
}

/* Plain HTTP goes to this machine only. */
static void check_endpoint(const char *endpoint)
{
	if (!endpoint || strncmp(endpoint, "http://", 7) != 0)
		return;
	const char *host = endpoint + 7;
	CHECK(!strncmp(host, "127.", 4) || !strncasecmp(host, "localhost", 9) || *host == '[');
	CHECK(!strpbrk(host, "@/?# \t\r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *words[WORDS_MAX + 2] = { NULL };
	char program[] = "describefs";
	struct config config;
	struct buf why;
	int argc = 1;

	words[0] = program;
	char *rest = text;
	for (char *word; argc <= WORDS_MAX && (word = strsep(&rest, "\n"));)
		words[argc++] = word;
	buf_init(&why, 1000);
	int status = config_parse(&config, argc, words, &(struct config_places){ .invoker = -1 }, &why);

	CHECK(status >= 0 && status <= 2);
	CHECK((status != 0) == (why.len > 0));
	if (status == 0 && config.verb != VERB_HELP && config.verb != VERB_VERSION)
		check_good(&config);
	if (status == 0)
		check_endpoint(config.network.endpoint);
	check_texts(&config.paths);
	check_texts(&config.tree.pins);
	check_texts(&config.mount.options);
	buf_release(&why);
	config_release(&config);
	free(text);
	return 0;
}
