/*
 * interrupt.h - decides whether a signal ends a reader's wait.
 */
#ifndef DESCRIBEFS_INTERRUPT_H
#define DESCRIBEFS_INTERRUPT_H

#include <stdbool.h>
#include <sys/types.h>

enum { INTERRUPT_LOOK_MS = 200 };

/*
 * Whether the call of the thread `reader` must end now with EINTR. Returns false if only signals are pending
 * that the reader handles and that end nothing (SIGURG, SIGCHLD ...): call again after INTERRUPT_LOOK_MS,
 * because the kernel sends one INTERRUPT for all signals of a call.
 */
bool interrupt_ends(pid_t reader);

#endif
