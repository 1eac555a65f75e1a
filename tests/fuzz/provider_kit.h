/*
 * provider_kit.h - what is promised of every provider's parse, whatever the peer says.
 */
#ifndef TESTS_FUZZ_PROVIDER_KIT_H
#define TESTS_FUZZ_PROVIDER_KIT_H

#include "fuzz.h"

#include "provider/provider.h"

/* Whether `value` is `root` or somewhere in it. */
static inline bool is_within(const struct json *root, const struct json *value)
{
	if (root == value)
		return true;
	for (const struct json *item = json_first(root); item; item = json_next(item))
		if (is_within(item, value))
			return true;
	return false;
}

/* The input is an HTTP answer as it stands on the wire. */
static inline int fuzz_provider(const struct provider *provider, const uint8_t *data, size_t size)
{
	struct response response;
	struct json *root = (struct json *)(uintptr_t)1;
	const struct json *result = NULL;
	struct error_note note;

	memset(&note, 'x', sizeof(note)); /* what it held before is not to shine through */
	fuzz_response(&response, data, size);
	enum error error = provider->parse(&root, &result, &response, &note);

	fuzz_check_note(&note);
	CHECK(error < ERR_COUNT && error_errno(error) >= 0 && error_errno(error) <= 133);
	if (error == ERR_NONE) {
		CHECK(response.error == ERR_NONE && response.status == 200);
		CHECK(root && result && is_within(root, result));
		CHECK(note.request_id[0]);
	} else {
		CHECK(!root);
		CHECK(error_errno(error) >= 1);
		CHECK(note.message[0] || note.code[0]);
	}
	/* ENOENT is the cloud's own word: a code that it gave */
	if (error == ERR_NOT_FOUND)
		CHECK(note.code[0] && response.error == ERR_NONE);
	if (response.error)
		CHECK(error == response.error);
	json_free(root);
	response_release(&response);
	return 0;
}

#endif
