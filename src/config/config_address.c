/*
 * config_address.c - the addresses that options name.
 */
#include "options.h"

#include <stdlib.h>

enum { URL_MAX = 1 << 20 };

bool config_set_address(char **field, const char *value, enum reach plain)
{
	struct buf url;
	buf_init(&url, URL_MAX);
	bool good = address_normal(&url, value, plain);
	if (good) {
		free(*field);
		*field = buf_take(&url);
	}
	buf_release(&url);
	return good;
}
