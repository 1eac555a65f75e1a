/*
 * test_catalog_built_in.c - the two catalogs that are built in: every row, as the documents have it.
 */
#include "catalog_kit.h"

static void assert_texts(const struct texts *texts, const char *expected)
{
	struct buf joined;
	buf_init(&joined, 4096);
	for (size_t i = 0; i < texts->n; i++)
		buf_printf(&joined, "%s%s", i ? " " : "", texts->v[i]);
	assert_string_equal(joined.data, expected);
	assert_null(texts->v[texts->n]);
	buf_release(&joined);
}

static void test_heads(void **state)
{
	const struct catalog *tione = catalogs_find(*state, "tione");
	assert_string_equal(tione->cloud, "tencent");
	assert_string_equal(tione->service, "tione");
	assert_string_equal(tione->version, "2021-11-11");
	assert_string_equal(tione->endpoint, "https://tione.tencentcloudapi.com");
	assert_string_equal(tione->region, "ap-guangzhou");
	assert_int_equal(tione->date_s, 1636588800);
	assert_true(tione->rate > 19.9 && tione->rate < 20.1);
	assert_true(strlen(tione->about) > 0);
	assert_int_equal(tione->n_kinds, 4);

	const struct catalog *qianfan = catalogs_find(*state, "qianfan");
	assert_string_equal(qianfan->cloud, "baidu");
	assert_null(qianfan->service);
	assert_null(qianfan->version);
	assert_string_equal(qianfan->endpoint, "https://qianfan.baidubce.com");
	assert_null(qianfan->region);
	assert_int_equal(qianfan->date_s, 1725753600);
	assert_true(qianfan->rate > 19.9 && qianfan->rate < 20.1);
	assert_int_equal(qianfan->n_kinds, 4);

	assert_null(catalogs_find(*state, "tion"));
	assert_null(catalogs_find(*state, ""));
}

static void test_kinds(void **state)
{
	static const struct {
		const char *catalog, *path, *id, *parent_id, *id_form, *status, *type;
		const char *terminal, *times;
		bool partial, list_is_detail;
	} ROWS[] = {
		{ "tione", "training", "Id", NULL, "train-[A-Za-z0-9_-]+", "Status",
			"TrainingTaskDetail", "STOPPED FAILED SUCCEED SUBMIT_FAILED",
			"UpdateTime EndTime StartTime CreateTime", false, false },
		{ "tione", "models", "TrainingModelId", NULL, "m-[A-Za-z0-9_-]+", NULL,
			"TrainingModelDTO", "", "CreateTime", true, true },
		{ "tione", "models/versions", "TrainingModelVersionId", "TrainingModelId",
			"mv-[A-Za-z0-9_-]+", "TrainingModelStatus", "TrainingModelVersionDTO",
			"STATUS_SUCCESS STATUS_FAILED", "CreateTime TrainingModelCreateTime",
			false, true },
		{ "tione", "notebooks", "Id", NULL, "nb-[A-Za-z0-9_-]+", "Status", "NotebookDetail",
			"Stopped Failed SubmitFailed",
			"UpdateTime EndTime StartTime CreateTime", false, false },
		{ "qianfan", "training", "taskId", NULL, "[1-9][0-9]{0,18}", NULL, NULL, "", "",
			true, false },
		{ "qianfan", "training/jobs", "id", "taskId", "[1-9][0-9]{0,18}", "trainStatus",
			"JobDetail", "FINISH STOP FAIL", "finishTime finishtime startTime",
			true, false },
		{ "qianfan", "finetuning", "jobId", NULL, "job-[A-Za-z0-9_-]+", NULL,
			"FineTuningJob", "", "createDate", false, true },
		{ "qianfan", "finetuning/tasks", "taskId", "jobId", "task-[A-Za-z0-9_-]+",
			"runStatus", "FineTuningTask", "Done Stopped Failed",
			"finishDate createDate", false, false },
	};
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		const struct kind *kind = kind_at(state, ROWS[i].catalog, ROWS[i].path);
		assert_text("id", kind->id.member, ROWS[i].id);
		assert_text("parent_id", kind->id.parent, ROWS[i].parent_id);
		assert_text("id_form", kind->id.form, ROWS[i].id_form);
		assert_text("status", kind->status.member, ROWS[i].status);
		assert_text("type", kind->type ? kind->type->name : NULL, ROWS[i].type);
		assert_texts(&kind->status.terminal, ROWS[i].terminal);
		assert_texts(&kind->times, ROWS[i].times);
		assert_int_equal(kind->partial, ROWS[i].partial);
		assert_int_equal(kind->list_is_detail, ROWS[i].list_is_detail);
		assert_int_equal(kind->ttl.live_s, 15);
		assert_int_equal(kind->ttl.terminal_s, 600);
		assert_int_equal(kind->ttl.list_s, 30);
		assert_int_equal(kind->ttl.miss_s, 5);
		assert_true(strlen(kind->about) > 0);
	}
}

#define ORDER "{\"OrderField\":\"CreateTime\",\"Order\":\"ASC\"}"
#define OFFSETS PAGING_OFFSET, "Offset", "Limit", "TotalCount", NULL, NULL, NULL
#define MARKERS PAGING_MARKER, NULL, "maxKeys", NULL, "marker", "pageInfo.nextMarker", \
	"pageInfo.isTruncated"
#define NO_PAGES PAGING_NONE, NULL, NULL, NULL, NULL, NULL, NULL

struct expected_action {
	const char *name, *path;
	bool bare;
	const char *params, *id, *parent;
	bool numbers;
	const char *items;
	enum paging_style paging;
	const char *offset, *limit, *total, *marker, *next, *more;
	int page;
};

static void assert_action(const struct action *action, const struct expected_action *expected)
{
	assert_text("action", action->name, expected->name);
	if (!expected->name)
		return;
	assert_text("path", action->path, expected->path);
	assert_int_equal(action->bare, expected->bare);
	assert_text("params", action->params, expected->params);
	assert_text("id", action->id, expected->id);
	assert_text("parent", action->parent, expected->parent);
	assert_int_equal(action->numbers, expected->numbers);
	assert_text("items", action->items, expected->items);
	assert_int_equal(action->paging.style, expected->paging);
	assert_int_equal(action->paging.page_size, expected->page);
	assert_text("offset", action->paging.offset, expected->offset);
	assert_text("limit", action->paging.limit, expected->limit);
	assert_text("total", action->paging.total, expected->total);
	assert_text("marker", action->paging.marker, expected->marker);
	assert_text("next", action->paging.next, expected->next);
	assert_text("more", action->paging.more, expected->more);
	assert_true(action->rate > 19.9 && action->rate < 20.1);
}

static void test_actions(void **state)
{
	static const struct {
		const char *catalog, *path;
		struct expected_action list, describe;
	} ROWS[] = {
		{ "tione", "training",
			{ "DescribeTrainingTasks", NULL, false, ORDER, NULL, NULL, false,
				"TrainingTaskSet", OFFSETS, 50 },
			{ "DescribeTrainingTask", NULL, false, "{}", "Id", NULL, false,
				"TrainingTaskDetail", NO_PAGES, 0 } },
		{ "tione", "models",
			{ "DescribeTrainingModels", NULL, false, ORDER, NULL, NULL, false,
				"TrainingModels", OFFSETS, 50 },
			{ .name = NULL } },
		{ "tione", "models/versions",
			{ "DescribeTrainingModelVersions", NULL, false, "{}", NULL,
				"TrainingModelId", false, "TrainingModelVersions", NO_PAGES, 0 },
			{ "DescribeTrainingModelVersion", NULL, false, "{}",
				"TrainingModelVersionId", NULL, false, "TrainingModelVersion",
				NO_PAGES, 0 } },
		{ "tione", "notebooks",
			{ "DescribeNotebooks", NULL, false, ORDER, NULL, NULL, false, "NotebookSet",
				OFFSETS, 100 },
			{ "DescribeNotebook", NULL, false, "{}", "Id", NULL, false,
				"NotebookDetail", NO_PAGES, 0 } },
		{ "qianfan", "training", { .name = NULL }, { .name = NULL } },
		{ "qianfan", "training/jobs", { .name = NULL },
			{ "jobDetail", "/wenxinworkshop/finetune/jobDetail", true, "{}", "jobId",
				"taskId", true, "", NO_PAGES, 0 } },
		{ "qianfan", "finetuning",
			{ "DescribeFineTuningJobs", "/v2/finetuning", false, "{}", NULL, NULL,
				false, "jobList", MARKERS, 100 },
			{ .name = NULL } },
		{ "qianfan", "finetuning/tasks",
			{ "DescribeFineTuningTasks", "/v2/finetuning", false, "{}", NULL, "jobId",
				false, "taskList", MARKERS, 100 },
			{ "DescribeFineTuningTask", "/v2/finetuning", false, "{}", "taskId", NULL,
				false, "", NO_PAGES, 0 } },
	};
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		const struct kind *kind = kind_at(state, ROWS[i].catalog, ROWS[i].path);
		assert_action(&kind->list, &ROWS[i].list);
		assert_action(&kind->describe, &ROWS[i].describe);
	}
}

static void test_views(void **state)
{
	static const struct {
		const char *catalog, *path, *label, *tags, *statuses, *columns;
		bool filters;
	} ROWS[] = {
		{ "tione", "training", "Name", "Tags", "SUBMITTING PENDING STARTING RUNNING STOPPING",
			"RuntimeInSeconds FrameworkName TrainingMode ResourceGroupName ChargeType ChargeStatus "
			"FailureReason", true },
		{ "tione", "models", "TrainingModelName", "Tags", "", "", false },
		{ "tione", "models/versions", NULL, NULL, "", "TrainingModelVersion TrainingModelFormat "
			"AlgorithmFramework TrainingModelSource TrainingModelCosPath.Bucket", false },
		{ "tione", "notebooks", "Name", "Tags", "Starting Running Stopping",
			"RuntimeInSeconds ResourceConf.GpuType ResourceConf.Gpu ResourceConf.InstanceType "
			"ResourceGroupName ChargeType ChargeStatus FailureReason", true },
		{ "qianfan", "training", NULL, NULL, "", "", false },
		{ "qianfan", "training/jobs", NULL, NULL, "", "", false },
		{ "qianfan", "finetuning", "name", NULL, "", "model trainMode description", false },
		{ "qianfan", "finetuning/tasks", NULL, NULL, "", "model trainMode runProgress", false },
	};
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		const struct kind *kind = kind_at(state, ROWS[i].catalog, ROWS[i].path);
		assert_text("label", kind->label, ROWS[i].label);
		assert_text("tags", kind->tags, ROWS[i].tags);
		assert_texts(&kind->status.others, ROWS[i].statuses);
		assert_texts(&kind->columns, ROWS[i].columns);
		assert_text("by_status", kind->list.filter.by_status, ROWS[i].filters ? "{\"OrderField\":\"CreateTime\","
			"\"Order\":\"ASC\",\"Filters\":[{\"Name\":\"Status\",\"Values\":[\"{status}\"]}]}" : NULL);
		assert_text("by_tag", kind->list.filter.by_tag, ROWS[i].filters ? "{\"OrderField\":\"CreateTime\","
			"\"Order\":\"ASC\",\"TagFilters\":[{\"TagKey\":\"{key}\",\"TagValues\":[\"{value}\"]}]}" : NULL);
		assert_text("by-name", kind_view(kind, VIEW_NAME), kind->parent ? NULL : ROWS[i].label);
		assert_text("by-status", kind_view(kind, VIEW_STATUS), kind->parent ? NULL : kind->status.member);
		for (size_t j = 0; j < kind->status.terminal.n; j++)
			assert_true(kind_has_status(kind, kind->status.terminal.v[j]));
		assert_false(kind_has_status(kind, "RUNING"));
	}
	assert_true(kind_has_status(kind_at(state, "tione", "training"), "RUNNING"));
}

static void test_harvests(void **state)
{
	static const struct expected_action GROUPS = { "DescribeModelServiceGroups", NULL, false,
		ORDER, NULL, NULL, false, "ServiceGroups", OFFSETS, 100 };
	static const struct expected_action ACCELERATED = { "DescribeModelAccelerateVersions", NULL,
		false, ORDER, NULL, NULL, false, "ModelAccelerateVersions", OFFSETS, 1000 };
	const struct kind *models = kind_at(state, "tione", "models");
	assert_int_equal(models->harvests.n, 2);
	assert_action(&models->harvests.v[0].list, &GROUPS);
	assert_string_equal(models->harvests.v[0].ids,
		"ServiceGroups[].Services[].ServiceInfo.ModelInfo.ModelId");
	assert_action(&models->harvests.v[1].list, &ACCELERATED);
	assert_string_equal(models->harvests.v[1].ids, "ModelAccelerateVersions[].ModelId");
	assert_int_equal(kind_at(state, "tione", "training")->harvests.n, 0);
}

static void assert_family(const struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->n_kinds; i++) {
		const struct kind *kind = catalog->kinds[i];
		size_t before = 0, n = 0;
		assert_ptr_equal(kind->catalog, catalog);
		while (kind->parent && before < i && catalog->kinds[before] != kind->parent)
			before++;
		assert_true(!kind->parent || before < i);
		for (; kind->children[n]; n++)
			assert_ptr_equal(kind->children[n]->parent, kind);
		for (size_t j = 0; j < catalog->n_kinds; j++)
			n -= catalog->kinds[j]->parent == kind;
		assert_int_equal(n, 0);
	}
}

static void test_families(void **state)
{
	assert_family(catalogs_find(*state, "tione"));
	assert_family(catalogs_find(*state, "qianfan"));
	assert_null(catalog_kind(catalogs_find(*state, "tione"), NULL, "versions"));
	assert_null(catalog_kind(catalogs_find(*state, "tione"),
		kind_at(state, "tione", "training"), "versions"));
}

static void test_terminal(void **state)
{
	const struct kind *training = kind_at(state, "tione", "training");
	assert_true(kind_is_terminal(training, "SUCCEED"));
	assert_false(kind_is_terminal(training, "SUCCEEDED"));
	assert_false(kind_is_terminal(training, "RUNNING"));
	assert_false(kind_is_terminal(training, ""));
	assert_false(kind_is_terminal(kind_at(state, "tione", "models"), "SUCCEED"));
}

static void test_type_members(void **state)
{
	static const struct {
		const char *path; /* of members */
		enum member_shape shape;
		const char *of;
	} ROWS[] = {
		{ "Id", MEMBER_SCALAR, NULL },
		{ "RuntimeInSeconds", MEMBER_SCALAR, NULL },
		{ "LogEnable", MEMBER_SCALAR, NULL },
		{ "TuningParameters", MEMBER_SCALAR, NULL },
		{ "Tags", MEMBER_MAP, NULL },
		{ "ImageInfo", MEMBER_OBJECT, "ImageInfo" },
		{ "ImageInfo/ImageSecret", MEMBER_OBJECT, "ImageSecret" },
		{ "ImageInfo/ImageSecret/Password", MEMBER_SCALAR, NULL },
		{ "DataConfigs", MEMBER_OBJECTS, "DataConfig" },
		{ "DataConfigs/COSSource", MEMBER_OBJECT, "CosPathInfo" },
		{ "DataConfigs/COSSource/Paths", MEMBER_LIST, NULL },
		{ "ResourceConfigInfos/RDMAConfig/Enable", MEMBER_SCALAR, NULL },
		{ "ExposeNetworkConfig/SSHConfig/PodSSHInfo", MEMBER_OBJECT, "PodSSHInfo" },
		{ "Envs", MEMBER_OBJECTS, "EnvVar" },
	};
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		const struct type *type = kind_at(state, "tione", "training")->type;
		const struct member_rule *rule = NULL;
		char *copy = xstrdup(ROWS[i].path), *rest = NULL;
		for (char *at = strtok_r(copy, "/", &rest); at; at = strtok_r(NULL, "/", &rest)) {
			rule = type_member(type, at);
			assert_non_null(rule);
			type = rule->of;
		}
		assert_int_equal(rule->shape, ROWS[i].shape);
		assert_text(ROWS[i].path, rule->of ? rule->of->name : NULL, ROWS[i].of);
		free(copy);
	}

	const struct type *detail = kind_at(state, "tione", "training")->type;
	assert_string_equal(type_member(detail, "Tags")->map_key, "TagKey");
	assert_string_equal(type_member(detail, "Tags")->map_value, "TagValue");
	assert_null(type_member(detail, "tags"));
	assert_null(type_member(detail, ""));
	assert_null(type_member(NULL, "Tags"));

	const struct type *task = kind_at(state, "qianfan", "finetuning/tasks")->type;
	assert_int_equal(type_member(task, "metrics")->shape, MEMBER_OBJECT);
	assert_null(type_member(task, "metrics")->of);
	assert_int_equal(type_member(task, "checkpointList")->shape, MEMBER_OBJECTS);
	assert_null(type_member(task, "checkpointList")->of);
	const struct type *job = kind_at(state, "qianfan", "training/jobs")->type;
	assert_string_equal(type_member(job, "increConfig")->of->name, "IncreConfig");
}

static void put_flagged(const struct catalogs *catalogs, struct buf *secrets, struct buf *listed)
{
	for (size_t c = 0; c < catalogs->n; c++) {
		for (size_t t = 0; t < catalogs->v[c]->n_types; t++) {
			const struct type *type = catalogs->v[c]->types[t];
			for (size_t m = 0; m < type->n_members; m++) {
				const struct member_rule *rule = &type->members[m];
				if (rule->secret)
					buf_printf(secrets, "%s.%s ", type->name, rule->name);
				if (rule->list_only)
					buf_printf(listed, "%s.%s ", type->name, rule->name);
			}
		}
	}
}

static void test_secret_and_list_only_members(void **state)
{
	struct buf secrets, listed;
	buf_init(&secrets, 4096);
	buf_init(&listed, 4096);
	put_flagged(*state, &secrets, &listed);
	assert_string_equal(secrets.data,
		"TrainingTaskDetail.Envs ImageSecret.KeyId ImageSecret.Username "
		"ImageSecret.Password ImageSecret.SecretId SSHConfig.LoginCommand "
		"PodSSHInfo.LoginCommand ");
	assert_string_equal(listed.data,
		"TrainingTaskDetail.AppId TrainingTaskDetail.Envs "
		"TrainingTaskDetail.LatestOperatorInfo NotebookDetail.UserTypes "
		"NotebookDetail.ExposePortConfig ");
	buf_release(&secrets);
	buf_release(&listed);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_harvests),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_type_members),
		cmocka_unit_test(test_secret_and_list_only_members),
	};
	return cmocka_run_group_tests(TESTS, load_all, release_all);
}
