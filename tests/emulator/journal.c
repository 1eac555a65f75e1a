#include "journal.h"

#include "call.h"
#include "jtext.h"

#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000000, WINDOW_KEPT = 10 * SECOND };

static int64_t window_at(const struct window *w, size_t i)
{
	return w->at[(w->head + i) % w->cap];
}

static void window_grow(struct window *w)
{
	size_t cap = w->cap ? w->cap * 2 : 64;
	int64_t *at = text_alloc(cap * sizeof(*at));

	for (size_t i = 0; i < w->n; i++)
		at[i] = window_at(w, i);
	free(w->at);
	w->at = at;
	w->head = 0;
	w->cap = cap;
}

/* How many moments lie in the second that ends with the one at `last`, which counts. */
static size_t window_count(const struct window *w, size_t last)
{
	size_t low = 0, high = last;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (window_at(w, middle) > window_at(w, last) - SECOND)
			high = middle;
		else
			low = middle + 1;
	}
	return last - low + 1;
}

/* The place of a new moment: nearly always the end. */
static size_t window_insert(struct window *w, int64_t at)
{
	size_t i = w->n;

	while (w->n && window_at(w, 0) <= at - WINDOW_KEPT) {
		w->head = (w->head + 1) % w->cap;
		i = --w->n;
	}
	if (w->n == w->cap)
		window_grow(w);
	for (w->n++; i > 0 && window_at(w, i - 1) > at; i--)
		w->at[(w->head + i) % w->cap] = window_at(w, i - 1);
	w->at[(w->head + i) % w->cap] = at;
	return i;
}

static void window_remove(struct window *w, size_t i)
{
	for (w->n--; i < w->n; i++)
		w->at[(w->head + i) % w->cap] = window_at(w, i + 1);
}

/* The most of any second that the moment at `place` lies in. */
static size_t window_most(const struct window *w, size_t place)
{
	size_t most = 0;

	for (size_t i = place; i < w->n && window_at(w, i) < window_at(w, place) + SECOND; i++) {
		size_t count = window_count(w, i);

		if (count > most)
			most = count;
	}
	return most;
}

static void window_add(struct window *w, int64_t at)
{
	size_t most = window_most(w, window_insert(w, at));

	if (most > w->most)
		w->most = most;
}

static struct tally *tally_of(struct tallies *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->t[i].name, name))
			return &all->t[i];
	all->t = realloc(all->t, (all->n + 1) * sizeof(*all->t));
	if (!all->t)
		abort();
	all->t[all->n] = (struct tally){ .name = text_dup(name) };
	return &all->t[all->n++];
}

static void tallies_free(struct tallies *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->t[i].name);
		free(all->t[i].calls.at);
		free(all->t[i].granted.at);
	}
	free(all->t);
	*all = (struct tallies){ 0 };
}

static void lines_free(struct journal *j)
{
	for (size_t i = 0; i < j->lines; i++)
		free(j->line[i]);
	free(j->line);
	free(j->line_n);
	j->line = NULL;
	j->line_n = NULL;
	j->lines = j->lines_cap = 0;
}

void journal_free(struct journal *j)
{
	if (j->file)
		fclose(j->file);
	tallies_free(&j->actions);
	tallies_free(&j->verdicts);
	lines_free(j);
}

void journal_arrive(struct journal *j, struct call *call)
{
	struct tally *t = tally_of(&j->actions, call->action);

	call->n = ++j->last;
	j->total++;
	t->count++;
	window_add(&t->calls, call->arrived);
	if (++j->in_flight > j->max_concurrent)
		j->max_concurrent = j->in_flight;
}

bool journal_allow(struct journal *j, const struct call *call, int limit)
{
	struct window *granted = &tally_of(&j->actions, call->action)->granted;
	size_t place;

	if (limit <= 0)
		return true;
	place = window_insert(granted, call->arrived);
	if (window_most(granted, place) <= (size_t)limit)
		return true;
	window_remove(granted, place);
	return false;
}

void journal_verdict(struct journal *j, const struct call *call)
{
	tally_of(&j->verdicts, call->verdict)->count++;
}

static void keep_line(struct journal *j, uint64_t n, char *line)
{
	if (j->lines == j->lines_cap) {
		j->lines_cap = j->lines_cap ? j->lines_cap * 2 : 256;
		j->line = realloc(j->line, j->lines_cap * sizeof(*j->line));
		j->line_n = realloc(j->line_n, j->lines_cap * sizeof(*j->line_n));
		if (!j->line || !j->line_n)
			abort();
	}
	j->line[j->lines] = line;
	j->line_n[j->lines++] = n;
}

void journal_finish(struct journal *j, const struct call *call)
{
	struct text t = { 0 };

	j->in_flight--;
	text_addf(&t, "{\"n\":%llu,\"t_ms\":%.3f,\"cloud\":\"%s\",\"action\":",
		  (unsigned long long)call->n, (double)call->start / 1000, call->cloud);
	text_add_json_str(&t, call->action);
	text_add_str(&t, ",\"region\":");
	text_add_json_str(&t, call->region);
	text_add_str(&t, ",\"id\":");
	text_add_json_str(&t, call->id);
	text_add_str(&t, ",\"body\":");
	if (jtext_valid(call->body.data, call->body.len))
		jtext_minify(&t, call->body.data, call->body.len);
	else
		text_add_json(&t, call->body.data ? call->body.data : "", call->body.len);
	text_add_str(&t, ",\"verdict\":");
	text_add_json_str(&t, call->verdict);
	text_addf(&t, ",\"status\":%d,\"ms\":%.3f,\"signed_ok\":%s,\"connection\":%llu,"
		  "\"request_id\":\"%s\"", call->answer.status,
		  (double)(loop_now() - call->start) / 1000, call->signed_ok ? "true" : "false",
		  (unsigned long long)call->connection_id, call->request_id);
	if (call->plan)
		text_addf(&t, ",\"plan\":\"%s\"", call->plan);
	text_add_char(&t, '}');
	if (j->file) {
		fprintf(j->file, "%s\n", t.data);
		fflush(j->file);
	}
	keep_line(j, call->n, text_take(&t));
}

void journal_reset(struct journal *j)
{
	tallies_free(&j->actions);
	tallies_free(&j->verdicts);
	lines_free(j);
	j->total = 0;
	j->connections = 0;
	j->max_concurrent = j->in_flight;
}

static void add_tallies(struct text *out, const char *name, const struct tallies *all, bool window)
{
	text_addf(out, ",\"%s\":{", name);
	for (size_t i = 0; i < all->n; i++) {
		if (i)
			text_add_char(out, ',');
		text_add_json_str(out, all->t[i].name);
		text_addf(out, ":%llu", window ? (unsigned long long)all->t[i].calls.most :
			  (unsigned long long)all->t[i].count);
	}
	text_add_char(out, '}');
}

void journal_counts(const struct journal *j, struct text *out)
{
	text_addf(out, "{\"total\":%llu", (unsigned long long)j->total);
	add_tallies(out, "by_action", &j->actions, false);
	add_tallies(out, "by_verdict", &j->verdicts, false);
	add_tallies(out, "max_in_1s", &j->actions, true);
	text_addf(out, ",\"max_concurrent\":%zu,\"in_flight\":%zu,\"connections\":%llu,"
		  "\"open_connections\":%zu,\"last\":%llu}\n", j->max_concurrent, j->in_flight,
		  (unsigned long long)j->connections, j->open_connections,
		  (unsigned long long)j->last);
}

void journal_lines(const struct journal *j, struct text *out, uint64_t since)
{
	bool first = true;

	text_add_char(out, '[');
	for (size_t i = 0; i < j->lines; i++) {
		if (j->line_n[i] <= since)
			continue;
		text_addf(out, "%s%s", first ? "" : ",\n", j->line[i]);
		first = false;
	}
	text_add_str(out, "]\n");
}
