/*
 * peer.h - classifies an address by its reach: this machine, its link, a private network, or beyond.
 */
#ifndef DESCRIBEFS_PEER_H
#define DESCRIBEFS_PEER_H

#include <sys/socket.h>

#include "http/message.h"

/*
 * 0.0.0.0 or ::. A name server that blocks a name answers with these; a connection to it would reach this
 * machine.
 */
bool peer_is_nowhere(const struct sockaddr *address);
/* The address is no farther away than `reach`. */
bool peer_is_within(const struct sockaddr *address, enum reach reach);
/* The same for an address as text, without brackets; false if the text is no address. */
bool peer_text_is_within(const char *text, enum reach reach);
bool peer_text_is_address(const char *text);

#endif
