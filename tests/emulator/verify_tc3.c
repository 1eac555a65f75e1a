/* TC3-HMAC-SHA256, the receiving side: rebuilds the canonical request from what came in. */
#include "text.h"
#include "verify.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct tc3_authorization {
	char secret_id[128];
	char date[16];
	char service[64];
	char signed_headers[512];
	char signature[128];
};

/* "Name=value" up to a comma; moves *p behind it. */
static bool take_field(const char **p, const char *name, char *out, size_t size)
{
	size_t n = strlen(name), len;

	while (**p == ' ')
		(*p)++;
	if (strncmp(*p, name, n) || (*p)[n] != '=')
		return false;
	*p += n + 1;
	len = strcspn(*p, ", ");
	if (len == 0 || len >= size)
		return false;
	memcpy(out, *p, len);
	out[len] = '\0';
	*p += len;
	return true;
}

static bool parse_authorization(const char *p, struct tc3_authorization *a)
{
	char credential[256], last[32];
	int used = 0;

	if (strncmp(p, "TC3-HMAC-SHA256 ", 16))
		return false;
	p += 16;
	if (!take_field(&p, "Credential", credential, sizeof(credential)) || *p++ != ',')
		return false;
	if (!take_field(&p, "SignedHeaders", a->signed_headers, sizeof(a->signed_headers)) ||
	    *p++ != ',')
		return false;
	if (!take_field(&p, "Signature", a->signature, sizeof(a->signature)) || *p)
		return false;
	if (sscanf(credential, "%127[^/]/%15[^/]/%63[^/]/%31[^/]%n", a->secret_id, a->date,
		   a->service, last, &used) != 4 || credential[used])
		return false;
	return !strcmp(last, "tc3_request");
}

/* Lower case, strictly ascending, with content-type and host among them. */
static bool signed_headers_fit(const char *list)
{
	const char *previous = NULL;
	size_t previous_len = 0;
	bool type = false, host = false;

	for (const char *p = list; ; p++) {
		size_t n = strcspn(p, ";");

		for (size_t i = 0; i < n; i++)
			if (isupper((unsigned char)p[i]) || isspace((unsigned char)p[i]))
				return false;
		if (previous) {
			size_t least = n < previous_len ? n : previous_len;
			int order = memcmp(previous, p, least);

			if (order > 0 || (order == 0 && previous_len >= n))
				return false;
		}
		type |= n == 12 && !memcmp(p, "content-type", n);
		host |= n == 4 && !memcmp(p, "host", n);
		previous = p;
		previous_len = n;
		p += n;
		if (!*p)
			return type && host;
	}
}

/* The host without its port: the official SDKs sign it so although they send the port. */
static size_t host_length(const char *host)
{
	const char *bracket = strchr(host, ']');
	const char *colon = strchr(bracket ? bracket : host, ':');

	return colon ? (size_t)(colon - host) : strlen(host);
}

static bool add_headers(struct text *t, const struct http_request *request, const char *list,
			bool with_port)
{
	for (const char *p = list; ; p++) {
		size_t n = strcspn(p, ";"), len;
		const char *value = verify_header(request, p, n);

		if (!value)
			return false;
		value += strspn(value, " \t");
		len = strlen(value);
		while (len && (value[len - 1] == ' ' || value[len - 1] == '\t'))
			len--;
		text_add(t, p, n);
		text_add_char(t, ':');
		if (n == 4 && !memcmp(p, "host", n) && !with_port)
			len = host_length(value);
		for (size_t i = 0; i < len; i++)
			text_add_char(t, n == 11 && !memcmp(p, "x-tc-action", n) ?
				      (char)tolower((unsigned char)value[i]) : value[i]);
		text_add_char(t, '\n');
		p += n;
		if (!*p)
			return true;
	}
}

static bool canonical_request(struct text *t, const struct http_request *request,
			      const char *signed_headers, bool with_port)
{
	const char *query = strchr(request->target, '?');
	const char *hashed = verify_header(request, "X-TC-Content-SHA256", 19);
	char hex[VERIFY_HEX];

	if (hashed && !strcmp(hashed, "UNSIGNED-PAYLOAD"))
		verify_sha256_hex(hashed, strlen(hashed), hex);
	else
		verify_sha256_hex(request->body, request->body_len, hex);
	text_addf(t, "%s\n/\n%s\n", request->method, query ? query + 1 : "");
	if (!add_headers(t, request, signed_headers, with_port))
		return false;
	text_addf(t, "\n%s\n%s", signed_headers, hex);
	return true;
}

static bool signature_fits(const struct tc3_account *account, const struct http_request *request,
			   const struct tc3_authorization *a, const char *timestamp,
			   bool with_port)
{
	struct text canonical = { 0 }, plain = { 0 }, key = { 0 };
	unsigned char digest[VERIFY_DIGEST];
	char hex[VERIFY_HEX];
	bool fits = false;

	if (canonical_request(&canonical, request, a->signed_headers, with_port)) {
		verify_sha256_hex(canonical.data, canonical.len, hex);
		text_addf(&plain, "TC3-HMAC-SHA256\n%s\n%s/%s/tc3_request\n%s", timestamp, a->date,
			  a->service, hex);
		text_addf(&key, "TC3%s", account->secret_key);
		verify_hmac(key.data, key.len, a->date, strlen(a->date), digest);
		verify_hmac(digest, sizeof(digest), a->service, strlen(a->service), digest);
		verify_hmac(digest, sizeof(digest), "tc3_request", 11, digest);
		verify_hmac(digest, sizeof(digest), plain.data, plain.len, digest);
		verify_hex(digest, hex);
		fits = verify_same(hex, a->signature);
	}
	text_free(&canonical);
	text_free(&plain);
	text_free(&key);
	return fits;
}

static void utc_date(int64_t seconds, char date[16])
{
	time_t t = (time_t)seconds;
	struct tm tm = { 0 };

	gmtime_r(&t, &tm);
	strftime(date, 16, "%Y-%m-%d", &tm);
}

void verify_tc3(const struct tc3_account *account, const struct http_request *request,
		int64_t now, struct verdict *v)
{
	const char *authorization = verify_header(request, "Authorization", 13);
	const char *timestamp = verify_header(request, "X-TC-Timestamp", 14);
	const char *token = verify_header(request, "X-TC-Token", 10);
	struct tc3_authorization a = { 0 };
	char date[16];
	int64_t at;

	*v = (struct verdict){ .http_status = 200 };
	if (!authorization || !parse_authorization(authorization, &a)) {
		verify_refuse(v, 200, "AuthFailure.InvalidAuthorization",
			      "The Authorization header is missing or malformed.");
		return;
	}
	if (!timestamp || !*timestamp || strspn(timestamp, "0123456789") != strlen(timestamp) ||
	    strlen(timestamp) > 12) {
		verify_refuse(v, 200, timestamp ? "InvalidParameter" : "MissingParameter",
			      "The parameter `Timestamp` is missing or not a number.");
		return;
	}
	at = strtoll(timestamp, NULL, 10);
	utc_date(at, date);
	if (strcmp(a.secret_id, account->secret_id))
		verify_refuse(v, 200, "AuthFailure.SecretIdNotFound",
			      "The SecretId is not found, please ensure that your SecretId is "
			      "correct.");
	else if (account->token && (!token || !verify_same(token, account->token)))
		verify_refuse(v, 200, "AuthFailure.TokenFailure",
			      "The provided credentials token is invalid or has expired.");
	else if (at > now + TC3_CLOCK_SKEW || at < now - TC3_CLOCK_SKEW)
		verify_refuse(v, 200, "AuthFailure.SignatureExpire",
			      "Signature expired: the timestamp %lld is not within 300 seconds of "
			      "the server time %lld.", (long long)at, (long long)now);
	else if (strcmp(a.date, date) || strcmp(a.service, account->service) ||
		 !signed_headers_fit(a.signed_headers) || !verify_is_hex(a.signature) ||
		 (!signature_fits(account, request, &a, timestamp, true) &&
		  !signature_fits(account, request, &a, timestamp, false)))
		verify_refuse(v, 200, "AuthFailure.SignatureFailure",
			      "The provided credentials could not be validated. Please check your "
			      "signature is correct.");
	else
		v->signed_ok = true;
}
