/* The whole emulator: every piece of its state hangs from this one struct. */
#ifndef EMULATOR_EMULATOR_H
#define EMULATOR_EMULATOR_H

#include "journal.h"
#include "loop.h"
#include "plan.h"
#include "store.h"

struct MHD_Daemon;
struct call;

enum { EMULATOR_HOSTS = 16, EMULATOR_DAEMONS = 32, EMULATOR_LATENCIES = 32,
	EMULATOR_SERVES = 64 };

struct account {
	char *secret_id, *secret_key, *token;           /* Tencent */
	char *access_key, *access_secret, *session_token; /* Baidu */
};

enum { LENT_KEYS = 256 };

/* A temporary key that was given out. */
struct lent_key {
	char id[64], key[64], token[96];
	int64_t expires; /* seconds since 1970, by our clock */
};

/* Who is given temporary keys: the metadata service and the security token service. */
struct lender {
	char *machine_role; /* NULL: this machine has none */
	char *machine_code; /* what the metadata service says instead of Success */
	char *role_arn;     /* that the account's key may take; NULL: none */
	char *provider, *identity, *identity_role; /* whoever shows this identity may take that role */
	int64_t life;       /* seconds */
	bool base_only;     /* the account's own key is good for taking roles, and for nothing else */
	struct lent_key lent[LENT_KEYS];
	uint64_t count; /* so far; the last LENT_KEYS are known */
	int64_t machine_key; /* 1 + the index of what the machine has now; 0: nothing */
};

struct options {
	int port, tls_port, control_port; /* -1: not served */
	const char *cert, *key, *ready, *log, *priorities;
	struct store_sizes sizes;
	const char *hosts[EMULATOR_HOSTS + 1];
	int host_count;
	bool models_list;
	bool fixture_ids; /* answer fixtures with the RequestId and log_id that they came with */
};

/* An open connection to the clouds' ports. */
struct connection {
	uint64_t id, calls;
	int fd;
	struct connection *next, **link;
};

struct latency {
	char action[64];
	int64_t ms;
};

struct emulator {
	struct options options;
	struct account account;
	struct lender lender;
	struct store store;
	struct journal journal;
	struct plans plans;
	struct loop loop;
	int64_t clock_offset; /* seconds */
	int64_t latency;      /* milliseconds */
	int serves;           /* calls at a time, the others stand in line; 0: all */
	int64_t busy_until[EMULATOR_SERVES]; /* microseconds */
	struct latency latencies[EMULATOR_LATENCIES];
	int latency_count;
	int rate;
	struct MHD_Daemon *daemon[EMULATOR_DAEMONS];
	bool daemon_tls[EMULATOR_DAEMONS]; /* listens, with the certificate of now */
	struct watch daemon_watch[EMULATOR_DAEMONS];
	int daemon_count;
	char *cert, *key;
	struct call *waiting;
	struct connection *connections;
	struct watch signals;
};

int64_t emulator_clock(const struct emulator *emu); /* seconds since 1970 */
void emulator_uuid(char out[40]);
/* A new key, secret and token of the same form as the old. */
void emulator_rotate(struct emulator *emu);

/* lender.c */
void lender_init(struct lender *lender);
void lender_free(struct lender *lender);
/* The key of that id, or NULL. */
const struct lent_key *lender_find(const struct lender *lender, const char *id);
/* All that were given out are refused from now on. */
void lender_revoke(struct lender *lender);

/* server.c */
bool server_start(struct emulator *emu);
void server_run(struct emulator *emu);
int server_timeout(struct emulator *emu);
void server_stop(struct emulator *emu);
/* Another certificate for the connections to come; those that stand keep theirs. */
bool server_certify(struct emulator *emu, const char *cert, const char *key);
/* Ends all stalled calls. */
void server_release(struct emulator *emu);
/* Closes every open connection under its client: by FIN, or by RST. */
void server_drop(struct emulator *emu, bool reset);

/* control.c */
bool control_start(struct emulator *emu);

#endif
