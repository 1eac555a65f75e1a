/*
 * ini.c - parser for INI files as the clouds' own tools write them.
 *
 * The text is copied once and cut in place; every row points into the copy. A [section] line is a row with an
 * empty key, so that an empty section is kept too.
 */
#include "base/ini.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/value.h"

enum { ROWS_AT_FIRST = 16 };

struct reader {
	struct ini *ini;
	size_t room;
	const char *section;
	unsigned line;
	struct buf *why;
};

static bool ini_refuse(const struct reader *reader, const char *what)
{
	buf_printf(reader->why, "%u: %s", reader->line, what);
	return false;
}

static bool ini_refuse_value(const struct reader *reader, const char *mistake)
{
	buf_printf(reader->why, "%u: the value %s", reader->line, mistake);
	return false;
}

/* Trims the text in place. Its NUL may be written at `end`. */
static char *ini_trim(char *text, char *end)
{
	while (text < end && ascii_is_space(*text))
		text++;
	while (end > text && ascii_is_space(end[-1]))
		end--;
	*end = '\0';
	return text;
}

static void ini_add_row(struct reader *reader, const char *key, const char *value)
{
	struct ini *ini = reader->ini;
	if (ini->n == reader->room) {
		reader->room = reader->room ? reader->room * 2 : ROWS_AT_FIRST;
		ini->rows = xrealloc(ini->rows, reader->room * sizeof *ini->rows);
	}
	ini->rows[ini->n++] = (struct ini_row){ reader->section, key, value, reader->line };
}

/* "[name]", followed by nothing but a comment. */
static bool ini_take_section(struct reader *reader, char *line)
{
	char *end = strchr(line, ']'), *rest = end ? end + 1 : line;
	while (ascii_is_space(*rest))
		rest++;
	if (!end || (*rest && *rest != '#' && *rest != ';'))
		return ini_refuse(reader, "a section is [NAME], alone on its line");
	reader->section = ini_trim(line + 1, end);
	if (!*reader->section)
		return ini_refuse(reader, "a section without a name");
	ini_add_row(reader, "", "");
	return true;
}

static bool ini_take_line(struct reader *reader, char *line, char *end)
{
	if (memchr(line, '\0', (size_t)(end - line)))
		return ini_refuse(reader, "a zero byte");
	line = ini_trim(line, end);
	if (!*line || *line == '#' || *line == ';')
		return true;
	if (*line == '[')
		return ini_take_section(reader, line);
	char *sign = strpbrk(line, "=:");
	if (!sign)
		return ini_refuse(reader, "neither [SECTION] nor KEY = VALUE");
	char *value = sign + 1;
	const char *mistake = value_cut(&value, "#;");
	const char *key = ini_trim(line, sign);
	if (mistake)
		return ini_refuse_value(reader, mistake);
	if (!*key)
		return ini_refuse(reader, "a value without a key");
	ini_add_row(reader, key, value);
	return true;
}

bool ini_parse(struct ini *ini, const char *text, size_t len, struct buf *why)
{
	static const char MARK[] = "\xef\xbb\xbf"; /* a byte order mark, which some editors write */
	*ini = (struct ini){ .text = xmalloc(len + 1), .len = len };
	memcpy(ini->text, text, len);
	ini->text[len] = '\0';
	struct reader reader = { .ini = ini, .section = "", .why = why };
	char *at = ini->text, *end = at + len;
	bool good = true;
	if (strncmp(at, MARK, strlen(MARK)) == 0)
		at += strlen(MARK);
	while (good && at < end) {
		char *line_end = memchr(at, '\n', (size_t)(end - at));
		if (!line_end)
			line_end = end;
		reader.line++;
		good = ini_take_line(&reader, at, line_end);
		at = line_end + 1;
	}
	if (!good)
		ini_release(ini);
	return good;
}

void ini_release(struct ini *ini)
{
	if (ini->text)
		digest_wipe(ini->text, ini->len);
	free(ini->text);
	free(ini->rows);
	*ini = (struct ini){ 0 };
}

/* The last row of the key; a [section] line has the key "". */
static const struct ini_row *ini_find(const struct ini *ini, const char *section, const char *key)
{
	for (size_t i = ini->n; i > 0; i--) {
		const struct ini_row *row = &ini->rows[i - 1];
		if (strcmp(row->section, section) == 0 && strcmp(row->key, key) == 0)
			return row;
	}
	return NULL;
}

bool ini_has(const struct ini *ini, const char *section)
{
	return ini_find(ini, section, "") != NULL;
}

unsigned ini_line(const struct ini *ini, const char *section)
{
	const struct ini_row *row = ini_find(ini, section, "");
	return row ? row->line : 0;
}

const struct ini_row *ini_again(const struct ini *ini, const char *section, const char *key)
{
	bool met = false;
	for (size_t i = 0; i < ini->n; i++) {
		const struct ini_row *row = &ini->rows[i];
		if (strcmp(row->section, section) != 0 || strcmp(row->key, key) != 0)
			continue;
		if (met)
			return row;
		met = true;
	}
	return NULL;
}

const char *ini_value(const struct ini *ini, const char *section, const char *key)
{
	const struct ini_row *row = ini_find(ini, section, key);
	return row ? row->value : NULL;
}
