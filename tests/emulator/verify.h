/* Checks of the two clouds' request signatures, written from their documents and sharing no
 * code with the program under test. Pure functions: text and a clock value in, verdict out. */
#ifndef EMULATOR_VERIFY_H
#define EMULATOR_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct header {
	char *name;
	char *value;
};

/* A request as it came in. `target` is the raw path and query of the request line. */
struct http_request {
	const char *method;
	const char *target;
	const struct header *headers;
	size_t header_count;
	const char *body;
	size_t body_len;
};

struct verdict {
	bool signed_ok;
	int http_status;    /* of a Baidu failure; 200 for Tencent */
	bool in_headers;    /* Baidu: X-Bce-Error-* headers and an empty body */
	char code[64];      /* "" when all is well */
	char message[256];
};

struct tc3_account {
	const char *secret_id;
	const char *secret_key;
	const char *token; /* NULL: the key is permanent and X-TC-Token is not looked at */
	const char *service;
};

struct bce_account {
	const char *access_key;
	const char *secret_key;
	const char *token;        /* NULL: not looked at */
	bool host_may_be_unsigned; /* only for a published vector that signs no host */
};

enum {
	TC3_CLOCK_SKEW = 300,
	BCE_FUTURE = 1800,
};

void verify_tc3(const struct tc3_account *account, const struct http_request *request,
		int64_t now, struct verdict *verdict);
void verify_bce(const struct bce_account *account, const struct http_request *request,
		int64_t now, struct verdict *verdict);

/* Shared by both (verify_util.c). */
enum { VERIFY_HEX = 65, VERIFY_DIGEST = 32 };

const char *verify_header(const struct http_request *request, const char *name, size_t n);
void verify_refuse(struct verdict *v, int status, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void verify_sha256_hex(const void *bytes, size_t n, char hex[VERIFY_HEX]);
void verify_hmac(const void *key, size_t key_len, const void *bytes, size_t n,
		 unsigned char digest[VERIFY_DIGEST]);
void verify_hex(const unsigned char digest[VERIFY_DIGEST], char hex[VERIFY_HEX]);
/* Constant time; false when the lengths differ. */
bool verify_same(const char *a, const char *b);
/* Strictly 64 lower-case hex digits. */
bool verify_is_hex(const char *s);

#endif
