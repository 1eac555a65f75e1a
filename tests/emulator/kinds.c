/* The kinds as data. The differences of list item and detail are those of the API's types
 * (TrainingTaskSetItem against TrainingTaskDetail, NotebookSetItem against NotebookDetail). */
#include "store.h"

#include <string.h>
#include <strings.h>

static const char *const training_detail_only[] = {
	"Uin", "Region", "CodePackagePath", "StartCmdInfo", "DataSource", "DataConfigs",
	"TuningParameters", "LogEnable", "LogConfig", "VpcId", "SubnetId", "LatestInstanceId",
	"TensorBoardId", "Remark", "CodeRepos", "ExposeNetworkConfig", "OperatorInfo", NULL
};
static const char *const training_list_only[] = { "AppId", "Envs", "LatestOperatorInfo", NULL };

static const char *const notebook_detail_only[] = {
	"LifecycleScriptId", "DirectInternetAccess", "AdditionalCodeRepoIds", "DefaultCodeRepoId",
	"LogEnable", "LogConfig", "VpcId", "SubnetId", "RootAccess", "DataConfigs", "DataSource",
	"ImageInfo", "ImageType", "ResourceGroupInstanceId", "JobCreateTime", NULL
};
static const char *const notebook_list_only[] = { "UserTypes", "ExposePortConfig", NULL };

static const char *const task_detail_only[] = { "vdlLink", "runProgress", NULL };
static const char *const set_detail_only[] = { "source", "description", NULL };
static const char *const set_list_only[] = { "modelCount", NULL };

static const struct kind kinds[KIND_COUNT] = {
	{ KIND_TRAINING, "tione", "training", "task", "Id", NULL,
	  { "UpdateTime", "CreateTime", "StartTime" }, training_detail_only, training_list_only,
	  "{\"AppId\":\"1318247800\",\"Envs\":[{\"Name\":\"EMULATOR_ENV\",\"Value\":"
	  "\"canary-env\"}],"
	  "\"LatestOperatorInfo\":{\"Uin\":\"100031385875\",\"SubUin\":\"100042146752\"}}" },
	{ KIND_NOTEBOOK, "tione", "notebook", "notebooks", "Id", NULL,
	  { "UpdateTime", "CreateTime", "StartTime" }, notebook_detail_only, notebook_list_only,
	  "{\"UserTypes\":[\"AIMarket\"],\"ExposePortConfig\":{\"Enable\":false}}" },
	{ KIND_MODEL, "tione", "model", "models", "TrainingModelId", NULL,
	  { "CreateTime", "CreateTime", "CreateTime" }, NULL, NULL, NULL },
	{ KIND_VERSION, "tione", "version", "versions", "TrainingModelVersionId", "TrainingModelId",
	  { "CreateTime", "CreateTime", "CreateTime" }, NULL, NULL, NULL },
	{ KIND_SERVICE_GROUP, "tione", "service_group", "service_groups", "ServiceGroupId", NULL,
	  { "UpdateTime", "CreateTime", "CreateTime" }, NULL, NULL, NULL },
	{ KIND_ACCELERATE, "tione", "accelerate", "acceleration", "ModelVersionId", NULL,
	  { "CreateTime", "CreateTime", "CreateTime" }, NULL, NULL, NULL },
	{ KIND_RESOURCE_GROUP, "tione", "resource_group", "resource_groups", "ResourceGroupId",
	  NULL, { "CreateTime", "CreateTime", "CreateTime" }, NULL, NULL, NULL },
	{ KIND_NODE, "tione", "node", "nodes", "InstanceId", "ResourceGroupId",
	  { "ExpireTime", "CreateTime", "CreateTime" }, NULL, NULL, NULL },
	{ KIND_RUN, "qianfan", "v1", "run", "id", "taskId",
	  { "startTime", "startTime", "startTime" }, NULL, NULL, NULL },
	{ KIND_JOB, "qianfan", "job", "finetuning", "jobId", NULL,
	  { "createDate", "createDate", "createDate" }, NULL, NULL, NULL },
	{ KIND_TASK, "qianfan", "task", "tasks", "taskId", "jobId",
	  { "createDate", "createDate", "createDate" }, task_detail_only, NULL, NULL },
	{ KIND_MODEL_SET, "qianfan", "model_set", "model_sets", "modelSetId", NULL,
	  { "modifyTime", "createTime", "createTime" }, set_detail_only, set_list_only,
	  "{\"modelCount\":1}" },
	{ KIND_QIANFAN_MODEL, "qianfan", "model", "models", "modelId", NULL,
	  { "modifyTime", "createTime", "createTime" }, NULL, NULL, NULL },
};

const struct kind *kind_at(enum kind_id id)
{
	return &kinds[id];
}

const struct kind *kind_find(const char *cloud, const char *name)
{
	for (size_t i = 0; name && i < KIND_COUNT; i++)
		if ((!cloud || !strcmp(cloud, kinds[i].cloud)) &&
		    (!strcasecmp(name, kinds[i].name) || !strcasecmp(name, kinds[i].also)))
			return &kinds[i];
	return NULL;
}
