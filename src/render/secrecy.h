/*
 * secrecy.h - decides which parts of an API object are secret.
 *
 * A member that the catalog's type lists is secret if the type says so. Any other member is secret if its
 * name ends like a secret's (name.h), or if it has one of the two forms of environment variables: the value
 * of a pair with such a name ({"Name": "DB_PASSWORD", "Value": "..."}), or a list of strings of which one
 * assigns to such a name ("DB_PASSWORD=..."). Empty values are not secret.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_SECRECY_H
#define DESCRIBEFS_SECRECY_H

#include "catalog/catalog.h"
#include "json/json.h"

/* `rule` is the catalog's; NULL: it has none. `name` is NULL if the value is no member of an object. */
bool secrecy_covers(const struct json *value, const struct member_rule *rule, const char *name);

#endif
