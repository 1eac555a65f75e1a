/* Fills the store with the fixtures: the answers in them are taken apart and minified, every
 * member, digit and order kept. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char fixture_training[], fixture_notebook[], fixture_versions[], fixture_run[],
	template_companions[];

/* Versions of the two models that only other answers name: id, model, name. */
static const char *const more_versions[][3] = {
	{ "mv-v1-700000000000000012", "m-700000000000000011", "translator-small-v1" },
	{ "mv-v9-700000000000000022", "m-700000000000000021", "seg-main" },
};

static void put(struct store *s, enum kind_id kind, struct slice value, struct slice envelope_id)
{
	struct text t = { 0 };
	size_t before = s->shelf[kind].n;

	jtext_minify(&t, value.p, value.n);
	if (!store_put(s, kind, NULL, t.data, t.len) || s->shelf[kind].n != before + 1) {
		fprintf(stderr, "describefs-emulator: a fixture does not fit: %.80s\n", t.data);
		abort();
	}
	s->shelf[kind].all[before]->envelope_id = jtext_string(envelope_id, NULL);
	text_free(&t);
}

/* The member at `path` of the fixture ("Response/TrainingTaskDetail"); a list gives many. */
static void put_fixture(struct store *s, enum kind_id kind, const char *fixture, const char *outer,
			const char *inner, const char *envelope)
{
	struct slice all = jtext_slice(fixture), value = jtext_member(all, outer), item;
	struct slice id = jtext_member(all, envelope);

	if (!id.p)
		id = jtext_member(value, envelope);
	if (inner)
		value = jtext_member(value, inner);
	if (jtext_type(value) != '[') {
		put(s, kind, value, id);
		return;
	}
	for (size_t pos = 0; jtext_next(value, &pos, &item);)
		put(s, kind, item, id);
}

static void put_more_versions(struct store *s)
{
	char *seed = store_text(s, KIND_VERSION, store_find(s, KIND_VERSION,
							    "mv-v1-625097625049989888"));

	for (size_t i = 0; i < sizeof(more_versions) / sizeof(more_versions[0]); i++) {
		struct text t = { 0 };

		text_addf(&t, "{\"TrainingModelVersionId\":\"%s\",\"TrainingModelId\":\"%s\","
			  "\"TrainingModelName\":\"%s\"}", more_versions[i][0],
			  more_versions[i][1], more_versions[i][2]);
		store_put(s, KIND_VERSION, more_versions[i][0], seed, strlen(seed));
		store_set(s, KIND_VERSION, more_versions[i][0], jtext_slice(t.data),
			  (struct slice){ 0 });
		text_free(&t);
	}
	free(seed);
}

/* A node does not say its group. */
static void set_group(struct store *s)
{
	struct resource *r = s->shelf[KIND_NODE].all[s->shelf[KIND_NODE].n - 1];

	free(r->parent);
	r->parent = text_dup("ersg-ours0001");
}

/* "cloud/kind", the name of a list in the companions. */
static const struct kind *kind_of(struct slice key)
{
	char *cloud = text_dup_n(key.p, key.n), *name = strchr(cloud, '/');
	const struct kind *kind;

	if (!name)
		abort();
	*name++ = '\0';
	kind = kind_find(cloud, name);
	free(cloud);
	return kind;
}

/* The kinds that the seed documents do not show, in answers of our own. */
static void put_companions(struct store *s)
{
	struct slice item;
	struct jobject o;

	if (!jobject_parse(&o, jtext_slice(template_companions)))
		abort();
	for (size_t i = 0; i < o.n; i++) {
		const struct kind *kind = kind_of(o.m[i].key);

		if (!kind)
			abort();
		for (size_t pos = 0; jtext_next(o.m[i].value, &pos, &item);) {
			put(s, kind->id, item, (struct slice){ 0 });
			if (kind->id == KIND_NODE)
				set_group(s);
		}
	}
	jobject_free(&o);
}

void seed_load(struct store *s)
{
	put_fixture(s, KIND_TRAINING, fixture_training, "Response", "TrainingTaskDetail",
		    "RequestId");
	put_fixture(s, KIND_NOTEBOOK, fixture_notebook, "Response", "NotebookDetail", "RequestId");
	put_fixture(s, KIND_VERSION, fixture_versions, "Response", "TrainingModelVersions",
		    "RequestId");
	put_fixture(s, KIND_RUN, fixture_run, "result", NULL, "log_id");
	put_more_versions(s);
	put_companions(s);
}
