/* Fills the store with the fixtures: the answers in them are taken apart and minified, every
 * member, digit and order kept. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char fixture_training[], fixture_notebook[], fixture_versions[], fixture_run[],
	fixture_run_sdk[], fixture_run_stopped[], fixture_service_groups[], fixture_accelerate[],
	fixture_resource_groups[], fixture_nodes[], fixture_jobs[], fixture_task_running[],
	fixture_task_failed[], fixture_model_set[], fixture_qianfan_model[],
	template_companions[];

/* Versions of the two models that only other fixtures name: id, model, name. */
static const char *const more_versions[][3] = {
	{ "mv-v1-838176671237008129", "m-838176671237008128", "chatglm-6b-tiacc-ft" },
	{ "mv-v9-918664407880828544", "m-918096658947376768", "zoeytest" },
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

/* The node fixture says nothing of its group: it is put into the group that the request names. */
static void put_nodes(struct store *s)
{
	struct slice set = jtext_member(jtext_member(jtext_slice(fixture_nodes), "Response"),
					"InstanceSet");
	struct slice item;

	for (size_t pos = 0; jtext_next(set, &pos, &item);) {
		struct resource *r;

		put(s, KIND_NODE, item, (struct slice){ 0 });
		r = s->shelf[KIND_NODE].all[s->shelf[KIND_NODE].n - 1];
		free(r->parent);
		r->parent = text_dup("ersg-9hw7jfk6");
	}
}

/* What no fixture holds but the others refer to: lists of objects by the name of their kind. */
static void put_companions(struct store *s)
{
	struct slice item;
	struct jobject o;

	if (!jobject_parse(&o, jtext_slice(template_companions)))
		abort();
	for (size_t i = 0; i < o.n; i++) {
		char *name = text_dup_n(o.m[i].key.p, o.m[i].key.n);
		const struct kind *kind = kind_find(NULL, name);

		for (size_t pos = 0; kind && jtext_next(o.m[i].value, &pos, &item);)
			put(s, kind->id, item, (struct slice){ 0 });
		free(name);
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
	put_fixture(s, KIND_SERVICE_GROUP, fixture_service_groups, "Response", "ServiceGroups",
		    "RequestId");
	put_fixture(s, KIND_ACCELERATE, fixture_accelerate, "Response", "ModelAccelerateVersions",
		    "RequestId");
	put_fixture(s, KIND_RESOURCE_GROUP, fixture_resource_groups, "Response", "ResourceGroupSet",
		    "RequestId");
	put_fixture(s, KIND_RUN, fixture_run, "result", NULL, "log_id");
	put_fixture(s, KIND_RUN, fixture_run_sdk, "result", NULL, "log_id");
	put_fixture(s, KIND_RUN, fixture_run_stopped, "result", NULL, "log_id");
	put_fixture(s, KIND_JOB, fixture_jobs, "result", "jobList", "requestId");
	put_fixture(s, KIND_TASK, fixture_task_running, "result", NULL, "requestId");
	put_fixture(s, KIND_TASK, fixture_task_failed, "result", NULL, "requestId");
	put_fixture(s, KIND_MODEL_SET, fixture_model_set, "result", NULL, "requestId");
	put_fixture(s, KIND_QIANFAN_MODEL, fixture_qianfan_model, "result", NULL, "requestId");
	put_nodes(s);
	put_more_versions(s);
	put_companions(s);
}
