/*
 * doctor_check.h - the result of one doctor check: a line, and whether there is a problem.
 */
#ifndef DESCRIBEFS_DOCTOR_CHECK_H
#define DESCRIBEFS_DOCTOR_CHECK_H

#include "progress.h"
#include "sys/output.h"

enum check_result { CHECK_OK, CHECK_WARNING, CHECK_PROBLEM };

/* Invariant: `problem` is true if a check had CHECK_PROBLEM. */
struct doctor {
	struct progress progress;
	size_t done, total; /* steps, STEPS for each source */
	struct output output;
	bool problem;
	bool set_up; /* a source has credentials, valid or not */
	bool can_mount; /* /dev/fuse can be opened, and the user is known */
};

/* Prints one line and records the result. */
void doctor_check(struct doctor *doctor, enum check_result result, const char *what, const char *text);

/*
 * doctor_machine.c: checks FUSE, the kernel, the libraries, updatedb, and this user's mounts, which may take
 * `limit_ms` to answer, all together.
 */
void doctor_check_machine(struct doctor *doctor, int64_t limit_ms);

#endif
