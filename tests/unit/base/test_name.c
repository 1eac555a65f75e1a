/*
 * test_name.c - snake_case by a table; the escape by a table and with 300,000 hostile texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/name.h"

enum { RANDOM_TEXTS = 300000, TEXT_MAX = 600 };

static void test_snake(void **state)
{
	(void)state;
	static const struct {
		const char *member, *name;
	} CASES[] = {
		{ "", "" }, { "Id", "id" }, { "A", "a" }, { "AB", "ab" }, { "Status", "status" },
		{ "RuntimeInSeconds", "runtime_in_seconds" },
		{ "GPUType", "gpu_type" },
		{ "IsQAT", "is_qat" },
		{ "GooseFSSource", "goose_fs_source" },
		{ "AutoMLTaskId", "auto_ml_task_id" },
		{ "VolumeSourceCFS", "volume_source_cfs" },
		{ "VolumeSizeInGB", "volume_size_in_gb" },
		{ "RDMAConfig", "rdma_config" },
		{ "COSSource", "cos_source" },
		{ "CFSTurboSource", "cfs_turbo_source" },
		{ "TrainingModelVersionId", "training_model_version_id" },
		{ "vdlLink", "vdl_link" },
		{ "trainStatus", "train_status" },
		{ "finishtime", "finishtime" },
		{ "BLEU-4", "bleu-4" },
		{ "SSHConfig", "ssh_config" },
		{ "GPUCount2X", "gpu_count2_x" },
		{ "Top1Accuracy", "top1_accuracy" },
		{ "F1", "f1" },
		{ "aB", "a_b" }, { "ABc", "a_bc" }, { "aBC", "a_bc" }, { "ABCd", "ab_cd" },
		{ "AbC", "ab_c" }, { "A1B", "a1_b" }, { "1A", "1_a" }, { "A1b", "a1b" },
		/* Only letters and digits end a word; nothing else is touched. */
		{ "Foo_Bar", "foo_bar" }, { "foo Bar", "foo bar" }, { "foo.Bar", "foo.bar" },
		{ "_Foo", "_foo" }, { "Foo__", "foo__" }, { "A.B", "a.b" },
		{ "\xe4\xb8\xad\xe6\x96\x87Name", "\xe4\xb8\xad\xe6\x96\x87name" },
		{ "\xc3\x84Name", "\xc3\x84name" }, /* U+00C4 is no upper-case letter here */
		{ "Na\xc3\xafVe", "na\xc3\xafve" },
		{ "A\xff" "B", "a\xff" "b" },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct buf out;
		buf_init(&out, 100);
		name_snake(&out, CASES[i].member);
		assert_string_equal(out.data, CASES[i].name);
		buf_release(&out);
	}
}

static void assert_escapes(const char *text, const char *name)
{
	struct buf escaped, back;
	buf_init(&escaped, 1000);
	buf_init(&back, 1000);
	name_escape(&escaped, text);
	assert_string_equal(escaped.data, name);
	assert_true(name_unescape(&back, name));
	assert_string_equal(back.data, text);
	buf_release(&escaped);
	buf_release(&back);
}

static void test_escape(void **state)
{
	(void)state;
	static const struct {
		const char *text, *name;
	} CASES[] = {
		{ "status", "status" }, { "bleu-4", "bleu-4" }, { "a b.c-d~e*f", "a b.c-d~e*f" },
		{ "", "%" }, { ".", "%2E" }, { "..", "%2E." }, { "...", "%2E.." },
		{ ".git", "%2Egit" }, { "a.", "a." }, { "a..", "a.." },
		/* a desktop that looks for these must not find a resource's tag */
		{ "autorun.inf", "%61utorun.inf" }, { "Thumbs.db", "%54humbs.db" }, { "{arch}", "%7Barch}" },
		{ "lost+found", "%6Cost+found" }, { "lost+found2", "lost+found2" }, { "_svn", "%5Fsvn" },
		{ "-rf", "%2Drf" }, { "a-", "a-" }, { "-", "%2D" },
		{ " ", "%20" }, { "  ", "%20%20" }, { " a ", "%20a%20" }, { "a b", "a b" },
		{ "a  ", "a %20" },
		{ "/", "%2F" }, { "../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd" },
		{ "%", "%25" }, { "%41", "%2541" }, { "100%", "100%25" }, { "%%", "%25%25" },
		{ "a\nb\tc", "a%0Ab%09c" }, { "\x1b[2J", "%1B[2J" }, { "a\x7f", "a%7F" },
		{ "a\xc2\x80" "b\xc2\x9f" "c\xc2\xa0", "a%C2%80b%C2%9F" "c\xc2\xa0" },
		/* U+0000, as json_text writes it. */
		{ "\xc0\x80", "%00" }, { "a\xc0\x80" "b", "a%00b" }, { "a\xc0", "a%C0" },
		{ "\xc0\xc0\x80", "%C0%00" }, { "\x80\xc0\x80\x80", "%80%00%80" },
		/* Bidi. */
		{ "a\xe2\x80\xae" "b", "a%E2%80%AEb" }, { "\xe2\x81\xa6", "%E2%81%A6" },
		/* Without a width, separators, tags; joiners where they join nothing that is seen. */
		{ "a\xc2\xad\xe2\x80\x8b" "b", "a%C2%AD%E2%80%8Bb" }, { "\xe2\x80\xa8", "%E2%80%A8" },
		{ "\xef\xbb\xbf.", "%EF%BB%BF." }, { "\xf3\xa0\x81\x81", "%F3%A0%81%81" },
		{ "a\xe2\x80\x8d" "b", "a%E2%80%8Db" }, { "\xc3\xa4\xe2\x80\x8d" "b", "\xc3\xa4\xe2\x80\x8d" "b" },
		{ "\xc3\xa4\xe2\x80\x8d\xe2\x80\x8c", "\xc3\xa4\xe2\x80\x8d%E2%80%8C" },
		/* No UTF-8: stray, over-long, a surrogate, cut short, over U+10FFFF. */
		{ "\xff", "%FF" }, { "\xc0\xaf", "%C0%AF" }, { "\xe0\x80\xaf", "%E0%80%AF" },
		{ "\xed\xa0\x80", "%ED%A0%80" },
		{ "\xe4\xb8", "%E4%B8" }, { "\xe4\xb8x", "%E4%B8x" },
		{ "\xf4\x90\x80\x80", "%F4%90%80%80" },
		{ "\xf8\x88\x80\x80\x80", "%F8%88%80%80%80" },
		/* Ordinary text. */
		{ "\xe8\xae\xad\xe7\xbb\x83", "\xe8\xae\xad\xe7\xbb\x83" },
		{ "\xf0\x9f\x9a\x80", "\xf0\x9f\x9a\x80" },
		{ "\xc3\xa4", "\xc3\xa4" }, { "a\xcc\x88", "a\xcc\x88" },
		{ "a~0123456789abcdef", "a~0123456789abcdef" },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
		assert_escapes(CASES[i].text, CASES[i].name);
}

static void test_escape_adds(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 100);
	buf_puts(&out, "dir/");
	name_escape(&out, ".x");
	assert_string_equal(out.data, "dir/%2Ex");
	assert_true(name_unescape(&out, "%2Ey"));
	assert_string_equal(out.data, "dir/%2Ex.y");
	assert_false(name_unescape(&out, "%zz"));
	assert_string_equal(out.data, "dir/%2Ex.y");
	buf_release(&out);
}

static void test_not_names(void **state)
{
	(void)state;
	static const char *const CASES[] = {
		"", ".", "..", ".x", "-x", " x", "x ", " ", "a/b", "a\nb", "a\x7f", "a\xc2\x80",
		"a\xe2\x80\xae", "\xff", "\xc0\x80", "\xc0\xaf", "\xe4\xb8",
		/* bad */
		"%%", "%2", "a%", "%zz", "%2g", "%g2", "% 0", "a%2", "%-1",
		/* needless, or in lower case */
		"%41", "a%20b", "a%2E", "a%2D", "%2f", "%2e", "%7E", "%C3%A4", "%C0%80", "a%",
		"%E4%B8%AD", "%F0%9F%9A%80", "%00%", "%2E%2E",
		/* half of a character escaped, half not */
		"%E2%80\xae", "%E2\x80\xae", "\xe2%80%AE",
	};
	struct buf out;
	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
		if (name_unescape(&out, CASES[i]))
			fail_msg("accepted: %s", CASES[i]);
	char longer[NAME_BYTES_MAX + 2];
	memset(longer, 'x', sizeof longer);
	longer[NAME_BYTES_MAX + 1] = '\0';
	assert_false(name_unescape(&out, longer));
	assert_int_equal(out.len, 0);
	longer[NAME_BYTES_MAX] = '\0';
	assert_true(name_unescape(&out, longer));
	assert_string_equal(out.data, longer);
	buf_release(&out);
}

/* A text of `n` times one piece, escaped. */
static void escape_repeated(struct buf *out, struct buf *text, const char *head, const char *piece,
	int n)
{
	buf_init(text, 4000);
	buf_init(out, 1000);
	buf_puts(text, head);
	for (int i = 0; i < n; i++)
		buf_puts(text, piece);
	name_escape(out, text->data);
}

static void sixteen_of_sha256(char out[17], const char *text)
{
	unsigned char digest[DIGEST_BYTES];
	char hex[DIGEST_HEX + 1];
	digest_sha256(digest, text, strlen(text));
	digest_hex(hex, digest);
	memcpy(out, hex, 16);
	out[16] = '\0';
}

static void test_long_texts_are_cut(void **state)
{
	(void)state;
	static const struct {
		const char *head, *piece;
		int n;
		size_t len; /* of the name; 255 or less and not cut, or cut */
		bool cut;
	} CASES[] = {
		{ "", "x", 255, 255, false },
		{ "", "x", 256, 255, true },
		{ "", "x", 3000, 255, true },
		{ "", "/", 85, 255, false },
		{ "", "/", 86, 254, true }, /* 79 * 3 + 17 */
		{ "a", "/", 85, 255, true }, /* 1 + 79 * 3 + 17 */
		{ "ab", "/", 85, 253, true }, /* 2 + 78 * 3 + 17 */
		{ "", "\xf0\x9f\x9a\x80", 63, 252, false },
		{ "", "\xf0\x9f\x9a\x80", 64, 253, true }, /* 59 * 4 + 17 */
		{ "a", "\xf0\x9f\x9a\x80", 64, 254, true },
		{ "ab", "\xf0\x9f\x9a\x80", 64, 255, true },
		{ "abc", "\xf0\x9f\x9a\x80", 64, 252, true },
		{ "", "\xe8\xae\xad", 85, 255, false },
		{ "", "\xe8\xae\xad", 86, 254, true },
		{ "", " ", 300, 255, true },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct buf text, name, back;
		char hash[17];
		escape_repeated(&name, &text, CASES[i].head, CASES[i].piece, CASES[i].n);
		buf_init(&back, 1000);
		assert_int_equal(name.len, CASES[i].len);
		assert_int_equal(name_unescape(&back, name.data), !CASES[i].cut);
		if (CASES[i].cut) {
			sixteen_of_sha256(hash, text.data);
			assert_int_equal(name.data[name.len - 17], '~');
			assert_string_equal(name.data + name.len - 16, hash);
		}
		buf_release(&text);
		buf_release(&name);
		buf_release(&back);
	}
}

/* A text that equals the cut name of another text gets a different name. */
static void test_cut_names_have_no_doubles(void **state)
{
	(void)state;
	static const char *const PIECES[] = { "x", "/", "\xf0\x9f\x9a\x80", "\xe8\xae\xad", "%" };
	for (size_t i = 0; i < sizeof PIECES / sizeof *PIECES; i++) {
		struct buf text, name, second, third, back;
		escape_repeated(&name, &text, "", PIECES[i], 300);
		buf_init(&second, 1000);
		buf_init(&third, 1000);
		buf_init(&back, 1000);
		name_escape(&second, name.data);
		name_escape(&third, second.data);
		assert_string_not_equal(name.data, second.data);
		assert_string_not_equal(second.data, third.data);
		assert_string_not_equal(name.data, third.data);
		buf_release(&text);
		buf_release(&name);
		buf_release(&second);
		buf_release(&third);
		buf_release(&back);
	}
	/* If the name has room for an escaped '~', the text can still be recovered. */
	char text[254];
	memset(text, 'x', 253);
	memcpy(text + 253 - 17, "~0123456789abcdef", 18);
	struct buf name, back;
	buf_init(&name, 1000);
	buf_init(&back, 1000);
	name_escape(&name, text);
	assert_int_equal(name.len, 255);
	assert_memory_equal(name.data + 236, "%7E", 3);
	assert_true(name_unescape(&back, name.data));
	assert_string_equal(back.data, text);
	assert_false(name_unescape(&back, text));
	buf_release(&name);
	buf_release(&back);
}

static void test_distinct(void **state)
{
	(void)state;
	struct buf out, longest;
	char hash[17], expected[40];
	buf_init(&out, 1000);
	name_distinct(&out, "gpu_type", "GPUType");
	sixteen_of_sha256(hash, "GPUType");
	snprintf(expected, sizeof expected, "gpu_type~%s", hash);
	assert_string_equal(out.data, expected);
	buf_clear(&out);
	name_distinct(&out, "gpu_type", "gpuType");
	assert_string_not_equal(out.data, expected);
	/* The longest names: still no more than 255 bytes, no %XX cut in two. */
	buf_init(&longest, NAME_BYTES_MAX);
	for (int i = 0; i < 85; i++)
		buf_puts(&longest, "%2F");
	buf_clear(&out);
	name_distinct(&out, longest.data, "x");
	assert_int_equal(out.len, 79 * 3 + 17);
	buf_release(&longest);
	buf_release(&out);
}

static void test_probes(void **state)
{
	(void)state;
	static const char *const PROBES[] = {
		".", "..", ".git", ".Trash-1000", ".hidden", ".DS_Store", "autorun.inf",
		"AUTORUN.INF", "desktop.ini", "Desktop.ini", "Thumbs.db", "thumbs.db", "lost+found",
		"System Volume Information", "$RECYCLE.BIN",
	};
	static const char *const OTHERS[] = {
		"", "status", "train-1329791605108055040", "autorun", "m-608587242317024640",
		"autorun.inf2", "autorun.in", "README", "describe.json", "folder", "_table",
	};
	for (size_t i = 0; i < sizeof PROBES / sizeof *PROBES; i++)
		assert_true(name_is_probe(PROBES[i]));
	for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
		assert_false(name_is_probe(OTHERS[i]));
}

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33);
}

/* Pieces that need care in names, mixed with random bytes except NUL. */
static void make_hostile(struct buf *text, uint64_t *seed)
{
	static const char *const PIECES[] = {
		"/", ".", "..", "-", " ", "%", "%00", "%2F", "%E2", "~", "\n", "\x1b", "\x7f",
		"\xc0\x80", "\xc2\x85", "\xe2\x80\xae", "\xe2\x80", "\xed\xa0\x80",
		"\xf0\x9f\x9a\x80", "\xf4\x90\x80\x80", "\xe8\xae\xad", "\xff", "\xc3",
		"\x80", "a", "Z", "0", "~0123456789abcdef",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	};
	buf_clear(text);
	int n = (int)(next_random(seed) % (next_random(seed) % 4 ? 8 : 60));
	for (int i = 0; i < n; i++) {
		uint32_t pick = next_random(seed);
		if (pick % 4)
			buf_puts(text, PIECES[pick / 4 % (sizeof PIECES / sizeof *PIECES)]);
		else
			buf_putc(text, (char)(1 + pick / 4 % 255));
	}
}

/* Checks the header's rules with a UTF-8 decoder that shares no code with the program. */
static void assert_safe(const char *name)
{
	size_t len = strlen(name);
	assert_in_range(len, 1, NAME_BYTES_MAX);
	assert_null(strchr(name, '/'));
	assert_null(strchr(". -", name[0]));
	assert_int_not_equal(name[len - 1], ' ');
	for (const unsigned char *at = (const unsigned char *)name; *at;) {
		int more = *at < 0x80 ? 0 : *at < 0xc2 ? -1 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 :
			*at < 0xf5 ? 3 : -1;
		assert_int_not_equal(more, -1);
		uint32_t point = more == 0 ? *at : *at & (0x3fu >> more);
		for (at++; more > 0; more--, at++) {
			assert_in_range(*at, 0x80, 0xbf);
			point = point << 6 | (*at & 0x3f);
		}
		assert_true(point >= 0x20);
		assert_not_in_range(point, 0x7f, 0x9f);
		assert_not_in_range(point, 0xd800, 0xdfff);
		assert_not_in_range(point, 0x2028, 0x202e);
		assert_not_in_range(point, 0x2060, 0x206f);
		assert_not_in_range(point, 0xe0000, 0xe007f);
		assert_true(point != 0xad && point != 0x200b && point != 0x200e && point != 0x200f && point != 0xfeff);
		assert_true(point <= 0x10ffff);
	}
}

struct pair {
	char *text, *name;
};

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int by_name = strcmp(x->name, y->name);
	return by_name ? by_name : strcmp(x->text, y->text);
}

static void test_random_texts(void **state)
{
	(void)state;
	uint64_t seed = 20211111;
	struct buf text, name, back;
	buf_init(&text, TEXT_MAX * 4);
	buf_init(&name, 1000);
	buf_init(&back, TEXT_MAX * 4);
	struct pair *pairs = xcalloc(RANDOM_TEXTS, sizeof *pairs);
	int cut = 0, escaped = 0;
	for (int i = 0; i < RANDOM_TEXTS; i++) {
		make_hostile(&text, &seed);
		buf_clear(&name);
		name_escape(&name, text.data);
		assert_false(name.full);
		assert_safe(name.data);
		buf_clear(&back);
		if (name_unescape(&back, name.data)) {
			assert_string_equal(back.data, text.data);
		} else {
			/* Only a cut name is not reversible, and only a name that is too long is cut. */
			assert_in_range(name.len, 252, 255);
			assert_int_equal(name.data[name.len - 17], '~');
			assert_true(text.len * 3 > NAME_BYTES_MAX - 2);
			cut++;
		}
		escaped += strcmp(text.data, name.data) != 0;
		pairs[i] = (struct pair){ xstrdup(text.data), xstrdup(name.data) };
	}
	assert_in_range(cut, RANDOM_TEXTS / 100, RANDOM_TEXTS / 2);
	assert_in_range(escaped, RANDOM_TEXTS / 2, RANDOM_TEXTS - 1);
	qsort(pairs, RANDOM_TEXTS, sizeof *pairs, compare_pairs);
	for (int i = 1; i < RANDOM_TEXTS; i++)
		if (strcmp(pairs[i - 1].name, pairs[i].name) == 0)
			assert_string_equal(pairs[i - 1].text, pairs[i].text);
	for (int i = 0; i < RANDOM_TEXTS; i++) {
		free(pairs[i].text);
		free(pairs[i].name);
	}
	free(pairs);
	buf_release(&text);
	buf_release(&name);
	buf_release(&back);
}

/* The inverse: each accepted name is the escape of the text that it unescapes to. */
static void test_random_names(void **state)
{
	(void)state;
	uint64_t seed = 42;
	struct buf name, text, again;
	buf_init(&name, TEXT_MAX * 4);
	buf_init(&text, 1000);
	buf_init(&again, 1000);
	int accepted = 0;
	for (int i = 0; i < RANDOM_TEXTS; i++) {
		make_hostile(&name, &seed);
		buf_clear(&text);
		if (!name_unescape(&text, name.data)) {
			assert_int_equal(text.len, 0);
			continue;
		}
		accepted++;
		buf_clear(&again);
		name_escape(&again, text.data);
		assert_string_equal(again.data, name.data);
	}
	assert_true(accepted > RANDOM_TEXTS / 100);
	buf_release(&name);
	buf_release(&text);
	buf_release(&again);
}

static void test_names_of_secrets(void **state)
{
	static const char *const secrets[] = { "Password", "password", "passwd", "DbPasswd", "root_pwd", "PWD", "Secret",
		"ClientSecret", "InnerSecretKey", "secret_key", "secretkey", "SECRET-KEY", "NewSecretToken", "Token",
		"AccessTokens", "credential", "Credentials", "PrivateKey", "private_keys", "AccessKey", "LoginCommand",
		"login_command", "ApiKey", "API_KEY", "apikeys", "passphrase", "KubeConfig", "Password1", "password_hash",
		"PasswordBase64", "SecretPlaintext", "PrivateKeyPem", "private_key_2", "TokenValue", "SecretText", "client-key-data",
		"KubeConfigContent", "SSHKey", "ConnectionString", "Authorization", "SessionCookies", "Jwt" };
	static const char *const open[] = { "", "Id", "Status", "PasswordLength", "SecretName", "SecretId", "TokenCount",
		"Tokenizer", "Key", "KeyName", "TagKey", "Access", "Command", "Config", "s", "ss", "CosPath", "SecretKeyId",
		"Value", "Data1", "2", "Text", "SecretName1", "TokenCountValue", "KeyData", "String" };

	(void)state;
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
		if (!name_is_secret(secrets[i]))
			fail_msg("%s is no secret", secrets[i]);
	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		if (name_is_secret(open[i]))
			fail_msg("%s is a secret", open[i]);
	assert_true(name_is_token("TotalTokens") && name_is_token("token") && name_is_token("Token2") && !name_is_token("Password"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snake),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_adds),
		cmocka_unit_test(test_not_names),
		cmocka_unit_test(test_long_texts_are_cut),
		cmocka_unit_test(test_cut_names_have_no_doubles),
		cmocka_unit_test(test_distinct),
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_names_of_secrets),
		cmocka_unit_test(test_random_texts),
		cmocka_unit_test(test_random_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
