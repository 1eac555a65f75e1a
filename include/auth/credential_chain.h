/*
 * credential_chain.h - finds credentials in the environment and in the files of the clouds' tools.
 *
 * Credentials are taken from the first source below that exists. If it is invalid or incomplete, loading
 * fails; later sources are not tried.
 *
 * Tencent:
 *
 *  1. TENCENTCLOUD_SECRET_ID + _SECRET_KEY (+ _TOKEN), unless the source names a profile;
 *  2. ~/.tccli/PROFILE.credential: a key, or type cvm-role, oauth, sso, or a role-arn + role-session-name;
 *  3. ~/.tencentcloud/credentials, or if it does not exist /etc/tencentcloud/credentials: section PROFILE;
 *  4. the role of a Kubernetes pod: TKE_REGION, _PROVIDER_ID, _ROLE_ARN, _WEB_IDENTITY_TOKEN_FILE;
 *  5. the role of the machine.
 *
 * PROFILE is the source's, else $TCCLI_PROFILE, else "default". If a profile is named, 4 and 5 are not
 * tried. With a key from 1, 2 or 3, unless the source names a profile, TENCENTCLOUD_ROLE_ARN +
 * _ROLE_SESSION_NAME assume a role. The order is that of tccli, then that of the SDKs; but 4 comes before
 * 5, because its variables are set explicitly.
 *
 * The region is the source's, else $TENCENTCLOUD_REGION (unless the source names a profile), else that of
 * PROFILE.configure, else the catalog's. A value that cannot be a region's name is an error.
 *
 * Baidu: QIANFAN_ACCESS_KEY + _SECRET_KEY, each from the environment or else from the dotenv file (.env in
 * the working directory at the start, or $QIANFAN_DOT_ENV_CONFIG_FILE); then [Defaults] of
 * ~/.go-bcecli/credentials.
 *
 * credential_chain_new reads the environment once and overwrites the secrets in it in place, so that
 * /proc/PID/environ does not show them. credential_chain_load reads files again at each call, so a rotated
 * key needs no restart. It reads regular files of at most 64 KiB that only the user or root can write, and
 * files with a secret only if no other user can read them. It never blocks on a FIFO.
 */
#ifndef DESCRIBEFS_CREDENTIAL_CHAIN_H
#define DESCRIBEFS_CREDENTIAL_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "provider/credentials.h"
#include "sys/read_file.h"

struct credential_chain;

/* Reads HOME and the variables above, wipes the secrets, and unsets SSLKEYLOGFILE, proxies and the like. */
struct credential_chain *credential_chain_new(void);
void credential_chain_free(struct credential_chain *chain);
/* Locks the memory for secrets, as far as the machine allows. Call it again after a fork. */
void credential_chain_lock(const struct credential_chain *chain);

/* LOOKUP_INVALID: a source exists and cannot be used. LOOKUP_NONE: no source exists. */
enum lookup_result { LOOKUP_FOUND, LOOKUP_INVALID, LOOKUP_NONE };

/*
 * Finds how to obtain the key for a cloud ("tencent", "baidu") and a profile (NULL: none). LOOKUP_FOUND:
 * *out is replaced, out->where names the source, and out->looked_at is not NULL if only the machine's role is
 * left. Else: *out is untouched, and `why` is replaced by one line that says what is missing or wrong and
 * what to do. `looked` (may be NULL) takes the sources that were empty. Never writes a secret into a text,
 * makes no request.
 */
enum lookup_result credential_chain_load(const struct credential_chain *chain, const char *cloud,
	const char *profile, struct credential_source *out, struct buf *looked, struct buf *why);
/* A value that changes when a file that credential_chain_load would read changes; 0: it reads none. */
uint64_t credential_chain_mark(const struct credential_chain *chain, const char *cloud, const char *profile);
/*
 * Appends the region of the environment or the profile to *out, or nothing if neither has one. False: the
 * value cannot be a region, or the profile's file cannot be read; `why` is one line.
 */
bool credential_chain_region(const struct credential_chain *chain, const char *cloud, const char *profile,
	struct buf *out, struct buf *why);
/* Before a mount: whether a key's file lies at or below the mount point. `cover` remembers these files. */
bool credential_chain_meets(const struct credential_chain *chain, const char *cloud, const char *profile,
	struct file_cover *cover);
/* After the mount: later reads go below the mount, see read_file.h. Borrowed. */
void credential_chain_cover(struct credential_chain *chain, const struct file_cover *cover);
/* HOME, for ~/ in the user's files; NULL when unset. */
const char *credential_chain_home(const struct credential_chain *chain);
/*
 * $XDG_CONFIG_HOME/describefs/NAME, or if that directory does not exist ~/.config/describefs/NAME. False:
 * neither variable is set.
 */
bool credential_chain_config(const struct credential_chain *chain, const char *name, struct buf *path);
/* If the process is root by sudo: the invoking user's id; else -1. */
int64_t credential_chain_invoker(const struct credential_chain *chain);
/* The name of a variable that sets a proxy, which is not used; NULL: none. */
const char *credential_chain_ignored_proxy(const struct credential_chain *chain);
/* NOTIFY_SOCKET, the socket of a service manager (daemon_manager); NULL if unset. */
const char *credential_chain_manager(const struct credential_chain *chain);

#endif
