/*
 * doctor.h - is everything there that a mount needs?  Line by line: ok, warning, problem, and what to do.
 */
#ifndef DESCRIBEFS_DOCTOR_H
#define DESCRIBEFS_DOCTOR_H

#include "source/sources.h"

/*
 * Checks FUSE and the files; then key, endpoint and clock of the source.  Without a source it checks those of
 * each mount that the config files name, and each other catalog that there is a key for.  `broken`: what is
 * wrong with the catalogs.  0: no problem.
 */
int doctor_run(struct sources *sources, const struct texts *broken);

#endif
