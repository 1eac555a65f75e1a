/*
 * tencent.h - the parts of the Tencent Cloud provider; contracts as in struct provider.
 */
#ifndef DESCRIBEFS_TENCENT_H
#define DESCRIBEFS_TENCENT_H

#include "provider/provider.h"

/* tencent_api.c */
void tencent_build(struct request *out, const struct site *site, const struct api_call *call);
void tencent_sign(struct request *request, const struct site *site, const struct api_call *call,
	const struct credentials *credentials, int64_t now_s);
enum error tencent_parse(struct json **root, const struct json **result, const struct response *response,
	struct error_note *note);

#endif
