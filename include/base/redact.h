/*
 * redact.h - takes secrets out of a text that a peer wrote.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_REDACT_H
#define DESCRIBEFS_REDACT_H

/*
 * Puts *** in the place of each piece of `text` that stands in `secret` (NULL: there is none) and is as long
 * as that, or at least REDACT_BYTES.  Upper and lower case are the same.  The text does not grow.
 * 16 bytes of it or more are also found as a URL, hexadecimal digits or Base64 write them.
 */
enum { REDACT_BYTES = 8 };
void redact(char *text, const char *secret);

#endif
