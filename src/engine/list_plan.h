/*
 * list_plan.h - chooses how a list is read: whole, or by a refresh in two phases.
 */
#ifndef DESCRIBEFS_LIST_PLAN_H
#define DESCRIBEFS_LIST_PLAN_H

#include "fetch.h"

/* The first phase of reading the listing now. Initializes fetch->refresh for a refresh. */
enum phase list_plan_begin(struct fetch *fetch);
/* Whether a reader can wait until `n` items are read: the rate allows that in half a deadline. */
bool list_plan_is_short(const struct fetch *fetch, size_t n);
/* The cloud's answers to a refresh were wrong: the list is read whole for ten minutes. */
void list_plan_distrust(struct fetch *fetch);
/* At the end of a reading: tells the tree how many calls the next one will take. */
void list_plan_note_price(const struct fetch *fetch);

#endif
