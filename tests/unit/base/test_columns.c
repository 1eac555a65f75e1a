/*
 * test_columns.c - aligned and tab-separated rows, and control characters in their cells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/columns.h"
#include "base/shown.h"

static void fill(struct columns *columns)
{
	static const char *const CELLS[] = { "NAME", "N", "WHO", NULL, "\xc3\xa9t\xc3\xa9-long", "1", "root", NULL, "dead",
		"a very long reason that takes what room it wants", NULL };

	for (size_t i = 0; i < sizeof CELLS / sizeof *CELLS; i++)
		if (CELLS[i])
			columns_add(columns, CELLS[i]);
		else
			columns_end_row(columns);
}

static void assert_printed(bool is_aligned, const char *wanted)
{
	struct columns columns = { 0 };
	struct buf out;

	buf_init(&out, SIZE_MAX);
	fill(&columns);
	columns_print(&columns, &out, is_aligned);
	assert_string_equal(out.data, wanted);
	buf_release(&out);
	columns_release(&columns);
}

static void a_person_gets_columns_and_a_program_tabs(void **state)
{
	(void)state;
	assert_printed(false, "NAME\tN\tWHO\n\xc3\xa9t\xc3\xa9-long\t1\troot\n"
		"dead\ta very long reason that takes what room it wants\n");
	assert_printed(true, "NAME      N  WHO\n\xc3\xa9t\xc3\xa9-long  1  root\n"
		"dead      a very long reason that takes what room it wants\n");
}

static void a_cell_cannot_make_another_cell_or_row(void **state)
{
	struct columns columns = { 0 };
	struct buf out;

	(void)state;
	buf_init(&out, SIZE_MAX);
	columns_add(&columns, "a\tb\nc\033[31m");
	columns_end_row(&columns);
	columns_print(&columns, &out, false);
	assert_string_equal(out.data, "a\\x09b\\x0ac\\x1b[31m\n");
	buf_release(&out);
	columns_release(&columns);
}

static const struct {
	const char *text, *shown;
} SHOWN[] = {
	{ "", "" }, { "plain \\ text", "plain \\ text" }, { "caf\xc3\xa9 \xe4\xb8\xad", "caf\xc3\xa9 \xe4\xb8\xad" },
	{ "\a\b\x7f", "\\x07\\x08\\x7f" }, { "\t\n", "\\x09\\x0a" }, { "\xc0\x80", "\\x00" },
	{ "\xc2\x9b" "31m", "\\xc2\\x9b31m" }, { "\xc2\x85", "\\xc2\\x85" }, /* C1: CSI, NEL */
	{ "a\xe2\x80\xae" "b", "a\\xe2\\x80\\xaeb" }, { "\xe2\x81\xa6", "\\xe2\\x81\\xa6" }, /* bidi marks */
	{ "\xe2\x80\x8f\xd8\x9c", "\\xe2\\x80\\x8f\\xd8\\x9c" },
	{ "\xff\xc3", "\\xff\\xc3" }, { "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* no UTF-8 */
};

static void what_a_terminal_would_obey_is_escaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++) {
		char *line = shown_line(SHOWN[i].text);
		assert_string_equal(line, SHOWN[i].shown);
		free(line);
	}
}

static void what_may_stand_is_kept(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, SIZE_MAX);
	shown_add(&out, "a\tb\nc\r\xe2\x80\xae", "\t\n");
	assert_string_equal(out.data, "a\tb\nc\\x0d\\xe2\\x80\\xae");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_gets_columns_and_a_program_tabs),
		cmocka_unit_test(a_cell_cannot_make_another_cell_or_row),
		cmocka_unit_test(what_a_terminal_would_obey_is_escaped),
		cmocka_unit_test(what_may_stand_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
