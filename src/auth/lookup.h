/*
 * lookup.h - what the files of auth share: the captured environment, and how a source of keys is read.
 *
 * Private to this module. Each source is found, invalid (which ends the search, because a later source may
 * belong to another account) or empty. If all are empty, the message lists them.
 */
#ifndef DESCRIBEFS_AUTH_LOOKUP_H
#define DESCRIBEFS_AUTH_LOOKUP_H

#include "auth/credential_chain.h"
#include "base/ini.h"
#include "sys/read_file.h"

enum { CREDENTIAL_FILE_MAX = 64 << 10, CREDENTIAL_PATH_MAX = 4096 };

/* Texts are owned. A variable that is unset or empty is NULL; one that holds only blanks is "". */
struct credential_chain {
	const struct file_cover *cover; /* the directory that our mount covers; NULL: none */
	void *secrets; /* the memory for secrets; NULL: the heap */
	char *home, *config, *manager; /* HOME, XDG_CONFIG_HOME, NOTIFY_SOCKET */
	const char *ignored_proxy; /* the name of a variable */
	int64_t invoker; /* SUDO_UID; -1: none */
	char *tccli_profile, *region;
	char *role, *session; /* TENCENTCLOUD_ROLE_ARN and its session */
	char *tke_region, *tke_provider, *tke_role, *tke_file;
	char *dotenv; /* an absolute path */
	bool dotenv_named; /* by the variable */
	struct credentials tencent, baidu; /* either half may be missing */
};

/* For messages: the source, the names of the parts of a key there, and what to do if one is missing. */
struct key_names {
	const char *place, *id, *secret, *token, *mend;
};

/* LOOKUP_FOUND: *out is that key, made plain. LOOKUP_INVALID: `why` says why, and never shows the key. */
enum lookup_result lookup_key(const struct credentials *key, const struct key_names *names,
	struct credential_source *out, struct buf *why);
/* An INI file with a section a profile; `names`: id, secret, token. */
enum lookup_result lookup_ini(const struct credential_chain *chain, const char *path, const char *section,
	const char *const names[3], struct credential_source *out, struct buf *looked, struct buf *why);
/* Adds an empty source to the list for the message. */
void lookup_note(struct buf *looked, const char *text);
/* Reads a file that decides or that holds a secret, see enum file_care. */
char *lookup_read(const struct credential_chain *chain, const char *path, enum file_care care, size_t *len,
	struct buf *why);
/* Whether the value of a variable has a valid form; if not, `why` names the mistake. */
bool lookup_check_value(const char *variable, const char *value, struct buf *why);

/* The state of one search through Tencent's sources. */
struct tencent_lookup {
	const struct credential_chain *chain;
	const char *profile; /* the source's own */
	const char *named; /* that, or $TCCLI_PROFILE; NULL: neither is set */
	const char *path; /* the file of tccli that is being read */
	struct credential_source *out;
	struct buf *looked, *why;
};

/* tccli.c: PROFILE.credential, and what other sources share with it. */
enum lookup_result tccli_look(struct tencent_lookup *lookup);
enum lookup_result tencent_take_role(struct credential_source *source, const char *role, const char *session);
enum lookup_result tencent_take_machine(struct tencent_lookup *lookup, const char *where);
/* HOME/.tccli/PROFILE.KIND; false: HOME is unset, or the profile cannot be a file name. */
bool tccli_path(const struct credential_chain *chain, const char *profile, const char *kind,
	struct buf *path);

/* profiles.c: the names of the profiles of tccli and of the SDKs' file, "default, work". */
void profiles_list(const struct credential_chain *chain, const char *sdk_path, struct buf *out);

/* The chain of one cloud. Its functions are those of credential_chain.h without the cloud's name. */
struct cloud_chain {
	const char *cloud;
	enum lookup_result (*find)(const struct credential_chain *chain, const char *profile,
		struct credential_source *out, struct buf *looked, struct buf *why);
	uint64_t (*mark)(const struct credential_chain *chain, const char *profile);
	bool (*meets)(const struct credential_chain *chain, const char *profile, struct file_cover *cover);
	/* NULL: the cloud's tools keep no region. */
	bool (*region)(const struct credential_chain *chain, const char *profile, struct buf *out,
		struct buf *why);
};

extern const struct cloud_chain tencent_chain, baidu_chain;

/* tccli.c */
bool tencent_region(const struct credential_chain *chain, const char *profile, struct buf *out,
	struct buf *why);

#endif
