/*
 * curl_error.c - maps a curl error code to a cause of this program.
 */
#include "curl_error.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

struct code_row {
	CURLcode code;
	enum error error;
};

/* clang-format off */
static const struct code_row CAUSES[] = {
	{ CURLE_UNSUPPORTED_PROTOCOL, ERR_ANSWER }, /* HTTP/0.9, or not HTTP */
	{ CURLE_COULDNT_RESOLVE_PROXY, ERR_NO_HOST },
	{ CURLE_PROXY, ERR_LOST },
	{ CURLE_COULDNT_RESOLVE_HOST, ERR_NO_HOST },
	{ CURLE_WEIRD_SERVER_REPLY, ERR_ANSWER },
	{ CURLE_HTTP2, ERR_LOST },
	{ CURLE_PARTIAL_FILE, ERR_LOST },
	{ CURLE_OUT_OF_MEMORY, ERR_LOCAL },
	{ CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT },
	{ CURLE_SSL_CONNECT_ERROR, ERR_TLS },
	{ CURLE_TOO_MANY_REDIRECTS, ERR_TLS },
	{ CURLE_GOT_NOTHING, ERR_LOST },
	{ CURLE_SSL_ENGINE_NOTFOUND, ERR_TLS },
	{ CURLE_SSL_ENGINE_SETFAILED, ERR_TLS },
	{ CURLE_SEND_ERROR, ERR_LOST },
	{ CURLE_RECV_ERROR, ERR_LOST },
	{ CURLE_SSL_CERTPROBLEM, ERR_TLS },
	{ CURLE_SSL_CIPHER, ERR_TLS },
	{ CURLE_PEER_FAILED_VERIFICATION, ERR_TLS },
	{ CURLE_BAD_CONTENT_ENCODING, ERR_ANSWER },
	{ CURLE_FILESIZE_EXCEEDED, ERR_TOO_BIG },
	{ CURLE_USE_SSL_FAILED, ERR_TLS },
	{ CURLE_SEND_FAIL_REWIND, ERR_LOST },
	{ CURLE_SSL_ENGINE_INITFAILED, ERR_TLS },
	{ CURLE_SSL_CACERT_BADFILE, ERR_TLS },
	{ CURLE_SSL_SHUTDOWN_FAILED, ERR_TLS },
	{ CURLE_SSL_CRL_BADFILE, ERR_TLS },
	{ CURLE_SSL_ISSUER_ERROR, ERR_TLS },
	{ CURLE_SSL_PINNEDPUBKEYNOTMATCH, ERR_TLS },
	{ CURLE_SSL_INVALIDCERTSTATUS, ERR_TLS },
	{ CURLE_HTTP2_STREAM, ERR_LOST },
	{ CURLE_SSL_CLIENTCERT, ERR_TLS },
#if LIBCURL_VERSION_NUM >= 0x080600
	{ CURLE_TOO_LARGE, ERR_ANSWER }, /* a header line over curl's ceiling */
#endif
};
/* clang-format on */

/* curl reports "could not resolve" or "could not connect" when the process is out of descriptors. */
static bool is_out_of_descriptors(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return true;
	close(fd);
	return false;
}

static enum error error_of_connect(CURL *easy)
{
	long os_error = 0;
	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
	if (os_error == EMFILE || os_error == ENFILE)
		return ERR_LOCAL;
	if (os_error == ECONNREFUSED)
		return ERR_REFUSED;
	/* EHOSTUNREACH, and EACCES, which a prohibit route returns: it says nothing of permissions. */
	return os_error == ENETUNREACH ? ERR_NO_NETWORK : ERR_NO_HOST;
}

/*
 * curl before 8.6 reports a header line over its ceiling as out of memory, and a folded header line without a
 * line before it as a bad argument.
 */
static bool has_begun_to_answer(CURL *easy)
{
	curl_off_t first_byte_us = 0;
	curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte_us);
	return first_byte_us > 0;
}

enum error curl_error_cause(CURL *easy, CURLcode code)
{
	bool unreached = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
	if (unreached && is_out_of_descriptors())
		return ERR_LOCAL;
	if (code == CURLE_COULDNT_CONNECT)
		return error_of_connect(easy);
	bool odd = code == CURLE_OUT_OF_MEMORY || code == CURLE_BAD_FUNCTION_ARGUMENT;
	if (odd && has_begun_to_answer(easy))
		return ERR_ANSWER;
	for (size_t i = 0; i < sizeof CAUSES / sizeof *CAUSES; i++)
		if (CAUSES[i].code == code)
			return CAUSES[i].error;
	return ERR_LOCAL;
}
