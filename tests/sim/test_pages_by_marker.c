/*
 * test_pages_by_marker.c - listings whose pages lead to one another by a marker.
 */
#include "cloud.h"

struct place {
	struct world *world;
	struct cloud cloud; /* answers only when the test says so */
	uint64_t finetuning;
	struct ask ask;
};

static void enter(struct place *place)
{
	struct setup setup = world_setup();

	*place = (struct place){ 0 };
	setup.catalog = "qianfan";
	place->world = world_open(&setup);
	cloud_open(&place->cloud, place->world, -1);
	place->finetuning = world_find(place->world, "finetuning");
}

static void leave(struct place *place)
{
	world_close(place->world);
	cloud_close(&place->cloud);
}

static void begin(struct place *place)
{
	place->ask = (struct ask){ 0 };
	ask_put(&place->ask, place->world, ASK_OPEN, place->finetuning, NULL);
}

static void jobs(struct place *place, int first, int last, const char *info)
{
	struct buf items;

	buf_init(&items, SIZE_MAX);
	for (int i = first; i <= last; i++)
		buf_printf(&items, "%s{\"jobId\": \"job-%d\"}", i > first ? ", " : "", i);
	exchange_baidu(world_only(place->world), "{\"jobList\": [%s], \"pageInfo\": {%s}}", items.data,
		info);
	buf_release(&items);
}

static void test_markers_are_followed_until_the_list_is_not_truncated(void **state)
{
	struct place place;
	(void)state;

	enter(&place);
	begin(&place);
	const struct exchange *first = world_only(place.world);
	assert_string_equal(first->path, "/v2/finetuning");
	assert_string_equal(first->query, "Action=DescribeFineTuningJobs");
	assert_string_equal(first->body, "{\"maxKeys\":100}");
	jobs(&place, 1, 2, "\"isTruncated\": true, \"nextMarker\": \"job-3\"");
	assert_string_equal(world_only(place.world)->body, "{\"marker\":\"job-3\",\"maxKeys\":100}");
	jobs(&place, 3, 4, "\"isTruncated\": true, \"nextMarker\": \"job-5\"");
	jobs(&place, 5, 5, "\"isTruncated\": false");
	assert_found(&place.ask.reply);
	assert_ls(place.world, "finetuning", "job-1 job-2 job-3 job-4 job-5 ");
	assert_xattr(place.world, place.finetuning, "complete", "1");
	assert_calls(place.world, 3);
	leave(&place);
}

static void test_a_marker_that_leads_nowhere_ends_the_list_as_not_whole(void **state)
{
	static const char *const infos[] = { "\"isTruncated\": true, \"nextMarker\": \"\"",
		"\"isTruncated\": true", "\"isTruncated\": true, \"nextMarker\": null",
		"\"isTruncated\": true, \"nextMarker\": \"job-3\"" };
	(void)state;

	for (size_t i = 0; i < COUNT(infos); i++) {
		struct place place;
		enter(&place);
		begin(&place);
		jobs(&place, 1, 2, "\"isTruncated\": true, \"nextMarker\": \"job-3\"");
		jobs(&place, 3, 4, infos[i]);
		assert_found(&place.ask.reply);
		assert_ls(place.world, "finetuning", "job-1 job-2 job-3 job-4 ");
		assert_xattr(place.world, place.finetuning, "complete", "0");
		leave(&place);
	}
}

/* What did not come may have been in what did not come. */
static void test_a_list_that_is_not_whole_makes_no_resource_absent(void **state)
{
	struct place place;
	struct reply reply;
	(void)state;

	enter(&place);
	begin(&place);
	jobs(&place, 1, 5, "\"isTruncated\": false");
	reply = world_ask(place.world, ASK_LOOKUP, place.finetuning, "job-9");
	assert_absent(&reply); /* that list was whole */
	uint64_t fifth = world_find(place.world, "finetuning/job-5");
	script_advance(&place.world->script, 40000);
	begin(&place);
	jobs(&place, 1, 2, "\"isTruncated\": true, \"nextMarker\": \"\"");
	assert_found(&place.ask.reply);
	world_find(place.world, "finetuning/job-1/job_id");
	for (int id = 5; id <= 9; id += 4) {
		reply = world_ask(place.world, ASK_LOOKUP, place.finetuning, id == 5 ? "job-5" : "job-9");
		assert_error(&reply, ERR_ANSWER);
	}
	reply = world_ask(place.world, ASK_LOOKUP, fifth, "job_id");
	assert_error(&reply, ERR_ANSWER);
	script_advance(&place.world->script, 40000);
	begin(&place);
	jobs(&place, 1, 2, "\"isTruncated\": false");
	reply = world_ask(place.world, ASK_LOOKUP, place.finetuning, "job-5");
	assert_absent(&reply);
	leave(&place);
}

/* What the first page says of more, and what comes of it. */
static void test_whether_there_is_more_in_every_spelling(void **state)
{
	enum { END, ON, LOST }; /* it is whole; the marker is followed; it is not whole, and there is no way on */
	static const struct {
		const char *flag; /* "": there is none */
		int without, empty; /* beside no marker or null; beside "". Any marker is followed */
	} flags[] = {
		{ "true", LOST, LOST }, { "\"true\"", LOST, LOST }, { "\"True\"", LOST, LOST },
		{ "1", LOST, LOST }, { "1.0", LOST, LOST }, { "\"1\"", LOST, LOST },
		{ "false", END, END }, { "\"false\"", END, END }, { "\"FALSE\"", END, END }, { "0", END, END },
		{ "0.0", END, END }, { "\"0\"", END, END }, { "", LOST, END }, { "null", LOST, END },
		{ "\"\"", LOST, END }, { "\"no\"", LOST, END }, { "2", LOST, END },
		{ "[true]", LOST, END }, { "{}", LOST, END },
	};
	static const char *const markers[] = { "\"job-3\"", "7", "0", "\" \"", "", "null", "true", "{}", "[\"job-3\"]", "\"\"" };
	enum { MARKERS = 4, NONE = 6, EMPTY = 9 };
	(void)state;

	for (size_t i = 0; i < COUNT(flags) * COUNT(markers); i++) {
		const char *flag = flags[i / COUNT(markers)].flag, *marker = markers[i % COUNT(markers)];
		int row = (int)(i % COUNT(markers)), comes = row < MARKERS ? ON : row == EMPTY ? flags[i / COUNT(markers)].empty :
			row < NONE ? flags[i / COUNT(markers)].without : LOST;
		struct place place;
		struct buf info;
		enter(&place);
		begin(&place);
		buf_init(&info, SIZE_MAX);
		buf_printf(&info, "%s%s%s%s%s", *flag ? "\"isTruncated\": " : "", flag, *flag && *marker ? "," : "",
			*marker ? "\"nextMarker\": " : "", marker);
		jobs(&place, 1, 2, info.data);
		if (comes == ON) {
			buf_clear(&info);
			buf_printf(&info, "{\"marker\":%s,\"maxKeys\":100}", marker);
			assert_string_equal(world_only(place.world)->body, info.data);
			jobs(&place, 3, 3, "\"isTruncated\": false");
		}
		assert_found(&place.ask.reply);
		assert_ls(place.world, "finetuning", comes == ON ? "job-1 job-2 job-3 " : "job-1 job-2 ");
		assert_xattr(place.world, place.finetuning, "complete", comes == LOST ? "0" : "1");
		buf_release(&info);
		leave(&place);
	}
}

static void test_markers_that_go_round_end(void **state)
{
	struct place place;
	int pages = 0;
	(void)state;

	enter(&place);
	begin(&place);
	while (!place.ask.answers) {
		assert_in_range(++pages, 1, 10);
		jobs(&place, 1, 2, pages % 2 ? "\"isTruncated\": true, \"nextMarker\": \"a\"" :
			"\"isTruncated\": true, \"nextMarker\": \"b\"");
	}
	assert_error(&place.ask.reply, ERR_ANSWER);
	leave(&place);
}

/* An answer that says that there is no more, beside a new marker, contradicts itself: it is not believed. */
static void test_a_marker_beside_no_more_is_followed_until_nothing_comes(void **state)
{
	static const char *const ends[] = { /* of the empty page */
		"", "\"isTruncated\": false", "\"isTruncated\": false, \"nextMarker\": \"job-5\"",
		"\"isTruncated\": false, \"nextMarker\": \"job-6\"", "\"isTruncated\": \"0\", \"nextMarker\": null",
	};
	(void)state;

	for (size_t i = 0; i < COUNT(ends); i++) {
		struct place place;
		enter(&place);
		begin(&place);
		jobs(&place, 1, 2, "\"isTruncated\": false, \"nextMarker\": \"job-3\"");
		jobs(&place, 3, 4, "\"isTruncated\": 0, \"nextMarker\": \"job-5\"");
		assert_string_equal(world_only(place.world)->body, "{\"marker\":\"job-5\",\"maxKeys\":100}");
		jobs(&place, 0, -1, ends[i]);
		assert_found(&place.ask.reply);
		assert_ls(place.world, "finetuning", "job-1 job-2 job-3 job-4 ");
		assert_xattr(place.world, place.finetuning, "complete", "1");
		assert_calls(place.world, 3);
		leave(&place);
	}
}

/* The last page names itself, or one that came: what was read stands, and is not called whole. */
static void test_a_marker_beside_no_more_that_leads_back_ends_the_list(void **state)
{
	static const char *const backs[] = { "job-3", "job-1" };
	(void)state;

	for (size_t i = 0; i < COUNT(backs); i++) {
		struct place place;
		struct buf info;
		enter(&place);
		begin(&place);
		buf_init(&info, SIZE_MAX);
		buf_printf(&info, "\"isTruncated\": false, \"nextMarker\": \"%s\"", backs[i]);
		jobs(&place, 1, 2, "\"isTruncated\": true, \"nextMarker\": \"job-3\"");
		jobs(&place, 3, 4, info.data);
		if (i == 1)
			jobs(&place, 1, 2, "\"isTruncated\": true, \"nextMarker\": \"job-3\"");
		assert_found(&place.ask.reply);
		assert_ls(place.world, "finetuning", "job-1 job-2 job-3 job-4 ");
		assert_xattr(place.world, place.finetuning, "complete", "0");
		buf_release(&info);
		leave(&place);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_markers_are_followed_until_the_list_is_not_truncated),
		cmocka_unit_test(test_a_marker_that_leads_nowhere_ends_the_list_as_not_whole),
		cmocka_unit_test(test_a_list_that_is_not_whole_makes_no_resource_absent),
		cmocka_unit_test(test_whether_there_is_more_in_every_spelling),
		cmocka_unit_test(test_markers_that_go_round_end),
		cmocka_unit_test(test_a_marker_beside_no_more_is_followed_until_nothing_comes),
		cmocka_unit_test(test_a_marker_beside_no_more_that_leads_back_ends_the_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
