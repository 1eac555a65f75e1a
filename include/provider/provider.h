/*
 * provider.h - a cloud's protocol as pure functions: build, sign and parse a call, and exchange keys.
 *
 * The client describes a call as a struct api_call. A provider makes an HTTP request of it, signs the
 * request for a given time, and turns the response's envelope into the result or an error. The code
 * of a cloud is src/provider/NAME*.c and sign_*.c, with its own table of error codes; nothing else knows a
 * cloud's headers or envelope.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_PROVIDER_H
#define DESCRIBEFS_PROVIDER_H

#include "base/error.h"
#include "catalog/catalog.h"
#include "http/message.h"
#include "provider/credentials.h"

struct json;

/* Where a source's calls go. */
struct site {
	const struct catalog *catalog;
	const char *endpoint; /* scheme and authority, no path */
	const char *region; /* NULL: none */
};

/* The services that issue keys: scheme and authority; NULL: the provider's own. */
struct key_site {
	const char *metadata, *sts;
};

/* The state of an exchange that obtains a temporary key. It may take several requests. */
struct key_exchange {
	const struct credential_source *source; /* not CREDENTIAL_SOURCE_KEY; borrowed, as is the site */
	const struct key_site *site;
	char *role; /* the name of the machine's role, once the metadata service has sent it */
	struct credentials key; /* the result; empty until the last response */
	int64_t expires_s; /* of `key`, by the cloud's clock, Unix */
};

/* Wipes the key and frees all; the exchange can be used anew. */
void key_exchange_release(struct key_exchange *key_exchange);

/* How a cloud issues temporary keys. */
struct provider_keys {
	const char *metadata, *sts; /* the default services: scheme and authority */
	/* Initialises *out with the next request, its timeout_ms included. The body may hold a secret. */
	void (*request)(struct request *out, const struct key_exchange *key_exchange, int64_t now_s);
	/* Takes the response. ERR_NONE: the key is set, or one more request is needed if it is not. */
	enum error (*response)(struct key_exchange *key_exchange, const struct response *response,
		struct error_note *note);
};

/* One call. `body` is the JSON object's text, made by the engine from the action's row. */
struct api_call {
	const struct action *action;
	const char *body;
};

struct provider {
	const char *name; /* a catalog's "cloud" */
	/* Initialises *out; the caller sets its timeout_ms afterwards and releases it. */
	void (*build)(struct request *out, const struct site *site, const struct api_call *call);
	/* Sets the headers that depend on the key and the time; may be called again for a retry. */
	void (*sign)(struct request *request, const struct site *site, const struct api_call *call,
		const struct credentials *credentials, int64_t now_s);
	/*
	 * ERR_NONE: *root is the parsed text (the caller frees it), *result the envelope's
	 * content inside it, note->request_id is set. Otherwise *root is NULL and the note has the
	 * cloud's code and message. Every refused parameter is ERR_PARAMETER; the engine knows
	 * where its value came from.
	 */
	enum error (*parse)(struct json **root, const struct json **result, const struct response *response,
		struct error_note *note);
	const struct provider_keys *keys; /* NULL: the cloud issues no temporary keys */
};

/* NULL when no provider has the name. */
const struct provider *provider_find(const char *name);

extern const struct provider provider_tencent;
extern const struct provider provider_baidu;
extern const struct provider_keys provider_tencent_keys;

/*
 * Shared by the providers. A cloud's error codes are rows, tried from the top; the first match wins.
 * "*X": ends with X; "X*": begins with X; "X": is X, or X and more after a dot. The last is "*".
 */
struct provider_code {
	const char *pattern;
	enum error error;
};

enum error provider_code_error(const struct provider_code *rows, const char *code);
/*
 * The error of the transport, or of the HTTP status: ERR_NONE for 200, never ERR_NOT_FOUND. Writes a message
 * unless the note has one.
 */
enum error provider_http_error(const struct response *response, struct error_note *note);
/* ERR_ANSWER or ERR_TOO_BIG, noted; on ERR_NONE the caller frees *root. */
enum error provider_parse_body(struct json **root, const struct response *response, struct error_note *note);
/* Returns ERR_ANSWER, with `why` as the message. */
enum error provider_refuse(struct error_note *note, const char *why);
/* The member, or NULL if it is absent or null. */
const struct json *provider_member(const struct json *object, const char *key);

#endif
