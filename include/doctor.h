/*
 * doctor.h - is everything there that a mount needs?  Line by line: ok, warning, problem, and what to do.
 *
 * Layer 6.
 */
#ifndef DESCRIBEFS_DOCTOR_H
#define DESCRIBEFS_DOCTOR_H

#include "sources.h"

/*
 * Looks at FUSE, the files, and for the source (or every catalog that there is a key for) at key, endpoint
 * and clock.  `broken`: what is wrong with a catalog; NULL: nothing.  0: no problem.
 */
int doctor_run(struct sources *sources, const char *broken);

#endif
