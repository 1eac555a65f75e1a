/*
 * mutate.c - changes an input where its JSON has joints: a value is left out, put in another's place, or becomes
 * one of those that break things.
 *
 * libFuzzer's own changes know bytes alone, and of a text that is refused for a lost comma nothing is learned.
 */
#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

enum { SPANS_MAX = 512 };

struct span {
	size_t at, len;
};

static const char *const NASTY[] = {
	"null", "true", "[]", "{}", "\"\"", "0", "-0", "1e999", "9007199254740993", "-1",
	"18446744073709551616", "[null]", "[{}]", "[[]]", "[{\"a\":1},2]", "\"\\u0000\"", "\".\"", "\"..\"",
	"\"a/b\"", "\"\\ud800\"", "\"\\u001b[31m\"", "\"a\\nb\"", "\"%\"", "\"%2F\"", "\"~0123456789abcdef\"",
	"\"describe.json\"", "\"Id\"", "\"id\"", "\"Status\"", "\"Error\"", "\"RequestId\"", "\"TagKey\"",
	"\" a \"", "\"-a\"", "\"\xc3\xa9\"", "\"\xff\"", "\"2025-05-28T18:18:33+08:00\"", "{\"TagKey\":\"a\"}",
	"\"\\u202e\"", "\"versions\"", "\"UnmappedName\"", "\"0\"", "\"autorun.inf\"", "{\"a\":{\"b\":[{\"c\":[1,2]}]}}",
};

static size_t find_string_end(const uint8_t *data, size_t size, size_t at)
{
	for (at++; at < size && data[at] != '"'; at++)
		at += data[at] == '\\';
	return at < size ? at + 1 : size;
}

/* Of a bracket: behind the one that closes it. */
static size_t find_end(const uint8_t *data, size_t size, size_t at)
{
	size_t depth = 0;

	if (data[at] == '"')
		return find_string_end(data, size, at);
	if (data[at] != '{' && data[at] != '[') {
		while (at < size && !memchr(",:]} \t\r\n", data[at], 8))
			at++;
		return at;
	}
	while (at < size) {
		depth += data[at] == '{' || data[at] == '[';
		depth -= data[at] == '}' || data[at] == ']';
		at = data[at] == '"' ? find_string_end(data, size, at) : at + 1;
		if (!depth)
			break;
	}
	return at;
}

/* Where values and member names begin and end. */
static size_t find_spans(const uint8_t *data, size_t size, struct span *spans)
{
	size_t n = 0, at = 0;

	while (at < size && data[at] != '{' && data[at] != '[')
		at++; /* what goes before the JSON is left alone */
	while (at < size && n < SPANS_MAX) {
		if (memchr(",:]} \t\r\n", data[at], 8)) {
			at++;
			continue;
		}
		size_t end = find_end(data, size, at);
		spans[n++] = (struct span){ at, end - at };
		at = data[at] == '{' || data[at] == '[' || end == at ? at + 1 : end;
	}
	return n;
}

/* Puts `text` in the place of what lies from `at` to `at` + `len`. */
static size_t splice(uint8_t *data, size_t size, size_t max_size, struct span out, const void *text, size_t len)
{
	if (size - out.len + len > max_size)
		return size;
	memmove(data + out.at + len, data + out.at + out.len, size - out.at - out.len);
	memcpy(data + out.at, text, len);
	return size - out.len + len;
}

/* With the comma before or behind it. */
static struct span with_comma(const uint8_t *data, size_t size, struct span span)
{
	size_t end = span.at + span.len;

	if (end < size && data[end] == ',')
		span.len++;
	else if (span.at > 0 && data[span.at - 1] == ',')
		span = (struct span){ span.at - 1, span.len + 1 };
	return span;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct span spans[SPANS_MAX];
	unsigned state = seed;
	size_t n = rand_r(&state) % 3 ? find_spans(data, size, spans) : 0;

	if (!n)
		return LLVMFuzzerMutate(data, size, max_size);
	struct span one = spans[(size_t)rand_r(&state) % n], two = spans[(size_t)rand_r(&state) % n];
	const char *nasty = NASTY[(size_t)rand_r(&state) % COUNT(NASTY)];
	uint8_t *copy = malloc(two.len + 1);
	memcpy(copy, data + two.at, two.len);
	switch (rand_r(&state) % 5) {
	case 0:
		size = splice(data, size, max_size, with_comma(data, size, one), "", 0);
		break;
	case 1: /* once more, beside itself */
		copy[two.len] = ',';
		size = splice(data, size, max_size, (struct span){ two.at, 0 }, copy, two.len + 1);
		break;
	case 2:
		size = splice(data, size, max_size, one, copy, two.len);
		break;
	default:
		size = splice(data, size, max_size, one, nasty, strlen(nasty));
	}
	free(copy);
	return size;
}
