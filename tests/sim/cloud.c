/*
 * cloud.c - a small TI-ONE and a small Qianfan, right as far as the tests look.
 */
#include "cloud.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what there is ---- */

struct thing *cloud_add(struct cloud *cloud, const char *kind, const char *parent, const char *id)
{
	struct thing *thing = xcalloc(1, sizeof(*thing));

	thing->kind = kind;
	snprintf(thing->id, sizeof(thing->id), "%s", id);
	snprintf(thing->parent, sizeof(thing->parent), "%s", parent ? parent : "");
	snprintf(thing->status, sizeof(thing->status), "RUNNING");
	if (cloud->n == cloud->room) {
		cloud->room = cloud->room ? cloud->room * 2 : 64;
		cloud->things = xrealloc(cloud->things, cloud->room * sizeof(struct thing *));
	}
	return cloud->things[cloud->n++] = thing;
}

void cloud_add_many(struct cloud *cloud, const char *kind, const char *parent, const char *prefix,
	size_t n)
{
	char id[48];

	for (size_t i = 1; i <= n; i++) {
		snprintf(id, sizeof(id), "%s%04zu", prefix, i);
		cloud_add(cloud, kind, parent, id);
	}
}

static struct thing *find(const struct cloud *cloud, const char *kind, const char *id)
{
	for (size_t i = 0; i < cloud->n; i++)
		if (!strcmp(cloud->things[i]->id, id) && (!kind || !strcmp(cloud->things[i]->kind, kind)))
			return cloud->things[i];
	return NULL;
}

struct thing *cloud_thing(struct cloud *cloud, const char *id)
{
	struct thing *thing = find(cloud, NULL, id);

	assert_non_null(thing);
	return thing;
}

void cloud_set_status(struct cloud *cloud, const char *id, const char *status)
{
	struct thing *thing = cloud_thing(cloud, id);

	snprintf(thing->status, sizeof(thing->status), "%s", status);
	thing->revision++;
}

/* ---- what answers say of it ---- */

static void print_name(const struct thing *thing, struct buf *out)
{
	if (!strcmp(thing->name, "null"))
		buf_puts(out, "\"Name\": null, ");
	else if (thing->name[0])
		buf_printf(out, "\"Name\": \"%s\", ", thing->name);
	else
		buf_printf(out, "\"Name\": \"name of %s\", ", thing->id);
}

static void print_task(const struct thing *thing, bool detail, struct buf *out)
{
	buf_printf(out, "{\"Id\": \"%s\", ", thing->id);
	print_name(thing, out);
	buf_printf(out, "\"Status\": \"%s\", "
		"\"CreateTime\": \"2025-11-01T00:00:00Z\", \"UpdateTime\": \"2025-11-%02uT%02u:%02u:%02uZ\", "
		"\"ImageInfo\": {\"ImageType\": \"PRE_SET\", \"ImageUrl\": \"tcr/%s\"}, "
		"\"Message\": \"%s\", ", thing->status,
		2 + thing->revision / 86400, thing->revision / 3600 % 24, thing->revision / 60 % 60,
		thing->revision % 60, thing->id, thing->message);
	if (detail)
		buf_printf(out, "\"Remark\": \"%s\", \"Tags\": %s, \"RuntimeInSeconds\": 9007199254740993}",
			thing->remark, thing->tags[0] ? thing->tags :
			"[{\"TagKey\": \"k\", \"TagValue\": \"v\"}]");
	else if (thing->tags[0])
		buf_printf(out, "\"Tags\": %s}", thing->tags);
	else
		buf_puts(out, "\"Envs\": [{\"Name\": \"A\", \"Value\": \"b\"}]}");
}

static void print_version(const struct thing *thing, struct buf *out)
{
	buf_printf(out, "{\"TrainingModelId\": \"%s\", \"TrainingModelVersionId\": \"%s\", "
		"\"TrainingModelStatus\": \"%s\", \"TrainingModelFormat\": \"TORCH_SCRIPT\", "
		"\"TrainingModelErrorMsg\": \"%s\", \"CreateTime\": \"2025-11-02T%02u:%02u:%02uZ\"}",
		thing->parent, thing->id, thing->status, thing->message, thing->revision / 3600,
		thing->revision / 60 % 60, thing->revision % 60);
}

static void print_run(const struct thing *thing, struct buf *out)
{
	buf_printf(out, "{\"id\": %s, \"taskId\": %s, \"taskName\": \"%s\", \"trainStatus\": \"%s\", "
		"\"startTime\": \"2023-05-05 00:00:00\", \"finishtime\": \"2023-05-05 01:00:00\"}",
		thing->id, thing->parent, thing->message, thing->status);
}

void cloud_print(const struct thing *thing, bool detail, struct buf *out)
{
	if (!strcmp(thing->kind, "training") || !strcmp(thing->kind, "notebooks"))
		print_task(thing, detail, out);
	else if (!strcmp(thing->kind, "models"))
		buf_printf(out, "{\"TrainingModelId\": \"%s\", \"TrainingModelName\": \"%s\", \"Tags\": [], "
			"\"CreateTime\": \"2025-11-01T00:00:00Z\"}", thing->id, thing->message);
	else if (!strcmp(thing->kind, "versions"))
		print_version(thing, out);
	else if (!strcmp(thing->kind, "services"))
		buf_printf(out, "{\"ServiceGroupId\": \"%s\", \"Services\": [{\"ServiceInfo\": "
			"{\"ModelInfo\": {\"ModelId\": \"%s\"}}}]}", thing->id, thing->parent);
	else if (!strcmp(thing->kind, "accelerations"))
		buf_printf(out, "{\"ModelAccTaskId\": \"%s\", \"ModelId\": \"%s\"}", thing->id,
			thing->parent);
	else if (!strcmp(thing->kind, "jobs"))
		print_run(thing, out);
	else if (!strcmp(thing->kind, "finetuning"))
		buf_printf(out, "{\"jobId\": \"%s\", \"name\": \"%s\"}", thing->id, thing->message);
	else
		buf_printf(out, "{\"taskId\": \"%s\", \"jobId\": \"%s\", \"runStatus\": \"%s\"}",
			thing->id, thing->parent, thing->status);
}

/* ---- TI-ONE ---- */

/* One key and one value, both as in the thing's own JSON. */
static bool has_tag(const struct thing *thing, const struct json *filter)
{
	struct buf pair;

	buf_init(&pair, SIZE_MAX);
	buf_puts(&pair, "{\"TagKey\": ");
	json_quote(&pair, json_text(json_get(filter, "TagKey")));
	buf_puts(&pair, ", \"TagValue\": ");
	json_quote(&pair, json_text(json_first(json_get(filter, "TagValues"))));
	buf_putc(&pair, '}');
	bool has = strstr(thing->tags, pair.data);
	buf_release(&pair);
	return has;
}

/* The filters that we send: a status that is, or is not, one of some; a tag. */
static bool passes(const struct cloud *cloud, const struct exchange *exchange, const struct thing *thing)
{
	const struct json *filters = json_get(exchange->json, "Filters");
	const struct json *tags = json_get(exchange->json, "TagFilters");

	if ((!filters && !tags) || cloud->ignores_filters)
		return true;
	if (tags)
		return has_tag(thing, json_first(tags));
	const struct json *filter = json_first(filters);
	assert_non_null(filter);
	assert_string_equal(json_text(json_get(filter, "Name")), "Status");
	const struct json *negative = json_get(filter, "Negative");
	const struct json *value = json_first(json_get(filter, "Values"));
	for (assert_non_null(value); value; value = json_next(value))
		if (!strcmp(json_text(value), thing->status))
			return !negative;
	return negative;
}

static int newest_first(const void *a, const void *b)
{
	const struct thing *one = *(struct thing *const *)a, *other = *(struct thing *const *)b;

	if (one->revision != other->revision)
		return one->revision < other->revision ? 1 : -1;
	return strcmp(one->id, other->id);
}

static void list_page(struct cloud *cloud, struct exchange *exchange, const char *kind,
	const char *member)
{
	size_t n = 0, first = (size_t)exchange_number(exchange, "Offset");
	size_t end = first + (size_t)exchange_number(exchange, "Limit");
	struct thing **shown = xcalloc(cloud->n + 1, sizeof(struct thing *));
	struct buf items;

	for (size_t i = 0; i < cloud->n; i++) {
		struct thing *thing = cloud->things[i];
		if (!thing->gone && !strcmp(thing->kind, kind) && passes(cloud, exchange, thing))
			shown[n++] = thing;
	}
	if (!strcmp(exchange_text(exchange, "OrderField"), "UpdateTime") && !cloud->ignores_order)
		qsort(shown, n, sizeof(struct thing *), newest_first);
	buf_init(&items, SIZE_MAX);
	for (size_t i = first; i < n && i < end; i++) {
		buf_puts(&items, items.len ? ", " : "");
		cloud_print(shown[i], false, &items);
	}
	exchange_tencent(exchange, "\"%s\": [%s], \"TotalCount\": %zu", member, items.data, n);
	buf_release(&items);
	free(shown);
}

static void list_versions(struct cloud *cloud, struct exchange *exchange)
{
	const char *model = exchange_text(exchange, "TrainingModelId");
	struct buf items;

	if (!find(cloud, "models", model)) {
		exchange_error(exchange, "ResourceNotFound.NoModel");
		return;
	}
	buf_init(&items, SIZE_MAX);
	for (size_t i = 0; i < cloud->n; i++) {
		const struct thing *thing = cloud->things[i];
		if (thing->gone || strcmp(thing->kind, "versions") || strcmp(thing->parent, model))
			continue;
		buf_puts(&items, items.len ? ", " : "");
		cloud_print(thing, false, &items);
	}
	exchange_tencent(exchange, "\"TrainingModelVersions\": [%s]", items.data);
	buf_release(&items);
}

static void describe(struct cloud *cloud, struct exchange *exchange, const char *kind,
	const char *id_member, const char *member)
{
	const struct thing *thing = find(cloud, kind, exchange_text(exchange, id_member));
	struct buf item;

	if (!thing || thing->gone) {
		exchange_error(exchange, "ResourceNotFound");
		return;
	}
	buf_init(&item, SIZE_MAX);
	cloud_print(thing, true, &item);
	exchange_tencent(exchange, "\"%s\": %s", member, item.data);
	buf_release(&item);
}

static void answer_tencent(struct cloud *cloud, struct exchange *exchange)
{
	static const struct {
		const char *action, *kind, *member, *id;
	} calls[] = {
		{ "DescribeTrainingTasks", "training", "TrainingTaskSet", NULL },
		{ "DescribeTrainingTask", "training", "TrainingTaskDetail", "Id" },
		{ "DescribeNotebooks", "notebooks", "NotebookSet", NULL },
		{ "DescribeNotebook", "notebooks", "NotebookDetail", "Id" },
		{ "DescribeTrainingModels", "models", "TrainingModels", NULL },
		{ "DescribeModelServiceGroups", "services", "ServiceGroups", NULL },
		{ "DescribeModelAccelerateVersions", "accelerations", "ModelAccelerateVersions", NULL },
		{ "DescribeTrainingModelVersion", "versions", "TrainingModelVersion",
			"TrainingModelVersionId" },
	};
	const char *action = exchange_action(exchange);

	if (!strcmp(action, "DescribeTrainingModels") && !cloud->lists_models) {
		exchange_error(exchange, "InvalidAction");
		return;
	}
	if (!strcmp(action, "DescribeTrainingModelVersions")) {
		list_versions(cloud, exchange);
		return;
	}
	for (size_t i = 0; i < COUNT(calls); i++) {
		if (strcmp(calls[i].action, action) != 0)
			continue;
		if (cloud->refuses_status && strstr(exchange->body, cloud->refuses_status))
			exchange_error(exchange, "InvalidParameterValue");
		else if (cloud->refuses_filters && (json_get(exchange->json, "Filters") ||
				json_get(exchange->json, "TagFilters")))
			exchange_error(exchange, "InvalidParameterValue.InvalidFilter");
		else if (calls[i].id)
			describe(cloud, exchange, calls[i].kind, calls[i].id, calls[i].member);
		else
			list_page(cloud, exchange, calls[i].kind, calls[i].member);
		return;
	}
	fail_msg("nobody knows the action %s", action);
}

/* ---- Qianfan ---- */

static void list_marked(struct cloud *cloud, struct exchange *exchange, const char *kind,
	const char *member)
{
	const char *marker = exchange_text(exchange, "marker"), *next = "";
	const char *parent = exchange_text(exchange, "jobId");
	int64_t room = exchange_number(exchange, "maxKeys");
	bool begun = !*marker;
	struct buf items;

	buf_init(&items, SIZE_MAX);
	for (size_t i = 0; i < cloud->n && !*next; i++) {
		const struct thing *thing = cloud->things[i];
		if (thing->gone || strcmp(thing->kind, kind) || strcmp(thing->parent, parent))
			continue;
		begun |= !strcmp(thing->id, marker);
		if (begun && room-- == 0) {
			next = thing->id;
		} else if (begun) {
			buf_puts(&items, items.len ? ", " : "");
			cloud_print(thing, false, &items);
		}
	}
	exchange_baidu(exchange, "{\"%s\": [%s], \"pageInfo\": {\"marker\": \"%s\", \"isTruncated\": %s, "
		"\"nextMarker\": \"%s\"}}", member, items.data, marker, *next ? "true" : "false", next);
	buf_release(&items);
}

static void describe_baidu(struct cloud *cloud, struct exchange *exchange, const char *kind,
	const char *id_member)
{
	const struct thing *thing = find(cloud, kind, exchange_text(exchange, id_member));
	struct buf item;

	if (!thing || thing->gone) {
		exchange_say(exchange, 404, "{\"requestId\": \"r\", \"code\": \"TaskNotFound\", "
			"\"message\": \"scripted\"}");
		return;
	}
	buf_init(&item, SIZE_MAX);
	cloud_print(thing, true, &item);
	exchange_baidu(exchange, "%s", item.data);
	buf_release(&item);
}

static void answer_baidu(struct cloud *cloud, struct exchange *exchange)
{
	const char *action = exchange_action(exchange);

	if (!strcmp(action, "jobDetail"))
		describe_baidu(cloud, exchange, "jobs", "jobId");
	else if (!strcmp(action, "DescribeFineTuningJobs"))
		list_marked(cloud, exchange, "finetuning", "jobList");
	else if (!strcmp(action, "DescribeFineTuningTasks"))
		list_marked(cloud, exchange, "tasks", "taskList");
	else if (!strcmp(action, "DescribeFineTuningTask"))
		describe_baidu(cloud, exchange, "tasks", "taskId");
	else
		fail_msg("nobody knows the action %s", action);
}

/* ---- both ---- */

void cloud_answer(struct cloud *cloud, struct exchange *exchange)
{
	if (cloud->fail)
		exchange_fail(exchange, cloud->fail);
	else if (cloud->fail_code)
		exchange_error(exchange, cloud->fail_code);
	else if (exchange_header(exchange, "X-TC-Action"))
		answer_tencent(cloud, exchange);
	else
		answer_baidu(cloud, exchange);
}

static void answer_due(void *arg)
{
	struct exchange *exchange = arg;

	if (exchange->waits) /* else it was given up */
		cloud_answer(exchange->script->on_send_arg, exchange);
}

static void serve(struct cloud *cloud);

static void end_service(void *arg)
{
	struct cloud *cloud = ((struct exchange *)arg)->script->on_send_arg;

	cloud->serving--;
	serve(cloud);
	answer_due(arg);
}

static void serve(struct cloud *cloud)
{
	while (cloud->served < cloud->n_line && cloud->serving < cloud->serves) {
		cloud->serving++;
		script_after(cloud->script, cloud->latency_ms, end_service, cloud->line[cloud->served++]);
	}
}

static void stand_in_line(void *arg)
{
	struct cloud *cloud = ((struct exchange *)arg)->script->on_send_arg;

	if (cloud->n_line == cloud->line_room) {
		cloud->line_room = cloud->line_room ? cloud->line_room * 2 : 64;
		cloud->line = xrealloc(cloud->line, cloud->line_room * sizeof(struct exchange *));
	}
	cloud->line[cloud->n_line++] = arg;
	serve(cloud);
}

static void schedule(void *arg, struct exchange *exchange)
{
	struct cloud *cloud = arg;

	if (cloud->serves)
		script_after(cloud->script, exchange->connect_ms, stand_in_line, exchange);
	else if (cloud->latency_ms >= 0)
		script_after(cloud->script, exchange->connect_ms + cloud->latency_ms, answer_due, exchange);
}

void cloud_open(struct cloud *cloud, struct world *world, int64_t latency_ms)
{
	*cloud = (struct cloud){ .script = &world->script, .latency_ms = latency_ms };
	world->script.on_send = schedule;
	world->script.on_send_arg = cloud;
}

void cloud_close(struct cloud *cloud)
{
	for (size_t i = 0; i < cloud->n; i++)
		free(cloud->things[i]);
	free(cloud->things);
	free(cloud->line);
}

void cloud_world_open(struct cloud_world *place, const struct setup *setup, int64_t latency_ms)
{
	place->world = world_open(setup);
	cloud_open(&place->cloud, place->world, latency_ms);
}

void cloud_world_close(struct cloud_world *place)
{
	world_close(place->world);
	cloud_close(&place->cloud);
}

void cloud_world_advance(struct cloud_world *place, int64_t ms)
{
	script_advance(&place->world->script, ms);
}
