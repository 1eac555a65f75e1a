/*
 * error.c - the table of causes.
 *
 * Only ERR_NOT_FOUND, for which the API says that this resource does not exist, is ENOENT. Otherwise an
 * `rsync -a --delete` over a mount whose key has expired would empty its copy.
 */
#include "base/error.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

struct error_row {
	const char *name;
	int error;
	bool retries, allows_stale, drops, lasts;
};

/* clang-format off */
static const struct error_row ROWS[ERR_COUNT] = {
	/*                      name             errno         retries stale  drops  lasts */
	[ERR_NONE]        = { "none",          0,            false,  false, false, false },
	[ERR_NOT_FOUND]   = { "not-found",     ENOENT,       false,  false, true,  true },
	[ERR_KEY]         = { "key",           EACCES,       false,  true,  false, true },
	[ERR_CLOCK]       = { "clock",         EACCES,       false,  true,  false, true },
	[ERR_TOKEN]       = { "token",         EACCES,       false,  true,  false, true },
	[ERR_DENIED]      = { "denied",        EACCES,       false,  false, true,  true },
	[ERR_THROTTLED]   = { "throttled",     EBUSY,        true,   true,  false, false },
	[ERR_QUEUE]       = { "queue",         EBUSY,        false,  true,  false, false },
	[ERR_UNSUPPORTED] = { "unsupported",   EOPNOTSUPP,   false,  true,  false, true },
	[ERR_PARAMETER]   = { "parameter",     EIO,          false,  true,  false, true },
	[ERR_NAME]        = { "name",          EINVAL,       false,  true,  false, true },
	[ERR_SERVER]      = { "server",        EIO,          true,   true,  false, false },
	[ERR_LOST]        = { "lost",          EIO,          true,   true,  false, false },
	[ERR_ANSWER]      = { "answer",        EBADMSG,      false,  true,  false, false },
	[ERR_TOO_BIG]     = { "too-big",       EFBIG,        false,  true,  false, true },
	/* An HTTP 504 may leave time for a retry; a call that took the whole deadline does not. */
	[ERR_TIMEOUT]     = { "timeout",       ETIMEDOUT,    true,   true,  false, false },
	[ERR_NO_HOST]     = { "no-host",       EHOSTUNREACH, true,   true,  false, false },
	[ERR_NO_NETWORK]  = { "no-network",    ENETUNREACH,  true,   true,  false, false },
	[ERR_REFUSED]     = { "refused",       ECONNREFUSED, true,   true,  false, false },
	[ERR_TLS]         = { "tls",           EPROTO,       false,  true,  false, false },
	[ERR_PROXY]       = { "proxy",         EACCES,       false,  true,  false, false },
	[ERR_LOCAL]       = { "local",         EIO,          false,  true,  false, false },
};
/* clang-format on */

static const struct error_row *error_row_of(enum error error)
{
	return &ROWS[(unsigned int)error < ERR_COUNT ? error : ERR_LOCAL];
}

const char *error_name(enum error error)
{
	return error_row_of(error)->name;
}

int error_errno(enum error error)
{
	return error_row_of(error)->error;
}

bool error_retries(enum error error)
{
	return error_row_of(error)->retries;
}

bool error_allows_stale(enum error error)
{
	return error_row_of(error)->allows_stale;
}

bool error_drops(enum error error)
{
	return error_row_of(error)->drops;
}

bool error_lasts(enum error error)
{
	return error_row_of(error)->lasts;
}

bool error_is_outage(enum error error)
{
	return error == ERR_TIMEOUT || error == ERR_LOST || error == ERR_REFUSED || error == ERR_NO_HOST ||
		error == ERR_NO_NETWORK || error == ERR_PROXY;
}

void error_note_copy(char *field, unsigned long size, const char *text)
{
	size_t room = size, len = 0;
	const char *begin = text;
	while (*text && room > 0) {
		uint32_t point;
		size_t bytes = utf8_decode(text, strnlen(text, 4), &point);
		bool safe = bytes > 0 && utf8_may_show(begin, text, point);
		size_t adds = safe ? bytes : 1;
		if (len + adds > room - 1)
			break;
		memcpy(field + len, safe ? text : "?", adds);
		len += adds;
		text += bytes > 0 ? bytes : 1;
	}
	if (room > 0)
		field[len] = '\0';
}
