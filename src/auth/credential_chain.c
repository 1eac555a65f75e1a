/*
 * credential_chain.c - the chain of each cloud, by the cloud's name.
 */
#include "lookup.h"

#include <string.h>

static const struct cloud_chain *const CHAINS[] = { &tencent_chain, &baidu_chain };

/* NULL: the cloud is not known here. */
static const struct cloud_chain *chain_find(const char *cloud)
{
	for (size_t i = 0; i < sizeof(CHAINS) / sizeof(*CHAINS); i++)
		if (strcmp(CHAINS[i]->cloud, cloud) == 0)
			return CHAINS[i];
	return NULL;
}

bool credential_chain_meets(const struct credential_chain *chain, const char *cloud, const char *profile,
	struct file_cover *cover)
{
	const struct cloud_chain *of = chain_find(cloud);

	return of && of->meets(chain, profile, cover);
}

enum lookup_result credential_chain_load(const struct credential_chain *chain, const char *cloud,
	const char *profile, struct credential_source *out, struct buf *looked, struct buf *why)
{
	const struct cloud_chain *of = chain_find(cloud);
	struct buf places;

	buf_clear(why);
	if (!of) {
		buf_printf(why, "no place of keys is known for the cloud \"%s\"", cloud);
		return LOOKUP_INVALID;
	}
	buf_init(&places, 4 * CREDENTIAL_PATH_MAX);
	enum lookup_result result = of->find(chain, profile, out, &places, why);
	if (looked)
		buf_puts(looked, places.data);
	buf_release(&places);
	return result;
}

uint64_t credential_chain_mark(const struct credential_chain *chain, const char *cloud, const char *profile)
{
	const struct cloud_chain *of = chain_find(cloud);

	return of ? of->mark(chain, profile) : 0;
}

bool credential_chain_region(const struct credential_chain *chain, const char *cloud, const char *profile,
	struct buf *out, struct buf *why)
{
	const struct cloud_chain *of = chain_find(cloud);

	return !of || !of->region || of->region(chain, profile, out, why);
}
