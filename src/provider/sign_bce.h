/*
 * sign_bce.h - Baidu's bce-auth-v1, three stages as pure functions.
 *
 * https://cloud.baidu.com/doc/Reference/s/njwvz1yfu. Signed: host (with its port) and every x-bce-* header
 * of the request, or the names in `signed_headers` ("host;x-bce-date", sorted) plus every x-bce-*.
 *
 * Pure; the time is given.
 */
#ifndef DESCRIBEFS_SIGN_BCE_H
#define DESCRIBEFS_SIGN_BCE_H

#include "http/message.h"
#include "provider/credentials.h"

/* bce-auth-v1/AK/2025-05-16T08:00:00Z/1800 */
bool bce_prefix(struct buf *out, const struct credentials *credentials, int64_t now_s, int expires_s);
bool bce_canonical_request(struct buf *out, const struct request *request, const char *signed_headers);
/* `signed_headers` as in the canonical request: after it every x-bce-* is named too, sorted. */
bool bce_authorization(struct buf *out, const char *prefix, const char *canonical_request,
	const struct request *request, const char *signed_headers, const struct credentials *credentials);

#endif
