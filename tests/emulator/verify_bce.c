/* bce-auth-v1, the receiving side. The signed headers are those that the Authorization value
 * names; host must be one of them, and so must every x-bce-* header that has a value. */
#include "text.h"
#include "verify.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct bce_authorization {
	char prefix[256]; /* bce-auth-v1/AK/time/expiration */
	char access_key[128];
	int64_t signed_at;
	int64_t expiration;
	char signed_headers[1024];
	char signature[128];
};

/* Lines to be sorted and joined. */
struct lines {
	char *line[128];
	size_t n;
};

static bool parse_time(const char *s, int64_t *at)
{
	struct tm tm = { 0 };
	const char *end = strptime(s, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (!end || *end || strlen(s) != 20)
		return false;
	*at = timegm(&tm);
	return true;
}

static bool parse_authorization(const char *p, struct bce_authorization *a)
{
	char stamp[32], expiration[16];
	int used = 0, headers = 0;

	if (sscanf(p, "bce-auth-v1/%127[^/]/%31[^/]/%15[0-9]%n", a->access_key, stamp, expiration,
		   &used) != 3 || !used || p[used] != '/')
		return false;
	snprintf(a->prefix, sizeof(a->prefix), "%.*s", used, p);
	p += used + 1;
	headers = (int)strcspn(p, "/");
	if (p[headers] != '/' || headers >= (int)sizeof(a->signed_headers))
		return false;
	snprintf(a->signed_headers, sizeof(a->signed_headers), "%.*s", headers, p);
	p += headers + 1;
	if (!verify_is_hex(p))
		return false;
	snprintf(a->signature, sizeof(a->signature), "%s", p);
	a->expiration = strtoll(expiration, NULL, 10);
	return parse_time(stamp, &a->signed_at);
}

static void add_encoded(struct text *t, const char *s, size_t n, bool keep_slash)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (isalnum(c) || (c && strchr("-._~", c)) || (keep_slash && c == '/'))
			text_add_char(t, (char)c);
		else
			text_addf(t, "%%%02X", c);
	}
}

static void add_decoded(struct text *t, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '%' && i + 2 < n && isxdigit((unsigned char)s[i + 1]) &&
		    isxdigit((unsigned char)s[i + 2])) {
			char two[3] = { s[i + 1], s[i + 2], 0 };

			text_add_char(t, (char)strtoul(two, NULL, 16));
			i += 2;
		} else {
			text_add_char(t, s[i]);
		}
	}
}

/* Percent-decodes and encodes again in the one canonical way. */
static void add_canonical(struct text *t, const char *s, size_t n, bool keep_slash)
{
	struct text plain = { 0 };

	add_decoded(&plain, s, n);
	add_encoded(t, plain.data ? plain.data : "", plain.len, keep_slash);
	text_free(&plain);
}

static int line_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_sorted(struct text *t, struct lines *lines, const char *separator)
{
	qsort(lines->line, lines->n, sizeof(lines->line[0]), line_order);
	for (size_t i = 0; i < lines->n; i++) {
		if (i)
			text_add_str(t, separator);
		text_add_str(t, lines->line[i]);
		free(lines->line[i]);
	}
	lines->n = 0;
}

static void keep_line(struct lines *lines, struct text *line)
{
	if (lines->n < sizeof(lines->line) / sizeof(lines->line[0]))
		lines->line[lines->n++] = text_take(line);
	text_free(line);
}

static void add_query(struct text *t, const char *query)
{
	struct lines lines = { 0 };

	while (query && *query) {
		size_t n = strcspn(query, "&");
		size_t key = strcspn(query, "=&");
		struct text line = { 0 };

		add_canonical(&line, query, key, false);
		if (n && strcasecmp(line.data ? line.data : "", "authorization")) {
			text_add_char(&line, '=');
			if (key < n)
				add_canonical(&line, query + key + 1, n - key - 1, false);
			keep_line(&lines, &line);
		}
		text_free(&line);
		query += n + (query[n] == '&');
	}
	add_sorted(t, &lines, "&");
}

static size_t trimmed(const char **value)
{
	size_t n;

	*value += strspn(*value, " \t");
	n = strlen(*value);
	while (n && ((*value)[n - 1] == ' ' || (*value)[n - 1] == '\t'))
		n--;
	return n;
}

/* False when a named header did not come. */
static bool add_headers(struct text *t, const struct http_request *request, const char *list)
{
	struct lines lines = { 0 };
	bool all = true;

	for (const char *p = list; *p; p += *p == ';') {
		size_t n = strcspn(p, ";");
		const char *value = verify_header(request, p, n);
		struct text line = { 0 };
		size_t len;

		if (value) {
			len = trimmed(&value);
			for (size_t i = 0; i < n; i++)
				text_add_char(&line, (char)tolower((unsigned char)p[i]));
			text_add_char(&line, ':');
			add_encoded(&line, value, len, false);
			keep_line(&lines, &line);
		}
		all &= value != NULL;
		p += n;
	}
	add_sorted(t, &lines, "\n");
	return all;
}

static bool list_has(const char *list, const char *name)
{
	size_t want = strlen(name);

	for (const char *p = list; *p; p += *p == ';') {
		size_t n = strcspn(p, ";");

		if (n == want && !strncasecmp(p, name, n))
			return true;
		p += n;
	}
	return false;
}

static bool headers_covered(const struct http_request *request, const char *list, bool host_free)
{
	if (!host_free && !list_has(list, "host"))
		return false;
	for (size_t i = 0; i < request->header_count; i++) {
		const char *value = request->headers[i].value;

		if (!strncasecmp(request->headers[i].name, "x-bce-", 6) && trimmed(&value) &&
		    !list_has(list, request->headers[i].name))
			return false;
	}
	return true;
}

static bool signature_fits(const struct bce_account *account, const struct http_request *request,
			   const struct bce_authorization *a)
{
	size_t path = strcspn(request->target, "?");
	struct text canonical = { 0 };
	unsigned char digest[VERIFY_DIGEST];
	char key[VERIFY_HEX], hex[VERIFY_HEX];
	bool fits;

	text_addf(&canonical, "%s\n", request->method);
	add_canonical(&canonical, request->target, path, true);
	text_add_char(&canonical, '\n');
	add_query(&canonical, request->target[path] ? request->target + path + 1 : NULL);
	text_add_char(&canonical, '\n');
	fits = add_headers(&canonical, request, a->signed_headers);
	verify_hmac(account->secret_key, strlen(account->secret_key), a->prefix, strlen(a->prefix),
		    digest);
	verify_hex(digest, key);
	verify_hmac(key, strlen(key), canonical.data, canonical.len, digest);
	verify_hex(digest, hex);
	text_free(&canonical);
	return fits && verify_same(hex, a->signature);
}

void verify_bce(const struct bce_account *account, const struct http_request *request,
		int64_t now, struct verdict *v)
{
	const char *authorization = verify_header(request, "Authorization", 13);
	const char *token = verify_header(request, "x-bce-security-token", 20);
	struct bce_authorization a = { 0 };

	*v = (struct verdict){ .http_status = 200 };
	if (!authorization) {
		verify_refuse(v, 403, "AccessDenied", "Access denied.");
	} else if (!parse_authorization(authorization, &a)) {
		verify_refuse(v, 400, "InvalidHTTPAuthHeader",
			      "The HTTP authorization header is invalid. Consult the service "
			      "documentation for details.");
	} else if (strcmp(a.access_key, account->access_key)) {
		verify_refuse(v, 403, "IamSignatureInvalid",
			      "NotFound, cause: Could not find credential.");
		v->in_headers = true;
	} else if (account->token && (!token || !verify_same(token, account->token))) {
		verify_refuse(v, 403, "IamSignatureInvalid",
			      "NotFound, cause: Could not find session token.");
		v->in_headers = true;
	} else if (a.signed_at + a.expiration < now || a.signed_at > now + BCE_FUTURE) {
		verify_refuse(v, 400, "RequestExpired", "Request has expired. Timestamp date is "
			      "%lld, server time is %lld.", (long long)a.signed_at,
			      (long long)now);
	} else if (!headers_covered(request, a.signed_headers, account->host_may_be_unsigned) ||
		   !signature_fits(account, request, &a)) {
		verify_refuse(v, 403, "IamSignatureInvalid", "SignatureDoesNotMatch, cause: Fail "
			      "to authn user: Signature does not match");
		v->in_headers = true;
	} else {
		v->signed_ok = true;
	}
}
