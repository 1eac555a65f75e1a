/*
 * list_plan.h - how a list is best read: whole, or refreshed in two steps.
 */
#ifndef DESCRIBEFS_LIST_PLAN_H
#define DESCRIBEFS_LIST_PLAN_H

#include "fetch.h"

/* How the listing is best read now; begins the refresh if it is refreshed. */
enum phase list_plan_begin(struct fetch *fetch);
/* Whether a reader can wait until `n` items are read: half the deadline's worth of the rate. */
bool list_plan_is_short(const struct fetch *fetch, size_t n);
/* This cloud does not refresh lists so, or did not this time: it is read whole for ten minutes. */
void list_plan_distrust(struct fetch *fetch);
/* Tells the tree what the next reading will cost, when this one is over. */
void list_plan_note_price(const struct fetch *fetch);

#endif
