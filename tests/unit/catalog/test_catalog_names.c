/*
 * test_catalog_names.c - what the built-in kinds call their members, and what they take for an id.
 */
#include "catalog_kit.h"

static void test_member_names(void **state)
{
	static const struct {
		const char *catalog, *path, *member, *name;
	} ROWS[] = {
		{ "tione", "training", "RuntimeInSeconds", "runtime_in_seconds" },
		{ "tione", "training", "Id", "id" },
		{ "tione", "training", "TrainingModelFormat", "training_model_format" },
		{ "tione", "training", "GPUType", "gpu_type" },
		{ "tione", "models", "TrainingModelId", "id" },
		{ "tione", "models", "TrainingModelName", "name" },
		{ "tione", "models", "CreateTime", "create_time" },
		{ "tione", "models", "Tags", "tags" },
		{ "tione", "models", "TrainingModelVersions", "training_model_versions" },
		{ "tione", "models/versions", "TrainingModelVersionId", "id" },
		{ "tione", "models/versions", "TrainingModelId", "model_id" },
		{ "tione", "models/versions", "TrainingModelFormat", "format" },
		{ "tione", "models/versions", "TrainingModelStatus", "status" },
		{ "tione", "models/versions", "TrainingModelVersion", "version" },
		{ "tione", "models/versions", "TrainingModelName", "name" },
		{ "tione", "models/versions", "TrainingModelCosPath", "cos_path" },
		{ "tione", "models/versions", "CreateTime", "create_time" },
		{ "tione", "models/versions", "TrainingModelCreateTime",
			"training_model_create_time" },
		{ "tione", "models/versions", "TrainingJobId", "training_job_id" },
		{ "tione", "models/versions", "AutoMLTaskId", "auto_ml_task_id" },
		{ "tione", "models/versions", "IsQAT", "is_qat" },
		/* only a whole word is left over */
		{ "tione", "models/versions", "TrainingModel", "training_model" },
		{ "tione", "models/versions", "TrainingModels", "training_models" },
		{ "tione", "models/versions", "TrainingModel2", "training_model2" },
		{ "tione", "models/versions", "trainingModelFormat", "training_model_format" },
		{ "tione", "models/versions", "TrainingModelSomethingNew", "something_new" },
		{ "qianfan", "training/jobs", "trainStatus", "status" },
		{ "qianfan", "training/jobs", "taskName", "name" },
		{ "qianfan", "training/jobs", "finishTime", "finish_time" },
		{ "qianfan", "training/jobs", "finishtime", "finish_time" },
		{ "qianfan", "training/jobs", "increConfig", "incre_config" },
		{ "qianfan", "training/jobs", "vdlLink", "vdl_link" },
		{ "qianfan", "training/jobs", "id", "id" },
		{ "qianfan", "finetuning", "jobId", "job_id" },
		{ "qianfan", "finetuning/tasks", "runStatus", "run_status" },
		{ "qianfan", "finetuning/tasks", "checkpointList", "checkpoint_list" },
	};
	struct buf name;
	buf_init(&name, 512);
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		const struct kind *kind = kind_at(state, ROWS[i].catalog, ROWS[i].path);
		kind_member_name(kind, ROWS[i].member, false, &name);
		assert_text(ROWS[i].member, name.data, ROWS[i].name);
		buf_clear(&name);
		kind_member_name(kind, ROWS[i].member, true, &name);
		assert_text(ROWS[i].member, name.data, ROWS[i].member);
		buf_clear(&name);
	}
	buf_release(&name);
}

/* No two members that come together have one name, and none has that of a kind's own directory. */
static void assert_names_apart(const struct kind *kind)
{
	const struct type *type = kind->type;
	struct buf names;
	buf_init(&names, 1 << 16);
	buf_putc(&names, ' ');
	for (size_t i = 0; type && i < type->n_members; i++) {
		struct buf name;
		buf_init(&name, 512);
		buf_putc(&name, ' ');
		kind_member_name(kind, type->members[i].name, false, &name);
		buf_putc(&name, ' ');
		if (strstr(names.data, name.data) && strcmp(name.data, " finish_time ") != 0)
			fail_msg("%s: two members are %s", kind->name, name.data);
		buf_puts(&names, name.data + 1);
		buf_release(&name);
	}
	for (const struct kind **child = kind->children; *child; child++) {
		char name[64];
		snprintf(name, sizeof name, " %s ", (*child)->name);
		assert_null(strstr(names.data, name));
	}
	buf_release(&names);
}

static void test_names_are_apart(void **state)
{
	const struct catalogs *catalogs = *state;
	for (size_t i = 0; i < catalogs->n; i++) {
		for (size_t j = 0; j < catalogs->v[i]->n_kinds; j++)
			assert_names_apart(catalogs->v[i]->kinds[j]);
	}
}

static void test_ids(void **state)
{
	static const struct {
		const char *catalog, *path, *id;
		bool accepted;
	} ROWS[] = {
		{ "tione", "training", "train-1329791605108055040", true },
		{ "tione", "training", "train-1", true },
		{ "tione", "training", "train-", false },
		{ "tione", "training", "train", false },
		{ "tione", "training", "xtrain-1", false },
		{ "tione", "training", "train-1 ", false },
		{ "tione", "training", "train-1\n", false },
		{ "tione", "training", "train-1\nx", false },
		{ "tione", "training", "x\ntrain-1", false },
		{ "tione", "training", "train-1/..", false },
		{ "tione", "training", "train-1%2F", false },
		{ "tione", "training", "train-\xc3\xa9", false },
		{ "tione", "training", "m-608587242317024640", false },
		{ "tione", "models", "m-608587242317024640", true },
		{ "tione", "models", "mv-v1-625097625049989888", false },
		{ "tione", "models/versions", "mv-v1-625097625049989888", true },
		{ "tione", "models/versions", "m-608587242317024640", false },
		{ "tione", "notebooks", "nb-1188508294472113920", true },
		{ "qianfan", "training", "7263", true },
		{ "qianfan", "training", "9223372036854775807", true },
		{ "qianfan", "training", "92233720368547758070", false },
		{ "qianfan", "training", "0", false },
		{ "qianfan", "training", "007", false },
		{ "qianfan", "training", "-1", false },
		{ "qianfan", "training", "1e3", false },
		{ "qianfan", "training", "jobs", false },
		{ "qianfan", "training/jobs", "4612", true },
		{ "qianfan", "finetuning", "job-ours00000004", true },
		{ "qianfan", "finetuning", "task-ours0000001", false },
		{ "qianfan", "finetuning/tasks", "task-ours0000001", true },
		{ "qianfan", "finetuning/tasks", "job-ours00000004", false },
	};
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		const struct kind *kind = kind_at(state, ROWS[i].catalog, ROWS[i].path);
		if (kind_accepts_id(kind, ROWS[i].id) != ROWS[i].accepted)
			fail_msg("%s of %s: %s", ROWS[i].id, ROWS[i].path,
				ROWS[i].accepted ? "refused" : "accepted");
	}
}

static void test_probes_are_no_ids(void **state)
{
	static const char *const PROBES[] = {
		"", ".", "..", ".git", ".Trash", ".Trash-1000", ".hidden", "autorun.inf", "HEAD",
		"a/b", "desktop.ini", "Thumbs.db", "objects", "refs", "CVS", "_svn", "README",
		"describe.json", "by-name", "-", "*", "train-*", "\x01", "\xff",
	};
	const struct catalogs *catalogs = *state;
	for (size_t c = 0; c < catalogs->n; c++) {
		for (size_t k = 0; k < catalogs->v[c]->n_kinds; k++) {
			for (size_t i = 0; i < COUNT(PROBES); i++)
				assert_false(kind_accepts_id(catalogs->v[c]->kinds[k], PROBES[i]));
		}
	}
}

static void test_an_id_ends_at_255_bytes(void **state)
{
	const struct kind *training = kind_at(state, "tione", "training");
	char id[301];
	memset(id, 'a', sizeof id);
	memcpy(id, "train-", 6);
	id[300] = '\0';
	assert_false(kind_accepts_id(training, id));
	id[256] = '\0';
	assert_false(kind_accepts_id(training, id));
	id[255] = '\0';
	assert_true(kind_accepts_id(training, id));
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {
		cmocka_unit_test(test_member_names),
		cmocka_unit_test(test_names_are_apart),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_probes_are_no_ids),
		cmocka_unit_test(test_an_id_ends_at_255_bytes),
	};
	return cmocka_run_group_tests(TESTS, load_all, release_all);
}
