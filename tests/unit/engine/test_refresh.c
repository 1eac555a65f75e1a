/*
 * test_refresh.c - which items and pages a refresh believes, and what it does after each page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/refresh.h"

enum { KNOWN_S = 1000 }; /* the last change that the reading before saw */

static const struct listed LIVE = { .terminal = false };
static const struct listed ENDED = { .terminal = true };
static const struct listed ENDED_NOW = { .terminal = true, .changed = true };

static struct fetch_refresh begin(void)
{
	return (struct fetch_refresh){ .known_s = KNOWN_S, .last_s = INT64_MAX };
}

static void test_the_first_phase_takes_live_items_alone(void **state)
{
	struct fetch_refresh refresh = begin();
	(void)state;

	assert_true(refresh_takes(&refresh, PHASE_LIVE, 900, &LIVE));
	assert_true(refresh_takes(&refresh, PHASE_LIVE, 0, &LIVE)); /* it does not say when it was changed */
	assert_true(refresh_takes(&refresh, PHASE_LIVE, 950, &LIVE)); /* in any order */
	assert_false(refresh_takes(&refresh, PHASE_LIVE, 900, &ENDED));
}

static void test_the_second_phase_takes_items_from_the_newest_to_the_oldest(void **state)
{
	struct fetch_refresh refresh = begin();
	(void)state;

	assert_true(refresh_takes(&refresh, PHASE_NEWEST, 1200, &LIVE));
	assert_true(refresh_takes(&refresh, PHASE_NEWEST, 1200, &ENDED)); /* of the same second */
	assert_true(refresh_takes(&refresh, PHASE_NEWEST, 900, &LIVE));
	assert_false(refresh_takes(&refresh, PHASE_NEWEST, 901, &LIVE));
}

static void test_the_second_phase_takes_no_item_without_a_time(void **state)
{
	struct fetch_refresh refresh = begin();
	(void)state;

	assert_false(refresh_takes(&refresh, PHASE_NEWEST, 0, &LIVE));
}

static void test_other_readings_take_every_item(void **state)
{
	static const enum phase phases[] = { PHASE_WHOLE, PHASE_FILTERED };
	(void)state;

	for (size_t i = 0; i < sizeof(phases) / sizeof(*phases); i++) {
		struct fetch_refresh refresh = begin();
		assert_true(refresh_takes(&refresh, phases[i], 900, &ENDED));
		assert_true(refresh_takes(&refresh, phases[i], 0, &LIVE));
		assert_true(refresh_takes(&refresh, phases[i], 1200, &ENDED_NOW));
	}
}

static void test_the_newest_change_is_remembered_in_any_phase(void **state)
{
	struct fetch_refresh refresh = begin();
	(void)state;

	refresh_takes(&refresh, PHASE_LIVE, 1100, &LIVE);
	refresh_takes(&refresh, PHASE_NEWEST, 1300, &LIVE);
	refresh_takes(&refresh, PHASE_NEWEST, 900, &LIVE);
	assert_int_equal(refresh.newest_s, 1300);
}

/* Of the second phase they are counted already, as far as they are live. */
static void test_live_items_of_the_first_phase_are_counted(void **state)
{
	struct fetch_refresh refresh = begin();
	(void)state;

	refresh_takes(&refresh, PHASE_LIVE, 900, &LIVE);
	refresh_takes(&refresh, PHASE_LIVE, 900, &LIVE);
	refresh_takes(&refresh, PHASE_NEWEST, 900, &LIVE);
	assert_int_equal(refresh.n_live, 2);
	refresh_takes(&refresh, PHASE_WHOLE, 900, &LIVE);
	refresh_takes(&refresh, PHASE_WHOLE, 900, &ENDED);
	assert_int_equal(refresh.n_live, 3);
}

/* An item is news if it says something else than before, or was touched since the reading before. */
static void test_news_are_counted_for_each_page(void **state)
{
	const struct refresh_page page = { .is_trusted = true, .more = true, .offset = 50, .total = 500 };
	struct fetch_refresh refresh = begin();
	(void)state;

	refresh_takes(&refresh, PHASE_NEWEST, KNOWN_S + 2, &ENDED);
	refresh_takes(&refresh, PHASE_NEWEST, KNOWN_S, &ENDED_NOW);
	refresh_takes(&refresh, PHASE_NEWEST, KNOWN_S, &ENDED);
	assert_int_equal(refresh.n_news, 2);
	assert_int_equal(refresh_judge_page(&refresh, PHASE_NEWEST, &page), REFRESH_CONTINUE);
	assert_int_equal(refresh.n_news, 0);
	refresh_takes(&refresh, PHASE_NEWEST, KNOWN_S - 1, &ENDED);
	assert_int_equal(refresh_judge_page(&refresh, PHASE_NEWEST, &page), REFRESH_DONE);
}

static void test_each_page_has_its_verdict(void **state)
{
	static const struct {
		enum phase phase;
		size_t n_news;
		struct refresh_page page; /* is_trusted, more, offset, total */
		enum refresh_verdict verdict;
	} rows[] = {
		{ PHASE_LIVE, 1, { true, true, 50, 500 }, REFRESH_CONTINUE },
		{ PHASE_LIVE, 0, { true, true, 450, 500 }, REFRESH_CONTINUE }, /* all live items are needed */
		{ PHASE_LIVE, 1, { true, false, 60, 60 }, REFRESH_NEXT_PHASE },
		{ PHASE_LIVE, 1, { false, true, 50, 500 }, REFRESH_READ_WHOLE },
		{ PHASE_LIVE, 1, { false, false, 50, 50 }, REFRESH_READ_WHOLE },
		{ PHASE_NEWEST, 1, { true, true, 50, 500 }, REFRESH_CONTINUE },
		{ PHASE_NEWEST, 1, { true, true, 250, 500 }, REFRESH_CONTINUE },
		{ PHASE_NEWEST, 1, { true, true, 251, 500 }, REFRESH_READ_WHOLE }, /* most of it is new */
		{ PHASE_NEWEST, 0, { true, true, 450, 500 }, REFRESH_DONE },
		{ PHASE_NEWEST, 1, { true, false, 500, 500 }, REFRESH_DONE },
		{ PHASE_NEWEST, 0, { false, true, 50, 500 }, REFRESH_READ_WHOLE },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fetch_refresh refresh = begin();
		refresh.n_news = rows[i].n_news;
		assert_int_equal(refresh_judge_page(&refresh, rows[i].phase, &rows[i].page), rows[i].verdict);
		assert_int_equal(refresh.n_news, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_phase_takes_live_items_alone),
		cmocka_unit_test(test_the_second_phase_takes_items_from_the_newest_to_the_oldest),
		cmocka_unit_test(test_the_second_phase_takes_no_item_without_a_time),
		cmocka_unit_test(test_other_readings_take_every_item),
		cmocka_unit_test(test_the_newest_change_is_remembered_in_any_phase),
		cmocka_unit_test(test_live_items_of_the_first_phase_are_counted),
		cmocka_unit_test(test_news_are_counted_for_each_page),
		cmocka_unit_test(test_each_page_has_its_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
