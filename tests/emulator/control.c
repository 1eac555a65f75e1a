/* The control port: JSON over plain HTTP on loopback, neither counted nor logged. */
#include "call.h"
#include "plan.h"
#include "server.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct control_call {
	char *target;
	struct text body;
	bool begun;
};

struct control_request {
	struct slice body;
	struct MHD_Connection *connection;
	struct text *out;
};

/* Each answers with an HTTP status; an empty body becomes {"ok":true} or an error. */
typedef int control_verb(struct emulator *emu, const struct control_request *rq);

static const struct kind *kind_of(struct slice body)
{
	char *cloud = jtext_member_string(body, "cloud"), *name = jtext_member_string(body, "kind");
	const struct kind *kind = kind_find(cloud, name);

	free(cloud);
	free(name);
	return kind;
}

static int do_counts(struct emulator *emu, const struct control_request *rq)
{
	journal_counts(&emu->journal, rq->out);
	return 200;
}

static uint64_t argument_number(const struct control_request *rq, const char *name)
{
	const char *s = MHD_lookup_connection_value(rq->connection, MHD_GET_ARGUMENT_KIND, name);

	return s ? strtoull(s, NULL, 10) : 0;
}

static int do_log(struct emulator *emu, const struct control_request *rq)
{
	journal_lines(&emu->journal, rq->out, argument_number(rq, "since"));
	return 200;
}

static int do_reset(struct emulator *emu, const struct control_request *rq)
{
	(void)rq;
	journal_reset(&emu->journal);
	return 200;
}

static int do_set(struct emulator *emu, const struct control_request *rq)
{
	const struct kind *kind = kind_of(rq->body);
	char *id = jtext_member_string(rq->body, "id");
	struct slice members = jtext_member(rq->body, "members");
	bool done = kind && id && (!members.p || jtext_type(members) == '{') &&
		store_set(&emu->store, kind->id, id, members, jtext_member(rq->body, "delete"));

	free(id);
	return done ? 200 : kind ? 404 : 400;
}

static int do_put(struct emulator *emu, const struct control_request *rq)
{
	const struct kind *kind = kind_of(rq->body);
	char *id = jtext_member_string(rq->body, "id");
	struct slice object = jtext_member(rq->body, "object");
	size_t n = object.n;
	char *raw = jtext_string(jtext_member(rq->body, "raw"), &n);
	const char *text = raw ? raw : object.p;
	bool done = kind && text && store_put(&emu->store, kind->id, id, text, n);

	free(id);
	free(raw);
	return done ? 200 : 400;
}

static int do_remove(struct emulator *emu, const struct control_request *rq)
{
	const struct kind *kind = kind_of(rq->body);
	char *id = jtext_member_string(rq->body, "id");
	bool done = kind && id && store_remove(&emu->store, kind->id, id);

	free(id);
	return done ? 200 : kind ? 404 : 400;
}

static int do_state(struct emulator *emu, const struct control_request *rq)
{
	const char *cloud = MHD_lookup_connection_value(rq->connection, MHD_GET_ARGUMENT_KIND,
							"cloud");
	const char *name = MHD_lookup_connection_value(rq->connection, MHD_GET_ARGUMENT_KIND,
						       "kind");
	const char *id = MHD_lookup_connection_value(rq->connection, MHD_GET_ARGUMENT_KIND, "id");
	const struct kind *kind = kind_find(cloud, name);
	const struct resource *r = kind ? store_find(&emu->store, kind->id, id) : NULL;
	char *text;

	if (!r)
		return 404;
	text = store_text(&emu->store, kind->id, r);
	text_add_str(rq->out, text);
	free(text);
	return 200;
}

static void replace(char **old, struct slice value)
{
	if (!value.p)
		return;
	free(*old);
	*old = jtext_string(value, NULL); /* null: no token any more */
}

/* Without members: new values of the emulator's own making, in the answer. */
static int do_rotate(struct emulator *emu, const struct control_request *rq)
{
	struct account *a = &emu->account;

	if (rq->body.n <= 2 || jtext_type(rq->body) != '{') {
		emulator_rotate(emu);
	} else {
		replace(&a->secret_id, jtext_member(rq->body, "secret_id"));
		replace(&a->secret_key, jtext_member(rq->body, "secret_key"));
		replace(&a->token, jtext_member(rq->body, "token"));
		replace(&a->access_key, jtext_member(rq->body, "access_key"));
		replace(&a->access_secret, jtext_member(rq->body, "access_secret"));
		replace(&a->session_token, jtext_member(rq->body, "session_token"));
	}
	text_addf(rq->out, "{\"secret_id\":\"%s\",\"secret_key\":\"%s\",\"token\":", a->secret_id,
		  a->secret_key);
	text_add_json_str(rq->out, a->token);
	text_addf(rq->out, ",\"access_key\":\"%s\",\"access_secret\":\"%s\",\"session_token\":",
		  a->access_key, a->access_secret);
	text_add_json_str(rq->out, a->session_token);
	text_add_str(rq->out, "}\n");
	return 200;
}

/* Who is given temporary keys, for how long, and whether those given out still hold. */
static int do_keys(struct emulator *emu, const struct control_request *rq)
{
	struct lender *l = &emu->lender;
	struct slice base_only = jtext_member(rq->body, "base_only");

	replace(&l->machine_role, jtext_member(rq->body, "machine_role"));
	replace(&l->machine_code, jtext_member(rq->body, "machine_code"));
	replace(&l->role_arn, jtext_member(rq->body, "role_arn"));
	replace(&l->provider, jtext_member(rq->body, "provider"));
	replace(&l->identity, jtext_member(rq->body, "identity"));
	replace(&l->identity_role, jtext_member(rq->body, "identity_role"));
	l->life = jtext_member_int(rq->body, "life", l->life);
	if (base_only.p)
		l->base_only = jtext_is(base_only, "true");
	if (jtext_is(jtext_member(rq->body, "revoke"), "true"))
		lender_revoke(l);
	return 200;
}

static int do_clock(struct emulator *emu, const struct control_request *rq)
{
	emu->clock_offset = jtext_member_int(rq->body, "offset", 0);
	return 200;
}

static int do_latency(struct emulator *emu, const struct control_request *rq)
{
	char *action = jtext_member_string(rq->body, "action");
	int64_t ms = jtext_member_int(rq->body, "ms", 0);
	int i = 0;

	if (!action) {
		int64_t serves = jtext_member_int(rq->body, "serves", 0);
		memset(emu->busy_until, 0, sizeof(emu->busy_until));
		emu->serves = serves < EMULATOR_SERVES ? (int)serves : EMULATOR_SERVES;
		emu->latency = ms;
		emu->latency_count = 0;
		return 200;
	}
	while (i < emu->latency_count && strcmp(emu->latencies[i].action, action))
		i++;
	if (i < EMULATOR_LATENCIES) {
		snprintf(emu->latencies[i].action, sizeof(emu->latencies[i].action), "%s", action);
		emu->latencies[i].ms = ms;
		if (i == emu->latency_count)
			emu->latency_count++;
	}
	free(action);
	return 200;
}

static int do_rate(struct emulator *emu, const struct control_request *rq)
{
	emu->rate = (int)jtext_member_int(rq->body, "per_second", 0);
	return 200;
}

static int do_plan(struct emulator *emu, const struct control_request *rq)
{
	return plan_add(&emu->plans, rq->body) ? 200 : 400;
}

static int do_plan_clear(struct emulator *emu, const struct control_request *rq)
{
	(void)rq;
	plan_clear(&emu->plans);
	server_release(emu);
	return 200;
}

static int do_drop(struct emulator *emu, const struct control_request *rq)
{
	server_drop(emu, jtext_is(jtext_member(rq->body, "how"), "\"rst\""));
	return 200;
}

/* Files, as at the start. */
static int do_cert(struct emulator *emu, const struct control_request *rq)
{
	char *cert = jtext_member_string(rq->body, "cert"), *key = jtext_member_string(rq->body, "key");
	char *cert_pem = text_file(cert), *key_pem = text_file(key);
	bool done = cert_pem && key_pem && server_certify(emu, cert_pem, key_pem);

	free(cert_pem);
	free(key_pem);
	free(cert);
	free(key);
	return done ? 200 : 400;
}

static int do_models_list(struct emulator *emu, const struct control_request *rq)
{
	emu->options.models_list = !jtext_is(jtext_member(rq->body, "on"), "false");
	return 200;
}

static int do_quit(struct emulator *emu, const struct control_request *rq)
{
	(void)rq;
	emu->loop.quit = true;
	return 200;
}

struct control_entry {
	const char *method, *path;
	control_verb *verb;
};

static const struct control_entry verbs[] = {
	{ "GET", "/counts", do_counts },
	{ "GET", "/log", do_log },
	{ "GET", "/state", do_state },
	{ "POST", "/reset", do_reset },
	{ "POST", "/set", do_set },
	{ "POST", "/put", do_put },
	{ "POST", "/remove", do_remove },
	{ "POST", "/rotate", do_rotate },
	{ "POST", "/keys", do_keys },
	{ "POST", "/clock", do_clock },
	{ "POST", "/latency", do_latency },
	{ "POST", "/rate", do_rate },
	{ "POST", "/plan", do_plan },
	{ "POST", "/plan/clear", do_plan_clear },
	{ "POST", "/drop", do_drop },
	{ "POST", "/cert", do_cert },
	{ "POST", "/models-list", do_models_list },
	{ "POST", "/quit", do_quit },
};

static int run_verb(struct emulator *emu, const char *method, const char *path,
		    const struct control_request *rq)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].path, path) || strcmp(verbs[i].method, method))
			continue;
		if (rq->body.n && !jtext_valid(rq->body.p, rq->body.n))
			return 400;
		return verbs[i].verb(emu, rq);
	}
	return 404;
}

static void *control_begin(void *cls, const char *target, struct MHD_Connection *connection)
{
	struct control_call *call = text_alloc(sizeof(*call));

	(void)cls;
	(void)connection;
	call->target = text_dup_n(target, strcspn(target, "?"));
	return call;
}

static enum MHD_Result control_access(void *cls, struct MHD_Connection *connection,
				      const char *url, const char *method, const char *version,
				      const char *upload_data, size_t *upload_size, void **con_cls)
{
	struct control_call *call = *con_cls;
	struct text out = { 0 };
	struct control_request rq = { .connection = connection, .out = &out };
	struct MHD_Response *response;
	enum MHD_Result sent;
	int status;

	(void)url;
	(void)version;
	if (!call->begun || *upload_size) {
		call->begun = true;
		text_add(&call->body, upload_data, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	rq.body = (struct slice){ call->body.data, call->body.len };
	status = run_verb(cls, method, call->target, &rq);
	if (!out.len)
		text_addf(&out, status == 200 ? "{\"ok\":true}\n" : "{\"error\":%d}\n", status);
	response = MHD_create_response_from_buffer(out.len, out.data, MHD_RESPMEM_MUST_COPY);
	MHD_add_response_header(response, "Content-Type", "application/json");
	sent = MHD_queue_response(connection, (unsigned)status, response);
	MHD_destroy_response(response);
	text_free(&out);
	return sent;
}

static void control_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
			      enum MHD_RequestTerminationCode why)
{
	struct control_call *call = *con_cls;

	(void)cls;
	(void)connection;
	(void)why;
	if (!call)
		return;
	text_free(&call->body);
	free(call->target);
	free(call);
	*con_cls = NULL;
}

bool control_start(struct emulator *emu)
{
	struct server_handlers handlers = {
		control_access, control_completed, control_begin, NULL
	};

	return server_listen(emu, emu->options.control_port, 0, &handlers, false,
			     &emu->options.control_port);
}
