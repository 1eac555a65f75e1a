/*
 * vectors.h - reading the signers' vectors: tests/vectors/NAME.json, from the checkout's root.
 *
 * The files come from the vendors' own SDKs, run unmodified, and from the published documents.
 */
#ifndef DESCRIBEFS_TESTS_VECTORS_H
#define DESCRIBEFS_TESTS_VECTORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "http/message.h"

/* The caller deletes it. */
static inline cJSON *vectors_read(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("cannot read %s: run from the checkout's root", path);
	struct buf text;
	char chunk[4096];
	buf_init(&text, 1 << 20);
	for (size_t n = fread(chunk, 1, sizeof chunk, file); n > 0;
		n = fread(chunk, 1, sizeof chunk, file))
		assert_true(buf_add(&text, chunk, n));
	fclose(file);
	cJSON *root = cJSON_ParseWithLength(text.data, text.len);
	assert_non_null(root);
	buf_release(&text);
	return root;
}

/* A member's text, NULL when it is absent or null. */
static inline const char *vector_text(const cJSON *vector, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(vector, key));
}

static inline const char *vector_need(const cJSON *vector, const char *key)
{
	const char *text = vector_text(vector, key);
	if (text == NULL)
		fail_msg("the vector has no %s", key);
	return text;
}

static inline int64_t vector_integer(const cJSON *vector, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(vector, key);
	assert_true(cJSON_IsNumber(item));
	return (int64_t)item->valuedouble;
}

/* Says which vector and which stage broke. */
static inline void vector_expect(const cJSON *vector, const char *stage, const char *expected,
	const char *actual)
{
	if (strcmp(expected, actual) != 0)
		fail_msg("%s, %s:\n--- expected\n%s\n--- actual\n%s", vector_need(vector, "name"),
			stage, expected, actual);
}

#endif
