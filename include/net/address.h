/*
 * address.h - normalizes the address of an API, https://HOST[:PORT]: the same text is signed and sent.
 */
#ifndef DESCRIBEFS_ADDRESS_H
#define DESCRIBEFS_ADDRESS_H

#include "base/buf.h"
#include "net/peer.h"

/*
 * Appends the normal form of `url`: scheme and host in lower case, no dot at the end of the host, no default
 * port, no leading zeros in the port, IPv6 addresses as inet_ntop prints them, no slash at the end. Returns
 * false if `url` is not an address of this form, or if it begins with http:// and the host is farther away
 * than `plain`.
 */
bool address_normal(struct buf *out, const char *url, enum reach plain);

/*
 * Replaces user and password in an address that a message quotes by "***", in place: from "://" to the last
 * '@'. `is_address`: the text is an address, or NAME=ADDRESS, even if "://" is missing.
 */
void address_hide_user(char *text, bool is_address);

#endif
