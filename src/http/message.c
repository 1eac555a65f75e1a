/*
 * message.c - HTTP requests and responses as values.
 *
 * The signers need the host in two forms, both cut out of the request's base: the authority as curl sends it
 * (without the scheme's default port), and the host name without any port.
 */
#include "http/message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"

bool request_encode_byte(struct buf *out, char byte, bool keep_slash)
{
	bool plain = ascii_is_upper(byte) || ascii_is_lower(byte) || ascii_is_digit(byte) ||
		(byte && strchr("-._~", byte)) || (byte == '/' && keep_slash);
	return plain ? buf_putc(out, byte) : buf_printf(out, "%%%02X", (unsigned char)byte);
}

bool request_encode(struct buf *out, const char *text, bool keep_slash)
{
	while (*text && request_encode_byte(out, *text, keep_slash))
		text++;
	return *text == '\0';
}

void request_init(struct request *request)
{
	*request = (struct request){ 0 };
	buf_init(&request->body, MESSAGE_REQUEST_MAX);
}

static void header_release(struct header *header)
{
	free(header->name);
	explicit_bzero(header->value, strlen(header->value)); /* the value may be a token */
	free(header->value);
}

void request_release(struct request *request)
{
	free(request->method);
	free(request->base);
	free(request->path);
	free(request->query);
	for (size_t i = 0; i < request->n_headers; i++)
		header_release(&request->headers[i]);
	buf_release(&request->body);
	request_init(request);
}

/* The index of the header of that name; n_headers: there is none. */
static size_t find_header(const struct request *request, const char *name)
{
	size_t i = 0;
	while (i < request->n_headers && !ascii_same(request->headers[i].name, name))
		i++;
	return i;
}

static void remove_header(struct request *request, size_t at)
{
	header_release(&request->headers[at]);
	request->n_headers--;
	memmove(&request->headers[at], &request->headers[at + 1],
		(request->n_headers - at) * sizeof *request->headers);
}

void request_header(struct request *request, const char *name, const char *value)
{
	size_t at = find_header(request, name);
	bool known = at < request->n_headers;
	if (value == NULL) {
		if (known)
			remove_header(request, at);
		return;
	}
	assert(at < MESSAGE_HEADERS_MAX);
	struct header copy = { xstrdup(name), xstrdup(value) };
	if (known)
		header_release(&request->headers[at]);
	else
		request->n_headers++;
	request->headers[at] = copy;
}

const char *request_header_value(const struct request *request, const char *name)
{
	size_t at = find_header(request, name);
	return at < request->n_headers ? request->headers[at].value : NULL;
}

void request_signature(const struct request *request, char out[REQUEST_SIGNATURE])
{
	const char *value = request_header_value(request, "Authorization");
	size_t len = value ? strlen(value) : 0;
	size_t skip = len < REQUEST_SIGNATURE ? 0 : len - (REQUEST_SIGNATURE - 1);
	memset(out, 0, REQUEST_SIGNATURE);
	if (value)
		memcpy(out, value + skip, len - skip);
}

struct authority {
	const char *host, *port; /* the port's digits, or the end of the authority */
	size_t host_len, port_len;
};

/* False: the base is not scheme://host[:port][/...]. */
static bool split_base(const struct request *request, struct authority *out)
{
	const char *start = request->base ? strstr(request->base, "://") : NULL;
	if (start == NULL)
		return false;
	out->host = start + 3;
	size_t len = strcspn(out->host, "/?#");
	size_t skip = out->host[0] == '[' ? strcspn(out->host, "]") : 0;
	if (skip > 0 && skip >= len)
		return false;
	out->host_len = skip + strcspn(out->host + skip, ":/?#");
	out->port = out->host + out->host_len + (out->host_len < len);
	out->port_len = (size_t)(out->host + len - out->port);
	return out->host_len > 0;
}

/* 80 for http and 443 for https. */
static bool is_default_port(const struct request *request, const struct authority *authority)
{
	const char *port = strncmp(request->base, "https:", 6) == 0 ? "443" : "80";
	return strlen(port) == authority->port_len && memcmp(port, authority->port, authority->port_len) == 0;
}

bool request_authority(struct buf *out, const struct request *request)
{
	struct authority authority;
	if (!split_base(request, &authority))
		return false;
	bool done = buf_add(out, authority.host, authority.host_len);
	if (authority.port_len == 0 || is_default_port(request, &authority))
		return done;
	return buf_putc(out, ':') && buf_add(out, authority.port, authority.port_len);
}

bool request_hostname(struct buf *out, const struct request *request)
{
	struct authority authority;
	return split_base(request, &authority) && buf_add(out, authority.host, authority.host_len);
}

void response_init(struct response *response)
{
	*response = (struct response){ .retry_after_s = -1 };
	buf_init(&response->body, MESSAGE_BODY_MAX);
}

void response_release(struct response *response)
{
	buf_release(&response->body);
	response_init(response);
}

void response_move(struct response *to, struct response *from)
{
	*to = *from;
	response_init(from);
}
