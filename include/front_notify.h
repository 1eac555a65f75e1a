/*
 * front_notify.h - what the kernel is told without having asked.
 *
 * None of these takes a lock that a reader who waits for the daemon holds, so the loop may send it.  One that
 * names an entry of a directory would take that directory's lock.
 *
 * Layer 6.
 */
#ifndef DESCRIBEFS_FRONT_NOTIFY_H
#define DESCRIBEFS_FRONT_NOTIFY_H

#include "front_reply.h"

/* The attributes that the kernel keeps of the id are over. */
void notify_attributes(const struct front *front, uint64_t id);
/*
 * The directory's attributes, and the listing that the kernel keeps of it: the next pass asks the daemon.
 * False: the kernel may still keep it, because a reader holds it; another mtime tells it.
 */
bool notify_directory(struct front *front, uint64_t id);
/* Every name is over.  False: this kernel (before 6.16) does not know the notification. */
bool notify_names(const struct front *front);

#endif
