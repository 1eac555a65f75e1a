/*
 * keyring_chain.h - the inside of the keyring: what it took from the environment, and how the places of a
 * cloud are gone through.
 *
 * Private to keyring.c and the clouds' own files.  Each place is good, wrong (which ends the search: nothing
 * behind it may stand in) or empty; what was empty is said at the end, when nothing was found.
 *
 * Layer 5.
 */
#ifndef DESCRIBEFS_KEYRING_CHAIN_H
#define DESCRIBEFS_KEYRING_CHAIN_H

#include "ini.h"
#include "keyring.h"

enum { KEYRING_FILE_MAX = 64 << 10, KEYRING_PATH_MAX = 4096 };

struct keyring {
	char *home, *tccli_profile, *region, *manager;
	char *role, *session; /* TENCENTCLOUD_ROLE_ARN and its session */
	char *tke_region, *tke_provider, *tke_role, *tke_file;
	char *dotenv; /* in full */
	bool dotenv_named; /* by the variable */
	struct credentials tencent, baidu; /* either half may be missing */
};

enum place { PLACE_GOOD, PLACE_WRONG, PLACE_EMPTY };

/* A place as people know it, and what the parts of a key are called there. */
struct key_names {
	const char *place, *id, *secret, *token;
};

/* Whether it can be a key; if not, `why` says what is wrong, and never shows it. */
bool keyring_check(const struct credentials *key, const struct key_names *names, struct buf *why);
/* PLACE_GOOD: *out is that key.  PLACE_WRONG: `why` says what is. */
enum place keyring_take(const struct credentials *key, const struct key_names *names, struct origin *out,
	struct buf *why);
/* An INI file with a section a profile; `names`: id, secret, token. */
enum place keyring_ini(const char *path, const char *section, const char *const names[3], struct origin *out,
	struct buf *looked, struct buf *why);
/* One more place that was empty. */
void keyring_note(struct buf *looked, const char *text);

/* keyring_tencent.c, keyring_baidu.c: as in keyring.h */
bool keyring_tencent(const struct keyring *keyring, const char *profile, struct origin *out, struct buf *why);
uint64_t keyring_tencent_mark(const struct keyring *keyring, const char *profile);
bool keyring_tencent_region(const struct keyring *keyring, const char *profile, struct buf *out);
bool keyring_baidu(const struct keyring *keyring, const char *profile, struct origin *out, struct buf *why);
uint64_t keyring_baidu_mark(const struct keyring *keyring);

#endif
