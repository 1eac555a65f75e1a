/*
 * front_notify.h - what the kernel is told without having asked.
 *
 * None of these takes a lock that a reader who waits for the daemon holds, so the loop may send it.  One that
 * names an entry of a directory would take that directory's lock.
 */
#ifndef DESCRIBEFS_FRONT_NOTIFY_H
#define DESCRIBEFS_FRONT_NOTIFY_H

#include "front_reply.h"

/* The attributes that the kernel keeps of the id are over. */
void notify_attributes(const struct front *front, uint64_t id);
/*
 * From now on the attributes of a resource's directory are called back, 1 s after an answer has moved its
 * time.
 */
void notify_moved(struct front *front);
/*
 * The directory's attributes, and the listing that the kernel keeps of it: the next pass asks the daemon.
 * Where a reader may hold that listing a child tells the kernel, and notify_holds_back says until when.
 * False: there can be no child; another mtime tells the kernel.
 */
bool notify_directory(struct front *front, uint64_t id);
/* The same, done when it comes back; or after 50 ms, where a reader holds the listing. */
void notify_directory_now(struct front *front, uint64_t id);
/*
 * True: a child is telling the kernel about the directory whose attributes are asked for.  The question is
 * put again when the child is done, or after 1 s.
 */
bool notify_holds_back(const struct parked *parked);
/* Those that are held back are answered, and nothing more is told: the session ends. */
void notify_release(struct front *front);
/* Every name is over.  False: this kernel (before 6.16) does not know the notification. */
bool notify_names(const struct front *front);

#endif
