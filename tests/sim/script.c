/*
 * script.c - the scripted network and the clock that is turned by hand.
 */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/timestamp.h"

enum { FIRED_MAX = 5000000 }; /* at one turn of the clock: else something goes round for ever */

/* ---- the clock ---- */

static int64_t io_now_ms(void *self)
{
	return ((struct script *)self)->now_ms;
}

int64_t script_server_s(const struct script *script)
{
	return WALL_S + (script->now_ms - START_MS) / 1000;
}

static int64_t io_wall_s(void *self)
{
	struct script *script = self;

	return script_server_s(script) + script->wall_step_s;
}

struct timer *script_after(struct script *script, int64_t ms, transport_tick_fn *fn, void *arg)
{
	struct timer *timer = xcalloc(1, sizeof(*timer)), *before = script->last;

	assert_true(ms >= 0);
	*timer = (struct timer){ .due_ms = script->now_ms + ms, .fn = fn, .arg = arg };
	while (before && before->due_ms > timer->due_ms)
		before = before->prev;
	timer->prev = before;
	timer->next = before ? before->next : script->first;
	*(timer->next ? &timer->next->prev : &script->last) = timer;
	*(before ? &before->next : &script->first) = timer;
	return timer;
}

static struct timer *io_after(void *self, int64_t ms, transport_tick_fn *fn, void *arg)
{
	return script_after(self, ms, fn, arg);
}

void script_unset(struct script *script, struct timer *timer)
{
	if (!timer)
		return;
	*(timer->prev ? &timer->prev->next : &script->first) = timer->next;
	*(timer->next ? &timer->next->prev : &script->last) = timer->prev;
	free(timer);
}

static void io_unset(void *self, struct timer *timer)
{
	script_unset(self, timer);
}

static void fire(struct script *script)
{
	struct timer *timer = script->first;
	transport_tick_fn *fn = timer->fn;
	void *arg = timer->arg;

	script->now_ms = timer->due_ms;
	script_unset(script, timer);
	fn(arg);
}

void script_advance(struct script *script, int64_t ms)
{
	int64_t until_ms = script->now_ms + ms;

	for (int fired = 0; script->first && script->first->due_ms <= until_ms; fired++) {
		if (fired > FIRED_MAX)
			fail_msg("timers fire without end at %lld ms", (long long)script->now_ms);
		fire(script);
	}
	script->now_ms = until_ms;
}

bool script_step(struct script *script)
{
	if (!script->first)
		return false;
	fire(script);
	return true;
}

/* ---- the network ---- */

static void time_out(void *arg)
{
	struct exchange *exchange = arg;

	exchange->timeout = NULL;
	exchange_fail(exchange, ERR_TIMEOUT);
}

static struct exchange *copy_request(const struct request *request)
{
	struct exchange *exchange = xcalloc(1, sizeof(*exchange));

	exchange->method = xstrdup(request->method);
	exchange->base = xstrdup(request->base);
	exchange->path = xstrdup(request->path);
	exchange->query = xstrdup(request->query);
	exchange->body = xstrdup(request->body.data);
	exchange->n_headers = request->n_headers;
	for (size_t i = 0; i < request->n_headers; i++)
		exchange->headers[i] = (struct header){ xstrdup(request->headers[i].name),
			xstrdup(request->headers[i].value) };
	exchange->timeout_ms = request->timeout_ms;
	if (request->body.len && json_parse(&exchange->json, request->body.data, request->body.len))
		fail_msg("a request's body is not JSON: %s", request->body.data);
	return exchange;
}

static void go_onto_the_wire(void *arg)
{
	struct exchange *exchange = arg;

	exchange->connecting = NULL;
	exchange->wire_ms = exchange->script->now_ms;
	if (exchange->on_sent)
		exchange->on_sent(exchange->arg);
}

static struct exchange *io_send(void *self, const struct request *request, transport_wire_fn *on_sent,
	transport_reply_fn *done, void *arg)
{
	struct script *script = self;
	struct exchange *exchange = copy_request(request);

	assert_true(request->timeout_ms > 0);
	exchange->script = script;
	exchange->number = script->n_sent;
	exchange->sent_ms = script->now_ms;
	exchange->waits = true;
	exchange->on_sent = on_sent;
	exchange->done = done;
	exchange->arg = arg;
	exchange->timeout = script_after(script, request->timeout_ms, time_out, exchange);
	if (script->n_sent == script->room) {
		script->room = script->room ? script->room * 2 : 64;
		script->sent = xrealloc(script->sent, script->room * sizeof(*script->sent));
	}
	script->sent[script->n_sent++] = exchange;
	script->n_waiting++;
	exchange->connect_ms = script->connect_ms ? script->connect_ms(exchange) : 0;
	if (exchange->connect_ms)
		exchange->connecting = script_after(script, exchange->connect_ms, go_onto_the_wire, exchange);
	else
		go_onto_the_wire(exchange);
	if (script->on_send)
		script->on_send(script->on_send_arg, exchange);
	return exchange;
}

static void end_exchange(struct exchange *exchange)
{
	assert_true(exchange->waits); /* answered once, or taken back, but not both */
	exchange->waits = false;
	exchange->script->n_waiting--;
	script_unset(exchange->script, exchange->timeout);
	script_unset(exchange->script, exchange->connecting);
	exchange->timeout = exchange->connecting = NULL;
}

static void io_cancel(void *self, struct exchange *exchange)
{
	(void)self;
	end_exchange(exchange);
	exchange->cancelled = true;
}

struct transport script_io(struct script *script)
{
	return (struct transport){ script, io_send, io_cancel, io_after, io_unset, io_now_ms, io_wall_s };
}

void script_init(struct script *script)
{
	*script = (struct script){ .now_ms = START_MS };
}

static void exchange_free(struct exchange *exchange)
{
	for (size_t i = 0; i < exchange->n_headers; i++) {
		free(exchange->headers[i].name);
		free(exchange->headers[i].value);
	}
	json_free(exchange->json);
	free(exchange->method);
	free(exchange->base);
	free(exchange->path);
	free(exchange->query);
	free(exchange->body);
	free(exchange);
}

/* The engine is gone: it has left nothing behind. */
void script_release(struct script *script)
{
	assert_int_equal(script->n_waiting, 0);
	while (script->first)
		script_unset(script, script->first);
	for (size_t i = 0; i < script->n_sent; i++)
		exchange_free(script->sent[i]);
	free(script->sent);
}

/* ---- looking at a request ---- */

struct exchange *script_waiting(struct script *script, size_t k)
{
	for (size_t i = 0; i < script->n_sent; i++)
		if (script->sent[i]->waits && k-- == 0)
			return script->sent[i];
	fail_msg("fewer requests wait for an answer");
	return NULL;
}

const char *exchange_header(const struct exchange *exchange, const char *name)
{
	for (size_t i = 0; i < exchange->n_headers; i++)
		if (!strcasecmp(exchange->headers[i].name, name))
			return exchange->headers[i].value;
	return NULL;
}

const char *exchange_action(const struct exchange *exchange)
{
	const char *action = exchange_header(exchange, "X-TC-Action");

	if (action)
		return action;
	if (!strncmp(exchange->query, "Action=", 7))
		return exchange->query + 7;
	return strrchr(exchange->path, '/') + 1;
}

const char *exchange_text(const struct exchange *exchange, const char *member)
{
	const struct json *value = json_get(exchange->json, member);

	return value ? json_text(value) : "";
}

int64_t exchange_number(const struct exchange *exchange, const char *member)
{
	const struct json *value = json_get(exchange->json, member);

	if (!value || json_type(value) != JSON_NUMBER)
		fail_msg("%s is no number in %s", member, exchange->body);
	return json_integer(value, -1);
}

/* ---- answering ---- */

static void put_date(const struct script *script, struct response *response)
{
	static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	int64_t at_s = script_server_s(script);
	int year, month, day, hour, minute, second;
	struct buf text;

	buf_init(&text, 64);
	timestamp_format(&text, at_s);
	assert_int_equal(sscanf(text.data, "%d-%d-%dT%d:%d:%dZ", &year, &month, &day, &hour, &minute,
		&second), 6);
	snprintf(response->date, sizeof(response->date), "%s, %02d %s %d %02d:%02d:%02d GMT",
		days[at_s / 86400 % 7], day, months[month - 1], year, hour, minute, second);
	buf_release(&text);
}

void exchange_answer(struct exchange *exchange, struct response *response)
{
	end_exchange(exchange);
	if (!response->error && !response->date[0])
		put_date(exchange->script, response);
	exchange->done(exchange->arg, response);
	response_release(response);
}

void exchange_fail(struct exchange *exchange, enum error error)
{
	struct response response;

	response_init(&response);
	response.error = error;
	snprintf(response.detail, sizeof(response.detail), "scripted");
	exchange_answer(exchange, &response);
}

void exchange_say(struct exchange *exchange, int status, const char *body)
{
	struct response response;

	response_init(&response);
	response.status = status;
	buf_puts(&response.body, body);
	exchange_answer(exchange, &response);
}

static void say_within(struct exchange *exchange, const char *before, const char *format,
	va_list args, const char *id_member, const char *after)
{
	struct response response;
	char *inner = NULL;

	if (vasprintf(&inner, format, args) < 0)
		abort();
	response_init(&response);
	response.status = 200;
	buf_printf(&response.body, "%s%s, \"%s\": \"req-%zu\"%s", before, inner, id_member,
		exchange->number, after);
	free(inner);
	exchange_answer(exchange, &response);
}

void exchange_tencent(struct exchange *exchange, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_within(exchange, "{\"Response\": {", format, args, "RequestId", "}}");
	va_end(args);
}

void exchange_baidu(struct exchange *exchange, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_within(exchange, "{\"result\": ", format, args, "requestId", "}");
	va_end(args);
}

void exchange_error(struct exchange *exchange, const char *code)
{
	exchange_tencent(exchange, "\"Error\": {\"Code\": \"%s\", \"Message\": \"scripted\"}", code);
}
