/*
 * address.h - the address of an API: https://HOST[:PORT], in the one form that is signed and sent.
 */
#ifndef DESCRIBEFS_ADDRESS_H
#define DESCRIBEFS_ADDRESS_H

#include "base/buf.h"
#include "net/peer.h"

/*
 * Writes the normal form of `url`: scheme and host in lower case, no dot at the host's end, no port that the
 * scheme has by itself, no zeroes before a port, IPv6 addresses as inet_ntop writes them, no slash behind.
 * False: it is no such address, or it begins with http:// and leads farther than `plain`.
 */
bool address_normal(struct buf *out, const char *url, enum reach plain);

/*
 * Puts "***" for the user and password of addresses in `text`, which a message quotes: from "://" to the last
 * '@'.  `is_address`: it is one behind its first '=', if it has one, even where "://" is missing.
 */
void address_hide_user(char *text, bool is_address);

#endif
