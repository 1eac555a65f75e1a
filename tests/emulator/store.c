#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static size_t hash(const char *s)
{
	size_t h = 14695981039346656037u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h;
}

static void rehash(struct shelf *shelf)
{
	shelf->buckets = shelf->buckets ? shelf->buckets * 4 : 64;
	free(shelf->bucket);
	shelf->bucket = text_alloc(shelf->buckets * sizeof(*shelf->bucket));
	for (size_t i = 0; i < shelf->n; i++) {
		struct resource **at = &shelf->bucket[hash(shelf->all[i]->id) % shelf->buckets];

		shelf->all[i]->next = *at;
		*at = shelf->all[i];
	}
}

static struct resource *shelf_find(struct shelf *shelf, const char *id)
{
	struct resource *r;

	if (!shelf->n || !id)
		return NULL;
	r = shelf->bucket[hash(id) % shelf->buckets];
	while (r && strcmp(r->id, id))
		r = r->next;
	return r;
}

static struct resource *shelf_add(struct shelf *shelf, const char *id)
{
	struct resource *r = text_alloc(sizeof(*r)), **at;

	r->id = text_dup(id);
	r->synthetic = -1;
	if (shelf->n == shelf->cap) {
		shelf->cap = shelf->cap ? shelf->cap * 2 : 64;
		shelf->all = realloc(shelf->all, shelf->cap * sizeof(*shelf->all));
		if (!shelf->all)
			abort();
	}
	shelf->all[shelf->n++] = r;
	shelf->sorted = false;
	if (shelf->n > shelf->buckets) {
		rehash(shelf);
		return r;
	}
	at = &shelf->bucket[hash(id) % shelf->buckets];
	r->next = *at;
	*at = r;
	return r;
}

static void resource_free(struct resource *r)
{
	free(r->id);
	free(r->parent);
	free(r->text);
	free(r->extra);
	free(r->envelope_id);
	free(r);
}

/* Any of the API's time formats as seconds. Zones are left out: one kind uses one of them. */
static int64_t parse_time(struct slice value)
{
	char *s = jtext_string(value, NULL);
	struct tm tm = { 0 };
	bool good = s && sscanf(s, "%d-%d-%d%*[T ]%d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
				&tm.tm_hour, &tm.tm_min, &tm.tm_sec) == 6 && tm.tm_year > 0;

	free(s);
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return good ? (int64_t)timegm(&tm) : 0;
}

/* Reads times and parent out of the text again. */
static void resource_index(struct shelf *shelf, struct resource *r)
{
	const struct kind *kind = shelf->kind;
	struct jobject o;
	struct slice parent;
	int64_t at;

	if (!jobject_parse(&o, jtext_slice(r->text))) {
		if (!r->parent)
			r->parent = text_dup("");
		return;
	}
	for (int i = 0; i < ORDER_COUNT; i++) {
		at = parse_time(jobject_get(&o, kind->time_member[i]));
		shelf->sorted &= at == r->time[i];
		r->time[i] = at;
	}
	parent = jobject_get(&o, kind->parent_member ? kind->parent_member : "");
	if (jtext_type(parent) || !r->parent) {
		shelf->sorted = false;
		free(r->parent);
		r->parent = jtext_type(parent) == '"' ? jtext_string(parent, NULL) :
			text_dup_n(parent.p ? parent.p : "", parent.n);
	}
	jobject_free(&o);
}

static void add_synthetic(struct store *s, enum kind_id kind, int count)
{
	struct shelf *shelf = &s->shelf[kind];
	char id[64];

	for (int32_t i = 0; i < count; i++) {
		struct resource *r;

		synth_id(kind, i, id, sizeof(id));
		r = shelf_add(shelf, id);
		r->synthetic = i;
		synth_parent(s, kind, i, id, sizeof(id));
		r->parent = text_dup(id);
		synth_times(kind, i, r->time);
	}
}

static int compare_by(const struct resource *a, const struct resource *b, enum order_time by)
{
	int c = strcmp(a->parent, b->parent);

	if (c == 0)
		c = (a->time[by] > b->time[by]) - (a->time[by] < b->time[by]);
	return c ? c : strcmp(a->id, b->id);
}

static int compare_order(const void *a, const void *b, void *by)
{
	return compare_by(*(struct resource *const *)a, *(struct resource *const *)b,
			  *(enum order_time *)by);
}

static void shelf_sort(struct shelf *shelf)
{
	for (enum order_time by = 0; by < ORDER_COUNT; by++) {
		size_t size = shelf->n * sizeof(*shelf->all);

		shelf->order[by] = realloc(shelf->order[by], size ? size : 1);
		if (!shelf->order[by])
			abort();
		if (size)
			memcpy(shelf->order[by], shelf->all, size);
		qsort_r(shelf->order[by], shelf->n, sizeof(*shelf->all), compare_order, &by);
	}
	shelf->sorted = true;
}

void store_init(struct store *s, const struct store_sizes *sizes)
{
	*s = (struct store){ 0 };
	for (int i = 0; i < KIND_COUNT; i++)
		s->shelf[i].kind = kind_at((enum kind_id)i);
	s->versions_per_model = sizes->versions;
	s->tasks_per_job = sizes->v2tasks;
	synth_init(s);
	seed_load(s);
	add_synthetic(s, KIND_TRAINING, sizes->tasks);
	add_synthetic(s, KIND_NOTEBOOK, sizes->notebooks);
	add_synthetic(s, KIND_MODEL, sizes->models);
	add_synthetic(s, KIND_VERSION, sizes->models * sizes->versions);
	add_synthetic(s, KIND_SERVICE_GROUP, (sizes->models + 1) / 2);
	add_synthetic(s, KIND_JOB, sizes->jobs);
	add_synthetic(s, KIND_TASK, sizes->jobs * sizes->v2tasks);
	add_synthetic(s, KIND_RUN, sizes->v1);
	for (int i = 0; i < KIND_COUNT; i++)
		shelf_sort(&s->shelf[i]);
}

void store_free(struct store *s)
{
	for (int i = 0; i < KIND_COUNT; i++) {
		struct shelf *shelf = &s->shelf[i];

		for (size_t j = 0; j < shelf->n; j++)
			resource_free(shelf->all[j]);
		for (int j = 0; j < ORDER_COUNT; j++)
			free(shelf->order[j]);
		free(shelf->all);
		free(shelf->bucket);
		text_free(&s->template[i]);
	}
}

struct resource *store_find(struct store *s, enum kind_id kind, const char *id)
{
	return shelf_find(&s->shelf[kind], id);
}

/* The first place whose parent is not before (or, with `after`, is behind) this one. */
static size_t parent_bound(const struct shelf *shelf, enum order_time by, const char *parent,
			   bool after)
{
	size_t low = 0, high = shelf->n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = strcmp(shelf->order[by][mid]->parent, parent);

		if (c < 0 || (after && c == 0))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t store_range(struct store *s, enum kind_id kind, const char *parent, enum order_time by,
		   struct resource ***first)
{
	struct shelf *shelf = &s->shelf[kind];
	size_t from, to;

	if (!shelf->sorted)
		shelf_sort(shelf);
	from = parent_bound(shelf, by, parent, false);
	to = parent_bound(shelf, by, parent, true);
	*first = shelf->order[by] + from;
	return to - from;
}

char *store_text(const struct store *s, enum kind_id kind, const struct resource *r)
{
	struct text t = { 0 };

	if (r->text)
		return text_dup(r->text);
	synth_text(&t, s, kind, r->synthetic);
	return text_take(&t);
}

static bool among(const char *const *names, struct slice key)
{
	for (; names && *names; names++)
		if (jtext_is(key, *names))
			return true;
	return false;
}

static void add_members(struct text *out, const struct jobject *o, const char *const *without)
{
	for (size_t i = 0; i < o->n; i++) {
		if (among(without, o->m[i].key))
			continue;
		if (out->data[out->len - 1] != '{')
			text_add_char(out, ',');
		text_addf(out, "\"%.*s\":", (int)o->m[i].key.n, o->m[i].key.p);
		text_add(out, o->m[i].value.p, o->m[i].value.n);
	}
}

void store_add_item(struct text *out, const struct store *s, enum kind_id kind,
		    const struct resource *r)
{
	const struct kind *k = kind_at(kind);
	char *text = store_text(s, kind, r);
	const char *extra = r->extra ? r->extra : k->list_defaults;
	struct jobject o;

	if ((!k->detail_only && !extra) || !jobject_parse(&o, jtext_slice(text))) {
		text_add_str(out, text);
		free(text);
		return;
	}
	text_add_char(out, '{');
	add_members(out, &o, k->detail_only);
	jobject_free(&o);
	free(text);
	if (extra && jobject_parse(&o, jtext_slice(extra))) {
		add_members(out, &o, NULL);
		jobject_free(&o);
	}
	text_add_char(out, '}');
}

/* The id of an object text; a V1 run is TASKID/JOBID. The caller frees. */
static char *find_id(const struct kind *kind, struct slice text)
{
	struct jobject o;
	struct slice id, parent;
	struct text t = { 0 };

	if (!jobject_parse(&o, text))
		return NULL;
	id = jobject_get(&o, kind->id_member);
	parent = jobject_get(&o, kind->parent_member ? kind->parent_member : "");
	jobject_free(&o);
	if (kind->id == KIND_RUN && id.p && parent.p)
		text_addf(&t, "%.*s/%.*s", (int)parent.n, parent.p, (int)id.n, id.p);
	else if (jtext_type(id) == '"')
		return jtext_string(id, NULL);
	return t.len ? text_take(&t) : NULL;
}

bool store_put(struct store *s, enum kind_id kind, const char *id, const char *text, size_t n)
{
	struct shelf *shelf = &s->shelf[kind];
	char *found = id ? text_dup(id) : find_id(shelf->kind, (struct slice){ text, n });
	struct resource *r;

	if (!found)
		return false;
	r = shelf_find(shelf, found);
	if (!r)
		r = shelf_add(shelf, found);
	free(found);
	free(r->text);
	r->text = text_dup_n(text, n);
	resource_index(shelf, r);
	return true;
}

bool store_remove(struct store *s, enum kind_id kind, const char *id)
{
	struct shelf *shelf = &s->shelf[kind];
	struct resource *r = shelf_find(shelf, id), **at;

	if (!r)
		return false;
	for (at = &shelf->bucket[hash(id) % shelf->buckets]; *at != r; at = &(*at)->next)
		;
	*at = r->next;
	for (size_t i = 0; i < shelf->n; i++)
		if (shelf->all[i] == r)
			shelf->all[i] = shelf->all[--shelf->n];
	shelf->sorted = false;
	resource_free(r);
	return true;
}

static bool array_has(struct slice array, struct slice key)
{
	struct slice item;

	for (size_t pos = 0; jtext_next(array, &pos, &item);)
		if (item.n == key.n + 2 && !memcmp(item.p + 1, key.p, key.n))
			return true;
	return false;
}

static void merge_value(struct text *out, struct slice key, struct slice value)
{
	text_addf(out, "%s\"%.*s\":", out->data[out->len - 1] == '{' ? "" : ",", (int)key.n, key.p);
	text_add(out, value.p, value.n);
}

/* `old` with the members of `with`; of these only the ones in `only`, or those not in `never`. */
static char *merged(const char *old, const struct jobject *with, struct slice gone,
		    const char *const *only, const char *const *never)
{
	struct text out = { 0 };
	struct jobject o;

	if (!jobject_parse(&o, jtext_slice(old)))
		return text_dup(old);
	text_add_char(&out, '{');
	for (size_t i = 0; i < o.n; i++) {
		char *key = text_dup_n(o.m[i].key.p, o.m[i].key.n);
		struct slice value = jobject_get(with, key);

		free(key);
		if (!array_has(gone, o.m[i].key))
			merge_value(&out, o.m[i].key, value.p ? value : o.m[i].value);
	}
	for (size_t i = 0; i < with->n; i++) {
		char *key = text_dup_n(with->m[i].key.p, with->m[i].key.n);
		bool wanted = only ? among(only, with->m[i].key) : !among(never, with->m[i].key);

		if (wanted && !jobject_get(&o, key).p)
			merge_value(&out, with->m[i].key, with->m[i].value);
		free(key);
	}
	text_add_char(&out, '}');
	jobject_free(&o);
	return text_take(&out);
}

bool store_set(struct store *s, enum kind_id kind, const char *id, struct slice members,
	       struct slice gone)
{
	struct shelf *shelf = &s->shelf[kind];
	const struct kind *k = shelf->kind;
	struct resource *r = shelf_find(shelf, id);
	struct jobject with = { 0 };
	char *old;

	if (!r || (members.p && !jobject_parse(&with, members)))
		return false;
	old = store_text(s, kind, r);
	free(r->text);
	r->text = merged(old, &with, gone, NULL, k->list_only);
	free(old);
	if (k->list_only) {
		old = text_dup(r->extra ? r->extra : k->list_defaults);
		free(r->extra);
		r->extra = merged(old, &with, gone, k->list_only, NULL);
		free(old);
	}
	jobject_free(&with);
	resource_index(shelf, r);
	return true;
}
