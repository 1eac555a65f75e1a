/* One HTTP request to the emulated clouds, from its first byte to its log line. */
#ifndef EMULATOR_CALL_H
#define EMULATOR_CALL_H

#include "emulator.h"
#include "loop.h"
#include "text.h"
#include "verify.h"

#include <microhttpd.h>

struct answer {
	int status;
	struct text body;
	struct header *headers; /* beside Date and Content-Type */
	size_t header_count;
	char *content_type; /* NULL: application/json */
	char *date;         /* NULL: the emulated clock; "": none */
	int64_t date_shift;
};

enum call_state {
	CALL_NEW,
	CALL_BODY,
	CALL_WAITING, /* suspended: MHD does not touch its socket */
	CALL_READY,
	CALL_ABORT, /* the connection is to be closed without another byte */
};

/* Bytes written by ourselves, in the clear or through the session, while MHD looks away. */
struct raw {
	struct text bytes;
	size_t at;
	size_t sent;
	size_t chunk;       /* bytes at a time; 0: as many as go */
	int64_t gap;        /* microseconds between chunks */
	size_t repeat_from; /* 0: once; else go on from here for ever */
	size_t stop_after;  /* bytes; 0: no limit */
	size_t pause_at;    /* 0: none */
	int64_t pause;
	enum { RAW_WHOLE, RAW_CLOSE, RAW_RESET, RAW_HOLD } end; /* whole: TLS says goodbye, too */
};

struct call {
	struct emulator *emu;
	enum call_state state;
	struct MHD_Connection *connection;
	int fd;
	void *tls; /* the GnuTLS session, NULL in the clear */
	uint64_t connection_id;
	bool reused; /* not the first call on its connection */
	char *target;
	char method[16];
	struct header *headers;
	size_t header_count;
	struct text body;

	uint64_t n; /* 0: never decided, not in the journal */
	int64_t arrived; /* when the kernel received its last byte, to 4 ms */
	int64_t start;   /* when the emulator read it: later on a busy machine */
	const char *cloud;
	char action[64];
	char region[64];
	char *id; /* never NULL once the call is identified */
	char verdict[96];
	char request_id[40];
	const char *plan; /* the verb that was applied, or NULL */
	bool signed_ok;
	struct answer answer;

	struct timer timer;
	struct watch watch;
	struct raw raw;
	struct call *next_waiting, **waiting;
};

struct plan;

void call_free(struct call *call);
struct http_request call_request(const struct call *call);
const char *call_header(const struct call *call, const char *name);
void call_verdict(struct call *call, const char *verdict);
void call_add_header(struct call *call, const char *name, const char *value);
/* Replaces body and status of the answer. */
void call_answer(struct call *call, int status, const char *body, size_t n);
/* The Date header; "" when there is to be none. */
void call_date(const struct call *call, char *out, size_t size);
bool call_host_known(const struct call *call, const char *const *patterns);

/* Find cloud, action, region and the id that is asked for. */
void tencent_identify(struct call *call);
void baidu_identify(struct call *call);
void sts_identify(struct call *call);
void metadata_identify(struct call *call);
void sts_answer(struct call *call);
void metadata_answer(struct call *call);
bool sts_is_meant(const struct call *call);
bool metadata_is_meant(const struct call *call);
/* Fill the answer. `plan` may bend pages (NULL: no plan). */
void tencent_answer(struct call *call, const struct plan *plan);
void baidu_answer(struct call *call, const struct plan *plan);
void tencent_error(struct call *call, const char *code, const char *message);
void baidu_error(struct call *call, int status, const char *code, const char *message);
/* tencent_actions.c; `body` is a valid JSON object that fits the action's rules. */
struct tc_action;
void tencent_act(struct call *call, const struct tc_action *action, struct slice body,
		 const struct plan *plan);

/* Applies a plan to an answer that is ready (fault.c). */
void fault_apply(struct call *call, const struct plan *plan);
/* Starts to write call->raw; the call must be waiting. */
void raw_start(struct call *call);
/* Hands a waiting call back to MHD. */
void call_resume(struct call *call, enum call_state state);
void call_wait(struct call *call);

#endif
