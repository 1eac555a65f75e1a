/*
 * keyring_chain.h - the inside of the keyring: what it took from the environment, and how the places of a
 * cloud are gone through.
 *
 * Private to keyring.c and the clouds' own files.  Each place is good, wrong (which ends the search: nothing
 * behind it may stand in) or empty; what was empty is said at the end, when nothing was found.
 */
#ifndef DESCRIBEFS_KEYRING_CHAIN_H
#define DESCRIBEFS_KEYRING_CHAIN_H

#include "auth/keyring.h"
#include "base/ini.h"
#include "sys/file.h"

enum { KEYRING_FILE_MAX = 64 << 10, KEYRING_PATH_MAX = 4096 };

/* A variable that is not set, or has no byte, is NULL; one that holds only blanks is "". */
struct keyring {
	const struct file_cover *cover; /* of our mount; NULL: there is none */
	void *secrets; /* where they lie; NULL: in the heap */
	char *home, *config, *manager; /* HOME, XDG_CONFIG_HOME, NOTIFY_SOCKET */
	const char *ignored_proxy; /* the name of a variable */
	int64_t invoker; /* SUDO_UID; -1: none */
	char *tccli_profile, *region;
	char *role, *session; /* TENCENTCLOUD_ROLE_ARN and its session */
	char *tke_region, *tke_provider, *tke_role, *tke_file;
	char *dotenv; /* in full */
	bool dotenv_named; /* by the variable */
	struct credentials tencent, baidu; /* either half may be missing */
};

enum place { PLACE_GOOD, PLACE_WRONG, PLACE_EMPTY };

/* A place as people know it, what the parts of a key are called there, and what to do when one is missing. */
struct key_names {
	const char *place, *id, *secret, *token, *mend;
};

/* PLACE_GOOD: *out is that key, made plain.  PLACE_WRONG: `why` says what is wrong, and never shows it. */
enum place keyring_take(const struct credentials *key, const struct key_names *names, struct origin *out,
	struct buf *why);
/* An INI file with a section a profile; `names`: id, secret, token. */
enum place keyring_ini(const struct keyring *keyring, const char *path, const char *section,
	const char *const names[3], struct origin *out, struct buf *looked, struct buf *why);
/* One more place that was empty. */
void keyring_note(struct buf *looked, const char *text);
/* A file that decides, or that holds a secret, as in file.h. */
char *keyring_read(const struct keyring *keyring, const char *path, enum file_care care, size_t *len,
	struct buf *why);
/* Whether a value of the environment can be one; if not, `why` says so. */
bool keyring_is_value(const char *variable, const char *value, struct buf *why);

/* One search through Tencent's places. */
struct search {
	const struct keyring *keyring;
	const char *profile; /* the source's own */
	const char *named; /* that, or the variable's; NULL: nobody named one */
	const char *path; /* the file of tccli's that is being read */
	struct origin *out;
	struct buf *looked, *why;
};

/* keyring_tccli.c: PROFILE.credential; the ways to a key that other places share. */
enum place keyring_tccli(struct search *search);
enum place keyring_take_role(struct origin *origin, const char *role, const char *session);
enum place keyring_take_machine(struct search *search, const char *where);
/* HOME/.tccli/PROFILE.KIND; false when there can be none. */
bool keyring_tccli_path(const struct keyring *keyring, const char *profile, const char *kind,
	struct buf *path);

/* keyring_profiles.c: the names of the profiles of tccli and of the SDKs' file, "default, work". */
void keyring_profiles(const struct keyring *keyring, const char *sdk_path, struct buf *out);

/* keyring_tencent.c, keyring_baidu.c: as in keyring.h */
bool keyring_tencent(const struct keyring *keyring, const char *profile, struct origin *out,
	struct buf *looked,
	struct buf *why);
uint64_t keyring_tencent_mark(const struct keyring *keyring, const char *profile);
bool keyring_tencent_region(const struct keyring *keyring, const char *profile, struct buf *out,
	struct buf *why);
bool keyring_baidu(const struct keyring *keyring, const char *profile, struct origin *out, struct buf *looked,
	struct buf *why);
uint64_t keyring_baidu_mark(const struct keyring *keyring);
bool keyring_tencent_meets(const struct keyring *keyring, const char *profile, struct file_cover *cover);
bool keyring_baidu_meets(const struct keyring *keyring, struct file_cover *cover);

#endif
