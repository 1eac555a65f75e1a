/*
 * interrupt.h - what a reader wants whom a signal has woken while he waits.
 */
#ifndef DESCRIBEFS_INTERRUPT_H
#define DESCRIBEFS_INTERRUPT_H

#include <stdbool.h>
#include <sys/types.h>

enum { INTERRUPT_LOOK_MS = 200 };

/*
 * Whether his call has to end now.  False: all that waits for him is a signal that he handles and that means
 * no end; look again after INTERRUPT_LOOK_MS, because the kernel tells of the first signal alone.
 */
bool interrupt_ends(pid_t reader);

#endif
