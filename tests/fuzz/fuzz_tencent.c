/*
 * fuzz_tencent.c - any HTTP answer as one of Tencent Cloud's: of an API, of the token service, of a metadata service.
 */
#include "base/value.h"
#include "provider_kit.h"

/* ERR_NONE is a key that can go into headers and ends some time, or the name of a role that can go into a path. */
static void hear(enum credential_source_kind kind, const char *role, const uint8_t *data, size_t size)
{
	const struct credential_source origin = { .kind = kind };
	const struct key_site site = { 0 };
	struct key_exchange key_exchange = { .source = &origin, .site = &site, .role = role ? xstrdup(role) : NULL };
	struct response response;
	struct error_note note;

	memset(&note, 'x', sizeof(note));
	fuzz_response(&response, data, size);
	enum error error = provider_tencent_keys.response(&key_exchange, &response, &note);
	fuzz_check_note(&note);
	if (error) {
		CHECK(!key_exchange.key.id && !key_exchange.key.secret && !key_exchange.key.token);
		CHECK(note.message[0] || note.code[0]);
	} else if (key_exchange.key.id) {
		CHECK(!value_mistake(key_exchange.key.id) && !value_mistake(key_exchange.key.secret));
		CHECK(!value_mistake(key_exchange.key.token) && key_exchange.expires_s > 0);
	} else {
		CHECK(kind == CREDENTIAL_SOURCE_MACHINE && !role && key_exchange.role && *key_exchange.role);
		CHECK(!strpbrk(key_exchange.role, "/%?# \r\n") && strlen(key_exchange.role) <= 128);
	}
	response_release(&response);
	key_exchange_release(&key_exchange);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hear(CREDENTIAL_SOURCE_MACHINE, NULL, data, size);
	hear(CREDENTIAL_SOURCE_MACHINE, "a-role", data, size);
	hear(CREDENTIAL_SOURCE_ROLE, NULL, data, size);
	return fuzz_provider(&provider_tencent, data, size);
}
