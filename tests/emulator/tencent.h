#ifndef EMULATOR_TENCENT_H
#define EMULATOR_TENCENT_H

#include "call.h"
#include "plan.h"
#include "store.h"

struct tc_rule {
	const char *name;
	char type; /* s string, i integer, b boolean, F filters, T tag filters */
	bool required;
};

/* A filter name and the member of the list item that it looks at. */
struct tc_filter_name {
	const char *name;
	const char *member;
};

enum tc_shape { TC_DETAIL, TC_LIST, TC_VERSIONS };

struct tc_action {
	const char *name;
	enum tc_shape shape;
	enum kind_id kind;
	const char *member;    /* of the answer: the object or the list */
	const char *id_member; /* of the request: the resource, or the parent of the list */
	const char *not_found;
	int64_t limit, limit_max; /* default and largest */
	const char *order_field[4];
	enum order_time order_by[4];
	const struct tc_rule *rules;
	const struct tc_filter_name *filters;
	const char *charge_filter; /* cannot be used together with Status */
	bool total_first;      /* TotalCount before the list, as the samples have it */
	bool request_id_first; /* as the seed has it */
	bool withdrawn;        /* answered only with --models-list */
};

/* Host, method, content type and the parameters that the signature does not depend on. */
bool tencent_form_fits(struct call *call, const char *const *hosts);
bool tencent_missing(struct call *call, const char *header, const char *name);
const struct tc_action *tencent_action(const char *name);
/* False after it has filled an error. */
bool tencent_check_body(struct call *call, const struct tc_action *action, struct slice body);
bool tencent_check_filters(struct call *call, const struct tc_action *action, struct slice body);
/* Does a list item pass Filters and TagFilters? */
bool tencent_passes(const struct tc_action *action, struct slice body, struct slice item);

#endif
