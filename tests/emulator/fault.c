/* What plans do to an answer that is ready to be sent. */
#include "call.h"
#include "plan.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { FILLER = 65536 };

static void add_plan_headers(struct call *call, const struct plan *plan)
{
	struct jobject o;

	if (!plan_value(plan, "headers").p || !jobject_parse(&o, plan_value(plan, "headers")))
		return;
	for (size_t i = 0; i < o.n; i++) {
		char *name = text_dup_n(o.m[i].key.p, o.m[i].key.n);
		char *value = jtext_string(o.m[i].value, NULL);

		if (value && !strcasecmp(name, "Content-Type"))
			call->answer.content_type = text_dup(value);
		else if (value)
			call_add_header(call, name, value);
		free(name);
		free(value);
	}
	jobject_free(&o);
}

static void plan_error(struct call *call, const struct plan *plan)
{
	struct slice code_value = plan_value(plan, "code");
	char *code = jtext_type(code_value) == '0' ? text_dup_n(code_value.p, code_value.n) :
		plan_string(plan, "code");
	char *message = plan_string(plan, "message");
	const char *c = code ? code : "InternalError", *m = message ? message : "planned";

	if (!strcmp(call->cloud, "tione"))
		tencent_error(call, c, m);
	else
		baidu_error(call, (int)plan_int(plan, "status", 400), c, m);
	call->answer.status = (int)plan_int(plan, "status", call->answer.status);
	free(code);
	free(message);
}

static void plan_http(struct call *call, const struct plan *plan)
{
	struct text bytes = { 0 };
	char verdict[64];
	int status = (int)plan_int(plan, "status", plan->verb == PLAN_BODY ? 200 :
				   plan->verb == PLAN_REDIRECT ? 302 : 503);
	char *location = plan_string(plan, "location");

	plan_bytes(plan, &bytes);
	call_answer(call, status, bytes.data, bytes.len);
	if (plan->verb == PLAN_REDIRECT)
		call_add_header(call, "Location", location ? location : call->target);
	snprintf(verdict, sizeof(verdict), "plan:%s:%d", plan_verb_name(plan->verb), status);
	call_verdict(call, verdict);
	free(location);
	text_free(&bytes);
}

static void plan_date(struct call *call, const struct plan *plan)
{
	call->answer.date = plan_string(plan, "date");
	call->answer.date_shift = plan_int(plan, "seconds", 3600);
}

/* The answer as bytes of our own. `length` replaces the value of Content-Length; "" leaves the
 * header out. */
static void raw_render(struct call *call, const char *length)
{
	struct answer *a = &call->answer;
	struct text *out = &call->raw.bytes;
	char date[64];

	call_date(call, date, sizeof(date));
	text_addf(out, "HTTP/1.1 %d Planned\r\n", a->status);
	if (*date)
		text_addf(out, "Date: %s\r\n", date);
	text_addf(out, "Content-Type: %s\r\n", a->content_type ? a->content_type :
		  "application/json");
	for (size_t i = 0; i < a->header_count; i++)
		text_addf(out, "%s: %s\r\n", a->headers[i].name, a->headers[i].value);
	if (!length)
		text_addf(out, "Content-Length: %zu\r\n", a->body.len);
	else if (*length)
		text_addf(out, "Content-Length: %s\r\n", length);
	text_add_str(out, "Connection: close\r\n\r\n");
	text_add(out, a->body.data ? a->body.data : "", a->body.len);
}

/* mode: "chunked" (default), "length" (10 GB promised) or "close" (no length at all). */
static void raw_endless(struct call *call, const struct plan *plan)
{
	char *mode = plan_string(plan, "mode"), *block = text_alloc(FILLER);
	struct raw *raw = &call->raw;
	bool chunked = !mode || !strcmp(mode, "chunked");

	memset(block, 'a', FILLER);
	text_clear(&call->answer.body);
	if (chunked)
		call_add_header(call, "Transfer-Encoding", "chunked");
	raw_render(call, mode && !strcmp(mode, "length") ? "10000000000" : "");
	text_add_str(&raw->bytes, chunked ? "10\r\n{\"Response\":{\"X\"\r\n2\r\n:\"\r\n" :
		     "{\"Response\":{\"X\":\"");
	raw->repeat_from = raw->bytes.len;
	if (chunked)
		text_addf(&raw->bytes, "%x\r\n", FILLER);
	text_add(&raw->bytes, block, FILLER);
	if (chunked)
		text_add_str(&raw->bytes, "\r\n");
	raw->stop_after = (size_t)plan_int(plan, "bytes", 0);
	free(mode);
	free(block);
}

static void raw_wrong_length(struct call *call, const struct plan *plan)
{
	struct slice value = plan_value(plan, "length");
	char *length = jtext_type(value) == '"' ? plan_string(plan, "length") : NULL, number[32];

	snprintf(number, sizeof(number), "%lld", jtext_type(value) == '0' ?
		 (long long)plan_int(plan, "length", 0) :
		 (long long)call->answer.body.len + (long long)plan_int(plan, "delta", 10));
	raw_render(call, length ? length : number);
	free(length);
}

static void raw_prepare(struct call *call, const struct plan *plan)
{
	struct raw *raw = &call->raw;
	int64_t bytes = plan_int(plan, "bytes", 0);

	if (plan->verb == PLAN_RAW)
		plan_bytes(plan, &raw->bytes);
	else if (plan->verb == PLAN_ENDLESS)
		raw_endless(call, plan);
	else if (plan->verb == PLAN_WRONG_LENGTH)
		raw_wrong_length(call, plan);
	else
		raw_render(call, NULL);
	if (plan->verb == PLAN_SLICE) {
		raw->chunk = (size_t)(bytes > 0 ? bytes : 1);
		raw->gap = plan_int(plan, "us", plan_int(plan, "ms", 0) * 1000);
	} else if (plan->verb == PLAN_BANDWIDTH) {
		int64_t rate = bytes > 0 ? bytes : 1024;

		raw->chunk = (size_t)(rate > 20 ? rate / 20 : 1);
		raw->gap = 1000000 * (int64_t)raw->chunk / rate;
	} else if (plan->verb == PLAN_STALL && plan_int(plan, "ms", 0)) {
		raw->pause_at = (size_t)bytes;
		raw->pause = plan_int(plan, "ms", 0) * 1000;
	} else if (plan->verb == PLAN_STALL || plan->verb == PLAN_RESET ||
		   plan->verb == PLAN_CLOSE_EARLY) {
		raw->stop_after = (size_t)bytes;
		raw->end = plan->verb == PLAN_STALL ? RAW_HOLD :
			plan->verb == PLAN_RESET ? RAW_RESET : RAW_CLOSE;
	}
}

static void transport(struct call *call, const struct plan *plan)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	int64_t bytes = plan_int(plan, "bytes", 0);
	char verdict[64];

	snprintf(verdict, sizeof(verdict), "plan:%s", plan_verb_name(plan->verb));
	call_verdict(call, verdict);
	if (plan->verb == PLAN_HALF_OPEN || (plan->verb == PLAN_STALL && !bytes)) {
		call_wait(call); /* until the client gives up or the plans are cleared */
	} else if (plan->verb == PLAN_RESET && !bytes) {
		connect(call->fd, &nowhere, sizeof(nowhere)); /* Linux sends RST */
		call->state = CALL_ABORT;
	} else if (plan->verb == PLAN_CLOSE_EARLY && !bytes) {
		call->state = CALL_ABORT;
	} else if (call->tls) {
		static const char no[] = "this plan writes raw bytes and needs the plain port\n";

		call_answer(call, 500, no, sizeof(no) - 1);
		call_verdict(call, "plan:needs-plain-http");
	} else {
		raw_prepare(call, plan);
		call_wait(call);
		raw_start(call);
	}
}

void fault_apply(struct call *call, const struct plan *plan)
{
	call->plan = plan_verb_name(plan->verb);
	switch (plan->verb) {
	case PLAN_ERROR:
		plan_error(call, plan);
		add_plan_headers(call, plan);
		break;
	case PLAN_HTTP:
	case PLAN_BODY:
	case PLAN_REDIRECT:
		plan_http(call, plan);
		add_plan_headers(call, plan);
		break;
	case PLAN_DATE_OFFSET:
		plan_date(call, plan);
		break;
	case PLAN_STALL:
	case PLAN_HALF_OPEN:
	case PLAN_RESET:
	case PLAN_CLOSE_EARLY:
	case PLAN_SLICE:
	case PLAN_BANDWIDTH:
	case PLAN_WRONG_LENGTH:
	case PLAN_ENDLESS:
	case PLAN_RAW:
		add_plan_headers(call, plan);
		transport(call, plan);
		break;
	default: /* delay and pages: done elsewhere */
		add_plan_headers(call, plan);
		break;
	}
}
