/*
 * rules.c - shared by the readers of a catalog file: rules for names, TTLs, and the known clouds.
 */
#include <string.h>

#include "reader.h"

const struct text_rule rule_name = {
	"a name of a-z, 0-9, _ and - that begins with a letter",
	TEXT_LOWER,
	TEXT_LOWER TEXT_DIGITS "_-",
	NULL,
};

const struct text_rule rule_member = {
	"a member's name",
	NULL,
	TEXT_LETTERS TEXT_DIGITS "_-",
	NULL,
};

/* No segment of a path with dots is empty. */
bool path_is_dotted(const char *text)
{
	return text[0] != '.' && strstr(text, "..") == NULL && text[strlen(text) - 1] != '.';
}

const struct text_rule rule_members = {
	.what = "a path of members, A.B.C",
	.rest = TEXT_LETTERS TEXT_DIGITS "_-.",
	.also = path_is_dotted,
};

/* Clouds need different members in a catalog. A new provider needs a row here. */
/* clang-format off */
static const struct cloud clouds[] = {
	{ "tencent", .has_paths = false },
	{ "baidu", .has_paths = true },
};
/* clang-format on */

enum { N_CLOUDS = sizeof clouds / sizeof clouds[0] };

const struct cloud *cloud_find(const char *name)
{
	for (size_t i = 0; i < N_CLOUDS; i++) {
		if (strcmp(clouds[i].name, name) == 0)
			return &clouds[i];
	}
	return NULL;
}

const struct loading *loading_of(const struct json_path *at)
{
	return at->file->context;
}

const struct ttl TTL_UNSET = { -1, -1, -1, -1 };

#define TTL(member, field) \
	{ \
		.name = member, .read = schema_count, .offset = offsetof(struct ttl, field), \
		.max = TTL_MAX_S \
	}

static const struct field ttl_fields[] = {
	TTL("live", live_s),
	TTL("terminal", terminal_s),
	TTL("list", list_s),
	TTL("miss", miss_s),
};
static const struct schema ttl_schema = SCHEMA(ttl_fields);

bool ttl_read(const struct json_path *at, const struct json *value, void *out, const struct field *field)
{
	(void)field;
	return schema_object(at, value, &ttl_schema, 1, out);
}

static void set_unset(int *field, int otherwise)
{
	if (*field < 0)
		*field = otherwise;
}

void ttl_default(struct ttl *ttl, const struct ttl *otherwise)
{
	set_unset(&ttl->live_s, otherwise->live_s);
	set_unset(&ttl->terminal_s, otherwise->terminal_s);
	set_unset(&ttl->list_s, otherwise->list_s);
	set_unset(&ttl->miss_s, otherwise->miss_s);
}
