/*
 * test_redact.c - which pieces of a secret are removed from a text of a peer, and which stay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/redact.h"

#define SECRET "AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA"

static const struct field {
	const char *text, *secret, *wanted;
} ROWS[] = {
	{ "nothing of it", SECRET, "nothing of it" },
	{ SECRET, SECRET, "***" },
	{ "The SecretId " SECRET " is not found.", SECRET, "The SecretId *** is not found." },
	{ SECRET SECRET "," SECRET, SECRET, "******,***" },
	{ "akidZ8KRBSj5ykbzqPN74wfKMlpX3GNpHesa!", SECRET, "***!" },
	{ "cut off: AKIDz8krbsJ5yKBZ", SECRET, "cut off: ***" },
	{ "its end: gnPhESA, PhESA, x3gnPhESA", SECRET, "its end: gnPhESA, PhESA, ***" },
	{ "seven: AKIDz8k of it", SECRET, "seven: AKIDz8k of it" },
	{ "eight: AKIDz8kr of it", SECRET, "eight: *** of it" },
	{ "1AKIDz8kr2AKIDz8kr3AKIDz8kr4", SECRET, "1***2***3***4" },
	{ "a short pass1 here", "pass1", "a short *** here" },
	{ "abc", "abc", "abc" },
	{ "", SECRET, "" },
	{ "text", NULL, "text" },
	{ "text", "", "text" },
	{ "************", "************", "***" },
	{ "t=tok%2BenVa1%2Fue%3D%3D&", "tok+enVa1/ue==", "t=***&" },
	{ "t=tok%2ben%2fValue&", "tok+en/Value==", "t=***&" },
	{ "hex: 746f6b2b656e5661312f75653d3d.", "tok+enVa1/ue==", "hex: ***." },
	{ "Zm9yOiBub3RoaW5nIG9mIGl0", SECRET, "Zm9yOiBub3RoaW5nIG9mIGl0" },
	{ "746f6b", "tok+enVa1/ue==", "746f6b" },
	/* a request id is not searched, unless it is the secret; a text of nearly that form is searched */
	{ "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0", "x4f50-6172-839", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0" },
	{ "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0", "0B1C2D3E-4f50-6172-8394-a5b6c7d8e9f0", "***" },
	{ "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9fg", "x4f50-6172-839", "0b1c2d3e-***4-a5b6c7d8e9fg" },
};

static void what_is_of_the_secret_goes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		char *text = xstrdup(ROWS[i].text);
		redact(text, ROWS[i].secret);
		assert_string_equal(text, ROWS[i].wanted);
		free(text);
	}
}

/* No piece of eight bytes is left, whatever its position and however the secret is cut. */
static void no_place_hides_it(void **state)
{
	(void)state;
	for (size_t at = 0; at < 20; at++)
		for (size_t from = 0; from + REDACT_BYTES <= sizeof SECRET - 1; from++)
			for (size_t len = REDACT_BYTES; from + len < sizeof SECRET; len++) {
				char text[80] = "....................";
				memcpy(text + at, SECRET + from, len);
				memcpy(text + at + len, "..", 3);
				redact(text, SECRET);
				assert_int_equal(strlen(text), at + 3 + 2);
				assert_int_equal(strspn(text, ".*"), strlen(text));
			}
}

/* Each text is "a SECRET", "ab SECRET" or "abc SECRET"; six bytes at an end share digits with what is beside. */
static void base64_hides_it_at_no_place(void **state)
{
	static const char *const TEXTS[] = {
		"YSBBS0lEejhrcmJzSjV5S0JaUXBuNzRXRmttTFB4M2duUGhFU0E=",
		"YWIgQUtJRHo4a3Jic0o1eUtCWlFwbjc0V0ZrbUxQeDNnblBoRVNB",
		"YWJjIEFLSUR6OGtyYnNKNXlLQlpRcG43NFdGa21MUHgzZ25QaEVTQQ==",
	};

	(void)state;
	for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
		char *text = xstrdup(TEXTS[i]);
		redact(text, SECRET);
		assert_in_range(strlen(text), 3, 3 + 12);
		assert_non_null(strstr(text, "***"));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_of_the_secret_goes),
		cmocka_unit_test(no_place_hides_it),
		cmocka_unit_test(base64_hides_it_at_no_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
