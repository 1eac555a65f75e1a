/*
 * message.h - one HTTP request and one answer, as plain values.
 *
 * The providers build and read them, http_client.c carries them, nobody else looks inside.
 */
#ifndef DESCRIBEFS_MESSAGE_H
#define DESCRIBEFS_MESSAGE_H

#include "base/buf.h"
#include "base/error.h"

enum { MESSAGE_HEADERS_MAX = 16, MESSAGE_BODY_MAX = 8 << 20, MESSAGE_REQUEST_MAX = 1 << 20 };

struct header {
	char *name, *value; /* both owned */
};

/* How far from this machine a request in the clear may go. */
enum reach { REACH_SELF, REACH_LINK, REACH_PRIVATE, REACH_ANYWHERE };

struct request {
	char *method; /* "POST" */
	char *base; /* scheme and authority: "https://tione.tencentcloudapi.com", "http://127.0.0.1:8080" */
	char *path; /* "/", begins with a slash, not percent-encoded */
	char *query; /* as it goes on the wire, "" if none, without the '?' */
	struct header headers[MESSAGE_HEADERS_MAX];
	size_t n_headers;
	struct buf body;
	long timeout_ms; /* for the whole exchange */
	enum reach reach; /* of http:// */
	bool direct; /* never through a proxy */
};

void request_init(struct request *request);
void request_release(struct request *request);
/* Copies.  A header of that name (any case) is replaced; value NULL removes it. */
void request_header(struct request *request, const char *name, const char *value);
const char *request_header_value(const struct request *request, const char *name); /* NULL: none */
/* What an Authorization header ends with, and proves the key; "" if there is none. */
enum { REQUEST_SIGNATURE = 65 };
void request_signature(const struct request *request, char out[REQUEST_SIGNATURE]);
/*
 * "127.0.0.1:8080" and "127.0.0.1" out of the base; [::1] keeps its brackets.  The authority is what
 * the Host header says, so without a port that is the scheme's own.  False: the base has no host.
 */
bool request_authority(struct buf *out, const struct request *request);
bool request_hostname(struct buf *out, const struct request *request);

/*
 * What came back.  `fault` is set when no whole HTTP answer came (then status is 0 and `detail` says why);
 * else status and body are what the peer sent.  Header fields are "" when absent, cut when over-long.
 */
struct response {
	enum error error;
	char detail[160];
	int status;
	char date[40];
	char error_code[96]; /* X-Bce-Error-Code */
	char error_message[256]; /* X-Bce-Error-Message */
	char request_id[72]; /* X-Bce-Request-Id */
	long retry_after_s; /* Retry-After in seconds, -1 if none or not a number */
	struct buf body;
};

void response_init(struct response *response);
void response_release(struct response *response);
/* `to` is not initialised yet, `from` is as new afterwards. */
void response_move(struct response *to, struct response *from);

#endif
