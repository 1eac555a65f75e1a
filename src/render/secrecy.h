/*
 * secrecy.h - which parts of an API object are secret.
 *
 * The catalog decides about what it knows.  What no type knows is secret where its name ends as the names
 * of secrets do (name.h), and in the two forms that environment variables have: the value of a pair whose
 * name ends so ({"Name": "DB_PASSWORD", "Value": "..."}), and a list of texts one of which assigns to such a
 * name ("DB_PASSWORD=...").  Nothing at all is no secret.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_SECRECY_H
#define DESCRIBEFS_SECRECY_H

#include "catalog/catalog.h"
#include "json/json.h"

/* `rule`: the catalog's, NULL where it knows none.  `name`: of an object's member, else NULL. */
bool secrecy_covers(const struct json *value, const struct member_rule *rule, const char *name);

#endif
