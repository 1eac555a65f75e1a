/*
 * peer.h - where an address is: on this machine, on its link, in a private network, or beyond.
 */
#ifndef DESCRIBEFS_PEER_H
#define DESCRIBEFS_PEER_H

#include <sys/socket.h>

#include "http/message.h"

/* 0.0.0.0 and ::, the answer of name servers that block; a connection to them reaches this machine. */
bool peer_is_nowhere(const struct sockaddr *address);
/* The address is no farther away than that. */
bool peer_is_within(const struct sockaddr *address, enum reach reach);
/* The same of an address as text, without brackets; false when the text is no address. */
bool peer_text_is_within(const char *text, enum reach reach);
bool peer_text_is_address(const char *text);

#endif
