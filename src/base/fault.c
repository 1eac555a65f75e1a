/*
 * fault.c - what a cause means.
 *
 * One row a cause, as the contract's section "Errors" has them: its errno, whether another try
 * within the deadline may help, whether the last good answer may stand in, whether what is kept
 * must go, and whether it lasts until somebody puts it right.  Nothing but "the API says that this
 * very resource does not exist" is ever ENOENT: an `rsync -a --delete` over a mount whose key has
 * expired must not empty its copy.
 */
#include "base/fault.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

struct row {
	const char *name;
	int error;
	bool retries, allows_stale, drops, lasts;
};

static const struct row ROWS[FAULT_COUNT] = {
	/*                      name             errno         retries stale  drops  lasts */
	[FAULT_NONE]        = { "none",          0,            false,  false, false, false },
	[FAULT_NOT_FOUND]   = { "not-found",     ENOENT,       false,  false, true,  true },
	[FAULT_KEY]         = { "key",           EACCES,       false,  true,  false, true },
	[FAULT_CLOCK]       = { "clock",         EACCES,       false,  true,  false, true },
	[FAULT_TOKEN]       = { "token",         EACCES,       false,  true,  false, true },
	[FAULT_DENIED]      = { "denied",        EACCES,       false,  false, true,  true },
	[FAULT_THROTTLED]   = { "throttled",     EBUSY,        true,   true,  false, false },
	[FAULT_QUEUE]       = { "queue",         EBUSY,        false,  true,  false, false },
	[FAULT_UNSUPPORTED] = { "unsupported",   EOPNOTSUPP,   false,  true,  false, true },
	[FAULT_PARAMETER]   = { "parameter",     EIO,          false,  true,  false, true },
	[FAULT_NAME]        = { "name",          EINVAL,       false,  true,  false, true },
	[FAULT_SERVER]      = { "server",        EIO,          true,   true,  false, false },
	[FAULT_LOST]        = { "lost",          EIO,          true,   true,  false, false },
	[FAULT_ANSWER]      = { "answer",        EBADMSG,      false,  true,  false, false },
	[FAULT_TOO_BIG]     = { "too-big",       EFBIG,        false,  true,  false, true },
	/* A call that took the whole deadline leaves no time for another; an HTTP 504 does. */
	[FAULT_TIMEOUT]     = { "timeout",       ETIMEDOUT,    true,   true,  false, false },
	[FAULT_NO_HOST]     = { "no-host",       EHOSTUNREACH, true,   true,  false, false },
	[FAULT_NO_NETWORK]  = { "no-network",    ENETUNREACH,  true,   true,  false, false },
	[FAULT_REFUSED]     = { "refused",       ECONNREFUSED, true,   true,  false, false },
	[FAULT_TLS]         = { "tls",           EPROTO,       false,  true,  false, false },
	[FAULT_PROXY]       = { "proxy",         EACCES,       false,  true,  false, false },
	[FAULT_LOCAL]       = { "local",         EIO,          false,  true,  false, false },
};

static const struct row *row_of(enum fault fault)
{
	return &ROWS[(unsigned int)fault < FAULT_COUNT ? fault : FAULT_LOCAL];
}

const char *fault_name(enum fault fault)
{
	return row_of(fault)->name;
}

int fault_errno(enum fault fault)
{
	return row_of(fault)->error;
}

bool fault_retries(enum fault fault)
{
	return row_of(fault)->retries;
}

bool fault_allows_stale(enum fault fault)
{
	return row_of(fault)->allows_stale;
}

bool fault_drops(enum fault fault)
{
	return row_of(fault)->drops;
}

bool fault_lasts(enum fault fault)
{
	return row_of(fault)->lasts;
}

bool fault_is_outage(enum fault fault)
{
	return fault == FAULT_TIMEOUT || fault == FAULT_LOST || fault == FAULT_REFUSED ||
		fault == FAULT_NO_HOST || fault == FAULT_NO_NETWORK || fault == FAULT_PROXY;
}

void fault_note_copy(char *field, unsigned long size, const char *text)
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
