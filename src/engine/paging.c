/*
 * paging.c - which page is next, and whether the list is at its end.
 *
 * Paging by offset goes by what came, not by what was asked for; ids that come twice are one.  When
 * somebody goes while the pages come, others move up, maybe past us.  So as soon as the total moves the
 * page is asked for again that much earlier, and from then on each page begins with the last one of the
 * page before; where it does not, we step back until it does.  (One that came and one that went between
 * the same two pages, when nothing else ever moved, are not seen: the API numbers no states.)  A total that
 * only goes back to what it was before moves nobody: each page still begins where the one before ended.
 *
 * The total ends a list only where it is a whole number that no page belies.  Any other total (text, null,
 * none, less than what this page or those before it brought) says nothing, and the list is at its end where a
 * page is empty.  A total that the first page fills exactly is believed: a page that asked on would cost each
 * list of 50, 100, ... items a call beyond the ceil(N/50) that the contract promises, and a cloud whose total
 * is the number of the page's own items is not known.
 *
 * Paging by marker ends where the answer says that there is no more and names no marker.  Where it says
 * that there is more, or nothing, and gives no way to go on, the listing is not complete.  A marker beside
 * "no more" is a contradiction: it is followed until a page is empty or names none, and the listing is not
 * complete where such markers lead back to what came.
 *
 * A cloud that refuses the number of items that a page is asked for is asked for half, down to LIMIT_LEAST.
 * Clouds refuse it as an invalid parameter, and not all by the member's name: the message speaks of a page's
 * size.
 * What it accepts is remembered for the action as long as the engine lives.
 */
#include "fetch.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"

enum {
	BARREN_MAX = 3, /* pages in a row without a new id, before the answer is not believed */
	SETBACKS_MAX = 20, /* pages asked for again: a cloud that only shrinks would never end */
	LIMIT_LEAST = 10 /* items: a cloud that refuses so few does not mean their number */
};

void paging_begin(struct fetch *fetch)
{
	fetch->offset = 0;
	fetch->total = fetch->said = -1;
	fetch->least = INT64_MAX;
	fetch->rewinds = 0;
	fetch->moving = fetch->belied = false;
	fetch->limit = 0;
	free(fetch->marker);
	fetch->marker = NULL;
}

bool paging_goes_round(const struct fetch *fetch)
{
	return fetch->empty_pages >= BARREN_MAX;
}

/* ---- by offset ---- */

static const struct json *total_of(const struct fetch *fetch, const struct json *result)
{
	const char *path = fetch->action->paging.total;

	return path ? json_get_path(result, path) : NULL;
}

/* -1: it says none that could be one. */
static int64_t read_total(const struct fetch *fetch, const struct json *result)
{
	int64_t total = json_integer(total_of(fetch, result), -1);

	return total < 0 ? -1 : total;
}

bool paging_promises(const struct fetch *fetch, const struct json *result)
{
	const struct json *total = total_of(fetch, result);

	if (!total || json_type(total) == JSON_NULL)
		return false;
	return read_total(fetch, result) != 0;
}

/* False: often enough; what may have slipped through is missed. */
static bool step_back(struct fetch *fetch, int64_t by)
{
	if (fetch->rewinds++ >= SETBACKS_MAX) {
		fetch->incomplete = true;
		return false;
	}
	fetch->offset = by < fetch->offset ? fetch->offset - by : 0;
	fetch->empty_pages = 0;
	return true;
}

/* How many may have moved up past us, by the total alone; 0: none. */
static int64_t count_fallen(struct fetch *fetch)
{
	int64_t before = fetch->said, least = fetch->least;

	if (fetch->total < 0)
		return 0;
	fetch->said = fetch->total;
	if (fetch->total < least)
		fetch->least = fetch->total;
	if (!fetch->offset || before < 0)
		return 0;
	if (fetch->moving) /* what was that low before is looked after by the pages' overlap */
		return fetch->total < least ? least - fetch->total + 1 : 0;
	fetch->moving = fetch->total != before;
	if (!fetch->moving)
		return 0;
	return fetch->total < before ? before - fetch->total + 1 : 1;
}

/* Back to where it is certain that nobody slipped through; false: there is no need. */
static bool make_up(struct fetch *fetch, int64_t n_items)
{
	int64_t fallen = count_fallen(fetch);

	if (fallen)
		return step_back(fetch, fallen);
	return fetch->moving && fetch->offset && fetch->gap && n_items && step_back(fetch, n_items);
}

static bool next_offset(struct fetch *fetch, const struct json *result, int64_t n_items, bool empty_pages)
{
	bool overlaps = fetch->moving && fetch->offset; /* its first item ended the page before */

	fetch->page_items = n_items;
	fetch->total = read_total(fetch, result);
	if (make_up(fetch, n_items))
		return true;
	int64_t end = fetch->offset + n_items;
	fetch->offset = fetch->moving && n_items > 1 ? end - 1 : end;
	fetch->empty_pages = empty_pages ? fetch->empty_pages + 1 : 0;
	bool belied = fetch->moving && !fetch->ids && fetch->total < (int64_t)fetch->n_seen;
	if (fetch->total >= end && !belied)
		return n_items && end < fetch->total;
	/* no total, or one that what came belies: the end is where nothing comes */
	return n_items > overlaps && !(fetch->ids && paging_goes_round(fetch));
}

/* ---- by marker ---- */

enum said { SAID_NOTHING, SAID_NO, SAID_YES };

/* A flag in any spelling: true, 1, "true"; false, 0, "false". */
static enum said read_flag(const struct json *value)
{
	int64_t number = json_integer(value, -1);

	if (!value)
		return SAID_NOTHING;
	if (number == 1 || !strcasecmp(json_text(value), "true"))
		return SAID_YES;
	return number == 0 || !strcasecmp(json_text(value), "false") ? SAID_NO : SAID_NOTHING;
}

/* As JSON, to be sent back as it came; NULL: it leads nowhere. */
static char *read_marker(const struct json *value)
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

/* It names something, whether or not it can be sent back. */
static bool is_told(const struct json *marker)
{
	enum json_type type = marker ? json_type(marker) : JSON_NULL;

	return type != JSON_NULL && (type != JSON_STRING || *json_text(marker));
}

/* Takes a marker that leads on: it is not the one that was sent, and no list that is doubted goes round. */
static bool follow_marker(struct fetch *fetch, const struct json *next)
{
	char *marker = fetch->belied && fetch->empty_pages ? NULL : read_marker(next);

	if (!marker || (fetch->marker && strcmp(marker, fetch->marker) == 0)) {
		free(marker);
		return false;
	}
	free(fetch->marker);
	fetch->marker = marker;
	return true;
}

static bool next_marker(struct fetch *fetch, const struct json *result, bool empty)
{
	const struct action *action = fetch->action;
	const struct json *next = action->paging.next ? json_get_path(result, action->paging.next) : NULL;
	enum said more = read_flag(action->paging.more ? json_get_path(result, action->paging.more) : NULL);
	bool told = is_told(next), unsaid = !next || json_type(next) == JSON_NULL;

	fetch->belied |= more == SAID_NO && told;
	if (fetch->belied ? empty && more != SAID_YES : more == SAID_NO)
		return false;
	if (follow_marker(fetch, next))
		return true;
	/* there is more, or may be, and there is no way to it */
	fetch->incomplete |= told || more == SAID_YES ||
		(action->paging.more && more == SAID_NOTHING && unsaid);
	return false;
}

bool paging_next(struct fetch *fetch, const struct json *result, size_t n_items, bool empty_pages)
{
	switch (fetch->action->paging.style) {
	case PAGING_OFFSET:
		return next_offset(fetch, result, (int64_t)n_items, empty_pages);
	case PAGING_MARKER:
		fetch->empty_pages = empty_pages || !n_items ? fetch->empty_pages + 1 : 0;
		return next_marker(fetch, result, !n_items);
	default:
		return false;
	}
}

/* ---- how many items a page is asked for ---- */

int paging_limit(struct engine *engine, const struct action *action)
{
	int limit = engine_action(engine, action)->limit;

	return limit ? limit : action->paging.page_size;
}

/* The letters of a text, in lower case: "Page size", "page_size" and "PageSize" are one. */
static void fold_letters(char *out, size_t room, const char *text)
{
	size_t len = 0;

	for (; *text && len + 1 < room; text++)
		if (ascii_is_upper(*text) || ascii_is_lower(*text))
			out[len++] = ascii_lower(*text);
	out[len] = '\0';
}

/* A text speaks of how many items a page may hold. */
static bool names_limit(const char *text, const char *member)
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

	fold_letters(letters, sizeof(letters), text);
	for (size_t i = 0; i < sizeof(WORDS) / sizeof(*WORDS); i++)
		if (strstr(letters, WORDS[i]))
			return true;
	return strcasestr(text, member) || strstr(text, PER_PAGE);
}

bool paging_asks_for_less(struct fetch *fetch, enum error error, const struct call *call)
{
	const char *member = fetch->action->paging.limit;

	if (error != ERR_PARAMETER || fetch->action->paging.style == PAGING_NONE || !member)
		return false;
	if (call->limit <= LIMIT_LEAST ||
		(!names_limit(call->note.code, member) && !names_limit(call->note.message, member)))
		return false;
	fetch->limit = call->limit / 2 > LIMIT_LEAST ? call->limit / 2 : LIMIT_LEAST;
	while (fetch->calls) /* they ask for as many */
		call_free(fetch->calls);
	return true;
}

void paging_note_limit(struct fetch *fetch)
{
	const struct engine_options *options = &fetch->engine->options;
	struct action_state *state = engine_action(fetch->engine, fetch->action);
	struct buf line;

	if (!fetch->limit || fetch->limit == state->limit)
		return;
	state->limit = fetch->limit;
	if (!options->trace)
		return;
	buf_init(&line, 1024);
	buf_printf(&line, "%s: the cloud refuses pages of %d items; it is asked for %d from now on",
		action_name(fetch->action), fetch->action->paging.page_size, state->limit);
	options->trace(options->trace_arg, line.data);
	buf_release(&line);
}
