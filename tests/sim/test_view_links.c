/*
 * test_view_links.c - by-name, by-status, by-tag: where they lead, what they cost, and that names never lead astray.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cloud.h"
#include "kernel.h"

enum { LIST_MS = 30000, LIVE_MS = 15000 };

static void enter_with(struct cloud_world *place, size_t n_tasks, const struct setup *setup)
{
	cloud_world_open(place, setup, 0);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
}

/* At a rate for which no reader has to wait. */
static void enter(struct cloud_world *place, size_t n_tasks)
{
	struct setup setup = world_setup();

	setup.rate = 10000;
	enter_with(place, n_tasks, &setup);
}

static struct thing *nth(struct cloud_world *place, size_t n)
{
	return place->cloud.things[n - 1];
}

static void name(struct cloud_world *place, size_t n, const char *text)
{
	snprintf(nth(place, n)->name, sizeof(nth(place, n)->name), "%s", text);
}

static void set_status(struct cloud_world *place, size_t n, const char *text)
{
	snprintf(nth(place, n)->status, sizeof(nth(place, n)->status), "%s", text);
	nth(place, n)->revision++;
}

static void tag(struct cloud_world *place, size_t n, const char *key, const char *value)
{
	snprintf(nth(place, n)->tags, sizeof(nth(place, n)->tags),
		"[{\"TagKey\": \"%s\", \"TagValue\": \"%s\"}]", key, value);
}

static const char *last_body(const struct cloud_world *place)
{
	return place->world->script.sent[place->world->script.n_sent - 1]->body;
}

static void assert_not_there(struct cloud_world *place, const char *path)
{
	struct reply reply = world_lookup(place->world, path);

	if (reply.outcome != RESULT_ABSENT)
		fail_msg("%s: outcome %d, %s", path, reply.outcome, error_name(reply.error));
}

/* ---- what there is ---- */

static void test_the_directories_cost_nothing(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 3);
	assert_ls(place.world, "", "by-name by-status by-tag training models notebooks README ");
	assert_ls(place.world, "by-name", "training models notebooks ");
	assert_ls(place.world, "by-status", "training notebooks "); /* models have none */
	assert_ls(place.world, "by-tag", "training models notebooks ");
	assert_not_there(&place, "by-name/versions");
	assert_not_there(&place, "by-name/.git");
	assert_not_there(&place, "by-name/training/.git");
	assert_not_there(&place, "by-status/training/.table.tsv");
	assert_found(&(struct reply){ .outcome = world_lookup(place.world, "by-status/training/RUNNING").outcome });
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

static void test_another_cloud_has_what_its_kinds_have(void **state)
{
	struct setup setup = world_setup();
	struct world *world;
	struct cloud cloud;
	(void)state;

	setup.catalog = "qianfan";
	world = world_open(&setup);
	cloud_open(&cloud, world, 0);
	snprintf(cloud_add(&cloud, "finetuning", NULL, "job-1")->message, 64, "my tuning");
	assert_ls(world, "", "by-name training finetuning README ");
	assert_ls(world, "by-name", "finetuning ");
	assert_link(world, "by-name/finetuning/my tuning", "../../finetuning/job-1");
	assert_calls(world, 1);
	world_close(world);
	cloud_close(&cloud);
}

static void test_by_name_costs_what_the_listing_costs(void **state)
{
	static const size_t sizes[] = { 1, 50, 51, 500 };
	(void)state;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct cloud_world place;
		enter(&place, sizes[i]);
		assert_int_equal(world_count(place.world, "by-name/training"), sizes[i]);
		assert_calls(place.world, (sizes[i] + 49) / 50);
		assert_link(place.world, "by-name/training/name of train-0001", "../../training/train-0001");
		assert_int_equal(world_count(place.world, "by-name/training"), sizes[i]);
		assert_int_equal(world_count(place.world, "by-status/training/RUNNING"), sizes[i]);
		assert_int_equal(world_count(place.world, "by-status/training/STOPPED"), 0);
		assert_ls(place.world, "by-status/training", "RUNNING ");
		assert_ls(place.world, "by-tag/training", "");
		assert_int_equal(world_count(place.world, "training"), sizes[i]);
		assert_cat(place.world, "training/train-0001/status", "RUNNING\n");
		assert_calls(place.world, 0);
		cloud_world_close(&place);
	}
}

static void test_a_name_alone_has_its_listing_read(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 3);
	assert_link(place.world, "by-name/training/name of train-0003", "../../training/train-0003");
	assert_not_there(&place, "by-name/training/nobody");
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

/* Dated as what they lead to, and the same everywhere. */
static void test_a_link_has_the_attributes_of_its_own(void **state)
{
	uint64_t ino[2];
	(void)state;

	for (int i = 0; i < 2; i++) {
		struct cloud_world place;
		enter(&place, 3);
		struct entry resource = world_lookup(place.world, "training/train-0002").entry;
		world_count(place.world, "training");
		struct entry link = world_lookup(place.world, "by-name/training/name of train-0002").entry;
		struct entry other = world_lookup(place.world, "by-status/training/RUNNING/train-0002").entry;
		resource = world_lookup(place.world, "training/train-0002").entry;
		assert_int_equal(link.attr.mode, S_IFLNK | 0777);
		assert_int_equal(link.attr.mtime_s, resource.attr.mtime_s);
		assert_int_equal(link.attr.mtime_ns, resource.attr.mtime_ns);
		assert_true(link.attr.ino != resource.attr.ino && link.attr.ino != other.attr.ino);
		assert_true(link.id != resource.id && link.id != other.id);
		ino[i] = link.attr.ino;
		struct reply reply = world_ask(place.world, ASK_ATTR, link.id, NULL);
		assert_found(&reply);
		assert_memory_equal(&reply.entry.attr, &link.attr, sizeof(link.attr));
		reply = world_ask(place.world, ASK_OPEN, link.id, NULL);
		assert_error(&reply, ERR_NOT_FOUND);
		cloud_world_close(&place);
	}
	assert_true(ino[0] == ino[1]);
}

/* ---- names ---- */

static void test_resources_with_one_name_have_the_same_ids_in_any_order(void **state)
{
	(void)state;

	for (int order = 0; order < 2; order++) {
		struct cloud_world place;
		enter(&place, 3);
		name(&place, order ? 1 : 2, "same");
		name(&place, 3, "same");
		char *names = world_ls(place.world, "by-name/training");
		assert_non_null(strstr(names, "same~train-0003 "));
		assert_non_null(strstr(names, order ? "same~train-0001 " : "same~train-0002 "));
		assert_null(strstr(names, "same "));
		free(names);
		assert_not_there(&place, "by-name/training/same");
		assert_link(place.world, "by-name/training/same~train-0003", "../../training/train-0003");
		assert_not_there(&place, "by-name/training/same~train-0009");
		/* alone again: the name is its own, and the long one still leads there */
		nth(&place, order ? 1 : 2)->gone = true;
		cloud_world_advance(&place, LIST_MS);
		assert_link(place.world, "by-name/training/same", "../../training/train-0003");
		assert_link(place.world, "by-name/training/same~train-0003", "../../training/train-0003");
		cloud_world_close(&place);
	}
}

static void test_a_name_that_looks_like_anothers_never_takes_its_place(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 4);
	name(&place, 1, "a");
	name(&place, 2, "a");
	name(&place, 3, "a~train-0001");
	name(&place, 4, "a~train-0002~train-0004");
	assert_int_equal(world_count(place.world, "by-name/training"), 4);
	assert_link(place.world, "by-name/training/a~train-0001", "../../training/train-0001");
	assert_link(place.world, "by-name/training/a~train-0002", "../../training/train-0002");
	assert_link(place.world, "by-name/training/a~train-0001~train-0003", "../../training/train-0003");
	assert_not_there(&place, "by-name/training/a~train-0002~train-0004");
	assert_link(place.world, "by-name/training/a~train-0002~train-0004~train-0004",
		"../../training/train-0004");
	cloud_world_close(&place);
}

/* Each is listed once, can be looked up as it is listed, and leads to a resource of its own. */
static void assert_each_leads_somewhere(struct cloud_world *place, const char *path, size_t n)
{
	uint64_t id = world_find(place->world, path), cookie = 0;
	struct buf seen, mine;
	struct entry entry;
	const char *listed;
	size_t met = 0;

	struct reply reply = world_read(place->world, id, 0);
	assert_found(&reply);
	buf_init(&seen, SIZE_MAX);
	buf_init(&mine, SIZE_MAX);
	while (tree_next(place->world->tree, id, &cookie, &listed, &entry,
			(struct query_time){ .now_ms = place->world->script.now_ms })) {
		buf_clear(&mine);
		buf_printf(&mine, "%s", listed);
		assert_in_range(mine.len, 1, 255);
		assert_null(strchr(mine.data, '/'));
		assert_string_not_equal(mine.data, ".");
		assert_string_not_equal(mine.data, "..");
		reply = world_ask(place->world, ASK_LOOKUP, id, mine.data);
		if (reply.outcome != RESULT_FOUND)
			fail_msg("%s is listed, and is not found", mine.data);
		buf_clear(&mine);
		buf_printf(&mine, "<%s>", tree_link(place->world->tree, reply.entry.id));
		assert_null(strstr(seen.data, mine.data));
		buf_puts(&seen, mine.data);
		met++;
	}
	assert_int_equal(met, n);
	buf_release(&seen);
	buf_release(&mine);
}

static void test_hostile_names_are_all_there_and_can_be_entered(void **state)
{
	static const char *const names[] = { "", "null", ".", "..", "a/b", "a\\u0000b", "\\u0001\\n\\t", ".git",
		"autorun.inf", "%41", "~", "~train-0001", "a~", "-rf", " blank ", "\\ud800", "\\\"quoted\\\\",
		"\xff\xfe broken", "\xe4\xb8\xad\xe6\x96\x87", "%", "%2F", "a/b", "../../etc/passwd" };
	struct cloud_world place;
	char longest[301] = { 0 };
	size_t n = COUNT(names) + 3;
	(void)state;

	enter(&place, n);
	for (size_t i = 0; i < COUNT(names); i++)
		name(&place, i + 1, names[i]);
	memset(longest, 'x', 300);
	for (size_t i = COUNT(names) + 1; i <= n; i++) {
		longest[290] = i == n ? 'y' : 'x'; /* two are the same */
		name(&place, i, longest);
	}
	assert_each_leads_somewhere(&place, "by-name/training", n);
	assert_calls(place.world, 1);
	assert_link(place.world, "by-name/training/%2E.%2F..%2Fetc%2Fpasswd", "../../training/train-0023");
	cloud_world_close(&place);
}

static void test_ten_thousand_are_gone_through_once(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 10000);
	for (size_t i = 1; i <= 10000; i++) {
		if (i % 2)
			name(&place, i, "same");
		if (i % 10 == 0)
			set_status(&place, i, "FAILED");
	}
	assert_int_equal(world_count(place.world, "by-name/training"), 10000);
	assert_int_equal(world_count(place.world, "by-status/training/FAILED"), 1000);
	assert_int_equal(world_count(place.world, "by-status/training/RUNNING"), 9000);
	assert_link(place.world, "by-name/training/same~train-9999", "../../training/train-9999");
	assert_calls(place.world, 200);
	cloud_world_close(&place);
}

/* ---- statuses ---- */

static void test_one_status_is_one_call_for_each_page_of_it(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 5000);
	for (size_t i = 1; i <= 5000; i++)
		if (i > 60)
			set_status(&place, i, "SUCCEED");
	assert_int_equal(world_count(place.world, "by-status/training/RUNNING"), 60);
	assert_calls(place.world, 2);
	assert_string_equal(last_body(&place),
		"{\"OrderField\":\"CreateTime\",\"Order\":\"ASC\",\"Filters\":[{\"Name\":\"Status\","
		"\"Values\":[\"RUNNING\"]}],\"Offset\":50,\"Limit\":50}");
	assert_link(place.world, "by-status/training/RUNNING/train-0042", "../../../training/train-0042");
	assert_not_there(&place, "by-status/training/RUNNING/train-0100");
	assert_cat(place.world, "training/train-0042/status", "RUNNING\n"); /* primed */
	assert_int_equal(world_count(place.world, "by-status/training/RUNNING"), 60);
	assert_int_equal(world_count(place.world, "by-status/training/PENDING"), 0);
	assert_calls(place.world, 1); /* for the last one */
	/* what a part says is no listing */
	assert_int_equal(world_count(place.world, "training"), 5000);
	assert_calls(place.world, 100);
	cloud_world_advance(&place, LIST_MS);
	assert_int_equal(world_count(place.world, "by-status/training/RUNNING"), 60);
	assert_calls(place.world, 2);
	cloud_world_close(&place);
}

static void test_a_part_never_makes_the_listing_look_whole(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 120);
	set_status(&place, 7, "FAILED");
	assert_ls(place.world, "by-status/training/FAILED", "train-0007 ");
	uint64_t id = world_find(place.world, "training");
	struct reply reply = world_lookup(place.world, "training/train-0008");
	assert_found(&reply); /* asked for, not taken for missing */
	assert_calls(place.world, 2);
	assert_int_equal(world_count(place.world, "training"), 120);
	assert_calls(place.world, 3); /* the whole list is still to be read */
	assert_xattr(place.world, id, "complete", "1");
	/* nor does one that has fewer take anybody out of it */
	cloud_world_advance(&place, LIST_MS);
	world_calls(place.world);
	set_status(&place, 7, "RUNNING");
	assert_ls(place.world, "by-status/training/FAILED", "");
	assert_calls(place.world, 1);
	assert_int_equal(world_count(place.world, "training"), 120);
	cloud_world_close(&place);
}

static void test_a_fresh_listing_is_asked_before_the_cloud(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 120);
	set_status(&place, 3, "FAILED");
	world_count(place.world, "training");
	assert_calls(place.world, 3);
	assert_ls(place.world, "by-status/training", "FAILED RUNNING ");
	assert_ls(place.world, "by-status/training/FAILED", "train-0003 ");
	assert_ls(place.world, "by-status/training/STOPPED", "");
	assert_not_there(&place, "by-status/training/NEVER_HEARD_OF");
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

static void test_a_status_that_no_document_has_can_be_entered(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 120);
	set_status(&place, 3, "PAUSED");
	assert_ls(place.world, "by-status/training/PAUSED", "train-0003 ");
	assert_calls(place.world, 1);
	assert_not_there(&place, "by-status/training/RUNING");
	assert_not_there(&place, "by-status/training/RUNING");
	assert_calls(place.world, 1);
	assert_not_there(&place, "by-status/training/%41"); /* which nothing escapes to */
	cloud_world_close(&place);
}

static void test_a_cloud_that_does_not_filter_has_the_list_read(void **state)
{
	(void)state;

	for (int ignores = 0; ignores < 2; ignores++) {
		struct cloud_world place;
		enter(&place, 120);
		set_status(&place, 3, "FAILED");
		tag(&place, 5, "team", "a");
		place.cloud.refuses_filters = !ignores;
		place.cloud.ignores_filters = ignores;
		assert_ls(place.world, "by-status/training/FAILED", "train-0003 ");
		assert_calls(place.world, 1 + 3);
		assert_ls(place.world, "by-tag/training/team/a", "train-0005 ");
		assert_calls(place.world, 0);
		cloud_world_advance(&place, LIST_MS);
		set_status(&place, 4, "FAILED");
		assert_ls(place.world, "by-status/training/FAILED", "train-0003 train-0004 ");
		world_calls(place.world);
		cloud_world_advance(&place, LIST_MS);
		assert_ls(place.world, "by-tag/training/team/a", "train-0005 ");
		cloud_world_close(&place);
	}
}

/* After one user's misspelled name no other user has to read the whole list. */
static void test_a_value_that_is_refused_says_nothing_of_others(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 120);
	set_status(&place, 3, "FAILED");
	place.cloud.refuses_status = "RUNING";
	assert_not_there(&place, "by-status/training/RUNING");
	assert_calls(place.world, 1 + 3);
	cloud_world_advance(&place, LIST_MS);
	assert_ls(place.world, "by-status/training/FAILED", "train-0003 ");
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

static void test_what_fails_fails_as_a_listing_does(void **state)
{
	struct cloud_world place;
	struct reply reply;
	(void)state;

	enter(&place, 3);
	place.cloud.fail_code = "UnauthorizedOperation";
	uint64_t id = world_find(place.world, "by-status/training/RUNNING");
	reply = world_read(place.world, id, 0);
	assert_error(&reply, ERR_DENIED);
	assert_calls(place.world, 1);
	reply = world_read(place.world, id, 0);
	assert_error(&reply, ERR_DENIED);
	assert_calls(place.world, 0);
	place.cloud.fail_code = NULL;
	cloud_world_advance(&place, LIST_MS);
	assert_ls(place.world, "by-status/training/RUNNING", "train-0001 train-0002 train-0003 ");
	/* the last good answer, as long as it may stand in */
	cloud_world_advance(&place, LIST_MS);
	place.cloud.fail = ERR_REFUSED;
	assert_ls(place.world, "by-status/training/RUNNING", "train-0001 train-0002 train-0003 ");
	assert_xattr(place.world, id, "stale", "1");
	cloud_world_advance(&place, 3600 * 1000);
	reply = world_read(place.world, id, 0);
	assert_error(&reply, ERR_REFUSED);
	cloud_world_close(&place);
}

static void test_many_readers_of_one_status_are_one_call(void **state)
{
	struct cloud_world place;
	struct ask asks[50] = { 0 };
	(void)state;

	enter(&place, 3);
	place.cloud.latency_ms = 200;
	uint64_t id = world_find(place.world, "by-status/training/RUNNING");
	for (size_t i = 0; i < COUNT(asks); i++)
		ask_read(&asks[i], place.world, id, 0);
	script_advance(&place.world->script, 1000);
	for (size_t i = 0; i < COUNT(asks); i++)
		assert_found(&asks[i].reply);
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

static void test_with_no_time_to_live_each_asks_once(void **state)
{
	struct setup setup = world_setup();
	struct cloud_world place;
	(void)state;

	setup.ttl_s = 0;
	enter_with(&place, 3, &setup);
	place.cloud.latency_ms = 10;
	uint64_t id = world_find(place.world, "by-status/training/RUNNING");
	for (int i = 0; i < 3; i++) {
		struct reply reply = world_read(place.world, id, 0);
		assert_found(&reply);
		assert_calls(place.world, 1);
		script_advance(&place.world->script, 10);
	}
	cloud_world_close(&place);
}

/* ---- tags ---- */

static void test_tags_are_directories_of_links(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 5);
	tag(&place, 1, "team", "a");
	tag(&place, 2, "team", "b/c");
	tag(&place, 3, "", "");
	snprintf(nth(&place, 4)->tags, sizeof(nth(&place, 4)->tags), "[{\"TagKey\": \"team\", \"TagValue\": \"a\"}, "
		"{\"TagKey\": \"team\", \"TagValue\": \"a\"}, {\"TagKey\": \"x\", \"TagValue\": null}]");
	world_count(place.world, "training");
	assert_calls(place.world, 1);
	char *keys = world_ls(place.world, "by-tag/training");
	assert_int_equal(strlen(keys), strlen("team x % "));
	assert_non_null(strstr(keys, "% "));
	free(keys);
	assert_ls(place.world, "by-tag/training/team/a", "train-0001 train-0004 ");
	assert_link(place.world, "by-tag/training/team/b%2Fc/train-0002", "../../../../training/train-0002");
	assert_ls(place.world, "by-tag/training/%/%", "train-0003 ");
	assert_ls(place.world, "by-tag/training/x", "% ");
	assert_not_there(&place, "by-tag/training/nokey");
	assert_not_there(&place, "by-tag/training/team/z");
	assert_not_there(&place, "by-tag/training/team/b%2Fc/train-0001");
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

static void test_one_tag_is_one_call(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 500);
	tag(&place, 77, "team", "{key}"); /* which looks like a place to fill in */
	assert_ls(place.world, "by-tag/training/team/{key}", "train-0077 ");
	assert_calls(place.world, 1);
	assert_string_equal(last_body(&place), "{\"OrderField\":\"CreateTime\",\"Order\":\"ASC\",\"TagFilters\":"
		"[{\"TagKey\":\"team\",\"TagValues\":[\"{key}\"]}],\"Offset\":0,\"Limit\":50}");
	assert_not_there(&place, "by-tag/training/team/b");
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

/* ---- change ---- */

static void test_a_task_that_changes_its_status_changes_its_place(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 120);
	assert_int_equal(world_count(place.world, "by-status/training/RUNNING"), 120);
	world_count(place.world, "training");
	set_status(&place, 9, "SUCCEED");
	cloud_world_advance(&place, LIST_MS);
	world_count(place.world, "training");
	world_calls(place.world);
	assert_ls(place.world, "by-status/training/SUCCEED", "train-0009 ");
	assert_int_equal(world_count(place.world, "by-status/training/RUNNING"), 119);
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

static void test_who_is_gone_has_no_link(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 120);
	assert_int_equal(world_count(place.world, "by-status/training/RUNNING"), 120);
	nth(&place, 9)->gone = true;
	world_count(place.world, "training");
	assert_int_equal(world_count(place.world, "by-status/training/RUNNING"), 119);
	assert_int_equal(world_count(place.world, "by-name/training"), 119);
	world_calls(place.world);
	struct reply reply = world_lookup(place.world, "training/train-0009"); /* the part is not believed */
	assert_absent(&reply);
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

/* A pass over links while the answers change their source and their content. */
static void test_what_stands_comes_once_whatever_is_refreshed(void **state)
{
	unsigned seed = 20261122;
	(void)state;

	for (int pass = 0; pass < 60; pass++) {
		struct cloud_world place;
		unsigned times[200] = { 0 };
		bool stood[200];
		uint64_t cookie = 0;
		struct entry entry;
		const char *listed;
		enter(&place, 200);
		memset(stood, true, sizeof(stood));
		uint64_t id = world_find(place.world, pass % 2 ? "by-status/training/RUNNING" : "by-name/training");
		if (pass % 3 == 0)
			world_count(place.world, "training");
		for (size_t step = 0;; step++) {
			assert_true(step < 2000);
			struct reply reply = world_read(place.world, id, cookie);
			assert_found(&reply);
			if (!tree_next(place.world->tree, id, &cookie, &listed, &entry,
					(struct query_time){ .now_ms = place.world->script.now_ms }))
				break;
			size_t task = strtoul(strstr(listed, "train-") + 6, NULL, 10) - 1;
			times[task]++;
			if (rand_r(&seed) % 20 == 0) {
				size_t n = (size_t)rand_r(&seed) % 200;
				stood[n] = false;
				if (pass % 2)
					set_status(&place, n + 1, "SUCCEED");
				else
					nth(&place, n + 1)->gone = true;
				cloud_world_advance(&place, LIST_MS);
				if (rand_r(&seed) % 2)
					world_count(place.world, "training");
				else
					world_count(place.world, "by-status/training/RUNNING");
			}
		}
		for (size_t i = 0; i < 200; i++)
			if (stood[i] ? times[i] != 1 : times[i] > 1)
				fail_msg("pass %d: train-%04zu came %u times", pass, i + 1, times[i]);
		cloud_world_close(&place);
	}
}

/* ---- as the kernel sees them ---- */

static void test_a_walk_over_everything_costs_no_call_more(void **state)
{
	struct cloud_world place;
	struct kernel kernel;
	size_t files;
	(void)state;

	enter(&place, 60);
	for (size_t i = 1; i <= 60; i++)
		tag(&place, i, i % 2 ? "a" : "b", "v");
	kernel_open(&kernel, place.world);
	assert_int_equal(kernel_grep_r(&kernel, "", &files), 0);
	assert_int_equal(files, 60 * 12 + 1);
	/* the two lists, the models' three, and one for each task */
	assert_calls(place.world, 2 + 1 + 3 + 60);
	kernel_close(&kernel);
	cloud_world_close(&place);
}

static void assert_kernel_sees(struct kernel *kernel, const char *path, const char *names)
{
	struct buf out;

	buf_init(&out, SIZE_MAX);
	assert_int_equal(kernel_ls(kernel, path, &out), 0);
	assert_string_equal(out.data, names);
	buf_release(&out);
}

static void test_what_the_kernel_keeps_of_a_view_runs_out_with_it(void **state)
{
	struct cloud_world place;
	struct kernel kernel;
	(void)state;

	enter(&place, 2);
	kernel_open(&kernel, place.world);
	for (int way = 0; way < 2; way++) {
		const char *path = way ? "by-status/training/RUNNING" : "by-tag/training/team/a";
		set_status(&place, 1, "RUNNING");
		set_status(&place, 2, "RUNNING");
		tag(&place, 1, "team", "a");
		tag(&place, 2, "team", "a");
		cloud_world_advance(&place, LIST_MS);
		assert_kernel_sees(&kernel, path, "train-0001 train-0002 ");
		world_calls(place.world);
		assert_kernel_sees(&kernel, path, "train-0001 train-0002 ");
		assert_calls(place.world, 0);
		set_status(&place, 2, "FAILED");
		tag(&place, 2, "team", "b");
		cloud_world_advance(&place, LIST_MS);
		assert_kernel_sees(&kernel, path, "train-0001 ");
		assert_calls(place.world, 1);
		for (int i = 0; i < 3; i++) { /* and again, and again */
			cloud_world_advance(&place, LIST_MS);
			assert_kernel_sees(&kernel, path, "train-0001 ");
			assert_calls(place.world, 1);
		}
		tag(&place, 2, "team", "a");
		set_status(&place, 2, "RUNNING");
		cloud_world_advance(&place, LIST_MS);
		assert_kernel_sees(&kernel, path, "train-0001 train-0002 ");
		cloud_world_advance(&place, LIST_MS); /* a listing that comes in between changes nothing */
		assert_int_equal(kernel_ls(&kernel, "training", NULL), 0);
		assert_kernel_sees(&kernel, path, "train-0001 train-0002 ");
	}
	kernel_close(&kernel);
	cloud_world_close(&place);
}

/* ---- memory ---- */

static void test_nothing_stays_of_what_no_reader_looks_at(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 2000);
	world_count(place.world, "training");
	size_t before = tree_stats(place.world->tree).memory;
	for (int i = 0; i < 500; i++) { /* names that a user tries */
		char path[80];
		snprintf(path, sizeof(path), "by-tag/training/key%d/value", i);
		world_lookup(place.world, path);
	}
	cloud_world_advance(&place, LIST_MS);
	for (int i = 0; i < 500; i++) {
		char path[80];
		snprintf(path, sizeof(path), "by-tag/training/key%d/value", i);
		world_lookup(place.world, path);
	}
	assert_in_range(tree_stats(place.world->tree).memory, before - 1000, before + (200 << 10));
	cloud_world_close(&place);
}

static void test_an_index_is_bounded_by_max_memory(void **state)
{
	struct setup setup = world_setup();
	struct cloud_world place;
	(void)state;

	setup.rate = 10000;
	setup.max_memory = 1 << 20; /* less than the listing alone */
	enter_with(&place, 5000, &setup);
	cloud_add_many(&place.cloud, "notebooks", NULL, "nb-", 300);
	assert_int_equal(world_count(place.world, "by-name/training"), 5000);
	size_t with = tree_stats(place.world->tree).memory;
	assert_int_equal(world_count(place.world, "by-name/notebooks"), 300);
	assert_in_range(with - tree_stats(place.world->tree).memory, 100 << 10, 4 << 20); /* the first is gone */
	assert_int_equal(world_count(place.world, "by-name/training"), 5000);
	cloud_world_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_directories_cost_nothing),
		cmocka_unit_test(test_another_cloud_has_what_its_kinds_have),
		cmocka_unit_test(test_by_name_costs_what_the_listing_costs),
		cmocka_unit_test(test_a_name_alone_has_its_listing_read),
		cmocka_unit_test(test_a_link_has_the_attributes_of_its_own),
		cmocka_unit_test(test_resources_with_one_name_have_the_same_ids_in_any_order),
		cmocka_unit_test(test_a_name_that_looks_like_anothers_never_takes_its_place),
		cmocka_unit_test(test_hostile_names_are_all_there_and_can_be_entered),
		cmocka_unit_test(test_ten_thousand_are_gone_through_once),
		cmocka_unit_test(test_one_status_is_one_call_for_each_page_of_it),
		cmocka_unit_test(test_a_part_never_makes_the_listing_look_whole),
		cmocka_unit_test(test_a_fresh_listing_is_asked_before_the_cloud),
		cmocka_unit_test(test_a_status_that_no_document_has_can_be_entered),
		cmocka_unit_test(test_a_cloud_that_does_not_filter_has_the_list_read),
		cmocka_unit_test(test_a_value_that_is_refused_says_nothing_of_others),
		cmocka_unit_test(test_what_fails_fails_as_a_listing_does),
		cmocka_unit_test(test_many_readers_of_one_status_are_one_call),
		cmocka_unit_test(test_with_no_time_to_live_each_asks_once),
		cmocka_unit_test(test_tags_are_directories_of_links),
		cmocka_unit_test(test_one_tag_is_one_call),
		cmocka_unit_test(test_a_task_that_changes_its_status_changes_its_place),
		cmocka_unit_test(test_who_is_gone_has_no_link),
		cmocka_unit_test(test_what_stands_comes_once_whatever_is_refreshed),
		cmocka_unit_test(test_a_walk_over_everything_costs_no_call_more),
		cmocka_unit_test(test_what_the_kernel_keeps_of_a_view_runs_out_with_it),
		cmocka_unit_test(test_nothing_stays_of_what_no_reader_looks_at),
		cmocka_unit_test(test_an_index_is_bounded_by_max_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
