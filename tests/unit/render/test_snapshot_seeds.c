/*
 * test_snapshot_seeds.c - the four sample answers, every entry of them.
 *
 * The expected trees are written out by hand from the contract, in the API's order.
 */
#include "snapshot_kit.h"

static char *read_fixture(const char *name)
{
	char path[200];

	snprintf(path, sizeof path, "tests/fixtures/%s", name);
	FILE *file = fopen(path, "r");
	if (!file)
		fail_msg("no %s (run from the checkout)", path);
	char *text = calloc(1, 100000);
	assert_true(fread(text, 1, 99999, file) > 0);
	fclose(file);
	return text;
}

/*
 * The object's text as the fixture has it: it is indented as jq does, so taking off `blanks` in
 * front of each line after the first gives describe.json.
 */
static char *cut_object(const char *fixture, const char *from, size_t blanks)
{
	const char *line = strstr(fixture, from);
	char *out = calloc(1, strlen(fixture) + 1), *end = out;

	assert_non_null(line);
	line += strlen(from) - 1;
	for (bool last = false; !last;) {
		size_t len = strcspn(line, "\n");

		last = len >= 1 && line[0] == '}' && end > out;
		end += sprintf(end, "%.*s\n", last ? 1 : (int)len, line);
		line += len + 1;
		line += last ? 0 : strspn(line, " ") < blanks ? strspn(line, " ") : blanks;
	}
	return out;
}

static struct snapshot *render_seed(const struct kind *kind, const char *name, const char *path,
	const char *from, size_t blanks)
{
	char *fixture = read_fixture(name), *expected = cut_object(fixture, from, blanks);
	struct json *answer = parse(fixture);
	const struct json *object = json_get_path(answer, path);
	struct snapshot *s;

	if (json_type(object) == JSON_ARRAY)
		object = json_first(object);
	assert_int_equal(snapshot_render(&s, kind, object, "/training/1", &bare_style, LATE_S), 0);
	assert_sane(s);
	assert_bytes(s, "describe.json", expected);
	json_free(answer);
	free(expected);
	free(fixture);
	return s;
}

static const struct field task_rows[] = {
	{"id", "string", "train-1329791605108055040\n"},
	{"name", "string", "initCommand_test\n"},
	{"uin", "string", "100031385875\n"},
	{"sub_uin", "string", "100042146752\n"},
	{"region", "string", "ap-guangzhou\n"},
	{"framework_name", "string", "PYTORCH\n"},
	{"framework_version", "string", ""},
	{"framework_environment", "string", "torch1.9-py3.8-cuda11.1-gpu\n"},
	{"training_mode", "string", "DDP\n"},
	{"charge_type", "string", "POSTPAID_BY_HOUR\n"},
	{"resource_group_id", "string", ""},
	{"resource_group_name", "string", ""},
	{"resource_config_infos", "array", NULL},
	{"resource_config_infos/0", "object", NULL},
	{"resource_config_infos/0/role", "string", "WORKER\n"},
	{"resource_config_infos/0/cpu", "number", "2000\n"},
	{"resource_config_infos/0/memory", "number", "2048\n"},
	{"resource_config_infos/0/gpu_type", "string", ""},
	{"resource_config_infos/0/gpu", "number", "0\n"},
	{"resource_config_infos/0/instance_type", "string", "TI.S6.MEDIUM2.POST\n"},
	{"resource_config_infos/0/instance_type_alias", "string", "2C2G\n"},
	{"resource_config_infos/0/instance_num", "number", "1\n"},
	{"resource_config_infos/0/rdma_config", "object", NULL},
	{"resource_config_infos/0/rdma_config/enable", "boolean", "false\n"},
	{"tags", "array", NULL},
	{"tags/qcs:tag:createdBy", "string", "CAMUser:100042146752:evanxli\n"},
	{"image_info", "object", NULL},
	{"image_info/image_type", "string", "PRE_SET\n"},
	{"image_info/image_url", "string",
		"tione.tencentcloudcr.com/qcloud-ti-platform/ti-cloud-torch-1.9.0-devel:1.0.9\n"},
	{"image_info/registry_region", "string", ""},
	{"image_info/registry_id", "string", ""},
	{"image_info/image_name", "string", "torch1.9-py3.8-cuda11.1-gpu\n"},
	{"code_package_path", "object", NULL},
	{"code_package_path/bucket", "string", ""},
	{"code_package_path/region", "string", ""},
	{"code_package_path/paths", "array", ""},
	{"start_cmd_info", "object", NULL},
	{"start_cmd_info/start_cmd", "string", ""},
	{"start_cmd_info/ps_start_cmd", "string", ""},
	{"start_cmd_info/worker_start_cmd", "string", "sleep 3600\n"},
	{"data_source", "string", ""},
	{"data_configs", "array", NULL},
	{"tuning_parameters", "string", "{abc,}\n"},
	{"output", "object", NULL},
	{"output/bucket", "string", ""},
	{"output/region", "string", ""},
	{"output/paths", "array", ""},
	{"log_enable", "boolean", "false\n"},
	{"log_config", "object", NULL},
	{"log_config/logset_id", "string", ""},
	{"log_config/topic_id", "string", ""},
	{"vpc_id", "string", ""},
	{"subnet_id", "string", ""},
	{"status", "string", "SUCCEED\n"},
	{"runtime_in_seconds", "number", "3602\n"},
	{"create_time", "string", "2025-05-28T18:18:33+08\n"},
	{"update_time", "string", "2025-05-29T14:41:57+08\n"},
	{"start_time", "string", "2025-05-29T14:43:53+08\n"},
	{"end_time", "string", "2025-05-29T15:43:55+08\n"},
	{"charge_status", "string", "NOT_BILLING\n"},
	{"latest_instance_id", "string", "train-1329791605108055040-a3vq1whfx24g\n"},
	{"tensor_board_id", "string", ""},
	{"remark", "string", ""},
	{"failure_reason", "string", ""},
	{"billing_info", "string", ""},
	{"message", "string", ""},
	{"callback_url", "string", ""},
	{"sub_uin_name", "string", "evanxli\n"},
	{"code_repos", "array", NULL},
	{"code_repos/0", "object", NULL},
	{"code_repos/0/id", "string", "cr-1076157270725717248\n"},
	{"code_repos/0/target_path", "string", "/git/data\n"},
	{"describe.json", "object", "*"},
};

static const char *key_at(const struct snapshot *s, const char *path)
{
	return snapshot_key(s, (uint32_t)(at(s, path) - s->entries));
}

static void test_the_training_task(void **state)
{
	struct snapshot *s = render_seed(&training, "seed_tione_DescribeTrainingTask.response.json",
		"Response.TrainingTaskDetail", "\"TrainingTaskDetail\": {", 4);

	(void)state;
	assert_tree(s, task_rows, COUNT(task_rows));
	assert_int_equal(s->mtime_s, 1748504635); /* EndTime, 2025-05-29T07:43:55Z */
	assert_true(s->terminal);
	assert_string_equal(snapshot_key(s, snapshot_find(s, 0, "runtime_in_seconds")),
		"RuntimeInSeconds");
	assert_string_equal(snapshot_key(s, snapshot_find(s, 0, "describe.json")), "");
	assert_string_equal(key_at(s, "tags/qcs:tag:createdBy"),
		"qcs:tag:createdBy");
	assert_string_equal(key_at(s, "code_repos/0"), "0");
	assert_false(at(s, "status")->primed || at(s, "status")->secret);
	snapshot_free(s);
}

static const struct field version_rows[] = {
	{"reasoning_environment", "string", "tione.tencentcloudcr.com/qcloud-ti-platform/"
		"ti-cloud-infer-pytorch-gpu:py38-torch1.9.0-cu111-tiacc2.5.0-2.0.2\n"},
	{"reasoning_environment_id", "string", "pytorch1.9.0-py38(gpu)\n"},
	{"cos_path", "object", NULL},
	{"cos_path/paths", "array", "test/model/\n"},
	{"cos_path/region", "string", "ap-guangzhou\n"},
	{"cos_path/bucket", "string", "test-bucket\n"},
	{"training_job_id", "string", ""},
	{"progress", "number", "100\n"},
	{"status", "string", "STATUS_SUCCESS\n"},
	{"auto_clean", "string", "false\n"},
	{"max_reserved_models", "number", "0\n"},
	{"name", "string", "test-model\n"},
	{"algorithm_framework", "string", "PYTORCH\n"},
	{"model_clean_period", "number", "0\n"},
	{"model_hot_update_path", "object", NULL},
	{"model_hot_update_path/paths", "array", "test/model/\n"},
	{"model_hot_update_path/region", "string", "ap-guangzhou\n"},
	{"model_hot_update_path/bucket", "string", "test-bucket\n"},
	{"error_msg", "string", ""},
	{"creator", "string", "100020000\n"},
	{"training_model_create_time", "string", "2022-09-06T08:34:13Z\n"},
	{"version", "string", "v1\n"},
	{"source", "string", "COS\n"},
	{"reasoning_environment_source", "string", "SYSTEM\n"},
	{"gpu_type", "string", ""},
	{"format", "string", "TORCH_SCRIPT\n"},
	{"training_job_name", "string", ""},
	{"training_job_version", "string", ""},
	{"training_preference", "string", ""},
	{"auto_ml_task_id", "string", ""},
	{"is_qat", "boolean", "false\n"},
	{"id", "string", "mv-v1-625097625049989888\n"},
	{"index", "string", ""},
	{"model_id", "string", "m-608587242317024640\n"},
	{"version_type", "string", "NORMAL\n"},
	{"reasoning_image_info", "object", NULL},
	{"reasoning_image_info/image_url", "string", ""},
	{"reasoning_image_info/registry_region", "string", ""},
	{"reasoning_image_info/registry_id", "string", ""},
	{"reasoning_image_info/image_type", "string", ""},
	{"reasoning_image_info/allow_save_all_content", "boolean", "false\n"},
	{"create_time", "string", "2022-09-29T03:17:24Z\n"},
	{"describe.json", "object", "*"},
};

static void test_the_model_version(void **state)
{
	struct snapshot *s = render_seed(&versions,
		"seed_tione_DescribeTrainingModelVersions.response.json",
		"Response.TrainingModelVersions", "\"TrainingModelVersions\": [\n      {", 6);

	(void)state;
	assert_tree(s, version_rows, COUNT(version_rows));
	assert_int_equal(s->mtime_s, 1664421444);
	assert_false(s->terminal);
	snapshot_free(s);
}

static const struct field notebook_rows[] = {
	{"charge_type", "string", "POSTPAID_BY_HOUR\n"},
	{"automatic_stop_time", "number", "0\n"},
	{"end_time", "string", "2024-11-14T17:22:16+08\n"},
	{"charge_status", "string", "BILLING\n"},
	{"status", "string", "Stopped\n"},
	{"update_time", "string", "2024-11-14T17:17:51+08\n"},
	{"data_source", "string", "CFS\n"},
	{"message", "string", "test\n"},
	{"volume_source_cfs", "object", NULL},
	{"volume_source_cfs/id", "string", "cfs-9su5kqtv\n"},
	{"volume_source_cfs/path", "string", "/tione\n"},
	{"volume_source_cfs/protocol", "string", "NFS\n"},
	{"volume_source_cfs/mount_type", "string", "STORAGE\n"},
	{"volume_source_type", "string", "CFS\n"},
	{"image_info", "object", NULL},
	{"image_info/image_type", "string", "SYSTEM\n"},
	{"image_info/image_url", "string", "tione.tencentcloudcr.com/qcloud-ti-platform/"
		"llm-train:24.03-gpu-py310-cu124-tilearn-llm-v1.8.0\n"},
	{"image_info/image_name", "string", "tilearn-llm0.9-torch2.3-py3.10-cuda12.4-gpu\n"},
	{"image_info/registry_id", "string", ""},
	{"image_info/registry_region", "string", ""},
	{"image_type", "string", "SYSTEM\n"},
	{"data_configs", "array", NULL},
	{"data_configs/0", "object", NULL},
	{"data_configs/0/mapping_path", "string", "/home/tione/notebook\n"},
	{"data_configs/0/data_source_type", "string", "CFS\n"},
	{"data_configs/0/data_source_usage", "string", "test\n"},
	{"data_configs/0/hdfs_source", "object", NULL},
	{"data_configs/0/hdfs_source/id", "string", "hd-sds\n"},
	{"data_configs/0/hdfs_source/path", "string", "/date\n"},
	{"data_configs/0/cfs_turbo_source", "object", NULL},
	{"data_configs/0/cfs_turbo_source/id", "string", "cfs-14csdso5\n"},
	{"data_configs/0/cfs_turbo_source/path", "string", "/tione\n"},
	{"data_configs/0/cfs_source", "object", NULL},
	{"data_configs/0/cfs_source/id", "string", "cfs-14cpoxo5\n"},
	{"data_configs/0/cfs_source/protocol", "string", "NFS\n"},
	{"data_configs/0/cfs_source/mount_type", "string", "STORAGE\n"},
	{"data_configs/0/cfs_source/path", "string", "/tione\n"},
	{"data_configs/0/cos_source", "object", NULL},
	{"data_configs/0/cos_source/bucket", "string", "harry-1318247806\n"},
	{"data_configs/0/cos_source/region", "string", "ap-shanghai\n"},
	{"data_configs/0/cos_source/paths", "array", "/test\n"},
	{"data_configs/0/goose_fs_source", "object", NULL},
	{"data_configs/0/goose_fs_source/id", "string", ""},
	{"data_configs/0/goose_fs_source/type", "string", ""},
	{"data_configs/0/goose_fs_source/path", "string", ""},
	{"data_configs/0/goose_fs_source/name_space", "string", ""},
	{"data_configs/0/local_disk_source", "object", NULL},
	{"data_configs/0/local_disk_source/instance_id", "string", ""},
	{"data_configs/0/cbs_source", "object", NULL},
	{"data_configs/0/cbs_source/volume_size_in_gb", "number", "0\n"},
	{"data_configs/0/data_set_source", "object", NULL},
	{"data_configs/0/data_set_source/id", "string", ""},
	{"vpc_id", "string", "vpc-hb7u9q6e\n"},
	{"tags", "array", NULL},
	{"tags/test-key", "string", "test-value\n"},
	{"id", "string", "nb-1188508294472113920\n"},
	{"resource_group_id", "string", "trsg-dwpqnjmk\n"},
	{"subnet_id", "string", "subnet-58zkmdob\n"},
	{"lifecycle_script_id", "string", "ls-1007228485705742720\n"},
	{"root_access", "boolean", "true\n"},
	{"name", "string", "notebook-test\n"},
	{"default_code_repo_id", "string", "cr-1000669213287070080\n"},
	{"resource_conf", "object", NULL},
	{"resource_conf/gpu", "number", "1\n"},
	{"resource_conf/cpu", "number", "2018\n"},
	{"resource_conf/gpu_type", "string", "V100\n"},
	{"resource_conf/instance_type", "string", "TI.S.MEDIUM.POST\n"},
	{"resource_conf/memory", "number", "4000\n"},
	{"auto_stopping", "boolean", "true\n"},
	{"resource_group_name", "string", "resource-test\n"},
	{"log_enable", "boolean", "true\n"},
	{"billing_infos", "array", "info\n"},
	{"instance_type_alias", "string", "2C4G\n"},
	{"additional_code_repo_ids", "array", "cr-1000669213287070080\n"},
	{"direct_internet_access", "boolean", "true\n"},
	{"create_time", "string", "2024-11-11T10:50:44+08\n"},
	{"job_create_time", "string", "2024-11-14T16:58:00+08\n"},
	{"runtime_in_seconds", "number", "100\n"},
	{"volume_size_in_gb", "number", "100\n"},
	{"start_time", "string", "2024-11-14T19:50:10+08\n"},
	{"pod_name", "string", "nb-1188501796310898048-912gqy8i0xvk\n"},
	{"failure_reason", "string", "no-msg\n"},
	{"sub_uin", "string", "100032979603\n"},
	{"log_config", "object", NULL},
	{"log_config/topic_id", "string", "ea8048db-8f97-4abb-9668-f3532b9b61f8\n"},
	{"log_config/logset_id", "string", "4dd0a097-f629-4afc-9b99-888ef99a178f\n"},
	{"describe.json", "object", "*"},
};

static void test_the_notebook(void **state)
{
	struct snapshot *s = render_seed(&training, "seed_tione_DescribeNotebook.response.json",
		"Response.NotebookDetail", "\"NotebookDetail\": {", 4);

	(void)state;
	assert_tree(s, notebook_rows, COUNT(notebook_rows));
	assert_int_equal(s->mtime_s, 1731585010); /* StartTime: later than EndTime here */
	snapshot_free(s);
}

static const struct field job_rows[] = {
	{"id", "number", "1\n"},
	{"description", "string", "desc\n"},
	{"task_id", "number", "1\n"},
	{"name", "string", "test\n"},
	{"version", "number", "1\n"},
	{"job_run_type", "number", "1\n"},
	{"incre_config", "object", NULL},
	{"incre_config/task_id", "number", "362\n"},
	{"incre_config/job_id", "number", "1264\n"},
	{"train_type", "string", "ernieBotLite-v200\n"},
	{"train_mode", "string", "SFT\n"},
	{"peft_type", "string", "ALL\n"},
	{"status", "string", "FINISH\n"},
	{"start_time", "string", "2023-05-05 00:00:00\n"},
	{"finish_time", "string", "2023-05-05 01:00:00\n"},
	{"run_time", "number", "3600\n"},
	{"train_time", "number", "1800\n"},
	{"progress", "number", "99\n"},
	{"vdl_link", "string", "https://console.bce.baidu.com/qianfan/visualdl/index?displayToken="
		"eyJydW5JZCI6InJ1bi10NGczZmZuMXpzampwZHFzIn0=\n"},
	{"describe.json", "object", "*"},
};

static void test_the_qianfan_run(void **state)
{
	struct snapshot *s = render_seed(&jobs, "seed_qianfan_v1_jobDetail.response.json", "result",
		"\"result\": {", 2);

	(void)state;
	assert_tree(s, job_rows, COUNT(job_rows));
	assert_int_equal(s->mtime_s, 1683219600); /* no zone: UTC+8 */
	assert_string_equal(snapshot_key(s, snapshot_find(s, 0, "status")), "trainStatus");
	snapshot_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_training_task),
		cmocka_unit_test(test_the_model_version),
		cmocka_unit_test(test_the_notebook),
		cmocka_unit_test(test_the_qianfan_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
