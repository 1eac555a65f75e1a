/* Filters and TagFilters. */
#include "tencent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct tc_filter_name *filter_name(const struct tc_action *action, struct slice name)
{
	for (const struct tc_filter_name *f = action->filters; f && f->name; f++)
		if (name.n == strlen(f->name) + 2 && !memcmp(name.p + 1, f->name, name.n - 2))
			return f;
	return NULL;
}

bool tencent_check_filters(struct call *call, const struct tc_action *action, struct slice body)
{
	struct slice filters = jtext_member(body, "Filters"), item;
	bool status = false, charge = false;

	for (size_t pos = 0; jtext_next(filters, &pos, &item);) {
		struct slice name = jtext_member(item, "Name");
		const struct tc_filter_name *f = name.p ? filter_name(action, name) : NULL;

		if (!f) {
			tencent_error(call, "InvalidParameterValue.InvalidFilter",
				      "A filter name is missing or not supported by this action.");
			return false;
		}
		status |= !strcmp(f->name, "Status");
		charge |= action->charge_filter && !strcmp(f->name, action->charge_filter);
	}
	if (status && charge) {
		tencent_error(call, "InvalidParameter.FilterKeyStatusConflictWithChargeStatus",
			      "The filters Status and ChargeStatus cannot be used together.");
		return false;
	}
	return true;
}

/* A string value against the member: its text, an element of a list, or text inside an object. */
static bool value_hits(struct slice member, struct slice wanted, bool fuzzy)
{
	char *want = jtext_string(wanted, NULL), *have = jtext_string(member, NULL);
	char *raw = text_dup_n(member.p ? member.p : "", member.n);
	char quoted[300];
	bool hit;

	if (have) {
		hit = fuzzy ? strstr(have, want) != NULL : !strcmp(have, want);
	} else if (jtext_type(member) == '[' || jtext_type(member) == '{') {
		snprintf(quoted, sizeof(quoted), "\"%s\"", want);
		hit = strstr(raw, quoted) != NULL;
	} else {
		hit = !strcmp(raw, want);
	}
	free(want);
	free(have);
	free(raw);
	return hit;
}

static bool filter_passes(const struct tc_action *action, struct slice filter, struct slice item)
{
	const struct tc_filter_name *f = filter_name(action, jtext_member(filter, "Name"));
	struct slice values = jtext_member(filter, "Values"), value;
	bool fuzzy = jtext_is(jtext_member(filter, "Fuzzy"), "true");
	bool negative = jtext_is(jtext_member(filter, "Negative"), "true");
	struct slice member = jtext_member(item, f->member);
	bool hit = false, any = false;

	for (size_t pos = 0; !hit && jtext_next(values, &pos, &value); any = true)
		hit = value_hits(member, value, fuzzy);
	return (!any && !hit) || hit != negative;
}

static bool tag_passes(struct slice filter, struct slice item)
{
	struct slice key = jtext_member(filter, "TagKey");
	struct slice values = jtext_member(filter, "TagValues"), tags, tag, value;

	tags = jtext_member(item, "Tags");
	if (!tags.p)
		tags = jtext_member(item, "TagSet");
	for (size_t pos = 0; jtext_next(tags, &pos, &tag);) {
		struct slice k = jtext_member(tag, "TagKey"), v = jtext_member(tag, "TagValue");
		bool any = false;

		if (!key.p || k.n != key.n || memcmp(k.p, key.p, k.n))
			continue;
		for (size_t at = 0; jtext_next(values, &at, &value); any = true)
			if (value.n == v.n && !memcmp(value.p, v.p, v.n))
				return true;
		if (!any)
			return true;
	}
	return false;
}

bool tencent_passes(const struct tc_action *action, struct slice body, struct slice item)
{
	struct slice filters = jtext_member(body, "Filters");
	struct slice tags = jtext_member(body, "TagFilters"), one;

	for (size_t pos = 0; jtext_next(filters, &pos, &one);)
		if (!filter_passes(action, one, item))
			return false;
	for (size_t pos = 0; jtext_next(tags, &pos, &one);)
		if (!tag_passes(one, item))
			return false;
	return true;
}
