/*
 * page_body.c - the body of a call: the catalog's fixed members, the ids, and the page.
 */
#include "page.h"

#include <string.h>

static bool text_is_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0' && strlen(text) <= 19 &&
		(*text != '0' || !text[1]);
}

static void body_add_member(struct buf *out, const char *name)
{
	if (out->len > 1)
		buf_putc(out, ',');
	json_quote(out, name);
	buf_putc(out, ':');
}

static void body_add_text(struct buf *out, const char *name, const char *value, bool number)
{
	if (!name || !value)
		return;
	body_add_member(out, name);
	if (number && text_is_digits(value))
		buf_puts(out, value);
	else
		json_quote(out, value);
}

static void body_add_number(struct buf *out, const char *name, int64_t value)
{
	if (!name)
		return;
	body_add_member(out, name);
	buf_printf(out, "%lld", (long long)value);
}

static void body_add_json(struct buf *out, const char *name, const char *json)
{
	if (!name || !json)
		return;
	body_add_member(out, name);
	buf_puts(out, json);
}

/* The members that are the same in each call, as a JSON object: a refresh orders or filters differently. */
static const char *body_fixed_members(const struct fetch *fetch)
{
	const struct action *action = fetch->action;

	switch (fetch->reading.phase) {
	case PHASE_NEWEST:
		return action->refresh.newest;
	case PHASE_LIVE:
		return action->refresh.live;
	case PHASE_FILTERED:
		return node_filter(fetch->node);
	default:
		return action->params ? action->params : "{}";
	}
}

char *page_body(const struct fetch *fetch, int64_t offset, int limit)
{
	const struct action *action = fetch->action;
	const char *params = body_fixed_members(fetch);
	size_t len = strlen(params);
	struct buf out;

	buf_init(&out, MESSAGE_REQUEST_MAX);
	buf_putc(&out, '{');
	if (len > 2)
		buf_add(&out, params + 1, len - 2);
	body_add_text(&out, action->parent, node_parent_id(fetch->node), action->numbers);
	body_add_text(&out, action->id, node_id(fetch->node), action->numbers);
	if (action->paging.style == PAGING_OFFSET) {
		body_add_number(&out, action->paging.offset, offset);
		body_add_number(&out, action->paging.limit, limit);
	} else if (action->paging.style == PAGING_MARKER) {
		body_add_json(&out, action->paging.marker, fetch->paging.marker);
		body_add_number(&out, action->paging.limit, limit);
	}
	buf_putc(&out, '}');
	return buf_take(&out);
}
