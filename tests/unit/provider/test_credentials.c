/*
 * test_credentials.c - keys as values, and the digests by published test vectors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/digest.h"
#include "provider/credentials.h"

static void test_copy(void **state)
{
	(void)state;
	struct credentials a = { xstrdup("id"), xstrdup("secret"), NULL };
	struct credentials b = { 0 };
	credentials_copy(&b, &a);
	assert_string_equal(b.id, "id");
	assert_string_equal(b.secret, "secret");
	assert_null(b.token);
	assert_ptr_not_equal(a.id, b.id);
	/* The old value is released first. Copying a value to itself keeps it. */
	b.token = xstrdup("token");
	credentials_copy(&b, &a);
	assert_null(b.token);
	credentials_copy(&b, &b);
	assert_string_equal(b.secret, "secret");
	credentials_release(&a);
	assert_null(a.id);
	assert_null(a.secret);
	credentials_copy(&b, &a);
	assert_null(b.id);
	credentials_release(&b);
	credentials_release(&b);
}

static void test_origins_are_copied_and_moved_whole(void **state)
{
	(void)state;
	char *const t[] = { (char *)"id", (char *)"secret", (char *)"role", (char *)"session", (char *)"provider",
		(char *)"identity", (char *)"region", (char *)"where", (char *)"looked" };
	const struct credential_source from = { CREDENTIAL_SOURCE_ROLE, { t[0], t[1], NULL }, t[2], t[3], t[4], t[5], t[6], t[7], t[8], 9 };
	struct credential_source copy = { .where = xstrdup("old") }, moved = { 0 };
	credential_source_copy(&copy, &from);
	const char *const got[] = { copy.key.id, copy.key.secret, copy.role, copy.session, copy.provider, copy.identity,
		copy.region, copy.where, copy.looked_at };
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		assert_string_equal(got[i], t[i]);
		assert_ptr_not_equal(got[i], t[i]);
	}
	assert_null(copy.key.token);
	assert_int_equal(copy.kind, CREDENTIAL_SOURCE_ROLE);
	assert_int_equal(copy.expires_s, 9);
	credential_source_move(&moved, &copy);
	assert_string_equal(moved.identity, "identity");
	assert_null(copy.identity);
	assert_null(copy.key.id);
	credential_source_move(&moved, &moved);
	assert_string_equal(moved.key.secret, "secret");
	credential_source_release(&moved);
	credential_source_release(&moved);
	assert_int_equal(moved.kind, CREDENTIAL_SOURCE_KEY);
}

static void assert_sha256(const char *text, const char *expected)
{
	unsigned char digest[DIGEST_BYTES];
	char hex[DIGEST_HEX + 1];
	digest_sha256(digest, text, strlen(text));
	digest_hex(hex, digest);
	assert_string_equal(hex, expected);
}

/* FIPS 180-4's examples. */
static void test_sha256(void **state)
{
	(void)state;
	assert_sha256("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_sha256("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void assert_hmac(const char *key, size_t key_len, const char *text, const char *expected)
{
	unsigned char digest[DIGEST_BYTES];
	char hex[DIGEST_HEX + 1];
	digest_hmac(digest, key, key_len, text, strlen(text));
	digest_hex(hex, digest);
	assert_string_equal(hex, expected);
}

/* RFC 4231's test cases 1, 2 and 6, and the empty key. */
static void test_hmac(void **state)
{
	(void)state;
	char key[131];
	memset(key, 0x0b, 20);
	assert_hmac(key, 20, "Hi There",
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	assert_hmac("Jefe", 4, "what do ya want for nothing?",
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof key);
	assert_hmac(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First",
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	assert_hmac("", 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_hmac_in_place(void **state)
{
	(void)state;
	unsigned char key[DIGEST_BYTES] = { 0 }, digest[DIGEST_BYTES];
	digest_hmac(digest, key, sizeof key, "text", 4);
	digest_hmac(key, key, sizeof key, "text", 4);
	assert_memory_equal(key, digest, sizeof key);
}

static void test_wipe(void **state)
{
	(void)state;
	static const char ZEROES[6];
	char secret[6] = "secre";
	digest_wipe(secret, sizeof secret);
	assert_memory_equal(secret, ZEROES, sizeof secret);
	digest_wipe(secret, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_origins_are_copied_and_moved_whole),
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_hmac_in_place),
		cmocka_unit_test(test_wipe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
