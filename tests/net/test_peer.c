/*
 * test_peer.c - how far away an address is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "net/peer.h"

enum { NOT_NEAR = REACH_PRIVATE + 1 };

static const struct field {
	const char *text;
	int nearest; /* the smallest reach that includes it */
} ROWS[] = {
	{ "127.0.0.1", REACH_SELF }, { "127.255.255.254", REACH_SELF }, { "::1", REACH_SELF },
	{ "::ffff:127.0.0.1", REACH_SELF }, { "126.255.255.255", NOT_NEAR }, { "128.0.0.1", NOT_NEAR },
	{ "169.254.0.23", REACH_LINK }, { "169.254.169.254", REACH_LINK }, { "169.253.255.255", NOT_NEAR },
	{ "169.255.0.1", NOT_NEAR }, { "fe80::1", REACH_LINK }, { "febf::1", REACH_LINK }, { "fec0::1", NOT_NEAR },
	{ "::ffff:169.254.0.23", REACH_LINK },
	{ "10.0.0.1", REACH_PRIVATE }, { "172.16.0.1", REACH_PRIVATE }, { "172.31.255.255", REACH_PRIVATE },
	{ "172.15.0.1", NOT_NEAR }, { "172.32.0.1", NOT_NEAR }, { "192.168.1.1", REACH_PRIVATE },
	{ "100.64.0.1", REACH_PRIVATE }, { "100.127.255.255", REACH_PRIVATE }, { "100.128.0.1", NOT_NEAR },
	{ "fc00::1", REACH_PRIVATE }, { "fdff::1", REACH_PRIVATE }, { "fe00::1", NOT_NEAR },
	{ "8.8.8.8", NOT_NEAR }, { "2001:db8::1", NOT_NEAR }, { "::2", NOT_NEAR }, { "0.0.0.0", NOT_NEAR },
	{ "::", NOT_NEAR },
};

static void each_address_has_its_reach(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
		for (int reach = REACH_SELF; reach <= REACH_PRIVATE; reach++)
			if (peer_text_is_within(ROWS[i].text, (enum reach)reach) != (reach >= ROWS[i].nearest))
				fail_msg("%s, reach %d", ROWS[i].text, reach);
}

static void what_is_no_address_is_nowhere_near(void **state)
{
	static const char *const TEXTS[] = { "", "localhost", "127.1", "0x7f.1", "127.0.0.01", "[::1]", "fe80::1%lo" };
	(void)state;
	for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
		assert_false(peer_text_is_address(TEXTS[i]));
		assert_false(peer_text_is_within(TEXTS[i], REACH_PRIVATE));
	}
}

static bool is_nowhere(const char *v4, const char *v6)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	if (v4 && inet_pton(AF_INET, v4, &in.sin_addr) == 1)
		return peer_is_nowhere((struct sockaddr *)&in);
	assert_int_equal(inet_pton(AF_INET6, v6, &in6.sin6_addr), 1);
	return peer_is_nowhere((struct sockaddr *)&in6);
}

static void the_addresses_of_nowhere(void **state)
{
	(void)state;
	assert_true(is_nowhere("0.0.0.0", NULL));
	assert_true(is_nowhere(NULL, "::"));
	assert_true(is_nowhere(NULL, "::ffff:0.0.0.0"));
	assert_false(is_nowhere("0.0.0.1", NULL));
	assert_false(is_nowhere(NULL, "::1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_address_has_its_reach),
		cmocka_unit_test(what_is_no_address_is_nowhere_near),
		cmocka_unit_test(the_addresses_of_nowhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
