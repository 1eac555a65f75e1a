/*
 * credential_chain.c - the chain of each cloud, by the cloud's name.
 */
#include "lookup.h"

#include <string.h>

bool credential_chain_meets(const struct credential_chain *chain, const char *cloud, const char *profile,
	struct file_cover *cover)
{
	if (strcmp(cloud, "tencent") == 0)
		return tencent_meets(chain, profile, cover);
	return strcmp(cloud, "baidu") == 0 && baidu_meets(chain, cover);
}

bool credential_chain_load(const struct credential_chain *chain, const char *cloud, const char *profile,
	struct credential_source *out, struct buf *looked, struct buf *why)
{
	struct buf places;
	bool good = false;
	buf_clear(why);
	buf_init(&places, 4 * CREDENTIAL_PATH_MAX);
	if (strcmp(cloud, "tencent") == 0)
		good = tencent_find(chain, profile, out, &places, why);
	else if (strcmp(cloud, "baidu") == 0)
		good = baidu_find(chain, profile, out, &places, why);
	else
		buf_printf(why, "where keys of the cloud \"%s\" are kept is not known", cloud);
	if (looked)
		buf_puts(looked, places.data);
	buf_release(&places);
	return good;
}

uint64_t credential_chain_mark(const struct credential_chain *chain, const char *cloud, const char *profile)
{
	if (strcmp(cloud, "tencent") == 0)
		return tencent_mark(chain, profile);
	return strcmp(cloud, "baidu") == 0 ? baidu_mark(chain) : 0;
}

bool credential_chain_region(const struct credential_chain *chain, const char *cloud, const char *profile,
	struct buf *out, struct buf *why)
{
	return strcmp(cloud, "tencent") != 0 || tencent_region(chain, profile, out, why);
}
