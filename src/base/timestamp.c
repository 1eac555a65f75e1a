/*
 * timestamp.c - parses the timestamps of the clouds and of HTTP, and formats RFC 3339.
 *
 * A small cursor expects digits and marks at fixed positions, so neither the locale nor TZ matters. Days are
 * counted in the proleptic Gregorian calendar with years that begin in March: the leap day is then the last
 * day of a year, and a month's first day has a closed form.
 */
#include "base/timestamp.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"

/*
 * 1980-01-01T00:00:00Z. No cloud is older. A time that was never set is written as one before it (in the year
 * 1, 1601 or 1970), and archive formats cannot hold all of those.
 */
static const int64_t FIRST_S = 315532800;

enum {
	DAY_S = 86400,
	CHINA_S = 8 * 3600,
	CLOCK_SLACK_S = 60 /* a smaller error does not explain a refusal */
};

static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char WEEKDAYS[] = "ThuFriSatSunMonTueWed"; /* from 1970-01-01 on */

struct civil {
	int64_t year;
	int month, day, hour, minute, second;
};

static int64_t floor_div(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

/* Leap days before a year (0 to 399) of a 400-year era. */
static int64_t count_leaps(int64_t year)
{
	return year / 4 - year / 100;
}

/* Days since 1970-01-01, which is 719468 days after 0000-03-01. */
static int64_t count_days(const struct civil *c)
{
	int64_t year = c->year - (c->month <= 2);
	int64_t era = floor_div(year, 400);
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * ((c->month + 9) % 12) + 2) / 5 + c->day - 1;
	return era * 146097 + count_leaps(year_of_era) + year_of_era * 365 + day_of_year - 719468;
}

static struct civil civil_from(int64_t seconds)
{
	int64_t days = floor_div(seconds, DAY_S);
	int in_day = (int)((seconds % DAY_S + DAY_S) % DAY_S);
	days += 719468;
	int64_t era = floor_div(days, 146097);
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) /
		365;
	int day_of_year = (int)(day_of_era - (365 * year_of_era + count_leaps(year_of_era)));
	int month = (5 * day_of_year + 2) / 153; /* 0 is March */
	return (struct civil){
		.year = era * 400 + year_of_era + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = day_of_year - (153 * month + 2) / 5 + 1,
		.hour = in_day / 3600,
		.minute = in_day / 60 % 60,
		.second = in_day % 60,
	};
}

static int days_in_month(int64_t year, int month)
{
	static const int DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return DAYS[month - 1] + (month == 2 && leap);
}

static bool is_possible(const struct civil *c)
{
	return c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= days_in_month(c->year, c->month) &&
		c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

static int64_t count_seconds(const struct civil *c)
{
	return count_days(c) * DAY_S + c->hour * 3600 + c->minute * 60 + c->second;
}

/* A leap second is the last one of a UTC day. */
static bool is_leap_misplaced(const struct civil *c, int64_t at_s)
{
	return c->second == 60 && at_s % DAY_S != 0;
}

bool timestamp_is_time(int64_t seconds)
{
	return seconds >= FIRST_S;
}

/* Stores the time if it is a timestamp. */
static bool store_time(int64_t at_s, int64_t *seconds)
{
	if (timestamp_is_time(at_s))
		*seconds = at_s;
	return timestamp_is_time(at_s);
}

/* Reads exactly so many digits. */
static bool take_number(const char **at, int digits, int *out)
{
	int value = 0;
	for (int i = 0; i < digits; i++) {
		if (!ascii_is_digit((*at)[i]))
			return false;
		value = value * 10 + ((*at)[i] - '0');
	}
	*at += digits;
	*out = value;
	return true;
}

static bool take_mark(const char **at, char mark)
{
	if (**at != mark)
		return false;
	++*at;
	return true;
}

static bool take_year(const char **at, struct civil *c)
{
	int year;
	if (!take_number(at, 4, &year))
		return false;
	c->year = year;
	return true;
}

/* 18:18:33 */
static bool take_clock(const char **at, struct civil *c)
{
	return take_number(at, 2, &c->hour) && take_mark(at, ':') && take_number(at, 2, &c->minute) &&
		take_mark(at, ':') && take_number(at, 2, &c->second);
}

/* Skips a fraction of a second, which must be digits. */
static bool take_fraction(const char **at)
{
	if (!take_mark(at, '.'))
		return true;
	if (!ascii_is_digit(**at))
		return false;
	while (ascii_is_digit(**at))
		++*at;
	return true;
}

/* Z, +08, +08:00, +0800; without a zone: China time. */
static bool take_zone(const char **at, int *offset_s)
{
	int hours, minutes = 0;
	*offset_s = CHINA_S;
	if (**at == '\0')
		return true;
	*offset_s = 0;
	if (take_mark(at, 'Z') || take_mark(at, 'z'))
		return true;
	bool west = **at == '-';
	if (!take_mark(at, '+') && !take_mark(at, '-'))
		return false;
	if (!take_number(at, 2, &hours))
		return false;
	if ((take_mark(at, ':') || **at) && !take_number(at, 2, &minutes))
		return false;
	*offset_s = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return hours <= 23 && minutes <= 59;
}

bool timestamp_parse(const char *text, int64_t *seconds)
{
	struct civil c;
	int offset_s;
	const char *at = text;
	bool whole = take_year(&at, &c) && take_mark(&at, '-') && take_number(&at, 2, &c.month) &&
		take_mark(&at, '-') && take_number(&at, 2, &c.day) &&
		(take_mark(&at, 'T') || take_mark(&at, 't') || take_mark(&at, ' ')) && take_clock(&at, &c) &&
		take_fraction(&at) && take_zone(&at, &offset_s) && *at == '\0';
	if (!whole || !is_possible(&c))
		return false;
	int64_t at_s = count_seconds(&c) - offset_s;
	return !is_leap_misplaced(&c, at_s) && store_time(at_s, seconds);
}

/* Reads a three-letter name; *out is its index, from 1, in the concatenated `names`. */
static bool take_abbreviation(const char **at, const char *names, int *out)
{
	for (int i = 0; names[i * 3]; i++) {
		if (strncmp(*at, names + i * 3, 3) != 0)
			continue;
		*at += 3;
		*out = i + 1;
		return true;
	}
	return false;
}

static bool take_text(const char **at, const char *text)
{
	size_t len = strlen(text);
	if (strncmp(*at, text, len) != 0)
		return false;
	*at += len;
	return true;
}

/* Sun, 06 Nov 1994 08:49:37 GMT. A date with a wrong weekday says nothing about the local clock. */
bool timestamp_parse_http(const char *text, int64_t *seconds)
{
	struct civil c;
	int weekday;
	const char *at = text;
	bool whole = take_abbreviation(&at, WEEKDAYS, &weekday) && take_text(&at, ", ") &&
		take_number(&at, 2, &c.day) && take_mark(&at, ' ') &&
		take_abbreviation(&at, MONTHS, &c.month) && take_mark(&at, ' ') && take_year(&at, &c) &&
		take_mark(&at, ' ') && take_clock(&at, &c) && take_text(&at, " GMT") && *at == '\0';
	if (!whole || !is_possible(&c))
		return false;
	int64_t days = count_days(&c);
	if (days - floor_div(days, 7) * 7 != weekday - 1)
		return false;
	int64_t at_s = count_seconds(&c);
	return !is_leap_misplaced(&c, at_s) && store_time(at_s, seconds);
}

/*
 * Compared with the offset of this signature, not the current one, which another call may have learned since.
 */
bool timestamp_learn_offset(const char *date, int64_t now_s, int64_t used_s, int64_t *offset_s)
{
	int64_t server_s;
	if (!timestamp_parse_http(date, &server_s))
		return false;
	int64_t off_s = server_s - now_s;
	if (off_s - used_s > -CLOCK_SLACK_S && off_s - used_s < CLOCK_SLACK_S)
		return false;
	*offset_s = off_s;
	return true;
}

bool timestamp_format(struct buf *out, int64_t seconds)
{
	struct civil c = civil_from(seconds);
	return buf_printf(out, "%04lld-%02d-%02dT%02d:%02d:%02dZ", (long long)c.year, c.month, c.day, c.hour,
		c.minute, c.second);
}

bool timestamp_format_date(struct buf *out, int64_t seconds)
{
	struct civil c = civil_from(seconds);
	return buf_printf(out, "%04lld-%02d-%02d", (long long)c.year, c.month, c.day);
}
