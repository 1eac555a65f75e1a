/* The actions as data, and the checks of a request body against it: API 2021-11-11. */
#include "tencent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROJECT { "TiProjectId", 's', false }
#define PAGE { "Offset", 'i', false }, { "Limit", 'i', false }
#define ORDER { "Order", 's', false }, { "OrderField", 's', false }
#define FILTERS { "Filters", 'F', false }
#define TAGS { "TagFilters", 'T', false }
#define END { NULL, 0, false }

static const struct tc_rule list_rules[] = { PROJECT, PAGE, ORDER, FILTERS, TAGS, END };
static const struct tc_rule task_rules[] = {
	{ "Id", 's', true }, PROJECT, { "InstanceId", 's', false }, END
};
static const struct tc_rule notebook_rules[] = { { "Id", 's', true }, PROJECT, END };
static const struct tc_rule versions_rules[] = { { "TrainingModelId", 's', true }, FILTERS, END };
static const struct tc_rule version_rules[] = { { "TrainingModelVersionId", 's', true }, END };
static const struct tc_rule models_rules[] = {
	PAGE, ORDER, FILTERS, TAGS, { "WithModelVersions", 'b', false }, END
};
static const struct tc_rule groups_rules[] = {
	PROJECT, PAGE, ORDER, FILTERS, TAGS, { "ServiceCategory", 's', false }, END
};
static const struct tc_rule group_rules[] = {
	{ "ServiceGroupId", 's', true }, PROJECT, { "ServiceCategory", 's', false }, END
};
static const struct tc_rule accelerate_rules[] = {
	PAGE, ORDER, FILTERS, { "TrainingModelId", 's', false }, END
};
static const struct tc_rule resource_groups_rules[] = {
	PROJECT, PAGE, FILTERS, TAGS, { "SearchWord", 's', false },
	{ "DontShowInstanceSet", 'b', false }, END
};
static const struct tc_rule nodes_rules[] = {
	{ "ResourceGroupId", 's', true }, PROJECT, PAGE, ORDER, FILTERS, END
};

static const struct tc_filter_name task_filters[] = {
	{ "Name", "Name" }, { "Id", "Id" }, { "Status", "Status" },
	{ "ResourceGroupId", "ResourceGroupId" }, { "Creator", "SubUin" },
	{ "ChargeType", "ChargeType" }, { "CHARGE_STATUS", "ChargeStatus" }, { NULL, NULL }
};
static const struct tc_filter_name notebook_filters[] = {
	{ "Name", "Name" }, { "Id", "Id" }, { "Status", "Status" }, { "Creator", "SubUin" },
	{ "ChargeType", "ChargeType" }, { "ChargeStatus", "ChargeStatus" },
	{ "DefaultCodeRepoId", "DefaultCodeRepoId" },
	{ "AdditionalCodeRepoId", "AdditionalCodeRepoIds" },
	{ "LifecycleScriptId", "LifecycleScriptId" }, { NULL, NULL }
};
static const struct tc_filter_name version_filters[] = {
	{ "TrainingModelVersionId", "TrainingModelVersionId" },
	{ "ModelVersionType", "VersionType" }, { "ModelFormat", "TrainingModelFormat" },
	{ "AlgorithmFramework", "AlgorithmFramework" }, { NULL, NULL }
};
static const struct tc_filter_name model_filters[] = {
	{ "keyword", "TrainingModelName" }, { "TrainingModelId", "TrainingModelId" },
	{ NULL, NULL }
};
static const struct tc_filter_name group_filters[] = {
	{ "ClusterId", "Services" }, { "ServiceId", "Services" },
	{ "ServiceGroupName", "ServiceGroupName" }, { "ServiceGroupId", "ServiceGroupId" },
	{ "Status", "Status" }, { "CreatedBy", "CreatedBy" }, { "ModelVersionId", "Services" },
	{ NULL, NULL }
};
static const struct tc_filter_name accelerate_filters[] = {
	{ "ModelJobName", "ModelJobName" }, { "TrainingModelVersionId", "ModelVersionId" },
	{ NULL, NULL }
};
static const struct tc_filter_name resource_group_filters[] = {
	{ "ResourceGroupId", "ResourceGroupId" }, { "ResourceGroupName", "ResourceGroupName" },
	{ "AvailableNodeCount", "FreeInstance" }, { NULL, NULL }
};
static const struct tc_filter_name node_filters[] = {
	{ "InstanceId", "InstanceId" }, { "InstanceStatus", "InstanceStatus" }, { NULL, NULL }
};

static const struct tc_action actions[] = {
	{ .name = "DescribeTrainingTasks", .shape = TC_LIST, .kind = KIND_TRAINING,
	  .member = "TrainingTaskSet", .limit = 10, .limit_max = 50,
	  .order_field = { "UpdateTime", "CreateTime", "StartTime" },
	  .order_by = { ORDER_UPDATE, ORDER_CREATE, ORDER_START }, .rules = list_rules,
	  .filters = task_filters, .charge_filter = "CHARGE_STATUS" },
	{ .name = "DescribeTrainingTask", .shape = TC_DETAIL, .kind = KIND_TRAINING,
	  .member = "TrainingTaskDetail", .id_member = "Id", .not_found = "ResourceNotFound",
	  .rules = task_rules },
	{ .name = "DescribeNotebooks", .shape = TC_LIST, .kind = KIND_NOTEBOOK,
	  .member = "NotebookSet", .limit = 10, .limit_max = 100,
	  .order_field = { "UpdateTime", "CreateTime" }, .order_by = { ORDER_UPDATE, ORDER_CREATE },
	  .rules = list_rules, .filters = notebook_filters, .charge_filter = "ChargeStatus" },
	{ .name = "DescribeNotebook", .shape = TC_DETAIL, .kind = KIND_NOTEBOOK,
	  .member = "NotebookDetail", .id_member = "Id", .not_found = "ResourceNotFound",
	  .rules = notebook_rules, .request_id_first = true },
	{ .name = "DescribeTrainingModelVersions", .shape = TC_VERSIONS, .kind = KIND_VERSION,
	  .member = "TrainingModelVersions", .id_member = "TrainingModelId",
	  .not_found = "ResourceNotFound.NoModel", .rules = versions_rules,
	  .filters = version_filters },
	{ .name = "DescribeTrainingModelVersion", .shape = TC_DETAIL, .kind = KIND_VERSION,
	  .member = "TrainingModelVersion", .id_member = "TrainingModelVersionId",
	  .not_found = "ResourceNotFound.NoModel", .rules = version_rules },
	{ .name = "DescribeTrainingModels", .shape = TC_LIST, .kind = KIND_MODEL,
	  .member = "TrainingModels", .limit = 10, .limit_max = 100,
	  .order_field = { "CreateTime" }, .order_by = { ORDER_CREATE }, .rules = models_rules,
	  .filters = model_filters, .withdrawn = true },
	{ .name = "DescribeModelServiceGroups", .shape = TC_LIST, .kind = KIND_SERVICE_GROUP,
	  .member = "ServiceGroups", .limit = 20, .limit_max = 100,
	  .order_field = { "CreateTime", "UpdateTime" }, .order_by = { ORDER_CREATE, ORDER_UPDATE },
	  .rules = groups_rules, .filters = group_filters },
	{ .name = "DescribeModelServiceGroup", .shape = TC_DETAIL, .kind = KIND_SERVICE_GROUP,
	  .member = "ServiceGroup", .id_member = "ServiceGroupId", .not_found = "ResourceNotFound",
	  .rules = group_rules },
	{ .name = "DescribeModelAccelerateVersions", .shape = TC_LIST, .kind = KIND_ACCELERATE,
	  .member = "ModelAccelerateVersions", .limit = 10, .limit_max = 20000,
	  .order_field = { "CreateTime" }, .order_by = { ORDER_CREATE },
	  .rules = accelerate_rules, .filters = accelerate_filters, .total_first = true },
	{ .name = "DescribeBillingResourceGroups", .shape = TC_LIST, .kind = KIND_RESOURCE_GROUP,
	  .member = "ResourceGroupSet", .limit = 20, .limit_max = 100,
	  .order_field = { "CreateTime" }, .order_by = { ORDER_CREATE },
	  .rules = resource_groups_rules, .filters = resource_group_filters, .total_first = true },
	{ .name = "DescribeBillingResourceGroup", .shape = TC_LIST, .kind = KIND_NODE,
	  .member = "InstanceSet", .id_member = "ResourceGroupId",
	  .not_found = "ResourceNotFound.ResourceGroupNotFound", .limit = 20, .limit_max = 100,
	  .order_field = { "CreateTime", "ExpireTime" }, .order_by = { ORDER_CREATE, ORDER_UPDATE },
	  .rules = nodes_rules, .filters = node_filters, .total_first = true },
};

const struct tc_action *tencent_action(const char *name)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(actions[i].name, name))
			return &actions[i];
	return NULL;
}

static bool fail(struct call *call, const char *code, const char *fmt, const char *what)
{
	char message[256];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(message, sizeof(message), fmt, what);
#pragma GCC diagnostic pop
	tencent_error(call, code, message);
	return false;
}

static bool string_list(struct slice v, size_t most)
{
	struct slice item;
	size_t n = 0;

	if (jtext_type(v) != '[')
		return false;
	for (size_t pos = 0; jtext_next(v, &pos, &item); n++)
		if (jtext_type(item) != '"')
			return false;
	return n <= most;
}

/* Filter {Name, Values, Negative, Fuzzy} or TagFilter {TagKey, TagValues}, nothing else. */
static bool filter_object(struct slice v, bool tag)
{
	struct jobject o;
	bool good = jtext_type(v) == '{' && jobject_parse(&o, v);

	if (!good)
		return false;
	for (size_t i = 0; i < o.n && good; i++) {
		struct slice key = o.m[i].key, value = o.m[i].value;
		char type = jtext_type(value);

		if (jtext_is(key, tag ? "TagKey" : "Name"))
			good = type == '"';
		else if (jtext_is(key, tag ? "TagValues" : "Values"))
			good = string_list(value, 100);
		else
			good = !tag && (jtext_is(key, "Negative") || jtext_is(key, "Fuzzy")) &&
				(type == 't' || type == 'f');
	}
	jobject_free(&o);
	return good;
}

static bool filter_list(struct slice v, bool tag)
{
	struct slice item;
	size_t n = 0;

	if (jtext_type(v) != '[')
		return false;
	for (size_t pos = 0; jtext_next(v, &pos, &item); n++)
		if (!filter_object(item, tag))
			return false;
	return n <= 10;
}

static bool type_fits(char type, struct slice v)
{
	char found = jtext_type(v);
	int64_t n;

	switch (type) {
	case 's':
		return found == '"';
	case 'i':
		return jtext_int(v, &n);
	case 'b':
		return found == 't' || found == 'f';
	default:
		return filter_list(v, type == 'T');
	}
}

static const struct tc_rule *rule_of(const struct tc_action *action, struct slice key)
{
	for (const struct tc_rule *r = action->rules; r->name; r++)
		if (jtext_is(key, r->name))
			return r;
	return NULL;
}

bool tencent_check_body(struct call *call, const struct tc_action *action, struct slice body)
{
	struct jobject o;
	bool good = true;

	if (!jobject_parse(&o, body))
		return fail(call, "InvalidParameter", "The request body is not a JSON %s.",
			    "object");
	for (size_t i = 0; good && i < o.n; i++) {
		const struct tc_rule *rule = rule_of(action, o.m[i].key);
		char *key = text_dup_n(o.m[i].key.p, o.m[i].key.n);

		if (!rule)
			good = fail(call, "UnknownParameter",
				    "The parameter `%s` is not recognized.", key);
		else if (jtext_type(o.m[i].value) != 'n' && !type_fits(rule->type, o.m[i].value))
			good = fail(call, "InvalidParameter",
				    "The value type of parameter `%s` is not valid.", key);
		free(key);
	}
	for (const struct tc_rule *r = action->rules; good && r->name; r++) {
		char found = jtext_type(jobject_get(&o, r->name));

		if (r->required && (!found || found == 'n'))
			good = fail(call, "MissingParameter",
				    "The request is missing a required parameter `%s`.", r->name);
	}
	jobject_free(&o);
	return good;
}
