/*
 * failure.c - explains a failed question: the cloud's error, and what to do.
 */
#include "failure.h"

#include "base/shown.h"

/* What to do for each cause; NULL: the cause says it. names_key: says first where the key is from. */
struct advice {
	bool names_key;
	const char *what;
};

/* clang-format off */
static const struct advice ADVICES[ERR_COUNT] = {
	[ERR_KEY] = { true, "check that it is complete and enabled" },
	[ERR_CLOCK] = { false, "set this machine's clock" },
	[ERR_TOKEN] = { true, "get a new one" },
	[ERR_DENIED] = { true, "permit this action for that key, or use another (SOURCE@PROFILE)" },
	[ERR_THROTTLED] = { false, "try again later, or with a lower -o rate=" },
	[ERR_QUEUE] = { false, "read less at a time, or raise -o rate= or -o deadline=" },
	[ERR_UNSUPPORTED] = { false, "another region may have it (CATALOG:REGION)" },
	[ERR_PARAMETER] = { false, "the catalog may be older than the API" },
	[ERR_NAME] = { false, "check the id in the path" },
	[ERR_SERVER] = { false, "try again later" },
	[ERR_LOST] = { false, "try again" },
	[ERR_ANSWER] = { false, "another server may have answered: check the endpoint" },
	[ERR_TIMEOUT] = { false, "check the network, or raise -o deadline=" },
	[ERR_NO_HOST] = { false, "check the endpoint's name, and the name server" },
	[ERR_NO_NETWORK] = { false, "check the network" },
	[ERR_REFUSED] = { false, "check the endpoint, and any proxy or firewall before it" },
	[ERR_PROXY] = { false, "name another proxy, or its user and password, with -o proxy=" },
	[ERR_TLS] = { false, "check the endpoint, or trust its certificate with -o cacert=" },
};
/* clang-format on */

static void add_note(struct buf *out, const struct error_note *note)
{
	if (*note->code) {
		buf_puts(out, ": ");
		shown_add(out, note->code, "");
	}
	if (*note->message) {
		buf_puts(out, ": ");
		shown_add(out, note->message, "");
	}
	if (*note->request_id) {
		buf_puts(out, " (request ");
		shown_add(out, note->request_id, "");
		buf_putc(out, ')');
	}
}

static const struct advice *advice_for(enum error error)
{
	return &ADVICES[(unsigned)error < ERR_COUNT ? error : ERR_LOCAL];
}

void failure_advise(struct buf *out, enum error error)
{
	const char *what = advice_for(error)->what;

	if (what)
		buf_printf(out, "; %s", what);
}

void failure_add(struct buf *out, const struct source *source, enum error error, uint64_t noted)
{
	const struct journal *journal = source_journal(source);
	bool stands = journal->last_error == error && error != ERR_NOT_FOUND;

	if (journal->count > noted ? journal->last_error == error : stands)
		add_note(out, &journal->last);
	if (advice_for(error)->names_key)
		buf_printf(out, "; key from: %s", source_key_where(source));
	failure_advise(out, error);
}
