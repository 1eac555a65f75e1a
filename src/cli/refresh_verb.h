/*
 * refresh_verb.h - `describefs refresh PATH...`.
 */
#ifndef DESCRIBEFS_REFRESH_VERB_H
#define DESCRIBEFS_REFRESH_VERB_H

#include "config/config.h"

/* The exit status: 0, or 1 when one of the paths could not be refreshed (and stderr says why). */
int refresh_verb_run(const struct texts *paths);

#endif
