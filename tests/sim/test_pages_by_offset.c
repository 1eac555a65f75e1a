/*
 * test_pages_by_offset.c - listings page by page: what comes twice, what moves, what never ends, what is no page at all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { PAGE = 50, LIST_MS = 30000 };

struct place {
	struct world *world;
	struct cloud cloud; /* answers only when the test says so */
	uint64_t training;
	struct ask ask;
};

static void enter(struct place *place)
{
	*place = (struct place){ 0 };
	place->world = world_open(NULL);
	cloud_open(&place->cloud, place->world, -1);
	place->training = world_find(place->world, "training");
}

static void leave(struct place *place)
{
	world_close(place->world);
	cloud_close(&place->cloud);
}

static void begin(struct place *place)
{
	place->ask = (struct ask){ 0 };
	ask_put(&place->ask, place->world, ASK_OPEN, place->training, NULL);
}

/* The page that is taken in next; those after it may be asked for already. */
static struct exchange *head(struct place *place)
{
	return script_waiting(&place->world->script, 0);
}

/* Items first to last, in a page that says that there are `total`; 0 to -1 is none. */
static void page(struct place *place, int first, int last, int total)
{
	struct exchange *exchange = head(place);
	struct buf items;

	buf_init(&items, SIZE_MAX);
	for (int i = first; i <= last; i++)
		buf_printf(&items, "%s{\"Id\": \"train-%04d\", \"Status\": \"RUNNING\"}", i > first ? ", " : "",
			i);
	exchange_tencent(exchange, "\"TrainingTaskSet\": [%s], \"TotalCount\": %d", items.data, total);
	buf_release(&items);
}

static int64_t offset(struct place *place)
{
	return exchange_number(head(place), "Offset");
}

static void assert_count(struct place *place, size_t n, const char *complete)
{
	assert_found(&place->ask.reply);
	assert_int_equal(world_count(place->world, "training"), n);
	assert_xattr(place->world, place->training, "complete", complete);
}

/* What every request for a page looks like. */
static void test_a_page_is_asked_for_with_order_offset_and_limit(void **state)
{
	struct place place;
	(void)state;

	enter(&place);
	begin(&place);
	const struct exchange *first = world_only(place.world);
	assert_string_equal(first->method, "POST");
	assert_string_equal(first->base, "https://tione.tencentcloudapi.com");
	assert_string_equal(exchange_action(first), "DescribeTrainingTasks");
	assert_string_equal(first->body,
		"{\"OrderField\":\"CreateTime\",\"Order\":\"ASC\",\"Offset\":0,\"Limit\":50}");
	page(&place, 1, 50, 51);
	assert_int_equal(offset(&place), 50);
	page(&place, 51, 51, 51);
	assert_count(&place, 51, "1");
	leave(&place);
}

static void test_what_comes_twice_is_one(void **state)
{
	struct place place;
	(void)state;

	enter(&place);
	begin(&place);
	page(&place, 1, 50, 100);
	page(&place, 41, 90, 100); /* ten came in before, while we read */
	assert_count(&place, 90, "0"); /* and ten have not been seen */
	leave(&place);
}

static void test_a_list_that_grows_between_pages_is_read_to_its_new_end(void **state)
{
	struct place place;
	(void)state;

	enter(&place);
	begin(&place);
	page(&place, 1, 50, 60);
	page(&place, 51, 100, 120);
	/* it moves: from here on each page begins with the last one of the page before */
	assert_int_equal(offset(&place), 49);
	page(&place, 50, 99, 120);
	assert_int_equal(offset(&place), 98);
	page(&place, 99, 120, 120);
	assert_count(&place, 120, "1");
	leave(&place);
}

/* Later resources move up when one disappears; none may be missed between two pages. */
static void test_a_list_that_shrinks_between_pages_loses_none_that_stand(void **state)
{
	(void)state;

	for (int gone = 1; gone <= 60; gone += 7) {
		struct place place;
		int at = 0, total = 160;
		enter(&place);
		begin(&place);
		page(&place, 1, PAGE, total);
		total -= gone; /* the first ones went */
		while (place.world->script.n_waiting) {
			assert_in_range(offset(&place), 0, 160);
			int first = gone + (int)offset(&place) + 1;
			int last = first + PAGE - 1 < 160 ? first + PAGE - 1 : 160;
			page(&place, first, last, total);
			assert_in_range(++at, 1, 8);
		}
		assert_found(&place.ask.reply);
		char *names = world_ls(place.world, "training"), name[24];
		for (int i = gone + 1; i <= 160; i++) {
			snprintf(name, sizeof(name), "train-%04d ", i);
			assert_non_null(strstr(names, name));
		}
		free(names);
		leave(&place);
	}
}

static void test_a_total_that_goes_up_and_down_for_ever_ends_all_the_same(void **state)
{
	struct place place;
	int pages = 0;
	(void)state;

	enter(&place);
	begin(&place);
	while (!place.ask.answers) {
		if (!place.world->script.n_waiting) { /* for its turn in the rate */
			assert_true(script_step(&place.world->script));
			continue;
		}
		assert_in_range(++pages, 1, 100);
		page(&place, 1, PAGE, pages % 2 ? 1000 : 950);
	}
	leave(&place);
}

static void test_a_total_that_grows_for_ever_with_nothing_new_ends_as_no_answer(void **state)
{
	struct place place;
	int pages = 0;
	(void)state;

	enter(&place);
	begin(&place);
	while (!place.ask.answers) {
		if (!place.world->script.n_waiting) { /* for its turn in the rate */
			assert_true(script_step(&place.world->script));
			continue;
		}
		assert_in_range(++pages, 1, 10);
		page(&place, 1, PAGE, 1000 * pages);
	}
	assert_error(&place.ask.reply, ERR_ANSWER);
	leave(&place);
}

static void test_the_same_page_for_ever_is_no_answer_and_the_old_listing_stays(void **state)
{
	struct place place;
	int pages = 0;
	(void)state;

	enter(&place);
	begin(&place);
	page(&place, 1, 30, 30);
	assert_count(&place, 30, "1");
	script_advance(&place.world->script, LIST_MS);
	begin(&place);
	while (!place.ask.answers) {
		assert_in_range(++pages, 1, 8);
		page(&place, 101, 150, 5000);
	}
	assert_count(&place, 30, "1");
	assert_xattr(place.world, place.training, "stale", "1");
	leave(&place);
}

static void test_an_empty_page_before_the_end_ends_the_list_and_says_that_it_is_not_whole(void **state)
{
	struct place place;
	(void)state;

	enter(&place);
	begin(&place);
	page(&place, 1, 50, 120);
	page(&place, 0, -1, 120);
	assert_count(&place, 50, "0");
	leave(&place);
}

static void test_an_answer_without_the_items_that_it_promises_is_none(void **state)
{
	static const char *const answers[] = {
		"\"TrainingTaskSet\": [], \"TotalCount\": 3", "\"TrainingTaskSet\": null, \"TotalCount\": 3",
		"\"TotalCount\": 3", "\"Other\": 1", "\"TotalCount\": null", "\"TrainingTaskSet\": {}, \"TotalCount\": 0",
		"\"TrainingTaskSet\": \"none\", \"TotalCount\": 0", "\"TrainingTaskSet\": 7", };
	(void)state;

	for (size_t i = 0; i < COUNT(answers); i++) {
		for (int known = 0; known <= 1; known++) {
			struct place place;
			enter(&place);
			begin(&place);
			if (known) {
				page(&place, 1, 2, 2);
				script_advance(&place.world->script, LIST_MS);
				begin(&place);
			}
			exchange_tencent(world_only(place.world), "%s", answers[i]);
			if (known)
				assert_count(&place, 2, "1");
			else
				assert_error(&place.ask.reply, ERR_ANSWER);
			leave(&place);
		}
	}
}

static void test_nothing_at_all_is_an_answer(void **state)
{
	static const char *const answers[] = {
		"\"TrainingTaskSet\": [], \"TotalCount\": 0", "\"TrainingTaskSet\": null, \"TotalCount\": 0",
		"\"TotalCount\": 0", "\"TrainingTaskSet\": []",
		"\"TrainingTaskSet\": [], \"TotalCount\": null" };
	(void)state;

	for (size_t i = 0; i < COUNT(answers); i++) {
		struct place place;
		enter(&place);
		begin(&place);
		exchange_tencent(world_only(place.world), "%s", answers[i]);
		assert_count(&place, 0, "1");
		assert_count(&place, 0, "1");
		assert_calls(place.world, 1);
		leave(&place);
	}
}

/* Answers every page of `n` tasks, at most `most` a page, all with that total, until the question is answered. */
static size_t answer_all(struct place *place, int n, int most, const char *total)
{
	size_t pages = 0;

	while (!place->ask.answers) {
		if (!place->world->script.n_waiting) { /* for its turn in the rate */
			assert_true(script_step(&place->world->script));
			continue;
		}
		int first = (int)offset(place), items_max = (int)exchange_number(head(place), "Limit");
		struct buf items;
		assert_in_range(++pages, 1, 40);
		buf_init(&items, SIZE_MAX);
		for (int i = first; i < n && i < first + (items_max < most ? items_max : most); i++)
			buf_printf(&items, "%s{\"Id\": \"train-%d\"}", i > first ? "," : "", i);
		exchange_tencent(head(place), "\"TrainingTaskSet\": [%s]%s%s", items.data,
			*total ? ", \"TotalCount\": " : "", total);
		buf_release(&items);
	}
	return pages;
}

static void test_a_total_in_any_spelling_never_makes_a_part_pass_for_the_whole(void **state)
{
	static const struct {
		const char *total;
		bool counts; /* it says that there are 130 */
	} rows[] = {
		{ "130", true }, { "130.0", true }, { "1.3e2", true }, { "13E1", true }, { "1300e-1", true },
		{ "\"130\"", true }, { "\"130.0\"", true }, { "\"1.3e2\"", true },
		{ "", false }, { "null", false }, { "true", false }, { "false", false }, { "[130]", false },
		{ "[]", false }, { "{}", false }, { "{\"Count\": 130}", false }, { "\"\"", false },
		{ "\" 130 \"", false }, { "\"1,30\"", false }, { "\"many\"", false }, { "\"130+\"", false },
		{ "-1", false }, { "-130", false }, { "129.5", false }, { "1e-400", false }, { "0", false },
		{ "-0.0", false }, { "10", false }, { "29", false }, { "1e1", false },
		{ "9223372036854775808", false }, { "1e400", false }, { "\"99999999999999999999\"", false },
	};
	static const int most[] = { PAGE, 30, 1000 }; /* what the cloud puts onto a page */
	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t k = 0; k < COUNT(most); k++) {
			struct place place;
			size_t each = most[k] < PAGE ? (size_t)most[k] : PAGE;
			enter(&place);
			begin(&place);
			size_t pages = answer_all(&place, 130, most[k], rows[i].total);
			assert_count(&place, 130, "1");
			assert_int_equal(pages, (130 + each - 1) / each + !rows[i].counts);
			leave(&place);
		}
	}
}

static void test_a_total_that_promises_more_than_comes_is_no_whole_listing(void **state)
{
	static const char *const totals[] = { "131", "1310e-1", "\"200\"", "9223372036854775807", "1e18" };
	(void)state;

	for (size_t i = 0; i < COUNT(totals); i++) {
		struct place place;
		enter(&place);
		begin(&place);
		answer_all(&place, 130, PAGE, totals[i]);
		assert_count(&place, 130, "0");
		leave(&place);
	}
}

static void test_an_empty_answer_with_an_unreadable_total_empties_nothing(void **state)
{
	static const char *const totals[] = { "true", "[0]", "[]", "{}", "\"\"", "\" 0 \"", "\"none\"", "-1",
		"0.5", "1", "1.3e2", "9223372036854775808" };
	(void)state;

	for (size_t i = 0; i < COUNT(totals); i++) {
		struct place place;
		enter(&place);
		begin(&place);
		page(&place, 1, 2, 2);
		script_advance(&place.world->script, LIST_MS);
		begin(&place);
		answer_all(&place, 0, PAGE, totals[i]);
		assert_count(&place, 2, "1");
		assert_xattr(place.world, place.training, "stale", "1");
		leave(&place);
	}
}

static void test_an_answer_of_null_alone_empties_nothing(void **state)
{
	static const char *const answers[] = { "\"TrainingTaskSet\": null", "\"TrainingTaskSet\": null, \"TotalCount\": null",
		"\"TotalCount\": null" };
	(void)state;

	for (size_t i = 0; i < COUNT(answers); i++) {
		struct place place;
		enter(&place);
		begin(&place);
		page(&place, 1, 2, 2);
		script_advance(&place.world->script, LIST_MS);
		begin(&place);
		exchange_tencent(world_only(place.world), "%s", answers[i]);
		assert_count(&place, 2, "1");
		assert_xattr(place.world, place.training, "stale", "1");
		leave(&place);
	}
}

/* A total that came once holds for the rest of the reading. */
static void test_a_total_of_the_first_page_alone_is_remembered(void **state)
{
	struct place place;
	(void)state;

	enter(&place);
	begin(&place);
	page(&place, 1, 50, 130);
	exchange_tencent(head(&place), "\"TrainingTaskSet\": [], \"TotalCount\": null");
	assert_count(&place, 50, "0");
	leave(&place);
}

/* Two replicas that disagree: each page begins where the one before ended, so none can have been missed. */
static void test_a_total_that_flips_costs_two_calls_more(void **state)
{
	(void)state;

	for (int low = 60; low < 200; low += 10) {
		struct place place;
		int pages = 0;
		enter(&place);
		begin(&place);
		while (!place.ask.answers) {
			int first = (int)offset(&place) + 1, last = first + PAGE - 1;
			assert_in_range(++pages, 1, 6);
			page(&place, first, last < 130 ? last : 130, pages % 2 ? 130 : low);
		}
		assert_found(&place.ask.reply);
		assert_int_equal(world_count(place.world, "training"), 130);
		leave(&place);
	}
}

/* A total that is less than what the pages before it brought ends no list, wherever its own page ends. */
static void test_a_total_below_what_already_came_ends_no_list(void **state)
{
	(void)state;

	for (int low = 0; low <= 50; low += 5) {
		struct place place;
		int pages = 0;
		enter(&place);
		begin(&place);
		while (!place.ask.answers) {
			int first = (int)offset(&place) + 1, last = first + PAGE - 1;
			assert_in_range(++pages, 1, 8);
			page(&place, first, last < 130 ? last : 130, pages == 1 ? 130 : low);
		}
		assert_found(&place.ask.reply);
		assert_int_equal(world_count(place.world, "training"), 130);
		leave(&place);
	}
}

/* ---- how many a page may hold ---- */

static void refuse_limit(struct place *place, int64_t limit, const char *code, const char *message)
{
	struct buf body;

	assert_int_equal(exchange_number(head(place), "Limit"), limit);
	buf_init(&body, SIZE_MAX);
	buf_printf(&body, "{\"Response\": {\"Error\": {\"Code\": \"%s\", \"Message\": \"%s\"}, "
		"\"RequestId\": \"r\"}}", code, message);
	exchange_say(head(place), 200, body.data);
	buf_release(&body);
}

static void test_a_limit_that_is_refused_is_halved_and_remembered(void **state)
{
	static const struct {
		const char *code, *message;
	} rows[] = {
		{ "InvalidParameterValue", "The value of `Limit` must be at most 20" },
		{ "InvalidParameterValue.Limit", "too big" },
		{ "InvalidParameterValue.LimitExceeded", "" },
		{ "InvalidParameter", "limit out of range" },
		{ "InvalidParameterValue", "page size must be <= 20" },
		{ "InvalidParameterValue", "PageSize is over 20" },
		{ "InvalidParameter", "page_size: at most 20" },
		{ "InvalidParameterValue.MaxResults", "" },
		{ "InvalidParameter", "invalid argument: max-keys" },
		{ "InvalidParameterValue", "no more than 20 items per page" },
		{ "InvalidParameterValue", "\xe6\xaf\x8f\xe9\xa1\xb5 20" },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct place place;
		enter(&place);
		begin(&place);
		refuse_limit(&place, 50, rows[i].code, rows[i].message);
		refuse_limit(&place, 25, rows[i].code, rows[i].message);
		assert_int_equal(exchange_number(head(&place), "Limit"), 12);
		assert_int_equal(answer_all(&place, 130, PAGE, "130"), 11);
		assert_count(&place, 130, "1");
		script_advance(&place.world->script, LIST_MS);
		begin(&place);
		assert_int_equal(exchange_number(head(&place), "Limit"), 12);
		assert_int_equal(answer_all(&place, 130, PAGE, "130"), 11);
		assert_count(&place, 130, "1");
		leave(&place);
	}
}

static void test_a_limit_that_is_refused_in_the_middle_is_halved_there(void **state)
{
	struct place place;
	(void)state;

	enter(&place);
	begin(&place);
	page(&place, 1, 50, 130);
	assert_int_equal(offset(&place), 50);
	refuse_limit(&place, 50, "InvalidParameterValue", "Limit");
	assert_int_equal(offset(&place), 50);
	page(&place, 51, 75, 130);
	page(&place, 76, 100, 130);
	page(&place, 101, 125, 130);
	page(&place, 126, 130, 130);
	assert_count(&place, 130, "1");
	leave(&place);
}

static void test_a_refusal_that_no_limit_mends_stands_and_is_not_remembered(void **state)
{
	struct place place;
	(void)state;

	enter(&place);
	begin(&place);
	refuse_limit(&place, 50, "InvalidParameterValue", "Limit");
	refuse_limit(&place, 25, "InvalidParameterValue", "Limit");
	refuse_limit(&place, 12, "InvalidParameterValue", "Limit");
	refuse_limit(&place, 10, "InvalidParameterValue", "Limit");
	assert_error(&place.ask.reply, ERR_PARAMETER);
	script_advance(&place.world->script, LIST_MS);
	begin(&place);
	refuse_limit(&place, 50, "InvalidParameterValue", "Order: a page does not fit; size");
	assert_error(&place.ask.reply, ERR_PARAMETER);
	leave(&place);
}

/* ---- items ---- */

/* promise: 4 */
static void test_one_bad_item_hides_no_other(void **state)
{
	static const char *const bad[] = { "null", "7", "\"train-x\"", "[]", "{}", "{\"Id\": null}",
		"{\"Id\": {}}", "{\"Id\": [\"train-x\"]}", "{\"Id\": true}", "{\"id\": \"train-x\"}" };
	(void)state;

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct place place;
		enter(&place);
		begin(&place);
		exchange_tencent(world_only(place.world), "\"TrainingTaskSet\": [{\"Id\": \"train-1\", "
			"\"Status\": \"RUNNING\"}, %s, {\"Id\": \"train-2\"}], \"TotalCount\": 3", bad[i]);
		assert_count(&place, 2, "0");
		assert_ls(place.world, "training", "train-1 train-2 ");
		assert_cat(place.world, "training/train-1/status", "RUNNING\n");
		assert_int_equal(engine_stats(place.world->engine).failures, 1);
		assert_calls(place.world, 1);
		leave(&place);
	}
}

static void test_a_numeric_id_is_its_digits(void **state)
{
	struct place place;
	(void)state;

	enter(&place);
	begin(&place);
	exchange_tencent(world_only(place.world), "\"TrainingTaskSet\": [{\"Id\": 9007199254740993}], "
		"\"TotalCount\": 1");
	assert_ls(place.world, "training", "9007199254740993 ");
	leave(&place);
}

/* Each gets a name of its own that can be opened, whatever it is. */
/* promise: 4 */
static void test_hostile_ids_are_all_listed_once_and_can_be_entered(void **state)
{
	static const char *const ids[] = { "", ".", "..", "/", "a/b", "../../etc/passwd", "-rf", " ", "a ",
		"%41", "\\u0000", "a\\u0000b", "a", "\\n", "\\u001b[2J", "\\u202e", "\\ud800", ".git", "README",
		"~", "*", "\\u00e9", "e\\u0301", "train-1" };
	struct place place;
	struct buf items, name;
	uint64_t cookie = 0;
	struct entry entry;
	const char *next;
	size_t n = 0;
	(void)state;

	enter(&place);
	begin(&place);
	buf_init(&items, SIZE_MAX);
	buf_init(&name, SIZE_MAX);
	for (size_t i = 0; i < COUNT(ids); i++)
		buf_printf(&items, "%s{\"Id\": \"%s\", \"Status\": \"S%zu\"}", i ? ", " : "", ids[i], i);
	for (int c = 0; c < 70000; c++) /* and one that is longer than any name */
		buf_putc(&name, 'x');
	buf_printf(&items, ", {\"Id\": \"%s\", \"Status\": \"S%zu\"}", name.data, COUNT(ids));
	exchange_tencent(world_only(place.world), "\"TrainingTaskSet\": [%s], \"TotalCount\": %zu",
		items.data, COUNT(ids) + 1);
	assert_found(&place.ask.reply);
	struct query_time query = { .now_ms = place.world->script.now_ms };
	while (tree_next(place.world->tree, place.training, &cookie, &next, &entry, query)) {
		char status[16];
		size_t size;
		buf_clear(&name);
		buf_puts(&name, next); /* borrowed: the lookups change the tree */
		assert_in_range(strlen(name.data), 1, 255);
		assert_null(strchr(name.data, '/'));
		assert_string_not_equal(name.data, ".");
		assert_string_not_equal(name.data, "..");
		struct reply reply = world_ask(place.world, ASK_LOOKUP, place.training, name.data);
		assert_found(&reply);
		assert_int_equal(reply.entry.id, entry.id);
		reply = world_ask(place.world, ASK_LOOKUP, reply.entry.id, "status");
		assert_found(&reply);
		snprintf(status, sizeof(status), "S%zu\n", n++);
		assert_memory_equal(tree_read(place.world->tree, reply.entry.id, &size), status,
			strlen(status));
	}
	assert_int_equal(n, COUNT(ids) + 1);
	assert_calls(place.world, 1);
	buf_release(&items);
	buf_release(&name);
	leave(&place);
}

static void test_the_same_id_twice_in_one_page_is_one_entry_with_the_last_words(void **state)
{
	struct place place;
	(void)state;

	enter(&place);
	begin(&place);
	exchange_tencent(world_only(place.world), "\"TrainingTaskSet\": [{\"Id\": \"train-1\", "
		"\"Status\": \"A\"}, {\"Id\": \"train-1\", \"Status\": \"B\"}], \"TotalCount\": 2");
	assert_ls(place.world, "training", "train-1 ");
	assert_cat(place.world, "training/train-1/status", "B\n");
	leave(&place);
}

/* ---- all or nothing ---- */

/* promise: 3 */
static void test_a_page_that_fails_leaves_the_old_listing_whole(void **state)
{
	(void)state;

	for (int failing = 0; failing < 3; failing++) {
		struct place place;
		enter(&place);
		begin(&place);
		page(&place, 1, 40, 40);
		script_advance(&place.world->script, LIST_MS);
		begin(&place);
		for (int i = 0; i < failing; i++)
			page(&place, 20 + i * PAGE, 20 + i * PAGE + PAGE - 1, 150);
		exchange_fail(head(&place), ERR_TLS);
		assert_count(&place, 40, "1");
		assert_xattr(place.world, place.training, "stale", "1");
		char *names = world_ls(place.world, "training");
		assert_null(strstr(names, "train-0041"));
		assert_non_null(strstr(names, "train-0001 "));
		free(names);
		/* and the next list is whole again */
		script_advance(&place.world->script, 1000);
		begin(&place);
		page(&place, 20, 69, 51);
		page(&place, 70, 70, 51);
		assert_count(&place, 51, "1");
		leave(&place);
	}
}

/* promise: 3 */
static void test_a_first_list_that_fails_in_the_middle_shows_nothing(void **state)
{
	struct place place;
	(void)state;

	enter(&place);
	begin(&place);
	page(&place, 1, 50, 120);
	page(&place, 51, 100, 120);
	exchange_fail(head(&place), ERR_TLS);
	assert_error(&place.ask.reply, ERR_TLS);
	assert_null(world_names(place.world, place.training));
	leave(&place);
}

static void test_who_wants_it_whole_waits_for_the_last_page_but_each_item_can_be_read(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	begin(&place);
	page(&place, 1, 50, 60);
	assert_int_equal(place.ask.answers, 0);
	ask_put(&ask, place.world, ASK_LOOKUP, place.training, "train-0007");
	assert_found(&ask.reply);
	page(&place, 51, 60, 60);
	assert_count(&place, 60, "1");
	assert_calls(place.world, 2);
	leave(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_is_asked_for_with_order_offset_and_limit),
		cmocka_unit_test(test_what_comes_twice_is_one),
		cmocka_unit_test(test_a_list_that_grows_between_pages_is_read_to_its_new_end),
		cmocka_unit_test(test_a_list_that_shrinks_between_pages_loses_none_that_stand),
		cmocka_unit_test(test_a_total_that_goes_up_and_down_for_ever_ends_all_the_same),
		cmocka_unit_test(test_a_total_that_grows_for_ever_with_nothing_new_ends_as_no_answer),
		cmocka_unit_test(test_the_same_page_for_ever_is_no_answer_and_the_old_listing_stays),
		cmocka_unit_test(test_an_empty_page_before_the_end_ends_the_list_and_says_that_it_is_not_whole),
		cmocka_unit_test(test_an_answer_without_the_items_that_it_promises_is_none),
		cmocka_unit_test(test_nothing_at_all_is_an_answer),
		cmocka_unit_test(test_a_total_in_any_spelling_never_makes_a_part_pass_for_the_whole),
		cmocka_unit_test(test_a_total_that_promises_more_than_comes_is_no_whole_listing),
		cmocka_unit_test(test_an_empty_answer_with_an_unreadable_total_empties_nothing),
		cmocka_unit_test(test_an_answer_of_null_alone_empties_nothing),
		cmocka_unit_test(test_a_total_of_the_first_page_alone_is_remembered),
		cmocka_unit_test(test_a_total_below_what_already_came_ends_no_list),
		cmocka_unit_test(test_a_total_that_flips_costs_two_calls_more),
		cmocka_unit_test(test_a_limit_that_is_refused_is_halved_and_remembered),
		cmocka_unit_test(test_a_limit_that_is_refused_in_the_middle_is_halved_there),
		cmocka_unit_test(test_a_refusal_that_no_limit_mends_stands_and_is_not_remembered),
		cmocka_unit_test(test_one_bad_item_hides_no_other),
		cmocka_unit_test(test_a_numeric_id_is_its_digits),
		cmocka_unit_test(test_hostile_ids_are_all_listed_once_and_can_be_entered),
		cmocka_unit_test(test_the_same_id_twice_in_one_page_is_one_entry_with_the_last_words),
		cmocka_unit_test(test_a_page_that_fails_leaves_the_old_listing_whole),
		cmocka_unit_test(test_a_first_list_that_fails_in_the_middle_shows_nothing),
		cmocka_unit_test(test_who_wants_it_whole_waits_for_the_last_page_but_each_item_can_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
