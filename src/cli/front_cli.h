/*
 * front_cli.h - the same tree without a mount: ls, cat, tree.
 */
#ifndef DESCRIBEFS_FRONT_CLI_H
#define DESCRIBEFS_FRONT_CLI_H

#include "source/sources.h"

/* The exit status: 0, or 1 when something could not be shown (each says so on stderr). */
int cli_run(struct sources *sources);

#endif
