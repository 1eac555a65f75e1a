#ifndef EMULATOR_SERVER_H
#define EMULATOR_SERVER_H

#include "emulator.h"

#include <microhttpd.h>

/* What MHD needs to know for one daemon; NULLs for the control port. */
struct server_handlers {
	MHD_AccessHandlerCallback access;
	MHD_RequestCompletedCallback completed;
	void *(*begin)(void *cls, const char *target, struct MHD_Connection *connection);
	MHD_NotifyConnectionCallback connected;
};

/* A port of its own on 127.0.0.1 (or ::1); *bound gets its number. */
bool server_listen(struct emulator *emu, int port, unsigned flags,
		   const struct server_handlers *h, bool ipv6, int *bound);

#endif
