/* What the actions answer. */
#include "tencent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct page {
	int64_t offset, limit;
	enum order_time by;
	bool ascending;
};

/* The resources that a list request is about, ascending. */
struct candidates {
	struct resource **r;
	size_t n;
	bool owned;
};

/* The fixture's own RequestId, where that is wanted. */
static void own_request_id(struct call *call, const struct resource *r)
{
	if (r->envelope_id && call->emu->options.fixture_ids)
		snprintf(call->request_id, sizeof(call->request_id), "%s", r->envelope_id);
}

static bool read_order(struct call *call, const struct tc_action *action, struct slice body,
		       struct page *page)
{
	char *field = jtext_member_string(body, "OrderField");
	char *order = jtext_member_string(body, "Order");
	bool good = !order || !strcmp(order, "ASC") || !strcmp(order, "DESC");
	int at = 0;

	while (field && at < 4 && action->order_field[at] &&
	       strcmp(field, action->order_field[at]))
		at++;
	good = good && at < 4 && action->order_field[at];
	if (good) {
		page->by = action->order_by[at];
		page->ascending = order && !strcmp(order, "ASC");
	} else {
		tencent_error(call, "InvalidParameterValue",
			      "The value of the parameter `Order` or `OrderField` is not valid.");
	}
	free(field);
	free(order);
	return good;
}

static bool read_page(struct call *call, const struct tc_action *action, struct slice body,
		      const struct plan *plan, struct page *page)
{
	page->offset = jtext_member_int(body, "Offset", 0);
	page->limit = jtext_member_int(body, "Limit", action->limit);
	if (page->offset < 0 || page->limit <= 0 || page->limit > action->limit_max ||
	    (plan_is(plan, PLAN_LIMIT_MAX) && page->limit > plan_int(plan, "n", 20))) {
		tencent_error(call, "InvalidParameterValue",
			      "The value of the parameter `Limit` or `Offset` is not valid.");
		return false;
	}
	if (plan_is(plan, PLAN_PAGE_REPEAT))
		page->offset = 0;
	if (plan_is(plan, PLAN_PAGE_SHIFT))
		page->offset += plan_int(plan, "n", -1);
	if (page->offset < 0)
		page->offset = 0;
	if (plan_is(plan, PLAN_PAGE_SHORT))
		page->limit = plan_int(plan, "n", page->limit / 2);
	if (plan_is(plan, PLAN_TOTAL_LIES) && plan_int(plan, "n", page->limit) < page->limit)
		page->limit = plan_int(plan, "n", page->limit);
	return read_order(call, action, body, page);
}

/* Beyond Filters: the members that narrow a list by themselves. */
static bool narrow_passes(struct slice body, struct slice item)
{
	char *model = jtext_member_string(body, "TrainingModelId");
	char *word = jtext_member_string(body, "SearchWord");
	char *text = text_dup_n(item.p, item.n), *have;
	bool pass = true;

	if (model) {
		have = jtext_member_string(item, "ModelId");
		pass = have && !strcmp(have, model);
		free(have);
	}
	if (word)
		pass = pass && strstr(text, word);
	free(model);
	free(word);
	free(text);
	return pass;
}

static bool is_narrowed(struct slice body)
{
	size_t filter = 0, tag = 0;
	struct slice item;

	return jtext_next(jtext_member(body, "Filters"), &filter, &item) ||
		jtext_next(jtext_member(body, "TagFilters"), &tag, &item) ||
		jtext_member(body, "TrainingModelId").p || jtext_member(body, "SearchWord").p;
}

static struct candidates find_candidates(struct call *call, const struct tc_action *action,
					 struct slice body, const char *parent, enum order_time by)
{
	struct store *store = &call->emu->store;
	struct candidates c;
	struct resource **all;
	size_t n = store_range(store, action->kind, parent, by, &all);

	if (!is_narrowed(body))
		return (struct candidates){ all, n, false };
	c = (struct candidates){ text_alloc((n + 1) * sizeof(*all)), 0, true };
	for (size_t i = 0; i < n; i++) {
		char *text = store_text(store, action->kind, all[i]);
		struct slice item = jtext_slice(text);

		if (tencent_passes(action, body, item) &&
		    (action->shape == TC_VERSIONS || narrow_passes(body, item)))
			c.r[c.n++] = all[i];
		free(text);
	}
	return c;
}

static void add_versions(struct text *out, struct call *call, const struct resource *model)
{
	struct store *store = &call->emu->store;
	struct resource **all;
	size_t n = store_range(store, KIND_VERSION, model->id, ORDER_CREATE, &all);
	struct text list = { 0 };
	char *text = store_text(store, KIND_MODEL, model), *at;

	for (size_t i = 0; i < n; i++) {
		if (i)
			text_add_char(&list, ',');
		store_add_item(&list, store, KIND_VERSION, all[i]);
	}
	at = strstr(text, "\"TrainingModelVersions\":[]}");
	if (at)
		text_addf(out, "%.*s\"TrainingModelVersions\":[%s]}", (int)(at - text), text,
			  list.data ? list.data : "");
	else
		text_add_str(out, text);
	text_free(&list);
	free(text);
}

static void add_items(struct call *call, const struct tc_action *action,
		      const struct candidates *c, const struct page *page, bool with_versions)
{
	struct text *out = &call->answer.body;

	text_addf(out, "\"%s\":[", action->member);
	for (int64_t i = page->offset; i < page->offset + page->limit && i < (int64_t)c->n; i++) {
		const struct resource *r = c->r[page->ascending ? (size_t)i : c->n - 1 - (size_t)i];

		if (i != page->offset)
			text_add_char(out, ',');
		if (with_versions)
			add_versions(out, call, r);
		else
			store_add_item(out, &call->emu->store, action->kind, r);
	}
	text_add_char(out, ']');
}

/* "TotalCount":N; nothing when the plan's text for it is empty. */
static void add_total(struct text *out, const struct plan *plan, size_t n)
{
	bool lies = plan_is(plan, PLAN_TOTAL_LIES);
	int64_t total = (int64_t)n;
	char *text = lies ? plan_string(plan, "text") : NULL;

	if (lies)
		total = plan_int(plan, "total", total + plan_int(plan, "delta", 0));
	if (text && *text)
		text_addf(out, "\"TotalCount\":%s,", text);
	else if (!text)
		text_addf(out, "\"TotalCount\":%lld,", (long long)total);
	free(text);
}

static void answer_list(struct call *call, const struct tc_action *action, struct slice body,
			const struct plan *plan)
{
	struct text *out = &call->answer.body;
	struct page page;
	struct candidates c;

	if (!read_page(call, action, body, plan, &page))
		return;
	c = find_candidates(call, action, body, action->id_member ? call->id : "", page.by);
	text_add_str(out, "{\"Response\":{");
	if (action->total_first)
		add_total(out, plan, c.n);
	add_items(call, action, &c, &page,
		  jtext_is(jtext_member(body, "WithModelVersions"), "true"));
	text_add_char(out, ',');
	if (!action->total_first)
		add_total(out, plan, c.n);
	if (action->kind == KIND_SERVICE_GROUP)
		text_addf(out, "\"GlobalTotalCount\":%zu,",
			  call->emu->store.shelf[KIND_SERVICE_GROUP].n);
	text_addf(out, "\"RequestId\":\"%s\"}}", call->request_id);
	if (c.owned)
		free(c.r);
}

/* All versions of one model: no paging, no total. */
static void answer_versions(struct call *call, const struct tc_action *action, struct slice body)
{
	struct page page = { .limit = INT32_MAX, .by = ORDER_CREATE };
	struct candidates c = find_candidates(call, action, body, call->id, ORDER_CREATE);

	if (c.n == 1)
		own_request_id(call, c.r[0]);
	text_add_str(&call->answer.body, "{\"Response\":{");
	add_items(call, action, &c, &page, false);
	text_addf(&call->answer.body, ",\"RequestId\":\"%s\"}}", call->request_id);
	free(c.r);
}

static void answer_detail(struct call *call, const struct tc_action *action,
			  const struct resource *r)
{
	char *text = store_text(&call->emu->store, action->kind, r);
	struct text *out = &call->answer.body;

	own_request_id(call, r);
	text_add_str(out, "{\"Response\":{");
	if (action->request_id_first)
		text_addf(out, "\"RequestId\":\"%s\",", call->request_id);
	text_addf(out, "\"%s\":", action->member);
	text_add_str(out, text);
	if (!action->request_id_first)
		text_addf(out, ",\"RequestId\":\"%s\"", call->request_id);
	text_add_str(out, "}}");
	free(text);
}

/* Where the id of the request has to exist. */
static enum kind_id owner_kind(const struct tc_action *action)
{
	if (action->shape == TC_VERSIONS)
		return KIND_MODEL;
	return action->kind == KIND_NODE ? KIND_RESOURCE_GROUP : action->kind;
}

void tencent_act(struct call *call, const struct tc_action *action, struct slice body,
		 const struct plan *plan)
{
	const struct resource *r = NULL;

	if (!tencent_check_filters(call, action, body))
		return;
	if (action->id_member) {
		r = store_find(&call->emu->store, owner_kind(action), call->id);
		if (!r) {
			tencent_error(call, action->not_found, "资源不存在。");
			return;
		}
	}
	call_verdict(call, "ok");
	call->answer.status = 200;
	if (action->shape == TC_DETAIL)
		answer_detail(call, action, r);
	else if (action->shape == TC_VERSIONS)
		answer_versions(call, action, body);
	else
		answer_list(call, action, body, plan);
}
