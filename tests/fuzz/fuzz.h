/*
 * fuzz.h - what the harnesses share.
 *
 * A harness is one function that takes any bytes and breaks (CHECK) when something that a header promises does not
 * hold for them.  It is built twice: with clang's libFuzzer, which looks for such bytes, and with replay.c, which
 * hands it those that are kept in corpus/.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "http/message.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define CHECK(truth) \
	do { \
		if (!(truth)) \
			fuzz_break(#truth, __FILE__, __LINE__); \
	} while (0)

_Noreturn void fuzz_break(const char *truth, const char *file, int line);

/* Bytes that are used up from the front; what is beyond the end is 0. */
struct feed {
	const uint8_t *at;
	size_t left;
};

uint8_t feed_byte(struct feed *feed);
/* A number below n, which is at most 256. */
size_t feed_below(struct feed *feed, size_t n);
/* A length byte and so many bytes, as a text without NUL: freed by the caller. */
char *feed_text(struct feed *feed);

/* All of it as a C string, a NUL byte left out: freed by the caller. */
char *fuzz_text(const uint8_t *data, size_t size);
/* Any HTTP answer's text, status line and all, as it would come out of the loop; released by the caller. */
void fuzz_response(struct response *out, const uint8_t *data, size_t size);

/* Written anew here, so that one mistake is not made twice: well-formed UTF-8, C0 80 for U+0000 allowed. */
bool fuzz_is_utf8(const char *text);
/* ... and no byte of it a control character. */
bool fuzz_is_printable(const char *text);
/* One safe path component, as name.h says. */
bool fuzz_is_name(const char *name);
/* What a note may say: printable, ended within its field. */
void fuzz_check_note(const struct error_note *note);

#endif
