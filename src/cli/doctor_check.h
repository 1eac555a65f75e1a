/*
 * doctor_check.h - what the doctor says: a line each, and whether there was a problem.
 */
#ifndef DESCRIBEFS_DOCTOR_CHECK_H
#define DESCRIBEFS_DOCTOR_CHECK_H

#include "progress.h"
#include "sys/output.h"

enum check_result { CHECK_OK, CHECK_WARNING, CHECK_PROBLEM };

struct doctor {
	struct progress progress;
	size_t done, total; /* steps: STEPS of each source */
	struct output output;
	bool problem;
	bool set_up; /* a source has a key, be it a wrong one */
	bool can_mount; /* /dev/fuse and the user are as they have to be */
};

void doctor_check(struct doctor *doctor, enum check_result result, const char *what, const char *text);

/* doctor_machine.c: FUSE, the kernel, the libraries, who walks through mounts, mounts that are dead. */
void doctor_check_machine(struct doctor *doctor);

#endif
