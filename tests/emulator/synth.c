/* Synthetic resources: everything about one follows from its kind and index, so the same
 * options give the same cloud in every run. What they look like is in templates/NAME.json: a
 * `$name` inside a string is replaced by text, a whole string `"#name"` by a raw value. */
#include "store.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SLOTS = 100003, /* a prime: i * STRIDE mod SLOTS never repeats below it */
	STRIDE = 61803,
	SLOT_SECONDS = 315, /* SLOTS of them are one year */
	VALUES = 24,
	RUNS_PER_TASK = 10,
};

static const int64_t year_start = 1735689600; /* 2025-01-01 00:00:00, read as local time */

/* What stands for the names in a template. */
struct values {
	struct {
		const char *name;
		char text[400];
	} v[VALUES];
	size_t n;
};

extern const char template_training[], template_notebook[], template_model[], template_version[],
	template_service_group[], template_job[], template_task[], template_run[];

static const char *const templates[KIND_COUNT] = {
	[KIND_TRAINING] = template_training,
	[KIND_NOTEBOOK] = template_notebook,
	[KIND_MODEL] = template_model,
	[KIND_VERSION] = template_version,
	[KIND_SERVICE_GROUP] = template_service_group,
	[KIND_JOB] = template_job,
	[KIND_TASK] = template_task,
	[KIND_RUN] = template_run,
};

static uint32_t mix(uint32_t x)
{
	x = (x ^ 61) ^ (x >> 16);
	x *= 9;
	x ^= x >> 4;
	x *= 0x27d4eb2d;
	return x ^ (x >> 15);
}

/* Distinct for every index, in an order that is not the order of the ids. */
static int64_t created(int32_t i)
{
	return year_start + ((int64_t)i * STRIDE % SLOTS) * SLOT_SECONDS + i / SLOTS;
}

static __attribute__((format(printf, 3, 4)))
void set(struct values *values, const char *name, const char *fmt, ...)
{
	va_list ap;

	if (values->n == VALUES)
		abort();
	values->v[values->n].name = name;
	va_start(ap, fmt);
	vsnprintf(values->v[values->n++].text, sizeof(values->v[0].text), fmt, ap);
	va_end(ap);
}

/* Empty for 0. `zone` is what the kind writes behind the time. */
static void set_time(struct values *values, const char *name, int64_t at, char separator,
		     const char *zone)
{
	time_t t = (time_t)at;
	struct tm tm = { 0 };
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), separator == 'T' ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S",
		 &tm);
	set(values, name, "%s%s", at ? text : "", at ? zone : "");
}

static const char *training_status(int32_t i)
{
	static const char *const status[] = {
		"RUNNING", "SUCCEED", "FAILED", "SUCCEED", "STOPPED",
		"RUNNING", "SUCCEED", "PENDING", "SUCCEED", "RUNNING",
	};

	return status[i % 10];
}

void synth_id(enum kind_id kind, int32_t i, char *id, size_t size)
{
	static const char *const prefix[KIND_COUNT] = {
		[KIND_TRAINING] = "train-13300000000",
		[KIND_NOTEBOOK] = "nb-11900000000",
		[KIND_MODEL] = "m-609000000",
		[KIND_VERSION] = "mv-v1-626000000",
		[KIND_SERVICE_GROUP] = "ms-syn",
		[KIND_JOB] = "job-syn",
		[KIND_TASK] = "task-syn",
	};

	if (kind == KIND_RUN)
		snprintf(id, size, "%d/%d", 10000 + i / RUNS_PER_TASK, 20000 + i);
	else
		snprintf(id, size, "%s%0*d", prefix[kind],
			 kind == KIND_TRAINING || kind == KIND_NOTEBOOK ? 8 : 9, i);
}

void synth_parent(const struct store *s, enum kind_id kind, int32_t i, char *id, size_t size)
{
	id[0] = '\0';
	if (kind == KIND_VERSION)
		synth_id(KIND_MODEL, i / s->versions_per_model, id, size);
	else if (kind == KIND_TASK)
		synth_id(KIND_JOB, i / s->tasks_per_job, id, size);
	else if (kind == KIND_RUN)
		snprintf(id, size, "%d", 10000 + i / RUNS_PER_TASK);
}

void synth_times(enum kind_id kind, int32_t i, int64_t time[ORDER_COUNT])
{
	bool started = kind != KIND_TRAINING || strcmp(training_status(i), "PENDING");
	bool updates = kind == KIND_TRAINING || kind == KIND_NOTEBOOK || kind == KIND_SERVICE_GROUP;

	time[ORDER_CREATE] = created(i);
	time[ORDER_START] = created(i);
	time[ORDER_UPDATE] = created(i);
	if (kind == KIND_TRAINING || kind == KIND_NOTEBOOK)
		time[ORDER_START] = started ? created(i) + 37 : 0;
	if (updates)
		time[ORDER_UPDATE] = created(i) + 60 + mix((uint32_t)i) % 86400;
}

static void training_resources(struct values *v, int32_t i)
{
	struct text t = { 0 };

	for (int32_t k = 0; k <= i % 2; k++)
		text_addf(&t, "%c{\"Role\":\"%s\",\"Cpu\":%d,\"Memory\":%d,\"GpuType\":\"%s\","
			  "\"Gpu\":%d,\"InstanceType\":\"TI.S6.MEDIUM2.POST\",\"InstanceNum\":%d,"
			  "\"RDMAConfig\":{\"Enable\":%s}}", k ? ',' : '[',
			  k ? "WORKER" : "LAUNCHER", 2000 + k * 1000, 2048 << k,
			  i % 3 ? "A100" : "", i % 3 ? 800 : 0, k + 1, k ? "true" : "false");
	set(v, "resources", "%s]", t.data);
	text_free(&t);
}

static void training_values(struct values *v, int32_t i)
{
	static const char *const teams[] = { "alpha", "beta", "gamma" };
	const char *status = training_status(i);
	bool pending = !strcmp(status, "PENDING"), running = !strcmp(status, "RUNNING");
	int64_t time[ORDER_COUNT], runtime = 600 + mix((uint32_t)i + 7) % 40000;

	synth_times(KIND_TRAINING, i, time);
	set(v, "suffix", "%s", i % 7 == 3 ? " 训练/任务" : "");
	set(v, "user", "%d", i % 5 + 10);
	set(v, "mode", "%s", i % 3 ? "DDP" : "MPI");
	set(v, "charge", "%s", i % 4 ? "POSTPAID_BY_HOUR" : "PREPAID");
	set(v, "group", "%s", i % 4 ? "" : "trsg-kvvfrwl7");
	set(v, "team", "%s", teams[i % 3]);
	set(v, "log", "%s", i % 2 ? "true" : "false");
	set(v, "status", "%s", status);
	set(v, "runtime", "%lld", pending ? 0LL : (long long)runtime);
	set_time(v, "created", time[ORDER_CREATE], 'T', "+08");
	set_time(v, "updated", time[ORDER_UPDATE], 'T', "+08");
	set_time(v, "started", time[ORDER_START], 'T', "+08");
	set_time(v, "ended", pending || running ? 0 : time[ORDER_START] + runtime, 'T', "+08");
	set(v, "billing", "%s", running ? "BILLING" : "NOT_BILLING");
	set(v, "remark", "%s", i % 11 ? "" : "note");
	set(v, "failure", "%s", strcmp(status, "FAILED") ? "" : "exit code 1: CUDA out of memory");
	training_resources(v, i);
}

static void notebook_values(struct values *v, int32_t i)
{
	static const char *const status[] = { "Running", "Stopped", "Failed", "Starting" };
	int64_t time[ORDER_COUNT];

	synth_times(KIND_NOTEBOOK, i, time);
	set(v, "status", "%s", status[i % 4]);
	set(v, "billing", "%s", i % 4 ? "NOT_BILLING" : "BILLING");
	set(v, "team", "%s", i % 2 ? "alpha" : "beta");
	set(v, "gpu", "%d", i % 8 * 100);
	set(v, "runtime", "%d", i * 60);
	set_time(v, "created", time[ORDER_CREATE], 'T', "+08");
	set_time(v, "updated", time[ORDER_UPDATE], 'T', "+08");
	set_time(v, "started", time[ORDER_START], 'T', "+08");
}

static void version_values(struct values *v, const struct store *s, int32_t i)
{
	static const char *const status[] = {
		"\"STATUS_SUCCESS\"", "\"STATUS_SUCCESS\"", "\"STATUS_RUNNING\"", "null",
	};

	set(v, "number", "%d", i / s->versions_per_model);
	set(v, "child", "%d", i % s->versions_per_model + 1);
	set(v, "status", "%s", status[i % 4]);
	set(v, "progress", "%d", i % 4 == 2 ? 40 : 100);
	set(v, "format", "%s", i % 2 ? "PYTORCH" : "TORCH_SCRIPT");
	set(v, "odd", "%s", i % 2 ? "true" : "false");
	set_time(v, "created", created(i), 'T', "Z");
}

/* Every second synthetic model is served, so that half of them can be harvested. */
static void group_values(struct values *v, const struct store *s, int32_t i)
{
	int64_t time[ORDER_COUNT];
	char id[64];

	synth_times(KIND_SERVICE_GROUP, i, time);
	synth_id(KIND_MODEL, i * 2, id, sizeof(id));
	set(v, "model", "%s", id);
	synth_id(KIND_VERSION, i * 2 * s->versions_per_model, id, sizeof(id));
	set(v, "version", "%s", id);
	set(v, "number", "%d", i * 2);
	set_time(v, "created", time[ORDER_CREATE], 'T', "Z");
	set_time(v, "updated", time[ORDER_UPDATE], 'T', "Z");
}

/* Members that only some states have are put beside their neighbours. */
static void task_values(struct values *v, const struct store *s, int32_t i)
{
	static const char *const status[] = { "Done", "Running", "Failed", "Stopped", "Waiting" };
	static const char metrics[] = ",\"metrics\":{\"BLEU-4\":\"31.20%\",\"ROUGE-1\":\"45.70%\","
		"\"ROUGE-2\":\"22.10%\",\"ROUGE-L\":\"40.30%\"},\"checkpointList\":[{\"step\":100,"
		"\"perplexity\":1.50},{\"step\":200,\"perplexity\":1.25}]";
	bool over = i % 5 != 1 && i % 5 != 4;
	struct values end = { 0 };

	set(v, "number", "%d", i / s->tasks_per_job);
	if (i % 5 == 1)
		set(v, "status", "\"Running\",\"runProgress\":\"%d%%\"", i % 100);
	else
		set(v, "status", "\"%s\"", status[i % 5]);
	set_time(v, "created", created(i), 'T', "Z");
	set_time(&end, "", created(i) + 7200, 'T', "Z");
	set(v, "ended", "\"%s\"%s", over ? end.v[0].text : "0000-00-00T00:00:00Z",
	    i % 5 ? "" : metrics);
}

static void run_values(struct values *v, int32_t i)
{
	static const char *const status[] = { "FINISH", "RUNNING", "STOP", "FAIL" };

	set(v, "run", "%d", 20000 + i);
	set(v, "child", "%d", i % RUNS_PER_TASK + 1);
	set(v, "status", "%s", status[i % 4]);
	set(v, "progress", "%d", i % 100);
	set_time(v, "created", created(i), ' ', "");
	if (i % 4 == 1)
		set(v, "ended", "0000-00-00 00:00:00");
	else
		set_time(v, "ended", created(i) + 3600, ' ', "");
}

static const char *value_of(const struct values *values, const char *name, size_t n)
{
	for (size_t i = 0; i < values->n; i++)
		if (strlen(values->v[i].name) == n && !memcmp(values->v[i].name, name, n))
			return values->v[i].text;
	fprintf(stderr, "describefs-emulator: no value for %.*s\n", (int)n, name);
	abort();
}

static void fill(struct text *out, const char *p, const struct values *values)
{
	size_t n;

	while (*p) {
		size_t plain = strcspn(p, "$\"");

		text_add(out, p, plain);
		p += plain;
		if (*p != '$' && strncmp(p, "\"#", 2)) {
			text_add(out, p, *p != '\0');
			p += *p != '\0';
			continue;
		}
		p += *p == '$' ? 1 : 2;
		for (n = 0; islower((unsigned char)p[n]); n++)
			;
		text_add_str(out, value_of(values, p, n));
		p += n + (p[-1] == '#'); /* the closing quote of a raw value */
	}
}

void synth_init(struct store *s)
{
	for (int i = 0; i < KIND_COUNT; i++)
		if (templates[i])
			jtext_minify(&s->template[i], templates[i], strlen(templates[i]));
}

void synth_text(struct text *out, const struct store *s, enum kind_id kind, int32_t i)
{
	struct values v = { 0 };
	char id[64];

	synth_id(kind, i, id, sizeof(id));
	set(&v, "id", "%s", id);
	set(&v, "index", "%d", i);
	synth_parent(s, kind, i, id, sizeof(id));
	set(&v, "parent", "%s", id);
	if (kind == KIND_TRAINING)
		training_values(&v, i);
	else if (kind == KIND_NOTEBOOK)
		notebook_values(&v, i);
	else if (kind == KIND_VERSION)
		version_values(&v, s, i);
	else if (kind == KIND_SERVICE_GROUP)
		group_values(&v, s, i);
	else if (kind == KIND_TASK)
		task_values(&v, s, i);
	else if (kind == KIND_RUN)
		run_values(&v, i);
	else
		set_time(&v, "created", created(i), 'T', "Z");
	fill(out, s->template[kind].data, &v);
}
