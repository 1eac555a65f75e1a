/*
 * paging.c - paging by offset and by marker, and the size of pages.
 *
 * By offset. The next offset is this one plus the number of items that came, not of those requested. An id
 * that comes twice counts once. If resources disappear while pages are read, later items move up, perhaps
 * past the offset, and would be missed. So when the total changes, the page is requested again that much
 * earlier, and from then on each page begins with the last item of the page before. If it does not, the
 * reading steps back until it does. A total that only returns to an earlier value moves nothing, because
 * pages overlap already. One case is not detected: one resource appears and another disappears between the
 * same two pages, and nothing else moves.
 *
 * The total ends a list only if it is a whole number that no page contradicts. With any other total (text,
 * null, none, less than the number of items) the list ends with an empty page. A total that the first page
 * fills exactly is believed. Otherwise each list of 50, 100, ... items would cost one call more than the
 * ceil(N/50) that semantics.md promises, and no cloud is known whose total counts only the page's items.
 *
 * By marker. The list ends if the answer says that it is the last page and names no marker. If it says
 * that there is more, or does not say, and names no usable marker, the listing is not complete. A last page
 * with a marker is a contradiction: the marker is followed until a page is empty or names none, and the
 * listing is not complete if such markers lead back to earlier pages.
 *
 * Page size. If the cloud refuses the number of items, half as many are requested, down to LIMIT_LEAST.
 * Clouds refuse it as an invalid parameter. Not all name the member, but their message speaks of a page's
 * size. The accepted number is remembered for the action as long as the engine lives.
 */
#include "paging.h"

#include "fetch.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"

enum {
	EMPTY_MAX = 3, /* pages in a row without a new item; then the answers are not believed */
	REWINDS_MAX = 20, /* pages requested again; else a list that keeps shrinking would not end */
	LIMIT_LEAST = 10 /* items; a cloud that refuses so few means another parameter */
};

void paging_begin(struct fetch *fetch)
{
	fetch->paging.offset = 0;
	fetch->paging.total = fetch->paging.last_total = -1;
	fetch->paging.least_total = INT64_MAX;
	fetch->paging.rewinds = 0;
	fetch->paging.moving = fetch->paging.contradicted = false;
	fetch->paging.limit = 0;
	free(fetch->paging.marker);
	fetch->paging.marker = NULL;
}

bool paging_is_looping(const struct fetch *fetch)
{
	return fetch->paging.empty_pages >= EMPTY_MAX;
}

/* ---- by offset ---- */

static const struct json *result_total(const struct fetch *fetch, const struct json *result)
{
	const char *path = fetch->action->paging.total;

	return path ? json_get_path(result, path) : NULL;
}

/* -1: the answer has no total that is a number. */
static int64_t paging_read_total(const struct fetch *fetch, const struct json *result)
{
	int64_t total = json_integer(result_total(fetch, result), -1);

	return total < 0 ? -1 : total;
}

bool paging_promises(const struct fetch *fetch, const struct json *result)
{
	const struct json *total = result_total(fetch, result);

	if (!total || json_type(total) == JSON_NULL)
		return false;
	return paging_read_total(fetch, result) != 0;
}

/* Moves the offset back. False: that was done REWINDS_MAX times; items may be missed. */
static bool paging_rewind(struct fetch *fetch, int64_t by)
{
	if (fetch->paging.rewinds++ >= REWINDS_MAX) {
		fetch->reading.incomplete = true;
		return false;
	}
	fetch->paging.offset = by < fetch->paging.offset ? fetch->paging.offset - by : 0;
	fetch->paging.empty_pages = 0;
	return true;
}

/* How many items may have moved up past the offset, judged by the totals; 0: none. */
static int64_t paging_count_missed(struct fetch *fetch)
{
	int64_t before = fetch->paging.last_total, least = fetch->paging.least_total;

	if (fetch->paging.total < 0)
		return 0;
	fetch->paging.last_total = fetch->paging.total;
	if (fetch->paging.total < least)
		fetch->paging.least_total = fetch->paging.total;
	if (!fetch->paging.offset || before < 0)
		return 0;
	/* pages overlap already, which covers every total that was seen before */
	if (fetch->paging.moving)
		return fetch->paging.total < least ? least - fetch->paging.total + 1 : 0;
	fetch->paging.moving = fetch->paging.total != before;
	if (!fetch->paging.moving)
		return 0;
	return fetch->paging.total < before ? before - fetch->paging.total + 1 : 1;
}

/* Moves the offset back as far as items may have been missed. False: none were. */
static bool paging_reread(struct fetch *fetch, int64_t n_items)
{
	int64_t missed = paging_count_missed(fetch);

	if (missed)
		return paging_rewind(fetch, missed);
	return fetch->paging.moving && fetch->paging.offset && fetch->paging.gap && n_items &&
		paging_rewind(fetch, n_items);
}

static bool paging_next_offset(struct fetch *fetch, const struct json *result, int64_t n_items, bool is_empty)
{
	/* the first item is the last one of the page before */
	bool overlaps = fetch->paging.moving && fetch->paging.offset;

	fetch->paging.page_items = n_items;
	fetch->paging.total = paging_read_total(fetch, result);
	if (paging_reread(fetch, n_items))
		return true;
	int64_t end = fetch->paging.offset + n_items;
	fetch->paging.offset = fetch->paging.moving && n_items > 1 ? end - 1 : end;
	fetch->paging.empty_pages = is_empty ? fetch->paging.empty_pages + 1 : 0;
	bool contradicted = fetch->paging.moving && !fetch->reading.ids &&
		fetch->paging.total < (int64_t)fetch->reading.n_seen;
	if (fetch->paging.total >= end && !contradicted)
		return n_items && end < fetch->paging.total;
	/* no total, or one that the items contradict: the list ends with a page without new items */
	return n_items > overlaps && !(fetch->reading.ids && paging_is_looping(fetch));
}

/* ---- by marker ---- */

enum flag { FLAG_NONE, FLAG_FALSE, FLAG_TRUE };

/* A flag in any spelling: true, 1, "true"; false, 0, "false". */
static enum flag flag_read(const struct json *value)
{
	int64_t number = json_integer(value, -1);

	if (!value)
		return FLAG_NONE;
	if (number == 1 || !strcasecmp(json_text(value), "true"))
		return FLAG_TRUE;
	return number == 0 || !strcasecmp(json_text(value), "false") ? FLAG_FALSE : FLAG_NONE;
}

/* The marker as JSON, unchanged; NULL: it is none that can be sent back. */
static char *marker_read(const struct json *value)
{
	struct buf out;

	if (!value || (json_type(value) != JSON_STRING && json_type(value) != JSON_NUMBER) ||
		!*json_text(value))
		return NULL;
	buf_init(&out, MESSAGE_REQUEST_MAX);
	if (json_print(&out, value, 0))
		return buf_take(&out);
	buf_release(&out);
	return NULL;
}

/* It is not null or an empty text; perhaps nothing that can be sent back. */
static bool marker_is_set(const struct json *marker)
{
	enum json_type type = marker ? json_type(marker) : JSON_NULL;

	return type != JSON_NULL && (type != JSON_STRING || *json_text(marker));
}

/*
 * Takes over the next marker. False: it is the one that was sent, or follows a contradiction and an empty
 * page.
 */
static bool paging_follow_marker(struct fetch *fetch, const struct json *next)
{
	char *marker = fetch->paging.contradicted && fetch->paging.empty_pages ? NULL : marker_read(next);

	if (!marker || (fetch->paging.marker && strcmp(marker, fetch->paging.marker) == 0)) {
		free(marker);
		return false;
	}
	free(fetch->paging.marker);
	fetch->paging.marker = marker;
	return true;
}

static bool paging_next_marker(struct fetch *fetch, const struct json *result, bool empty)
{
	const struct action *action = fetch->action;
	const struct json *next = action->paging.next ? json_get_path(result, action->paging.next) : NULL;
	enum flag more = flag_read(action->paging.more ? json_get_path(result, action->paging.more) : NULL);
	bool is_set = marker_is_set(next), is_missing = !next || json_type(next) == JSON_NULL;

	fetch->paging.contradicted |= more == FLAG_FALSE && is_set;
	if (fetch->paging.contradicted ? empty && more != FLAG_TRUE : more == FLAG_FALSE)
		return false;
	if (paging_follow_marker(fetch, next))
		return true;
	/* there is more, or there may be, and it cannot be requested */
	fetch->reading.incomplete |= is_set || more == FLAG_TRUE ||
		(action->paging.more && more == FLAG_NONE && is_missing);
	return false;
}

bool paging_next(struct fetch *fetch, const struct json *result, size_t n_items, bool is_empty)
{
	switch (fetch->action->paging.style) {
	case PAGING_OFFSET:
		return paging_next_offset(fetch, result, (int64_t)n_items, is_empty);
	case PAGING_MARKER:
		fetch->paging.empty_pages = is_empty || !n_items ? fetch->paging.empty_pages + 1 : 0;
		return paging_next_marker(fetch, result, !n_items);
	default:
		return false;
	}
}

/* ---- the size of pages ---- */

int paging_limit(struct engine *engine, const struct action *action)
{
	int limit = engine_action_note(engine, action)->page_limit;

	return limit ? limit : action->paging.page_size;
}

/* Keeps a text's letters, in lower case: "Page size", "page_size" and "PageSize" become equal. */
static void text_letters(char *out, size_t room, const char *text)
{
	size_t len = 0;

	for (; *text && len + 1 < room; text++)
		if (ascii_is_upper(*text) || ascii_is_lower(*text))
			out[len++] = ascii_lower(*text);
	out[len] = '\0';
}

/* The text speaks of the number of items in a page. */
static bool text_names_limit(const char *text, const char *member)
{
	static const char *const WORDS[] = {
		"limit",
		"pagesize",
		"perpage",
		"maxkeys",
		"maxresults",
		"maxitems",
	};
	static const char PER_PAGE[] = "\xe6\xaf\x8f\xe9\xa1\xb5"; /* in Chinese */
	char letters[sizeof(((struct error_note *)NULL)->message)];

	text_letters(letters, sizeof(letters), text);
	for (size_t i = 0; i < sizeof(WORDS) / sizeof(*WORDS); i++)
		if (strstr(letters, WORDS[i]))
			return true;
	return strcasestr(text, member) || strstr(text, PER_PAGE);
}

int paging_smaller_limit(const struct fetch *fetch, const struct call_outcome *outcome, int limit)
{
	const char *member = fetch->action->paging.limit;
	const struct error_note *note = &outcome->note;

	if (outcome->error != ERR_PARAMETER || fetch->action->paging.style == PAGING_NONE || !member)
		return 0;
	if (limit <= LIMIT_LEAST ||
		(!text_names_limit(note->code, member) && !text_names_limit(note->message, member)))
		return 0;
	return limit / 2 > LIMIT_LEAST ? limit / 2 : LIMIT_LEAST;
}

void paging_note_limit(struct fetch *fetch)
{
	const struct engine_options *options = &fetch->engine->options;
	struct action_note *action = engine_action_note(fetch->engine, fetch->action);
	struct buf line;

	if (!fetch->paging.limit || fetch->paging.limit == action->page_limit)
		return;
	action->page_limit = fetch->paging.limit;
	if (!options->trace)
		return;
	buf_init(&line, 1024);
	buf_printf(&line, "%s: the cloud refuses pages of %d items; it is asked for %d from now on",
		action_name(fetch->action), fetch->action->paging.page_size, action->page_limit);
	options->trace(options->trace_arg, line.data);
	buf_release(&line);
}
