/*
 * parse_kit.h - calls a provider's parse and checks what holds for every answer.
 *
 * For a file that includes cmocka.h first.
 */
#ifndef DESCRIBEFS_TESTS_PARSE_KIT_H
#define DESCRIBEFS_TESTS_PARSE_KIT_H

#include "json/json.h"
#include "provider/provider.h"

enum { RESULT_ROOM = 1000 };

/* Releases the response. On ERR_NONE, result_text is the result as compact JSON; otherwise it is "". */
static enum error kit_parse(const struct provider *provider, struct response *response, struct error_note *note,
	char result_text[static RESULT_ROOM])
{
	struct json *root = (struct json *)(uintptr_t)1;
	const struct json *result = NULL;
	memset(note, 'x', sizeof *note);
	enum error error = provider->parse(&root, &result, response, note);
	response_release(response);
	assert_int_equal(error == ERR_NONE, root != NULL);
	assert_int_equal(error == ERR_NONE, result != NULL);
	result_text[0] = '\0';
	if (result) {
		struct buf out;
		buf_init(&out, RESULT_ROOM - 1);
		assert_true(json_print(&out, result, 0));
		strcpy(result_text, out.data);
		buf_release(&out);
	}
	json_free(root);
	return error;
}

#endif
