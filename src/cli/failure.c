/*
 * failure.c - why a source could not answer, for a person: what the cloud said, and what to do.
 */
#include "failure.h"

#include "base/shown.h"

/* What to do, a row a cause; NULL: the cause says it.  "where the key is from" comes before it. */
struct advice {
	bool names_key;
	const char *what;
};

static const struct advice ADVICES[FAULT_COUNT] = {
	[FAULT_KEY] = { true, "check that it is complete and enabled" },
	[FAULT_CLOCK] = { false, "set this machine's clock" },
	[FAULT_TOKEN] = { true, "get a new one" },
	[FAULT_DENIED] = { true, "have this action permitted for it, or use another (SOURCE@PROFILE)" },
	[FAULT_THROTTLED] = { false, "try again later, or with a lower -o rate=" },
	[FAULT_QUEUE] = { false, "ask for less at a time, or raise -o deadline=" },
	[FAULT_UNSUPPORTED] = { false, "another region may have it (CATALOG:REGION)" },
	[FAULT_PARAMETER] = { false, "the catalog may be older than the API" },
	[FAULT_NAME] = { false, "check the id in the path" },
	[FAULT_SERVER] = { false, "try again later" },
	[FAULT_LOST] = { false, "try again" },
	[FAULT_ANSWER] = { false, "something else than the cloud may have answered: check the endpoint" },
	[FAULT_TIMEOUT] = { false, "check the network, or raise -o deadline=" },
	[FAULT_NO_HOST] = { false, "check the endpoint's name, and the name server" },
	[FAULT_NO_NETWORK] = { false, "check the network" },
	[FAULT_REFUSED] = { false, "check the endpoint, and what may stand before it" },
	[FAULT_PROXY] = { false, "name another proxy, or its user and password, with -o proxy=" },
	[FAULT_TLS] = { false, "check the endpoint, or name its authority with -o cacert=" },
};

static void add_note(struct buf *out, const struct fault_note *note)
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

void failure_add(struct buf *out, const struct source *source, enum fault fault, uint64_t noted)
{
	const struct journal *journal = engine_journal(source->engine);
	const struct advice *advice = &ADVICES[(unsigned)fault < FAULT_COUNT ? fault : FAULT_LOCAL];
	bool stands = journal->last_fault == fault && fault != FAULT_NOT_FOUND;

	if (journal->count > noted ? journal->last_fault == fault : stands)
		add_note(out, &journal->last);
	if (advice->names_key)
		buf_printf(out, "; key from: %s", engine_key_where(source->engine));
	if (advice->what)
		buf_printf(out, "; %s", advice->what);
}
