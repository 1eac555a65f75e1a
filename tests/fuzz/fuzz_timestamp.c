/*
 * fuzz_timestamp.c - any text as a time, any number as a date: what is written is read as the same moment.
 */
#include "fuzz.h"

#include "base/timestamp.h"

enum { DAY_S = 86400 };

/* 1980-01-01, and 10000-01-01 with a day's worth of zone. */
static const int64_t FIRST_S = 315532800, LAST_S = 253402300800 + DAY_S;

static void check_written(int64_t seconds)
{
	int64_t again = 1;
	struct buf text, date;

	buf_init(&text, 100);
	buf_init(&date, 100);
	CHECK(timestamp_format(&text, seconds) && timestamp_format_date(&date, seconds));
	CHECK(!strncmp(text.data, date.data, date.len) && text.data[date.len] == 'T');
	if (text.len == 20 && timestamp_is_time(seconds)) /* a year of four digits, which can be read */
		CHECK(timestamp_parse(text.data, &again) && again == seconds);
	buf_release(&text);
	buf_release(&date);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	int64_t seconds = 12345, number = 0;

	if (timestamp_parse(text, &seconds)) {
		CHECK(seconds >= FIRST_S && seconds <= LAST_S && strlen(text) >= 19);
		check_written(seconds);
	} else {
		CHECK(seconds == 12345);
	}
	seconds = 12345;
	if (timestamp_parse_http(text, &seconds)) {
		CHECK(seconds >= FIRST_S && seconds <= LAST_S && strlen(text) == 29);
		check_written(seconds);
	} else {
		CHECK(seconds == 12345);
	}
	for (size_t i = 0; i < size && i < 8; i++)
		number = (int64_t)((uint64_t)number << 8 | data[i]);
	check_written(number);
	check_written(number % LAST_S);
	free(text);
	return 0;
}
