/* What plans do to an answer that is ready to be sent. */
#include "call.h"
#include "plan.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <zlib.h>

enum { FILLER = 65536, CHUNK = 500 };

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

	if (strcmp(call->cloud, "qianfan"))
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

/* The body, or a long text, compressed so many times; nobody asked for it. */
static void plan_gzip(struct call *call, const struct plan *plan)
{
	struct text *body = &call->answer.body;
	char *coding = plan_string(plan, "coding");
	size_t filler = (size_t)plan_int(plan, "bytes", 0);
	int times = (int)plan_int(plan, "times", 1);

	if (filler) {
		text_clear(body);
		text_add_str(body, "{\"Response\":{\"RequestId\":\"r\",\"X\":\"");
		text_fill(body, 'a', filler);
		text_add_str(body, "\"}}");
	}
	for (; times > 0; times--) {
		z_stream z = { 0 };
		char *out;
		uLong room;

		deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
		room = deflateBound(&z, body->len);
		out = text_alloc(room);
		z.next_in = (Bytef *)body->data;
		z.avail_in = (uInt)body->len;
		z.next_out = (Bytef *)out;
		z.avail_out = (uInt)room;
		deflate(&z, Z_FINISH);
		text_clear(body);
		text_add(body, out, z.total_out);
		deflateEnd(&z);
		free(out);
	}
	call_add_header(call, "Content-Encoding", coding ? coding : "gzip");
	call_verdict(call, "plan:gzip");
	free(coding);
}

/* The body in chunks. */
static void raw_chunks(struct text *out, const struct text *body)
{
	for (size_t at = 0; at < body->len; at += CHUNK) {
		size_t n = body->len - at < CHUNK ? body->len - at : CHUNK;

		text_addf(out, "%zx\r\n", n);
		text_add(out, body->data + at, n);
		text_add_str(out, "\r\n");
	}
	text_add_str(out, "0\r\n\r\n");
}

/* The answer as bytes of our own. `length` replaces the value of Content-Length; "" leaves the
 * header out. */
static void raw_render(struct call *call, const struct plan *plan, const char *length)
{
	char *framing = plan_string(plan, "framing");
	bool chunked = framing && !strcmp(framing, "chunked");
	struct answer *a = &call->answer;
	struct text *out = &call->raw.bytes;
	char date[64];

	if (framing && !length) /* "chunked", or "close": no length */
		length = "";
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
	text_addf(out, "%sConnection: close\r\n\r\n",
		  chunked ? "Transfer-Encoding: chunked\r\n" : "");
	if (chunked)
		raw_chunks(out, &a->body);
	else
		text_add(out, a->body.data ? a->body.data : "", a->body.len);
	free(framing);
}

/* mode: "header" (fields), "line" (one field) or "continue" (early answers) without end. */
static bool raw_endless_head(struct raw *raw, const char *mode)
{
	const char *more = !strcmp(mode, "continue") ? "HTTP/1.1 100 Continue\r\nX-More: x\r\n\r\n" :
		!strcmp(mode, "header") ? "X-More: to come\r\n" :
		!strcmp(mode, "line") ? "aaaaaaaaaaaaaaaa" : NULL;

	if (!more)
		return false;
	text_add_str(&raw->bytes, "HTTP/1.1 100 Continue\r\n\r\n");
	if (*more != 'H')
		text_add_str(&raw->bytes, "HTTP/1.1 200 Planned\r\n");
	if (*more == 'a')
		text_add_str(&raw->bytes, "X-Long: ");
	raw->repeat_from = raw->bytes.len;
	for (int i = 0; i < 1000; i++)
		text_add_str(&raw->bytes, more);
	return true;
}

/* mode: "chunked" (default), "length" (10 GB promised) or "close" (no length at all); or a head. */
static void raw_endless(struct call *call, const struct plan *plan)
{
	char *mode = plan_string(plan, "mode"), *block = text_alloc(FILLER);
	struct raw *raw = &call->raw;
	bool chunked = !mode || !strcmp(mode, "chunked");

	memset(block, 'a', FILLER);
	text_clear(&call->answer.body);
	raw->stop_after = (size_t)plan_int(plan, "bytes", 0);
	if (mode && raw_endless_head(raw, mode)) {
		free(mode);
		free(block);
		return;
	}
	if (chunked)
		call_add_header(call, "Transfer-Encoding", "chunked");
	raw_render(call, plan, mode && !strcmp(mode, "length") ? "10000000000" : "");
	text_add_str(&raw->bytes, chunked ? "10\r\n{\"Response\":{\"X\"\r\n2\r\n:\"\r\n" :
		     "{\"Response\":{\"X\":\"");
	raw->repeat_from = raw->bytes.len;
	if (chunked)
		text_addf(&raw->bytes, "%x\r\n", FILLER);
	text_add(&raw->bytes, block, FILLER);
	if (chunked)
		text_add_str(&raw->bytes, "\r\n");
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
	raw_render(call, plan, length ? length : number);
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
		raw_render(call, plan, NULL);
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
	case PLAN_GZIP:
		plan_gzip(call, plan);
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
