#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <fnmatch.h>
#include <sys/epoll.h>
#include <time.h>

static void headers_free(struct header *headers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(headers[i].name);
		free(headers[i].value);
	}
	free(headers);
}

static void unlink_waiting(struct call *call)
{
	if (!call->waiting)
		return;
	*call->waiting = call->next_waiting;
	if (call->next_waiting)
		call->next_waiting->waiting = call->waiting;
	call->waiting = NULL;
}

void call_free(struct call *call)
{
	loop_disarm(&call->emu->loop, &call->timer);
	loop_unwatch(&call->emu->loop, &call->watch);
	unlink_waiting(call);
	headers_free(call->headers, call->header_count);
	headers_free(call->answer.headers, call->answer.header_count);
	text_free(&call->body);
	text_free(&call->answer.body);
	text_free(&call->raw.bytes);
	free(call->answer.content_type);
	free(call->answer.date);
	free(call->target);
	free(call->id);
	free(call);
}

struct http_request call_request(const struct call *call)
{
	return (struct http_request){
		.method = call->method,
		.target = call->target,
		.headers = call->headers,
		.header_count = call->header_count,
		.body = call->body.data ? call->body.data : "",
		.body_len = call->body.len,
	};
}

const char *call_header(const struct call *call, const char *name)
{
	struct http_request request = call_request(call);

	return verify_header(&request, name, strlen(name));
}

void call_verdict(struct call *call, const char *verdict)
{
	snprintf(call->verdict, sizeof(call->verdict), "%s", verdict);
}

void call_add_header(struct call *call, const char *name, const char *value)
{
	struct answer *a = &call->answer;

	a->headers = realloc(a->headers, (a->header_count + 1) * sizeof(*a->headers));
	if (!a->headers)
		abort();
	a->headers[a->header_count++] = (struct header){ text_dup(name), text_dup(value) };
}

void call_answer(struct call *call, int status, const char *body, size_t n)
{
	call->answer.status = status;
	text_clear(&call->answer.body);
	text_add(&call->answer.body, body, n);
}

void call_date(const struct call *call, char *out, size_t size)
{
	time_t now = (time_t)(emulator_clock(call->emu) + call->answer.date_shift);
	struct tm tm = { 0 };

	if (call->answer.date) {
		snprintf(out, size, "%s", call->answer.date);
		return;
	}
	gmtime_r(&now, &tm);
	strftime(out, size, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

/* The Host header without its port against our own names, --host, and the cloud's patterns. */
bool call_host_known(const struct call *call, const char *const *patterns)
{
	static const char *const own[] = { "127.0.0.1", "localhost", "::1", NULL };
	const char *host = call_header(call, "Host");
	char name[256];
	size_t n;

	if (!host)
		return false;
	n = *host == '[' ? strcspn(++host, "]") : strcspn(host, ":");
	if (n >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)n, host);
	for (int i = 0; own[i]; i++)
		if (!strcasecmp(name, own[i]))
			return true;
	for (int i = 0; call->emu->options.hosts[i]; i++)
		if (!strcasecmp(name, call->emu->options.hosts[i]))
			return true;
	for (; *patterns; patterns++)
		if (!fnmatch(*patterns, name, FNM_CASEFOLD))
			return true;
	return false;
}

static void client_left(void *arg, uint32_t events)
{
	struct call *call = arg;

	(void)events;
	call_resume(call, CALL_ABORT);
}

void call_wait(struct call *call)
{
	struct call **first = &call->emu->waiting;

	call->state = CALL_WAITING;
	call->next_waiting = *first;
	if (*first)
		(*first)->waiting = &call->next_waiting;
	*first = call;
	call->waiting = first;
	MHD_suspend_connection(call->connection);
	call->watch.fd = call->fd;
	call->watch.arg = call;
	call->watch.ready = client_left;
	loop_watch(&call->emu->loop, &call->watch, EPOLLRDHUP);
}

void call_resume(struct call *call, enum call_state state)
{
	if (call->state != CALL_WAITING)
		return;
	loop_disarm(&call->emu->loop, &call->timer);
	loop_unwatch(&call->emu->loop, &call->watch);
	unlink_waiting(call);
	call->state = state;
	MHD_resume_connection(call->connection);
}
