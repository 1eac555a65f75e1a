/*
 * status_verb.h - `describefs status`: this user's mounts, and what they do.
 */
#ifndef DESCRIBEFS_STATUS_VERB_H
#define DESCRIBEFS_STATUS_VERB_H

/* A line for each source of each mount. The exit status: 1 when one is dead or does not answer. */
int status_verb_run(void);

#endif
