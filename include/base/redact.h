/*
 * redact.h - removes a secret, or long pieces of it, from a text that a peer wrote.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_REDACT_H
#define DESCRIBEFS_REDACT_H

/*
 * Replaces by *** each piece of `text` that occurs in `secret` and has at least REDACT_BYTES bytes, or the
 * whole secret if that is shorter. Case is ignored. Pieces of at least 16 bytes are also found as a URL,
 * hexadecimal digits or Base64 encode them. The text never grows. NULL: there is no secret.
 */
enum { REDACT_BYTES = 8 };
void redact(char *text, const char *secret);

#endif
