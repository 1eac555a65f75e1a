/*
 * config_number.c - reads the numbers and times of options.
 *
 * Read digit by digit, so that neither locale nor sign nor hexadecimal matters. Only a unit may follow.
 */
#include "options.h"

#include <string.h>

bool config_read_integer(const char *text, int base, int64_t least, int64_t most, int64_t *out)
{
	int64_t sum = 0;
	if (!*text || strlen(text) > 15)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text >= '0' + base)
			return false;
		sum = sum * base + (*text - '0');
	}
	if (sum < least || sum > most)
		return false;
	*out = sum;
	return true;
}

/* Reads the decimal number at the beginning of the text. Returns its length; 0: there is no number. */
static size_t read_decimal_digits(const char *text, double *out)
{
	size_t whole = strspn(text, "0123456789");
	size_t fraction = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
	size_t len = whole + (text[whole] == '.') + fraction;
	if (len > 15 || (text[whole] == '.' ? fraction : whole) == 0)
		return 0;
	double sum = 0, scale = 1;
	for (size_t i = 0; i < len; i++) {
		if (i == whole)
			continue;
		sum = sum * 10 + (text[i] - '0');
		if (i > whole)
			scale *= 10;
	}
	*out = sum / scale;
	return len;
}

bool config_read_decimal(const char *text, double *out)
{
	size_t len = read_decimal_digits(text, out);
	return len && !text[len];
}

bool config_read_ms(const char *text, int64_t least, int64_t most, int64_t *out)
{
	static const struct {
		const char *word;
		int64_t ms;
	} UNITS[] = { { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 3600 * 1000 },
		{ "d", 24 * 3600 * 1000 } };
	double count;
	size_t len = read_decimal_digits(text, &count);
	for (size_t i = 0; len && i < sizeof UNITS / sizeof *UNITS; i++) {
		if (strcmp(text + len, UNITS[i].word) != 0)
			continue;
		double ms = count * (double)UNITS[i].ms;
		if (ms < (double)least || ms > (double)most)
			return false;
		*out = ms > 0 && ms < 1 ? 1 : (int64_t)(ms + 0.5);
		return true;
	}
	return false;
}
