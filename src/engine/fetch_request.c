/*
 * fetch_request.c - the list of a fetch's calls.
 */
#include "fetch.h"

#include <stdlib.h>

#include "page.h"

enum { HELD_MAX = 16 << 20 }; /* bytes of answers that wait for earlier pages, parsed or not */

bool fetch_is_full(const struct fetch *fetch)
{
	return fetch->requests.held_bytes >= HELD_MAX;
}

static enum call_priority fetch_priority(const struct fetch *fetch)
{
	if (fetch->fetch_kind == FETCH_WHOLE || fetch->polls)
		return PRIORITY_BACKGROUND;
	return fetch->fetch_kind == FETCH_FILTERED ? PRIORITY_VIEW : PRIORITY_FOREGROUND;
}

/*
 * A page behind the first may wait in the rate queue without a deadline. Each waiter has its own deadline,
 * and a list must make progress even if the rate allows less than one page in a deadline.
 */
static bool fetch_is_patient(const struct fetch *fetch, int64_t offset)
{
	return fetch->fetch_kind == FETCH_WHOLE ||
		(fetch->fetch_kind != FETCH_DESCRIBE && (offset || fetch->paging.marker));
}

void fetch_send(struct fetch *fetch, int64_t offset)
{
	struct engine *engine = fetch->engine;
	struct fetch_request *request = xcalloc(1, sizeof(*request));

	request->fetch = fetch;
	request->offset = offset;
	request->limit = fetch->paging.limit ? fetch->paging.limit : paging_limit(engine, fetch->action);
	struct call_request call = { .action = fetch->action,
		.body = page_body(fetch, offset, request->limit),
		.uid = fetch->uid,
		.priority = fetch_priority(fetch),
		.is_patient = fetch_is_patient(fetch, offset),
		.changed = fetch->requests.changed,
		.arg = request };
	request->call = call_new(engine->client, &call);
	list_add_last(&fetch->requests.list, &request->link);
	fetch->requests.count++;
	call_start(request->call);
}

struct fetch_request *fetch_first_request(const struct fetch *fetch)
{
	return LIST_FIRST(&fetch->requests.list, struct fetch_request, link);
}

struct fetch_request *fetch_last_request(const struct fetch *fetch)
{
	return LIST_LAST(&fetch->requests.list, struct fetch_request, link);
}

void request_hold(struct fetch_request *request, size_t bytes)
{
	request->fetch->requests.held_bytes += bytes - request->held_bytes;
	request->held_bytes = bytes;
}

struct fetch_request *fetch_pop(struct fetch *fetch)
{
	struct fetch_request *request = LIST_OWNER(fetch->requests.list.next, struct fetch_request, link);

	request_hold(request, 0);
	list_remove(&request->link);
	fetch->requests.count--;
	return request;
}

void request_free(struct fetch_request *request)
{
	call_free(request->call);
	free(request);
}

void fetch_drop_requests(struct fetch *fetch)
{
	while (fetch->requests.count)
		request_free(fetch_pop(fetch));
}

void fetch_hand_over(struct fetch *fetch, unsigned uid)
{
	const struct fetch_request *first = fetch_first_request(fetch);

	if (first)
		call_hand_over(first->call, uid, fetch_priority(fetch));
}

void fetch_extend(struct fetch *fetch, int64_t deadline_ms)
{
	const struct fetch_request *first = fetch_first_request(fetch);

	if (first)
		call_extend(first->call, deadline_ms);
}

void fetch_drop_mismatch(struct fetch *fetch)
{
	const struct fetch_request *first = fetch_first_request(fetch);

	if (!first || (first->offset == fetch->paging.offset && call_action(first->call) == fetch->action))
		return;
	fetch->paging.prefetch_mismatch = true;
	fetch_drop_requests(fetch);
}

struct fetch_request *fetch_next_answer(const struct fetch *fetch)
{
	const struct list *requests = &fetch->requests.list;
	struct fetch_request *request = fetch_first_request(fetch);

	if (!request || call_state(request->call) >= CALL_ANSWERED)
		return request;
	while (request && call_state(request->call) != CALL_ANSWERED)
		request = LIST_NEXT(requests, request, struct fetch_request, link);
	return fetch_is_full(fetch) ? NULL : request;
}
