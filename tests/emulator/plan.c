#include "plan.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const char *const verb_names[PLAN_VERBS] = {
	[PLAN_ERROR] = "error",
	[PLAN_HTTP] = "http",
	[PLAN_BODY] = "body",
	[PLAN_RAW] = "raw",
	[PLAN_DELAY] = "delay",
	[PLAN_STALL] = "stall",
	[PLAN_HALF_OPEN] = "half_open",
	[PLAN_RESET] = "reset",
	[PLAN_CLOSE_EARLY] = "close_early",
	[PLAN_SLICE] = "slice",
	[PLAN_BANDWIDTH] = "bandwidth",
	[PLAN_WRONG_LENGTH] = "wrong_length",
	[PLAN_REDIRECT] = "redirect",
	[PLAN_DATE_OFFSET] = "date_offset",
	[PLAN_ENDLESS] = "endless",
	[PLAN_GZIP] = "gzip",
	[PLAN_PAGE_REPEAT] = "page_repeat_marker",
	[PLAN_PAGE_SHORT] = "page_short",
	[PLAN_PAGE_SHIFT] = "page_shift",
	[PLAN_TOTAL_LIES] = "total_lies",
	[PLAN_LIMIT_MAX] = "limit_max",
};

const char *plan_verb_name(enum plan_verb verb)
{
	return verb_names[verb];
}

bool plan_is(const struct plan *plan, enum plan_verb verb)
{
	return plan && plan->verb == verb;
}

bool plan_add(struct plans *plans, struct slice object)
{
	char *verb = jtext_member_string(object, "do"), *action;
	struct plan *plan, **end;
	int i = 0;

	while (i < PLAN_VERBS && (!verb || strcmp(verb, verb_names[i])))
		i++;
	free(verb);
	if (i == PLAN_VERBS)
		return false;
	plan = text_alloc(sizeof(*plan));
	plan->verb = (enum plan_verb)i;
	plan->args = text_dup_n(object.p, object.n);
	action = jtext_member_string(object, "action");
	plan->action = action ? action : text_dup("*");
	plan->id = jtext_member_string(object, "id");
	plan->from = plan_int(plan, "from", 1);
	plan->count = plan_int(plan, "count", 1);
	plan->percent = plan_int(plan, "percent", 100);
	plan->reused = jtext_is(plan_value(plan, "reused"), "true");
	for (end = &plans->first; *end; end = &(*end)->next)
		;
	*end = plan;
	return true;
}

void plan_clear(struct plans *plans)
{
	while (plans->first) {
		struct plan *plan = plans->first;

		plans->first = plan->next;
		free(plan->action);
		free(plan->id);
		free(plan->args);
		free(plan);
	}
}

/* Repeatable: the sequence starts anew with every process. */
static int64_t dice(struct plans *plans)
{
	plans->random = plans->random * 1664525 + 1013904223;
	return (plans->random >> 16) % 100;
}

const struct plan *plan_take(struct plans *plans, const char *action, const char *id, bool reused)
{
	const struct plan *taken = NULL;

	for (struct plan *p = plans->first; p; p = p->next) {
		if (strcmp(p->action, "*") && strcmp(p->action, action))
			continue;
		if ((p->id && strcmp(p->id, id)) || (p->reused && !reused))
			continue;
		p->seen++;
		if (taken || p->seen < p->from ||
		    (p->count >= 0 && p->seen >= p->from + p->count))
			continue;
		if (p->percent >= 100 || dice(plans) < p->percent)
			taken = p;
	}
	return taken;
}

struct slice plan_value(const struct plan *plan, const char *name)
{
	return jtext_member(jtext_slice(plan->args), name);
}

int64_t plan_int(const struct plan *plan, const char *name, int64_t otherwise)
{
	return jtext_member_int(jtext_slice(plan->args), name, otherwise);
}

char *plan_string(const struct plan *plan, const char *name)
{
	return jtext_string(plan_value(plan, name), NULL);
}

static bool add_base64(struct text *out, const char *s)
{
	size_t n = strlen(s);
	unsigned char *bytes = text_alloc(n + 4);
	int len = EVP_DecodeBlock(bytes, (const unsigned char *)s, (int)n);

	for (size_t i = n; len > 0 && i > 0 && s[i - 1] == '='; i--)
		len--;
	if (len >= 0)
		text_add(out, bytes, (size_t)len);
	free(bytes);
	return len >= 0;
}

bool plan_bytes(const struct plan *plan, struct text *out)
{
	char *base64 = plan_string(plan, "base64"), *file = plan_string(plan, "file");
	struct slice body = plan_value(plan, "body");
	bool found = false;
	size_t n;

	text_add(out, "", 0);
	if (base64) {
		found = add_base64(out, base64);
	} else if (file) {
		found = text_add_file(out, file);
	} else if (jtext_type(body) == '"') {
		char *s = jtext_string(body, &n);

		text_add(out, s, n);
		free(s);
		found = true;
	} else if (body.p) { /* JSON given as JSON: sent with the same characters */
		text_add(out, body.p, body.n);
		found = true;
	}
	free(base64);
	free(file);
	return found;
}
