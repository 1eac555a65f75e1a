/*
 * tencent.c - Tencent Cloud as a provider: its calls (tencent_api.c) and its key exchange (tencent_sts.c).
 */
#include "tencent.h"

const struct provider provider_tencent = {
	.name = "tencent",
	.build = tencent_build,
	.sign = tencent_sign,
	.parse = tencent_parse,
	.keys = &provider_tencent_keys,
};
