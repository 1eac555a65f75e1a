/*
 * options.h - the words after -o.
 *
 * Private to config.c.
 *
 * Layer 5.
 */
#ifndef DESCRIBEFS_OPTIONS_H
#define DESCRIBEFS_OPTIONS_H

#include "config.h"

/*
 * One list, "ttl=5,secrets"; a backslash takes the next byte as it is ("fsname=a\,b").  False:
 * `why` says in one line which word is wrong, and what it should be.
 */
bool options_take(struct config *config, const char *list, struct buf *why);

/* The known word that looks most like this one; *distance: how many letters are different. */
const char *options_nearest(const char *word, size_t *distance);
/* How many letters must be put in, taken out or changed to make one of the other. */
size_t options_distance(const char *a, const char *b);

/* Takes ownership of `text`. */
void texts_add(struct texts *texts, char *text);
/* A path that stays right when the working directory changes; the caller frees it. */
char *options_absolute(const char *path);

#endif
