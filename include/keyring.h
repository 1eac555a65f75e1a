/*
 * keyring.h - where keys are found: the environment, then the files of the clouds' own tools.
 *
 * Tencent (as its SDKs and tccli look for them): TENCENTCLOUD_SECRET_ID + _SECRET_KEY (+ _TOKEN),
 * ignored when a profile was named; then ~/.tccli/PROFILE.credential, PROFILE = the named one, else
 * $TCCLI_PROFILE, else "default". The region: the source's own, else $TENCENTCLOUD_REGION (unless a
 * profile was named), else the profile's .configure, else the catalog's.  Baidu: QIANFAN_ACCESS_KEY
 * + QIANFAN_SECRET_KEY.
 *
 * keyring_new reads the environment once and overwrites the secrets in it in place, so that
 * /proc/PID/environ does not show them.  keyring_load reads files anew at each call (a rotation is seen
 * without a restart) with O_NOFOLLOW-free open, fstat, regular files of at most 64 KiB only: never blocks
 * on a FIFO.
 *
 * Layer 5.
 */
#ifndef DESCRIBEFS_KEYRING_H
#define DESCRIBEFS_KEYRING_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "credentials.h"

struct keyring;

/* Captures and scrubs the environment: HOME, the variables above; SSLKEYLOGFILE, proxies and the like go. */
struct keyring *keyring_new(void);
void keyring_free(struct keyring *keyring);

/*
 * The key for a cloud ("tencent", "baidu") and a profile (NULL: none was named).  True: *out is
 * replaced and `where` says where it was found ("environment",
 * "/home/x/.tccli/default.credential").  False: *out is untouched and `where` says in one line what
 * is missing or wrong and what to do.  Never prints a secret. What `where` held before goes.
 */
bool keyring_load(const struct keyring *keyring, const char *cloud, const char *profile,
	struct credentials *out, struct buf *where);
/* Changes when the file that keyring_load would read does; 0: it would read none. Does not read it. */
uint64_t keyring_mark(const struct keyring *keyring, const char *cloud, const char *profile);
/* The region that the environment or the profile names; false when neither does. */
bool keyring_region(const struct keyring *keyring, const char *cloud, const char *profile,
	struct buf *out);
/* HOME, for the user's catalogs; NULL when unset. */
const char *keyring_home(const struct keyring *keyring);
/* NOTIFY_SOCKET, where a service manager waits for daemon_notify; NULL when unset. */
const char *keyring_manager(const struct keyring *keyring);

#endif
