/*
 * doctor.h - `describefs doctor`: checks what a mount needs; a line for each check: ok, warning or problem,
 * and what to do.
 */
#ifndef DESCRIBEFS_DOCTOR_H
#define DESCRIBEFS_DOCTOR_H

#include "source/sources.h"

/*
 * Checks FUSE and the files; then credentials, endpoint and clock of the source. Without a source: of each
 * mount in the config files, and of each other catalog with credentials. `broken`: mistakes in catalogs.
 * Returns the exit status, 0: no problem.
 */
int doctor_run(struct sources *sources, const struct texts *broken);

#endif
