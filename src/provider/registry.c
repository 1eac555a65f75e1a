/*
 * registry.c - the clouds that are known.
 */
#include <string.h>

#include "provider/provider.h"

static const struct provider *const PROVIDERS[] = { &provider_tencent, &provider_baidu };

const struct provider *provider_find(const char *name)
{
	for (size_t i = 0; i < sizeof PROVIDERS / sizeof *PROVIDERS; i++)
		if (strcmp(PROVIDERS[i]->name, name) == 0)
			return PROVIDERS[i];
	return NULL;
}
