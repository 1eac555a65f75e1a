/*
 * fuzz_tencent.c - any HTTP answer as one of Tencent Cloud's: of an API, of the token service, of a metadata service.
 */
#include "base/value.h"
#include "provider_kit.h"

/* FAULT_NONE is a key that can go into headers and ends some time, or the name of a role that can go into a path. */
static void hear(enum origin_kind kind, const char *role, const uint8_t *data, size_t size)
{
	const struct origin origin = { .kind = kind };
	const struct key_site site = { 0 };
	struct errand errand = { .origin = &origin, .site = &site, .role = role ? xstrdup(role) : NULL };
	struct response response;
	struct fault_note note;

	memset(&note, 'x', sizeof(note));
	fuzz_response(&response, data, size);
	enum fault fault = provider_tencent_keys.hear(&errand, &response, &note);
	fuzz_check_note(&note);
	if (fault) {
		CHECK(!errand.key.id && !errand.key.secret && !errand.key.token);
		CHECK(note.message[0] || note.code[0]);
	} else if (errand.key.id) {
		CHECK(!value_mistake(errand.key.id) && !value_mistake(errand.key.secret));
		CHECK(!value_mistake(errand.key.token) && errand.expires_s > 0);
	} else {
		CHECK(kind == ORIGIN_MACHINE && !role && errand.role && *errand.role);
		CHECK(!strpbrk(errand.role, "/%?# \r\n") && strlen(errand.role) <= 128);
	}
	response_release(&response);
	errand_release(&errand);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hear(ORIGIN_MACHINE, NULL, data, size);
	hear(ORIGIN_MACHINE, "a-role", data, size);
	hear(ORIGIN_ROLE, NULL, data, size);
	return fuzz_provider(&provider_tencent, data, size);
}
