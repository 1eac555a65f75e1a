/*
 * sign_tc3.h - Tencent Cloud's TC3-HMAC-SHA256, three stages as pure functions.
 *
 * https://cloud.tencent.com/document/api/213/30654. Signed headers are `signed_headers` (lower-case
 * names, sorted, joined with ';'); "content-type;host" is what the official SDKs sign. The host is signed
 * without its port, as the SDKs do; the value of x-tc-action is signed in lower case.
 *
 * Pure; the time is given.
 */
#ifndef DESCRIBEFS_SIGN_TC3_H
#define DESCRIBEFS_SIGN_TC3_H

#include "http/message.h"
#include "provider/credentials.h"

/* The request's Content-Type header and body must be set; host comes from the base. */
bool tc3_canonical_request(struct buf *out, const struct request *request, const char *signed_headers);
bool tc3_string_to_sign(struct buf *out, const char *canonical_request, const char *service, int64_t now_s);
bool tc3_authorization(struct buf *out, const char *string_to_sign, const char *signed_headers,
	const char *service, const struct credentials *credentials, int64_t now_s);

#endif
