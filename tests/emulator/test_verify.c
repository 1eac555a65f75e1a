/* The verifiers against requests that official code has signed: each is accepted as it is and
 * refused as soon as one byte of the body, the key, the signature or the target changes.
 * usage: emulator-test-verify DIRECTORY-OF-VECTORS */
#include "jtext.h"
#include "verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

enum { HEADERS = 32 };

struct sample {
	struct slice vector;
	char *name;
	char *key;
	char *id;
	char *target;
	char *body;
	size_t body_len;
	char *method;
	char *token;
	char *service;
	int64_t at;
	struct header headers[HEADERS];
	size_t header_count;
	bool baidu;
};

struct vectors {
	struct text file[3]; /* tc3, its published examples, bce */
};

static void add_header(struct sample *s, const char *name, char *value)
{
	if (!value)
		return;
	assert_true(s->header_count < HEADERS);
	s->headers[s->header_count++] = (struct header){ text_dup(name), value };
}

static char *scalar(struct slice v)
{
	return jtext_type(v) == '"' ? jtext_string(v, NULL) : v.p ? text_dup_n(v.p, v.n) : NULL;
}

static void take_headers(struct sample *s, struct slice headers)
{
	struct jobject o;

	assert_true(jobject_parse(&o, headers));
	for (size_t i = 0; i < o.n; i++) {
		char *name = text_dup_n(o.m[i].key.p, o.m[i].key.n);

		add_header(s, name, scalar(o.m[i].value));
		free(name);
	}
	jobject_free(&o);
}

static void encode(struct text *t, const char *s)
{
	for (; *s; s++)
		if (strchr("-._~", *s) || (*s >= '0' && *s <= '9') || (*s >= 'A' && *s <= 'Z') ||
		    (*s >= 'a' && *s <= 'z'))
			text_add_char(t, *s);
		else
			text_addf(t, "%%%02x", (unsigned char)*s); /* lower case: still the same */
}

/* Path and query as they would be on the request line. */
static char *baidu_target(struct slice vector)
{
	struct jobject o = { 0 };
	struct text t = { 0 };
	char *path = jtext_member_string(vector, "path_signed");

	if (!path)
		return jtext_member_string(vector, "url");
	text_add_str(&t, path);
	free(path);
	jobject_parse(&o, jtext_member(vector, "query_params"));
	for (size_t i = 0; i < o.n; i++) {
		char *key = text_dup_n(o.m[i].key.p, o.m[i].key.n);
		char *value = jtext_type(o.m[i].value) == 'n' ? NULL : scalar(o.m[i].value);

		text_addf(&t, "%c%s", i ? '&' : '?', key);
		if (value) {
			text_add_char(&t, '=');
			encode(&t, value);
		}
		free(key);
		free(value);
	}
	jobject_free(&o);
	return text_take(&t);
}

static bool has_header(const struct sample *s, const char *name)
{
	struct http_request r = { .headers = s->headers, .header_count = s->header_count };

	return verify_header(&r, name, strlen(name)) != NULL;
}

static struct sample read_sample(struct slice v, bool baidu)
{
	struct sample s = { .vector = v, .baidu = baidu };
	struct slice headers = jtext_member(v, baidu ? "headers" : "request_headers");
	struct slice body = jtext_member(v, "body");
	char number[32];

	s.name = jtext_member_string(v, "name");
	s.id = jtext_member_string(v, baidu ? "access_key" : "secret_id");
	s.key = jtext_member_string(v, "secret_key");
	s.method = jtext_member_string(v, "method");
	s.token = jtext_member_string(v, "token");
	s.service = jtext_member_string(v, "service");
	s.at = jtext_member_int(v, "timestamp", 0);
	s.body = body.p ? jtext_string(body, &s.body_len) : text_dup("");
	if (headers.p) {
		take_headers(&s, headers);
	} else { /* the published examples */
		snprintf(number, sizeof(number), "%lld", (long long)s.at);
		add_header(&s, "Content-Type", jtext_member_string(v, "content_type"));
		add_header(&s, "Host", jtext_member_string(v, "host"));
		add_header(&s, "X-TC-Action", jtext_member_string(v, "action"));
		add_header(&s, "X-TC-Timestamp", text_dup(number));
	}
	if (!has_header(&s, "Authorization"))
		add_header(&s, "Authorization", jtext_member_string(v, "expected_authorization"));
	if (baidu) {
		s.target = baidu_target(v);
	} else {
		char *query = jtext_member_string(v, "query");
		struct text t = { 0 };

		text_addf(&t, "/%s%s", query && *query ? "?" : "", query ? query : "");
		s.target = text_take(&t);
		free(query);
	}
	if (!s.method)
		s.method = text_dup("POST");
	return s;
}

static void free_sample(struct sample *s)
{
	for (size_t i = 0; i < s->header_count; i++) {
		free(s->headers[i].name);
		free(s->headers[i].value);
	}
	free(s->name);
	free(s->key);
	free(s->id);
	free(s->target);
	free(s->body);
	free(s->method);
	free(s->token);
	free(s->service);
}

static struct verdict judge(const struct sample *s, int64_t now)
{
	struct http_request r = { s->method, s->target, s->headers, s->header_count, s->body,
		s->body_len };
	struct verdict v;

	if (s->baidu) {
		struct bce_account a = { s->id, s->key, NULL, !has_header(s, "Host") };

		verify_bce(&a, &r, now, &v);
	} else {
		struct tc3_account a = { s->id, s->key, s->token, s->service };

		verify_tc3(&a, &r, now, &v);
	}
	return v;
}

static char *authorization(struct sample *s)
{
	for (size_t i = 0; i < s->header_count; i++)
		if (!strcasecmp(s->headers[i].name, "Authorization"))
			return s->headers[i].value;
	return NULL;
}

static char *header_value(struct sample *s, const char *name)
{
	for (size_t i = 0; i < s->header_count; i++)
		if (!strcasecmp(s->headers[i].name, name))
			return s->headers[i].value;
	return NULL;
}

/* One byte changed and back: refused while it differs. */
static void expect_refused(struct sample *s, char *byte, const char *what)
{
	char was = *byte;
	struct verdict v;

	*byte = was == '1' ? '2' : '1';
	v = judge(s, s->at);
	*byte = was;
	if (v.signed_ok)
		print_error("%s: accepted with another byte in its %s\n", s->name, what);
	assert_false(v.signed_ok);
}

static void check_sample(struct sample *s)
{
	char *auth = authorization(s), *host = header_value(s, "Host");
	struct verdict v = judge(s, s->at);

	if (!v.signed_ok)
		print_error("%s: refused: %s: %s\n", s->name, v.code, v.message);
	assert_true(v.signed_ok);
	for (size_t i = 0; s->key[i]; i++)
		expect_refused(s, s->key + i, "key");
	for (size_t i = 1; i <= 64; i++)
		expect_refused(s, auth + strlen(auth) - i, "signature");
	for (size_t i = 0; !s->baidu && i < s->body_len; i++)
		expect_refused(s, s->body + i, "body");
	if (host)
		expect_refused(s, host, "host");
	if (s->baidu)
		expect_refused(s, s->target + strcspn(s->target, "?") - 1, "path");
	expect_refused(s, s->method, "method");
	assert_false(judge(s, s->at + 400000).signed_ok);
	assert_false(judge(s, s->at - 2000).signed_ok);
}

static size_t check_all(struct slice list, bool baidu)
{
	struct slice item;
	size_t n = 0;

	for (size_t pos = 0; jtext_next(list, &pos, &item); n++) {
		struct sample s = read_sample(item, baidu);

		check_sample(&s);
		free_sample(&s);
	}
	return n;
}

static struct slice whole(const struct text *t)
{
	return (struct slice){ t->data, t->len };
}

static void tc3_sdk(void **state)
{
	const struct vectors *v = *state;

	assert_true(check_all(jtext_member(whole(&v->file[0]), "vectors"), false) >= 13);
}

static void tc3_published(void **state)
{
	const struct vectors *v = *state;

	assert_int_equal(check_all(whole(&v->file[1]), false), 2);
}

static void bce_sdk(void **state)
{
	const struct vectors *v = *state;

	assert_true(check_all(jtext_member(whole(&v->file[2]), "vectors"), true) >= 16);
}

static struct sample first_of(const struct vectors *v, int file)
{
	struct slice list = jtext_member(whole(&v->file[file]), "vectors"), item = { 0 };
	size_t pos = 0;

	assert_true(jtext_next(list, &pos, &item));
	return read_sample(item, file == 2);
}

static void expect_code(const struct sample *s, int64_t now, const char *code)
{
	assert_string_equal(judge(s, now).code, code);
}

static void tc3_reasons(void **state)
{
	struct sample s = first_of(*state, 0);
	char *auth = authorization(&s), *scope = strstr(auth, "/tione/");

	expect_code(&s, s.at, "");
	expect_code(&s, s.at + 300, "");
	expect_code(&s, s.at - 300, "");
	expect_code(&s, s.at + 301, "AuthFailure.SignatureExpire");
	expect_code(&s, s.at - 301, "AuthFailure.SignatureExpire");
	scope[-1]++; /* another day */
	expect_code(&s, s.at, "AuthFailure.SignatureFailure");
	scope[-1]--;
	s.token = text_dup("expected");
	expect_code(&s, s.at, "AuthFailure.TokenFailure");
	add_header(&s, "X-TC-Token", text_dup("expecteD"));
	expect_code(&s, s.at, "AuthFailure.TokenFailure");
	s.headers[s.header_count - 1].value[7] = 'd';
	expect_code(&s, s.at, "");
	s.id[5]++;
	expect_code(&s, s.at, "AuthFailure.SecretIdNotFound");
	auth[0] = 'X';
	expect_code(&s, s.at, "AuthFailure.InvalidAuthorization");
	free_sample(&s);
}

static void bce_reasons(void **state)
{
	struct sample s = first_of(*state, 2);
	char *auth = authorization(&s);

	expect_code(&s, s.at, "");
	expect_code(&s, s.at + 1800, "");
	expect_code(&s, s.at + 1801, "RequestExpired");
	expect_code(&s, s.at - 1800, "");
	expect_code(&s, s.at - 1801, "RequestExpired");
	add_header(&s, "x-bce-extra", text_dup("not signed"));
	expect_code(&s, s.at, "IamSignatureInvalid");
	s.headers[s.header_count - 1].value[0] = '\0';
	expect_code(&s, s.at, "");
	s.id[5]++;
	expect_code(&s, s.at, "IamSignatureInvalid");
	auth[0] = 'X';
	expect_code(&s, s.at, "InvalidHTTPAuthHeader");
	free_sample(&s);
}

static void read_vectors(struct text *t, const char *directory, const char *name)
{
	char path[512];
	FILE *f;
	int c;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		exit(2);
	}
	while ((c = getc(f)) != EOF)
		text_add_char(t, (char)c);
	fclose(f);
}

int main(int argc, char **argv)
{
	const char *directory = argc > 1 ? argv[1] : "tests/vectors";
	struct vectors v = { 0 };
	struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(tc3_sdk, &v),
		cmocka_unit_test_prestate(tc3_published, &v),
		cmocka_unit_test_prestate(tc3_reasons, &v),
		cmocka_unit_test_prestate(bce_sdk, &v),
		cmocka_unit_test_prestate(bce_reasons, &v),
	};
	int total = sizeof(tests) / sizeof(tests[0]), failed;

	read_vectors(&v.file[0], directory, "tc3.json");
	read_vectors(&v.file[1], directory, "tc3-published-example.json");
	read_vectors(&v.file[2], directory, "bce.json");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (int i = 0; i < 3; i++)
		text_free(&v.file[i]);
	printf("emulator verify: %d passed, %d failed\n", total - failed, failed);
	return failed != 0;
}
