/*
 * test_catalog_user_files.c - users' files: what they add and what they replace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalog/catalog.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int load_all(void **state)
{
	struct catalogs *catalogs = xmalloc(sizeof *catalogs);
	catalogs_init(catalogs);
	catalogs_load_built_in(catalogs);
	*state = catalogs;
	return 0;
}

static int release_all(void **state)
{
	catalogs_release(*state);
	free(*state);
	return 0;
}

/* Fails with the reason when a right file is refused.  Its quotes are written ' here. */
static void load(struct catalogs *catalogs, const char *text)
{
	char *json = xstrdup(text);
	struct buf why;
	buf_init(&why, 4096);
	for (char *at = json; (at = strchr(at, '\''));)
		*at = '"';
	if (!catalogs_load(catalogs, "user.json", json, strlen(json), &why))
		fail_msg("%s", why.data);
	assert_int_equal(why.len, 0);
	buf_release(&why);
	free(json);
}

/* A start reads no catalog that it does not need; what is there already is not read again. */
static void test_one_that_is_built_in_comes_alone(void **state)
{
	struct catalogs catalogs;
	(void)state;
	catalogs_init(&catalogs);
	catalogs_load_one(&catalogs, "nosuch");
	assert_int_equal(catalogs.n, 0);
	catalogs_load_one(&catalogs, "qianfan");
	const struct catalog *one = catalogs_find(&catalogs, "qianfan");
	assert_true(catalogs.n == 1 && one);
	catalogs_load_built_in(&catalogs);
	assert_int_equal(catalogs.n, 2);
	assert_ptr_equal(catalogs_find(&catalogs, "qianfan"), one);
	assert_true(catalogs_are_built_in("tione") && !catalogs_are_built_in("nosuch"));
	catalogs_release(&catalogs);
}

/* The example of describefs-catalog(5). */
static const char GROUPS[] =
	"{'catalog': 'tione', 'kinds': [{'name': 'groups', 'about': 'resource groups',"
	"'list': {'action': 'DescribeBillingResourceGroups',"
	"'params': {'DontShowInstanceSet': true}, 'items': 'ResourceGroupSet',"
	"'paging': 'offset', 'page': 20}, 'id': 'ResourceGroupId',"
	"'id_form': '[a-z]*rsg-[A-Za-z0-9_-]+', 'strip': 'ResourceGroup',"
	"'type': 'ResourceGroup', 'ttl': {'live': 60}}], 'types': {'ResourceGroup': {"
	"'ResourceGroupId': 'string', 'ResourceGroupName': 'string',"
	"'FreeInstance': 'int', 'TotalInstance': 'int', 'UsedResource': 'GroupResource',"
	"'TotalResource': 'GroupResource', 'InstanceSet': '[object]',"
	"'TagSet': '{TagKey:TagValue}'}, 'GroupResource': {'Cpu': 'int',"
	"'Memory': 'int', 'Gpu': 'int', 'GpuDetailSet': '{Name:Value}'}}}";

static void test_a_file_adds_a_kind(void **state)
{
	const struct catalog *tione = catalogs_find(*state, "tione");
	const struct kind *training = catalog_kind(tione, NULL, "training");
	size_t n_kinds = tione->n_kinds, n_types = tione->n_types;
	load(*state, GROUPS);

	const struct kind *groups = catalog_kind(tione, NULL, "groups");
	assert_ptr_equal(catalogs_find(*state, "tione"), tione);
	assert_ptr_equal(catalog_kind(tione, NULL, "training"), training);
	assert_int_equal(tione->n_kinds, n_kinds + 1);
	assert_int_equal(tione->n_types, n_types + 2);
	assert_string_equal(tione->endpoint, "https://tione.tencentcloudapi.com");
	assert_string_equal(tione->region, "ap-guangzhou");
	assert_ptr_equal(groups->catalog, tione);
	assert_string_equal(groups->list.name, "DescribeBillingResourceGroups");
	assert_string_equal(groups->list.params, "{\"DontShowInstanceSet\":true}");
	assert_string_equal(groups->list.paging.offset, "Offset");
	assert_int_equal(groups->list.paging.page_size, 20);
	assert_true(groups->list.rate > 19.9);
	assert_null(groups->describe.name);
	assert_true(groups->list_is_detail);
	assert_false(groups->partial);
	assert_null(groups->status.member);
	assert_null(groups->times.v[0]);
	assert_null(groups->children[0]);
	assert_int_equal(groups->ttl.live_s, 60);
	assert_int_equal(groups->ttl.list_s, 30);
	assert_true(kind_accepts_id(groups, "rsg-ours0002"));
	assert_true(kind_accepts_id(groups, "trsg-dwpqnjmk"));
	assert_false(kind_accepts_id(groups, "rsg-ours0002/.."));
	assert_string_equal(type_member(groups->type, "UsedResource")->of->name, "GroupResource");
	assert_string_equal(type_member(groups->type, "TagSet")->map_value, "TagValue");
}

static void test_a_file_adds_a_child(void **state)
{
	const struct catalog *tione = catalogs_find(*state, "tione");
	load(*state, "{'catalog':'tione','kinds':["
		"{'name':'pods','parent':'training','id':'Name','id_form':'[a-z0-9-]+',"
		"'list':{'action':'DescribeTrainingTaskPods','parent':'Id',"
		"'items':'PodInfoList','rate':0.5}},"
		"{'name':'pods','parent':'models/versions','id':'Name','id_form':'x',"
		"'partial':true},"
		"{'name':'deep','parent':'training/pods','id':'Name','id_form':'x',"
		"'partial':true}]}");

	const struct kind *training = catalog_kind(tione, NULL, "training");
	const struct kind *pods = catalog_kind(tione, training, "pods");
	assert_ptr_equal(training->children[0], pods);
	assert_null(training->children[1]);
	assert_ptr_equal(pods->children[0], catalog_kind(tione, pods, "deep"));
	assert_string_equal(pods->list.parent, "Id");
	assert_int_equal(pods->list.paging.style, PAGING_NONE);
	assert_true(pods->list.rate > 0.4 && pods->list.rate < 0.6);
	assert_null(catalog_kind(tione, NULL, "pods"));
}

static void test_a_kind_is_replaced_in_its_place(void **state)
{
	const struct catalog *tione = catalogs_find(*state, "tione");
	const struct kind *models = catalog_kind(tione, NULL, "models");
	const struct kind *versions = catalog_kind(tione, models, "versions");
	size_t n_kinds = tione->n_kinds;
	load(*state, "{'catalog':'tione','kinds':[{'name':'models','id':'Id',"
		"'id_form':'x+','partial':true,'ttl':{'miss':7}}]}");

	assert_ptr_equal(catalog_kind(tione, NULL, "models"), models);
	assert_int_equal(tione->n_kinds, n_kinds);
	assert_null(models->list.name);
	assert_int_equal(models->harvests.n, 0);
	assert_int_equal(models->names.n_renames, 0);
	assert_null(models->names.strip);
	assert_null(models->type);
	assert_string_equal(models->about, "");
	assert_int_equal(models->ttl.miss_s, 7);
	assert_true(kind_accepts_id(models, "xxx"));
	assert_false(kind_accepts_id(models, "m-608587242317024640"));
	assert_ptr_equal(versions->parent, models);
	assert_ptr_equal(models->children[0], versions);
	assert_null(models->children[1]);
}

static void test_a_type_is_replaced_in_its_place(void **state)
{
	const struct catalog *tione = catalogs_find(*state, "tione");
	const struct type *detail = catalog_kind(tione, NULL, "training")->type;
	const struct type *image = type_member(detail, "ImageInfo")->of;
	size_t n_types = tione->n_types;
	load(*state, "{'catalog':'tione','types':{'ImageInfo':{'ImageUrl':'string secret',"
		"'Again':'[ImageInfo]','New':'New'},'New':{'Of':'TrainingTaskDetail'}}}");

	assert_int_equal(tione->n_types, n_types + 1);
	assert_ptr_equal(type_member(detail, "ImageInfo")->of, image);
	assert_true(type_member(image, "ImageUrl")->secret);
	assert_null(type_member(image, "ImageSecret"));
	assert_ptr_equal(type_member(image, "Again")->of, image);
	assert_ptr_equal(type_member(type_member(image, "New")->of, "Of")->of, detail);
}

static void test_a_kind_goes_by_the_type_that_comes_with_it(void **state)
{
	const struct catalog *tione = catalogs_find(*state, "tione");
	const struct kind *notebooks = catalog_kind(tione, NULL, "notebooks");
	load(*state, "{'catalog':'tione','kinds':[{'name':'notebooks','id':'Other',"
		"'id_form':'x','partial':true,'type':'NotebookDetail'}],"
		"'types':{'NotebookDetail':{'Other':'string'}}}");
	assert_non_null(type_member(notebooks->type, "Other"));
	assert_null(type_member(notebooks->type, "Id"));
}

static void test_a_head_is_overridden(void **state)
{
	const struct catalog *tione = catalogs_find(*state, "tione");
	const struct kind *training = catalog_kind(tione, NULL, "training");
	load(*state, "{'catalog':'tione','region':'ap-shanghai','rate':2.5,"
		"'ttl':{'list':99},'cloud':'tencent','kinds':[{'name':'x','id':'Id',"
		"'id_form':'x','list':{'action':'X','items':'X'}}]}");
	const struct kind *added = catalog_kind(tione, NULL, "x");
	assert_string_equal(tione->region, "ap-shanghai");
	assert_string_equal(tione->version, "2021-11-11");
	assert_int_equal(tione->date_s, 1636588800);
	assert_int_equal(added->ttl.list_s, 99);
	assert_int_equal(added->ttl.live_s, 15);
	assert_true(added->list.rate < 3);
	assert_int_equal(training->ttl.list_s, 30);
	assert_true(training->list.rate > 19);
}

static const char NEW_CATALOG[] =
	"{'catalog':'other','cloud':'baidu','endpoint':'http://127.0.0.1:8080',"
	"'date':'1980-01-02','kinds':[{'name':'things','id':'id','id_form':'a|b',"
	"'list':{'action':'L','path':'/v2/x','items':'a.b','paging':'marker',"
	"'page':7,'limit':'l','marker':'m','next':'n.x','more':'o.x'},"
	"'rename':{'a':'b'},'strip':'pre'}]}";

static void test_a_new_catalog(void **state)
{
	struct catalogs *catalogs = *state;
	size_t n = catalogs->n;
	load(catalogs, NEW_CATALOG);

	const struct catalog *other = catalogs_find(catalogs, "other");
	const struct kind *things = catalog_kind(other, NULL, "things");
	assert_int_equal(catalogs->n, n + 1);
	assert_string_equal(other->about, "");
	assert_null(other->region);
	assert_int_equal(other->date_s, 315619200);
	assert_true(other->rate > 19.9 && other->rate < 20.1);
	assert_int_equal(things->ttl.live_s, 15);
	assert_int_equal(things->ttl.terminal_s, 600);
	assert_int_equal(things->ttl.list_s, 30);
	assert_int_equal(things->ttl.miss_s, 5);
	assert_string_equal(things->list.items, "a.b");
	assert_string_equal(things->list.paging.limit, "l");
	assert_string_equal(things->list.paging.marker, "m");
	assert_string_equal(things->list.paging.next, "n.x");
	assert_string_equal(things->list.paging.more, "o.x");
	/* an alternative in the form does not escape its anchors */
	assert_true(kind_accepts_id(things, "a"));
	assert_true(kind_accepts_id(things, "b"));
	assert_false(kind_accepts_id(things, "ax"));
	assert_false(kind_accepts_id(things, "xb"));
}

static void test_a_loose_form_accepts_no_probe(void **state)
{
	load(*state, "{'catalog':'tione','kinds':[{'name':'any','id':'Id',"
		"'id_form':'.*','partial':true}]}");
	const struct kind *any = catalog_kind(catalogs_find(*state, "tione"), NULL, "any");
	assert_true(kind_accepts_id(any, "x"));
	assert_false(kind_accepts_id(any, ""));
	assert_false(kind_accepts_id(any, ".git"));
	assert_false(kind_accepts_id(any, "autorun.inf"));
}

static void test_a_form_fits_the_whole_id(void **state)
{
	static const struct {
		const char *form, *id;
		bool accepted;
	} ROWS[] = {
		{ "a|ab|b", "ab", true },
		{ "a|ab|b", "abb", false },
		{ "a*", "aaa", true },
		{ "a*", "baaa", false },
		{ "(ab|a)(c|bcd)", "abcd", true },
		{ "^a$", "a", true },
		{ "a)|b", "a", false },
		{ "a)|b", "axxx", false },
		{ "a)|b", "xb", false },
		{ "[[:digit:]]{2}", "12", true },
		{ "[[:digit:]]{2}", "123", false },
	};
	const struct catalog *tione = catalogs_find(*state, "tione");
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		char text[256];
		snprintf(text, sizeof text, "{'catalog':'tione','kinds':[{'name':'any',"
			"'id':'Id','id_form':'%s','partial':true}]}", ROWS[i].form);
		load(*state, text);
		const struct kind *any = catalog_kind(tione, NULL, "any");
		if (kind_accepts_id(any, ROWS[i].id) != ROWS[i].accepted)
			fail_msg("%s with %s", ROWS[i].form, ROWS[i].id);
	}
}

static void test_a_harvest_without_items(void **state)
{
	load(*state, "{'catalog':'tione','kinds':[{'name':'any','id':'Id',"
		"'id_form':'x','partial':true,'harvest':[{'action':'A',"
		"'ids':'One.Two[].Three[]'}]}]}");
	const struct kind *any = catalog_kind(catalogs_find(*state, "tione"), NULL, "any");
	assert_string_equal(any->harvests.v[0].list.items, "One.Two");
	assert_null(any->harvests.v[0].list.paging.offset);
}

static void test_many_files(void **state)
{
	for (int i = 0; i < 5; i++) {
		load(*state, GROUPS);
		load(*state, NEW_CATALOG);
	}
	assert_int_equal(((const struct catalogs *)*state)->n, 3);
}

static void test_nothing_is_loaded(void **state)
{
	struct catalogs catalogs;
	(void)state;
	catalogs_init(&catalogs);
	assert_null(catalogs_find(&catalogs, "tione"));
	catalogs_release(&catalogs);
	load(&catalogs, NEW_CATALOG);
	assert_int_equal(catalogs.n, 1);
	catalogs_release(&catalogs);
	assert_int_equal(catalogs.n, 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, load_all, release_all)

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		TEST(test_one_that_is_built_in_comes_alone),
		TEST(test_a_file_adds_a_kind),
		TEST(test_a_file_adds_a_child),
		TEST(test_a_kind_is_replaced_in_its_place),
		TEST(test_a_type_is_replaced_in_its_place),
		TEST(test_a_kind_goes_by_the_type_that_comes_with_it),
		TEST(test_a_head_is_overridden),
		TEST(test_a_new_catalog),
		TEST(test_a_loose_form_accepts_no_probe),
		TEST(test_a_form_fits_the_whole_id),
		TEST(test_a_harvest_without_items),
		TEST(test_many_files),
		cmocka_unit_test(test_nothing_is_loaded),
	};
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
