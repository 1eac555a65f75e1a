/*
 * provider.h - a cloud: three pure functions, and two more where it gives keys to those who ask.
 *
 * The engine says what it wants as a struct api_call; a provider makes an HTTP request of it, signs that for
 * a given moment, and turns the answer's envelope into the result or a cause.  One cloud is one file,
 * src/provider/NAME.c, with its own table of fault codes; nothing else knows a cloud's header or envelope.
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

/* Where keys are asked for: scheme and authority each; NULL: where the cloud has it. */
struct key_site {
	const char *metadata, *sts;
};

/* A key that is being asked for, and how far that has come. */
struct key_exchange {
	const struct credential_source *source; /* not CREDENTIAL_SOURCE_KEY; borrowed, as is the site */
	const struct key_site *site;
	char *role; /* what the machine's role is called, once it has said so */
	struct credentials key; /* what came at last */
	int64_t expires_s; /* its end by the cloud's clock, Unix */
};

/* The key and all; it is as new. */
void key_exchange_release(struct key_exchange *key_exchange);

/* How a cloud gives keys to those who ask; it may take more than one request. */
struct provider_keys {
	const char *metadata, *sts; /* where */
	/* The next request; its timeout_ms is what such an answer may take.  The body may be a secret. */
	void (*request)(struct request *out, const struct key_exchange *key_exchange, int64_t now_s);
	/* Takes its answer.  ERR_NONE: the key is there, or without one there is a request more to make. */
	enum error (*response)(struct key_exchange *key_exchange, const struct response *response,
		struct error_note *note);
};

/* One call.  `body` is the JSON object's text, made by the engine from the action's row. */
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
	 * content inside it, note->request_id is set.  Otherwise *root is NULL and the note says
	 * what the cloud said. ERR_PARAMETER is given for every refused parameter; the engine
	 * knows who chose it.
	 */
	enum error (*parse)(struct json **root, const struct json **result, const struct response *response,
		struct error_note *note);
	const struct provider_keys *keys; /* NULL: nobody can be asked for one */
};

/* NULL when no provider has the name. */
const struct provider *provider_find(const char *name);

extern const struct provider provider_tencent;
extern const struct provider provider_baidu;
extern const struct provider_keys provider_tencent_keys;

/*
 * For the providers themselves.  A cloud's codes are rows, tried from the top; the first match wins.
 * "*X": ends with X; "X*": begins with X; "X": is X, or X and more after a dot.  The last is "*".
 */
struct provider_code {
	const char *pattern;
	enum error error;
};

enum error provider_code_error(const struct provider_code *rows, const char *code);
/*
 * How far HTTP came: the response's own fault, or what its status says: ERR_NONE for 200, never
 * ERR_NOT_FOUND.  Notes it, unless the note has a message already.
 */
enum error provider_http_error(const struct response *response, struct error_note *note);
/* ERR_ANSWER or ERR_TOO_BIG, noted; on ERR_NONE the caller frees *root. */
enum error provider_parse_body(struct json **root, const struct response *response, struct error_note *note);
/* ERR_ANSWER, with a message that says why. */
enum error provider_refuse(struct error_note *note, const char *why);
/* A member that is there and not null, else NULL. */
const struct json *provider_member(const struct json *object, const char *key);

#endif
