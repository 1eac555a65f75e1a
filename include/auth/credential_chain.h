/*
 * credential_chain.h - where keys are found: the environment, then the files of the clouds' own tools, then
 * whoever gives keys to those who ask.
 *
 * Tencent, the first that is there; what is there and wrong, or only a part, is an error, and nothing behind
 * it stands in:
 *
 *  1. TENCENTCLOUD_SECRET_ID + _SECRET_KEY (+ _TOKEN), unless a profile was named;
 *  2. ~/.tccli/PROFILE.credential: a key, or type cvm-role, oauth, sso, or a role-arn + role-session-name;
 *  3. ~/.tencentcloud/credentials, or when that is not there /etc/tencentcloud/credentials: section PROFILE;
 *  4. the role that Kubernetes vouches for: TKE_REGION, _PROVIDER_ID, _ROLE_ARN, _WEB_IDENTITY_TOKEN_FILE;
 *  5. the role of the machine.
 *
 * PROFILE is the source's, else $TCCLI_PROFILE, else "default"; a named one ends the search after 3.  With 1,
 * 2 and 3, unless the source names a profile, TENCENTCLOUD_ROLE_ARN + _ROLE_SESSION_NAME take a role with
 * that key.
 * The order is tccli's as far as it goes, then the SDKs'; but 4 comes before 5, since somebody has set it.
 * The region: the source's own, else $TENCENTCLOUD_REGION (unless a profile was named), else the profile's
 * .configure, else the catalog's.  One that is there and cannot be a region's name is an error, too.
 *
 * Baidu: QIANFAN_ACCESS_KEY + _SECRET_KEY, each from the environment or else from the dotenv file (.env where
 * we were started, or $QIANFAN_DOT_ENV_CONFIG_FILE); then [Defaults] of ~/.go-bcecli/credentials.
 *
 * credential_chain_new reads the environment once and overwrites the secrets in it in place, so that
 * /proc/PID/environ does not show them.  credential_chain_load reads files anew at each call (a rotation is
 * seen without a restart): regular ones of at most 64 KiB, never blocking on a FIFO; those that nobody else
 * could have written, and those that hold a secret only when they are nobody else's to read.
 */
#ifndef DESCRIBEFS_CREDENTIAL_CHAIN_H
#define DESCRIBEFS_CREDENTIAL_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "provider/credentials.h"
#include "sys/file.h"

struct credential_chain;

/* Captures and scrubs the environment: HOME, the variables above; SSLKEYLOGFILE, proxies and the like go. */
struct credential_chain *credential_chain_new(void);
void credential_chain_free(struct credential_chain *chain);
/* Keeps the memory where secrets lie from being swapped, as far as the machine allows: a fork undoes that. */
void credential_chain_lock(const struct credential_chain *chain);

/*
 * How the key for a cloud ("tencent", "baidu") and a profile (NULL: none was named) is come by.  True: *out
 * is replaced, and out->where says where it was found.  False: *out is untouched, and `why` says in one line
 * what is missing or wrong and what to do; what it held before goes.  `looked` (NULL: it is not wanted) takes
 * every place that was looked at and had none.  Never prints a secret, asks nobody.
 */
bool credential_chain_load(const struct credential_chain *chain, const char *cloud, const char *profile,
	struct credential_source *out, struct buf *looked, struct buf *why);
/* Changes when a file that credential_chain_load would look at does; 0: there is none. Does not read it. */
uint64_t credential_chain_mark(const struct credential_chain *chain, const char *cloud, const char *profile);
/*
 * The region that the environment or the profile names; *out stays empty when neither does. False: one of
 * them names one that cannot be, or the profile's file cannot be read: `why` says so in one line.
 */
bool credential_chain_region(const struct credential_chain *chain, const char *cloud, const char *profile,
	struct buf *out, struct buf *why);
/* Before a mount: whether a key's file lies at or below what it will cover; the places are remembered. */
bool credential_chain_meets(const struct credential_chain *chain, const char *cloud, const char *profile,
	struct file_cover *cover);
/* From the mount on: what is read later is read as file.h has it.  Borrowed. */
void credential_chain_cover(struct credential_chain *chain, const struct file_cover *cover);
/* HOME, for ~/ in the user's files; NULL when unset. */
const char *credential_chain_home(const struct credential_chain *chain);
/*
 * $XDG_CONFIG_HOME/describefs/NAME, or where that directory is not there ~/.config/describefs/NAME; false
 * when neither is known.
 */
bool credential_chain_config(const struct credential_chain *chain, const char *name, struct buf *path);
/* Where we are root: the user who became root by sudo; -1: there is none. */
int64_t credential_chain_invoker(const struct credential_chain *chain);
/* The variable that named a proxy, which is not used; NULL: none did. */
const char *credential_chain_ignored_proxy(const struct credential_chain *chain);
/* NOTIFY_SOCKET, where a service manager waits (daemon_manager); NULL when unset. */
const char *credential_chain_manager(const struct credential_chain *chain);

#endif
