/* Baidu's gateway and its two fine-tuning APIs. Choices where the documents are silent:
 * README.md, "Choices". */
#include "call.h"
#include "plan.h"
#include "store.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_DEFAULT = 10, KEYS_MAX = 100, RATE_STATUS = 429 };

enum v2_shape { V2_LIST, V2_DETAIL };

struct v2_action {
	const char *path, *name;
	enum v2_shape shape;
	enum kind_id kind;
	const char *member;     /* of a list's result */
	const char *id_member;  /* of the request: the resource, or the parent of the list */
	const char *also_by;    /* another member that can name it (modelSetName) */
	bool page_info_first;   /* as the sample has it */
};

static const struct v2_action actions[] = {
	{ "/v2/finetuning", "DescribeFineTuningJobs", V2_LIST, KIND_JOB, "jobList", NULL, NULL,
	  false },
	{ "/v2/finetuning", "DescribeFineTuningTasks", V2_LIST, KIND_TASK, "taskList", "jobId",
	  NULL, true },
	{ "/v2/finetuning", "DescribeFineTuningTask", V2_DETAIL, KIND_TASK, NULL, "taskId", NULL,
	  false },
	{ "/v2/model", "DescribeCustomModelSets", V2_LIST, KIND_MODEL_SET, "customModelSetList",
	  NULL, NULL, false },
	{ "/v2/model", "DescribeModelSet", V2_DETAIL, KIND_MODEL_SET, NULL, "modelSetId",
	  "modelSetName", false },
	{ "/v2/model", "DescribeModel", V2_DETAIL, KIND_QIANFAN_MODEL, NULL, "modelId", NULL,
	  false },
};
static const char v1_path[] = "/wenxinworkshop/finetune/jobDetail";
static const char *const hosts[] = { "qianfan.baidubce.com", NULL };

struct keys_page {
	char *marker;
	int64_t max_keys;
	bool reverse;
};

static bool path_is(const struct call *call, const char *path)
{
	size_t n = strcspn(call->target, "?");

	return strlen(path) == n && !strncmp(call->target, path, n);
}

static bool is_v1(const struct call *call)
{
	return !strncmp(call->target, "/wenxinworkshop/", 16);
}

static void log_id(struct call *call)
{
	uint32_t n;

	RAND_bytes((unsigned char *)&n, sizeof(n));
	snprintf(call->request_id, sizeof(call->request_id), "%u", n);
}

void baidu_error(struct call *call, int status, const char *code, const char *message)
{
	struct text *out = &call->answer.body;
	bool number = *code && strspn(code, "0123456789") == strlen(code);

	call_verdict(call, code);
	text_clear(out);
	if (is_v1(call) && number) { /* V1's own errors come with HTTP 200 */
		call->answer.status = 200;
		text_addf(out, "{\"error_code\":%s,\"error_msg\":", code);
		text_add_json_str(out, message);
		text_add_char(out, '}');
		return;
	}
	call->answer.status = status;
	text_addf(out, "{\"requestId\":\"%s\",\"code\":", call->request_id);
	text_add_json_str(out, code);
	text_add_str(out, ",\"message\":");
	text_add_json_str(out, message);
	text_add_char(out, '}');
}

static void find_action(struct call *call)
{
	const char *query = strchr(call->target, '?');

	while (query && *query) {
		query++;
		if (!strncmp(query, "Action=", 7)) {
			snprintf(call->action, sizeof(call->action), "%.*s",
				 (int)strcspn(query + 7, "&"), query + 7);
			return;
		}
		query = strchr(query, '&');
	}
}

void baidu_identify(struct call *call)
{
	static const char *const ids[] = { "taskId", "jobId", "modelSetId", "modelId", NULL };
	struct slice body = { call->body.data, call->body.len };
	struct text id = { 0 };

	call->cloud = "qianfan";
	if (is_v1(call)) {
		struct slice task = jtext_member(body, "taskId"), job = jtext_member(body, "jobId");

		snprintf(call->action, sizeof(call->action), "%s",
			 path_is(call, v1_path) ? "jobDetail" : "unknown");
		text_addf(&id, "%.*s%s%.*s", (int)task.n, task.p ? task.p : "",
			  task.p && job.p ? "/" : "", (int)job.n, job.p ? job.p : "");
		call->id = text_take(&id);
		log_id(call);
		return;
	}
	find_action(call);
	for (int i = 0; ids[i] && !call->id; i++)
		call->id = jtext_member_string(body, ids[i]);
	if (!call->id)
		call->id = text_dup("");
}

static bool signature_holds(struct call *call)
{
	const struct account *a = &call->emu->account;
	struct bce_account account = { a->access_key, a->access_secret, a->session_token, false };
	struct http_request request = call_request(call);
	struct verdict verdict;

	verify_bce(&account, &request, emulator_clock(call->emu), &verdict);
	call->signed_ok = verdict.signed_ok;
	if (verdict.signed_ok)
		return true;
	if (verdict.in_headers) {
		call_verdict(call, verdict.code);
		call_answer(call, verdict.http_status, "", 0);
	} else {
		struct text *out = &call->answer.body;

		call_verdict(call, verdict.code);
		call->answer.status = verdict.http_status;
		text_clear(out);
		text_addf(out, "{\"requestId\":\"%s\",\"code\":\"%s\",\"message\":",
			  call->request_id, verdict.code);
		text_add_json_str(out, verdict.message);
		text_add_char(out, '}');
	}
	call_add_header(call, "X-Bce-Error-Code", verdict.code);
	call_add_header(call, "X-Bce-Error-Message", verdict.message);
	call_add_header(call, "X-Bce-Request-Id", call->request_id);
	return false;
}

static bool inappropriate(struct call *call, const char *member)
{
	char message[192];

	snprintf(message, sizeof(message), "The JSON you provided was well-formed and valid, but "
		 "not appropriate for this operation. param[%s] invalid.", member);
	baidu_error(call, 400, "InappropriateJSON", message);
	return false;
}

static void no_such_object(struct call *call)
{
	baidu_error(call, 404, "NoSuchObject",
		    "The specified object is not found or resource do not exist.");
}

static void own_request_id(struct call *call, const struct resource *r)
{
	if (r->envelope_id && call->emu->options.fixture_ids)
		snprintf(call->request_id, sizeof(call->request_id), "%s", r->envelope_id);
}

/* V1: one run. Both ids are JSON integers; a string is "param invalid". */
static void answer_run(struct call *call, struct slice body)
{
	struct store *store = &call->emu->store;
	const struct resource *r = store_find(store, KIND_RUN, call->id);
	struct resource **all;
	int64_t task, job;
	char parent[32], *text;

	if (!jtext_int(jtext_member(body, "taskId"), &task) ||
	    !jtext_int(jtext_member(body, "jobId"), &job) || task <= 0 || job <= 0) {
		baidu_error(call, 200, "500001", "param invalid");
		return;
	}
	snprintf(parent, sizeof(parent), "%lld", (long long)task);
	if (!r && !store_range(store, KIND_RUN, parent, ORDER_CREATE, &all)) {
		baidu_error(call, 200, "510202", "task not exist");
		return;
	}
	if (!r) {
		baidu_error(call, 200, "510301", "job not exist");
		return;
	}
	own_request_id(call, r);
	text = store_text(store, KIND_RUN, r);
	call_verdict(call, "ok");
	call->answer.status = 200;
	text_addf(&call->answer.body, "{\"log_id\":\"%s\",\"result\":", call->request_id);
	text_add_str(&call->answer.body, text);
	text_add_char(&call->answer.body, '}');
	free(text);
}

static bool read_page(struct call *call, struct slice body, const struct plan *plan, struct keys_page *page)
{
	struct slice marker = jtext_member(body, "marker"), keys = jtext_member(body, "maxKeys");
	struct slice reverse = jtext_member(body, "pageReverse");
	char type = jtext_type(reverse);

	page->max_keys = KEYS_DEFAULT;
	if (marker.p && jtext_type(marker) != '"' && jtext_type(marker) != 'n')
		return inappropriate(call, "marker");
	if (keys.p && (!jtext_int(keys, &page->max_keys) || page->max_keys <= 0))
		return inappropriate(call, "maxKeys");
	if (plan_is(plan, PLAN_LIMIT_MAX) && page->max_keys > plan_int(plan, "n", 20))
		return inappropriate(call, "maxKeys");
	if (type && type != 't' && type != 'f' && type != 'n')
		return inappropriate(call, "pageReverse");
	if (page->max_keys > KEYS_MAX)
		page->max_keys = KEYS_MAX;
	page->reverse = type == 't';
	page->marker = jtext_string(marker, NULL);
	if (!page->marker)
		page->marker = text_dup("");
	return true;
}

/* Newest first; with pageReverse oldest first. */
static struct resource *item_at(struct resource **all, size_t n, size_t i, bool reverse)
{
	return all[reverse ? i : n - 1 - i];
}

/* The place of the marker, n when it is not in the list. */
static size_t marker_place(struct resource **all, size_t n, const struct keys_page *page)
{
	size_t i = 0;

	if (!*page->marker)
		return 0;
	while (i < n && strcmp(item_at(all, n, i, page->reverse)->id, page->marker))
		i++;
	return i;
}

/* ,"NAME":TEXT; the plan's text if it has one, nothing if that is empty. */
static void add_said(struct text *out, const char *name, const char *text, const struct plan *plan, const char *argument)
{
	char *lie = plan_is(plan, PLAN_TOTAL_LIES) ? plan_string(plan, argument) : NULL;

	if (lie ? *lie : text != NULL)
		text_addf(out, ",\"%s\":%s", name, lie ? lie : text);
	free(lie);
}

static void add_page_info(struct text *out, const struct keys_page *page, const char *next, const struct plan *plan)
{
	struct text quoted = { 0 };

	text_add_str(out, "\"pageInfo\":{\"marker\":");
	text_add_json_str(out, page->marker);
	text_addf(out, ",\"maxKeys\":%lld", (long long)page->max_keys);
	add_said(out, "isTruncated", next ? "true" : "false", plan, next ? "more" : "ends");
	if (next)
		text_add_json_str(&quoted, next);
	add_said(out, "nextMarker", next ? quoted.data : NULL, plan, next ? "next" : "last");
	text_free(&quoted);
	text_add_char(out, '}');
}

static const char *next_marker(struct resource **all, size_t n, size_t end,
			       const struct keys_page *page, const struct plan *plan)
{
	if (plan_is(plan, PLAN_TOTAL_LIES) && !plan_value(plan, "more").p)
		return NULL;
	if (plan_is(plan, PLAN_PAGE_REPEAT) && n)
		return *page->marker ? page->marker : item_at(all, n, 0, page->reverse)->id;
	return end < n ? item_at(all, n, end, page->reverse)->id : NULL;
}

static void add_page(struct call *call, const struct v2_action *action,
		     const struct keys_page *page, const struct plan *plan)
{
	struct store *store = &call->emu->store;
	struct text *out = &call->answer.body;
	struct resource **all;
	size_t n = store_range(store, action->kind, action->id_member ? call->id : "", ORDER_CREATE,
			       &all);
	size_t from = marker_place(all, n, page), end = from + (size_t)page->max_keys;
	const char *next;

	if (*page->marker && from == n) {
		inappropriate(call, "marker");
		return;
	}
	if (plan_is(plan, PLAN_PAGE_SHORT))
		end = from + (size_t)plan_int(plan, "n", page->max_keys / 2);
	if (plan_is(plan, PLAN_TOTAL_LIES))
		end = from + (size_t)plan_int(plan, "n", page->max_keys);
	next = next_marker(all, n, end, page, plan);
	call_verdict(call, "ok");
	call->answer.status = 200;
	text_addf(out, "{\"requestId\":\"%s\",\"result\":{", call->request_id);
	if (action->page_info_first) {
		add_page_info(out, page, next, plan);
		text_add_char(out, ',');
	}
	text_addf(out, "\"%s\":[", action->member);
	for (size_t i = from; i < end && i < n; i++) {
		if (i != from)
			text_add_char(out, ',');
		store_add_item(out, store, action->kind, item_at(all, n, i, page->reverse));
	}
	text_add_char(out, ']');
	if (!action->page_info_first) {
		text_add_char(out, ',');
		add_page_info(out, page, next, plan);
	}
	text_add_str(out, "}}");
}

static const struct resource *find_by_name(struct store *store, enum kind_id kind,
					   const char *member, const char *name)
{
	struct resource **all;
	size_t n = store_range(store, kind, "", ORDER_CREATE, &all);

	for (size_t i = 0; i < n; i++) {
		char *text = store_text(store, kind, all[i]);
		char *have = jtext_member_string(jtext_slice(text), member);
		bool same = have && !strcmp(have, name);

		free(text);
		free(have);
		if (same)
			return all[i];
	}
	return NULL;
}

static void answer_detail(struct call *call, const struct v2_action *action, struct slice body)
{
	struct store *store = &call->emu->store;
	const struct resource *r = store_find(store, action->kind, call->id);
	char *name = action->also_by ? jtext_member_string(body, action->also_by) : NULL, *text;

	if (name && call->id[0]) {
		free(name);
		inappropriate(call, action->also_by);
		return;
	}
	if (name)
		r = find_by_name(store, action->kind, action->also_by, name);
	if (!r) {
		if (name || call->id[0])
			no_such_object(call);
		else
			inappropriate(call, action->id_member);
		free(name);
		return;
	}
	free(name);
	own_request_id(call, r);
	text = store_text(store, action->kind, r);
	call_verdict(call, "ok");
	call->answer.status = 200;
	text_addf(&call->answer.body, "{\"requestId\":\"%s\",\"result\":", call->request_id);
	text_add_str(&call->answer.body, text);
	text_add_char(&call->answer.body, '}');
	free(text);
}

static void answer_list(struct call *call, const struct v2_action *action, struct slice body,
			const struct plan *plan)
{
	struct keys_page page = { 0 };

	if (action->id_member && !call->id[0]) {
		inappropriate(call, action->id_member);
		return;
	}
	if (action->kind == KIND_TASK && !store_find(&call->emu->store, KIND_JOB, call->id)) {
		no_such_object(call);
		return;
	}
	if (read_page(call, body, plan, &page))
		add_page(call, action, &page, plan);
	free(page.marker);
}

/* Host, method, path and type: what the gateway can say without the key. */
static bool form_fits(struct call *call, const struct v2_action **action)
{
	const char *type = call_header(call, "Content-Type");
	bool path = path_is(call, v1_path);

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		path |= path_is(call, actions[i].path);
		if (path_is(call, actions[i].path) && !strcmp(actions[i].name, call->action))
			*action = &actions[i];
	}
	if (!call_host_known(call, hosts) || !path) {
		baidu_error(call, 404, "InvalidURI", "Could not parse the specified URI.");
		return false;
	}
	if (strcmp(call->method, "POST") || !type || strncmp(type, "application/json", 16)) {
		baidu_error(call, 400, "InvalidHTTPRequest",
			    "There was an error in the body of your HTTP request.");
		return false;
	}
	return true;
}

void baidu_answer(struct call *call, const struct plan *plan)
{
	struct slice body = { call->body.data, call->body.len };
	const struct v2_action *action = NULL;
	bool v1 = is_v1(call);

	if (!form_fits(call, &action) || !signature_holds(call))
		return;
	if (!v1 && !action) {
		baidu_error(call, 400, "InvalidURI", "Could not parse the specified URI.");
		return;
	}
	if (!journal_allow(&call->emu->journal, call, call->emu->rate)) {
		baidu_error(call, RATE_STATUS, v1 ? "18" : "RateLimitExceeded",
			    "Open api qps request limit reached");
		return;
	}
	if (!jtext_valid(body.p, body.n))
		baidu_error(call, 400, v1 ? "336002" : "MalformedJSON",
			    "The JSON you provided was not well-formed.");
	else if (v1)
		answer_run(call, body);
	else if (action->shape == V2_LIST)
		answer_list(call, action, body, plan);
	else
		answer_detail(call, action, body);
}
