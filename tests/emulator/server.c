/* The clouds' ports: libmicrohttpd without threads, driven by our loop. */
#include "call.h"
#include "plan.h"
#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY_LIMIT = 10 << 20, CONNECTION_LIMIT = 16000, BACKLOG = 4096 };

static void *begin(void *cls, const char *target, struct MHD_Connection *connection)
{
	struct call *call = text_alloc(sizeof(*call));

	call->emu = cls;
	call->connection = connection;
	call->target = text_dup(target);
	return call;
}

static enum MHD_Result keep_header(void *cls, enum MHD_ValueKind kind, const char *name,
				   const char *value)
{
	struct call *call = cls;

	(void)kind;
	call->headers = realloc(call->headers, (call->header_count + 1) * sizeof(*call->headers));
	if (!call->headers)
		abort();
	call->headers[call->header_count++] =
		(struct header){ text_dup(name), text_dup(value ? value : "") };
	return MHD_YES;
}

static void open_call(struct call *call, const char *method)
{
	const union MHD_ConnectionInfo *info;

	snprintf(call->method, sizeof(call->method), "%s", method);
	MHD_get_connection_values(call->connection, MHD_HEADER_KIND, keep_header, call);
	info = MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	call->fd = info ? info->connect_fd : -1;
	info = MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	if (info && info->socket_context) {
		struct connection *c = info->socket_context;

		call->connection_id = c->id;
		call->reused = c->calls++ > 0;
	}
	info = MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	call->tls = info ? info->tls_session : NULL;
	call->state = CALL_BODY;
}

static int64_t latency_of(const struct emulator *emu, const char *action)
{
	for (int i = 0; i < emu->latency_count; i++)
		if (!strcmp(emu->latencies[i].action, action))
			return emu->latencies[i].ms;
	return emu->latency;
}

/* When it is answered: at once after its time, or behind those that came before, given up or not. */
static int64_t end_of(struct emulator *emu, int64_t now, int64_t ms)
{
	int first = 0;

	for (int i = 1; i < emu->serves; i++)
		if (emu->busy_until[i] < emu->busy_until[first])
			first = i;
	if (!emu->serves || emu->busy_until[first] < now)
		emu->busy_until[first] = now;
	if (!emu->serves)
		return now + ms * 1000;
	return emu->busy_until[first] += ms * 1000;
}

static void latency_over(void *arg)
{
	call_resume(arg, CALL_READY);
}

/* When the last byte came: the kernel says how long ago that was, in its ticks. */
static int64_t arrival_of(const struct call *call)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	if (call->fd < 0 || getsockopt(call->fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return call->start;
	return call->start - (int64_t)info.tcpi_last_data_recv * 1000;
}

/* Everything about the call is here: answer it, or begin to misbehave. */
static void decide(struct call *call)
{
	struct emulator *emu = call->emu;
	size_t path = strcspn(call->target, "?");
	bool tencent = path <= 1 && (!call_header(call, "Authorization") ||
				     strncmp(call_header(call, "Authorization"), "bce-", 4));
	bool metadata = metadata_is_meant(call), sts = !metadata && sts_is_meant(call);
	const struct plan *plan;
	int64_t ms;

	call->start = loop_now();
	call->arrived = arrival_of(call);
	call->state = CALL_READY;
	emulator_uuid(call->request_id);
	if (metadata)
		metadata_identify(call);
	else if (sts)
		sts_identify(call);
	else if (tencent)
		tencent_identify(call);
	else
		baidu_identify(call);
	journal_arrive(&emu->journal, call);
	plan = plan_take(&emu->plans, call->action, call->id, call->reused);
	if (metadata)
		metadata_answer(call);
	else if (sts)
		sts_answer(call);
	else if (tencent)
		tencent_answer(call, plan);
	else
		baidu_answer(call, plan);
	if (plan)
		fault_apply(call, plan);
	journal_verdict(&emu->journal, call);
	ms = latency_of(emu, call->action);
	if (plan_is(plan, PLAN_DELAY))
		ms += plan_int(plan, "ms", 1000);
	if (call->state == CALL_READY && ms > 0) {
		call_wait(call);
		call->timer.fire = latency_over;
		call->timer.arg = call;
		loop_arm(&emu->loop, &call->timer, end_of(emu, call->start, ms));
	}
}

static enum MHD_Result send_answer(struct call *call)
{
	struct answer *a = &call->answer;
	struct MHD_Response *response =
		MHD_create_response_from_buffer(a->body.len, a->body.data, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result sent;
	char date[64];

	call_date(call, date, sizeof(date));
	if (*date)
		MHD_add_response_header(response, "Date", date);
	MHD_add_response_header(response, "Content-Type", a->content_type ? a->content_type :
				"application/json");
	for (size_t i = 0; i < a->header_count; i++)
		MHD_add_response_header(response, a->headers[i].name, a->headers[i].value);
	sent = MHD_queue_response(call->connection, (unsigned)a->status, response);
	MHD_destroy_response(response);
	return sent;
}

static enum MHD_Result access_cloud(void *cls, struct MHD_Connection *connection, const char *url,
				    const char *method, const char *version,
				    const char *upload_data, size_t *upload_size, void **con_cls)
{
	struct call *call = *con_cls;

	(void)cls;
	(void)connection;
	(void)url;
	(void)version;
	if (call->state == CALL_NEW) {
		open_call(call, method);
		return MHD_YES;
	}
	if (call->state == CALL_BODY && *upload_size) {
		if (call->body.len + *upload_size > BODY_LIMIT)
			return MHD_NO;
		text_add(&call->body, upload_data, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (call->state == CALL_BODY)
		decide(call);
	if (call->state == CALL_READY)
		return send_answer(call);
	return call->state == CALL_ABORT ? MHD_NO : MHD_YES;
}

static void completed(void *cls, struct MHD_Connection *connection, void **con_cls,
		      enum MHD_RequestTerminationCode why)
{
	struct emulator *emu = cls;
	struct call *call = *con_cls;

	(void)connection;
	(void)why;
	if (!call)
		return;
	if (call->n)
		journal_finish(&emu->journal, call);
	call_free(call);
	*con_cls = NULL;
}

static void connected(void *cls, struct MHD_Connection *connection, void **socket_context,
		      enum MHD_ConnectionNotificationCode code)
{
	struct emulator *emu = cls;
	struct connection *c = *socket_context;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		c = text_alloc(sizeof(*c));
		*c = (struct connection){ .id = ++emu->journal.connection_last,
			.fd = info->connect_fd, .next = emu->connections,
			.link = &emu->connections };
		if (c->next)
			c->next->link = &c->next;
		emu->connections = c;
		*socket_context = c;
		emu->journal.connections++;
		emu->journal.open_connections++;
	} else {
		*c->link = c->next;
		if (c->next)
			c->next->link = c->link;
		free(c);
		*socket_context = NULL;
		emu->journal.open_connections--;
	}
}

void server_drop(struct emulator *emu, bool reset)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	for (struct connection *c = emu->connections; c; c = c->next) {
		if (reset)
			connect(c->fd, &nowhere, sizeof(nowhere));
		else
			shutdown(c->fd, SHUT_RDWR);
	}
}

/* A loopback socket; *bound gets its port. -1 when the address is not there. */
static int listen_on(int port, bool ipv6, int *bound)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr *address = ipv6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
	socklen_t size = ipv6 ? sizeof(v6) : sizeof(v4);
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (ipv6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, address, size) || listen(fd, BACKLOG) || getsockname(fd, address, &size)) {
		close(fd);
		return -1;
	}
	*bound = ntohs(ipv6 ? v6.sin6_port : v4.sin_port);
	return fd;
}

static void daemon_ready(void *arg, uint32_t events)
{
	(void)arg;
	(void)events; /* server_run serves all daemons after every step */
}

/* Serves a socket that listens; it is closed when that fails, or with the daemon. */
static bool serve(struct emulator *emu, int fd, unsigned flags, const struct server_handlers *h)
{
	int n = emu->daemon_count;
	const union MHD_DaemonInfo *info;
	const char *priorities = emu->options.priorities;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, text_dup(priorities ? priorities : "NORMAL") },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, emu->cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, emu->key },
		{ MHD_OPTION_END, 0, NULL },
	};

	emu->daemon[n] = n == EMULATOR_DAEMONS ? NULL : MHD_start_daemon(
		flags | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK,
		0, NULL, NULL, h->access, emu, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTION_LIMIT,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)65536,
		MHD_OPTION_URI_LOG_CALLBACK, h->begin, emu,
		MHD_OPTION_NOTIFY_COMPLETED, h->completed, emu,
		MHD_OPTION_NOTIFY_CONNECTION, h->connected, emu,
		MHD_OPTION_ARRAY, flags & MHD_USE_TLS ? tls : tls + 3, MHD_OPTION_END);
	free(tls[0].ptr_value);
	if (!emu->daemon[n]) {
		close(fd);
		return false;
	}
	info = MHD_get_daemon_info(emu->daemon[n], MHD_DAEMON_INFO_EPOLL_FD);
	emu->daemon_watch[n] = (struct watch){ .fd = info->listen_fd, .ready = daemon_ready };
	loop_watch(&emu->loop, &emu->daemon_watch[n], EPOLLIN);
	emu->daemon_tls[n] = flags & MHD_USE_TLS;
	emu->daemon_count++;
	return true;
}

bool server_listen(struct emulator *emu, int port, unsigned flags,
		   const struct server_handlers *h, bool ipv6, int *bound)
{
	int fd = listen_on(port, ipv6, bound);

	return fd >= 0 && serve(emu, fd, flags, h);
}

static const struct server_handlers handlers = { access_cloud, completed, begin, connected };

/* MHD takes a certificate when it starts: the old one stops to listen, a new one goes on. */
bool server_certify(struct emulator *emu, const char *cert, const char *key)
{
	int count = emu->daemon_count;

	free(emu->cert);
	free(emu->key);
	emu->cert = text_dup(cert);
	emu->key = text_dup(key);
	for (int i = 0; i < count; i++) {
		if (!emu->daemon_tls[i])
			continue;
		emu->daemon_tls[i] = false;
		if (!serve(emu, MHD_quiesce_daemon(emu->daemon[i]), MHD_USE_TLS, &handlers))
			return false;
	}
	return true;
}

bool server_start(struct emulator *emu)
{
	struct options *o = &emu->options;
	int same;

	if (o->port >= 0) {
		if (!server_listen(emu, o->port, 0, &handlers, false, &o->port))
			return false;
		/* And ::1, where there is one. */
		server_listen(emu, o->port, 0, &handlers, true, &same);
	}
	if (o->tls_port >= 0) {
		if (!server_listen(emu, o->tls_port, MHD_USE_TLS, &handlers, false, &o->tls_port))
			return false;
		server_listen(emu, o->tls_port, MHD_USE_TLS, &handlers, true, &same);
	}
	return true;
}

void server_run(struct emulator *emu)
{
	for (int i = 0; i < emu->daemon_count; i++)
		MHD_run(emu->daemon[i]);
}

int server_timeout(struct emulator *emu)
{
	int least = -1;

	for (int i = 0; i < emu->daemon_count; i++) {
		MHD_UNSIGNED_LONG_LONG ms;

		if (MHD_get_timeout(emu->daemon[i], &ms) == MHD_YES &&
		    (least < 0 || ms < (unsigned)least))
			least = ms > 60000 ? 60000 : (int)ms;
	}
	return least;
}

void server_release(struct emulator *emu)
{
	while (emu->waiting)
		call_resume(emu->waiting, CALL_ABORT);
}

void server_stop(struct emulator *emu)
{
	server_release(emu);
	server_run(emu);
	for (int i = 0; i < emu->daemon_count; i++)
		MHD_stop_daemon(emu->daemon[i]);
}
