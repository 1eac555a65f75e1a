/*
 * refresh_verb.h - `describefs refresh PATH...`.
 */
#ifndef DESCRIBEFS_REFRESH_VERB_H
#define DESCRIBEFS_REFRESH_VERB_H

#include "config/config.h"

/* The exit status: 1 if a path could not be refreshed; stderr says why. */
int refresh_verb_run(const struct texts *paths);

#endif
