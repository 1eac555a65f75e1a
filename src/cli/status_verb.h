/*
 * status_verb.h - `describefs status`: lists this user's mounts and their metrics.
 */
#ifndef DESCRIBEFS_STATUS_VERB_H
#define DESCRIBEFS_STATUS_VERB_H

/* Prints a line for each source of each mount. The exit status: 1 if a mount is dead or does not answer. */
int status_verb_run(void);

#endif
