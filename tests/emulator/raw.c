/* Bytes on the wire by our own hand, while MHD has the connection suspended. */
#include "call.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static void raw_end(struct call *call)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	if (call->raw.end == RAW_HOLD) {
		loop_watch(&call->emu->loop, &call->watch, EPOLLRDHUP);
		return;
	}
	if (call->raw.end == RAW_RESET)
		connect(call->fd, &nowhere, sizeof(nowhere));
	else if (call->tls && call->raw.end == RAW_WHOLE)
		gnutls_bye(call->tls, GNUTLS_SHUT_WR);
	if (call->raw.end != RAW_RESET)
		shutdown(call->fd, SHUT_WR);
	call_resume(call, CALL_ABORT);
}

/* How many bytes may go out now. */
static size_t raw_portion(const struct raw *raw)
{
	size_t n = raw->bytes.len - raw->at;

	if (raw->chunk && n > raw->chunk)
		n = raw->chunk;
	if (raw->stop_after && n > raw->stop_after - raw->sent)
		n = raw->stop_after - raw->sent;
	if (raw->pause_at && raw->sent < raw->pause_at && n > raw->pause_at - raw->sent)
		n = raw->pause_at - raw->sent;
	return n;
}

/* -1 with EAGAIN: not now; GnuTLS then wants the same bytes again, and gets them. */
static ssize_t raw_send(const struct call *call, const char *bytes, size_t n)
{
	ssize_t sent;

	if (!call->tls)
		return send(call->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	sent = gnutls_record_send(call->tls, bytes, n);
	if (sent >= 0)
		return sent;
	errno = gnutls_error_is_fatal((int)sent) ? EPIPE : EAGAIN;
	return -1;
}

static void raw_pump(void *arg)
{
	struct call *call = arg;
	struct raw *raw = &call->raw;

	for (int rounds = 0; rounds < 64; rounds++) {
		size_t want = raw_portion(raw);
		ssize_t n;

		if (want == 0) {
			raw_end(call);
			return;
		}
		n = raw_send(call, raw->bytes.data + raw->at, want);
		if (n < 0 && errno != EAGAIN) {
			call_resume(call, CALL_ABORT);
			return;
		}
		if (n < 0) {
			loop_watch(&call->emu->loop, &call->watch, EPOLLRDHUP | EPOLLOUT);
			return;
		}
		raw->at += (size_t)n;
		raw->sent += (size_t)n;
		if (raw->at == raw->bytes.len && raw->repeat_from)
			raw->at = raw->repeat_from;
		if (raw->pause_at && raw->sent == raw->pause_at) {
			loop_arm(&call->emu->loop, &call->timer, loop_now() + raw->pause);
			return;
		}
		if (raw->chunk && raw->gap) {
			loop_arm(&call->emu->loop, &call->timer, loop_now() + raw->gap);
			return;
		}
	}
	loop_arm(&call->emu->loop, &call->timer, loop_now());
}

static void raw_ready(void *arg, uint32_t events)
{
	struct call *call = arg;

	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
		call_resume(call, CALL_ABORT);
		return;
	}
	loop_watch(&call->emu->loop, &call->watch, EPOLLRDHUP);
	raw_pump(call);
}

void raw_start(struct call *call)
{
	int one = 1;

	setsockopt(call->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	call->timer.fire = raw_pump;
	call->timer.arg = call;
	call->watch.ready = raw_ready;
	raw_pump(call);
}
