/*
 * utf8.c - decodes untrusted UTF-8 one character at a time.
 *
 * The first byte says how long the character claims to be, and it is decoded so. Then its value shows whether
 * the claim is false: over-long forms, surrogates, values above U+10FFFF.
 */
#include "base/utf8.h"

static size_t claimed_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc0)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
}

size_t utf8_decode(const char *text, size_t len, uint32_t *point)
{
	static const uint32_t LEAST[] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (len == 0)
		return 0;
	unsigned char first = (unsigned char)text[0];
	size_t claimed = claimed_length(first);
	if (claimed == 0 || claimed > len)
		return 0;
	uint32_t value = claimed == 1 ? first : first & (0x7fu >> claimed);
	for (size_t i = 1; i < claimed; i++) {
		unsigned char byte = (unsigned char)text[i];
		if ((byte & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (byte & 0x3f);
	}
	if (value < LEAST[claimed] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*point = value;
	return claimed;
}

bool utf8_is_control(uint32_t point)
{
	static const struct {
		uint32_t first, last;
	} CONTROLS[] = {
		{ 0x00, 0x1f },
		{ 0x7f, 0x9f },
		{ 0xad, 0xad },
		{ 0x61c, 0x61c },
		{ 0x180e, 0x180e },
		{ 0x200b, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2060, 0x206f },
		{ 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb },
		{ 0xe0000, 0xe007f },
	};
	if (point > 0x206f && point < 0xfeff) /* nearly every character beyond ASCII */
		return false;
	for (size_t i = 0; i < sizeof CONTROLS / sizeof *CONTROLS && point >= CONTROLS[i].first; i++)
		if (point <= CONTROLS[i].last)
			return true;
	return false;
}

static bool is_joiner(const char *text)
{
	return text[0] == '\xe2' && text[1] == '\x80' && (text[2] == '\x8c' || text[2] == '\x8d');
}

bool utf8_may_show(const char *text, const char *at, uint32_t point)
{
	if (!utf8_is_control(point))
		return true;
	if ((point != 0x200c && point != 0x200d) || at == text || (unsigned char)at[-1] < 0x80)
		return false;
	return at - text < 3 || !is_joiner(at - 3);
}
