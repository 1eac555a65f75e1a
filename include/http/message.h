/*
 * message.h - HTTP requests and responses as values.
 *
 * The providers build requests and read responses, and http_client.c transfers them.
 *
 * Ownership: a request or a response owns its texts and its body.
 */
#ifndef DESCRIBEFS_MESSAGE_H
#define DESCRIBEFS_MESSAGE_H

#include "base/buf.h"
#include "base/error.h"

enum { MESSAGE_HEADERS_MAX = 16, MESSAGE_BODY_MAX = 8 << 20, MESSAGE_REQUEST_MAX = 1 << 20 };

struct header {
	char *name, *value; /* owned */
};

/* How far from this machine a request may go without TLS. */
enum reach { REACH_SELF, REACH_LINK, REACH_PRIVATE, REACH_ANYWHERE };

struct request {
	char *method; /* "POST" */
	char *base; /* scheme and authority: "https://tione.tencentcloudapi.com", "http://127.0.0.1:8080" */
	char *path; /* begins with '/'; not percent-encoded */
	char *query; /* as it is sent, without the '?'; "" if there is none */
	struct header headers[MESSAGE_HEADERS_MAX];
	size_t n_headers;
	struct buf body;
	long timeout_ms; /* of the whole exchange */
	enum reach reach; /* for http:// */
	bool direct; /* uses no proxy */
};

void request_init(struct request *request);
void request_release(struct request *request);
/* Sets a header to a copy of `value`, in place of one of the same name (in any case). NULL removes it. */
void request_header(struct request *request, const char *name, const char *value);
const char *request_header_value(const struct request *request, const char *name); /* NULL: none */
/* The last 64 bytes of the Authorization header, which are the signature; "": there is no such header. */
enum { REQUEST_SIGNATURE = 65 };
void request_signature(const struct request *request, char out[REQUEST_SIGNATURE]);
/*
 * Append "127.0.0.1:8080" and "127.0.0.1" from the base; [::1] keeps its brackets. The authority is the value
 * of the Host header, so it leaves out the scheme's default port. False: the base has no host.
 */
bool request_authority(struct buf *out, const struct request *request);
bool request_hostname(struct buf *out, const struct request *request);
/*
 * Percent-encodes all but RFC 3986's unreserved characters, and the slash if it is kept. A path is signed and
 * sent in this one form. False: `out` is full.
 */
bool request_encode(struct buf *out, const char *text, bool keep_slash);
bool request_encode_byte(struct buf *out, char byte, bool keep_slash);

/*
 * Invariant: either `error` is set, because no complete HTTP response arrived (then `status` is 0 and
 * `detail` says why), or status and body are the peer's. A missing header field is ""; one that is too long
 * is cut.
 */
struct response {
	enum error error;
	char detail[160];
	int status;
	char date[40];
	char error_code[96]; /* X-Bce-Error-Code */
	char error_message[256]; /* X-Bce-Error-Message */
	char request_id[72]; /* X-Bce-Request-Id */
	long retry_after_s; /* Retry-After; -1: it is missing or not a number of seconds */
	struct buf body;
};

void response_init(struct response *response);
void response_release(struct response *response);
/* Moves `from` to `to`, which is not initialized yet. `from` is empty afterwards. */
void response_move(struct response *to, struct response *from);

#endif
