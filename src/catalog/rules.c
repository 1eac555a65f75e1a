/*
 * rules.c - what the readers of a catalog file share: the forms of names, the clouds that are known.
 */
#include <string.h>

#include "reader.h"

const struct form form_name = {
	"a name of a-z, 0-9, _ and - that begins with a letter",
	FORM_LOWER,
	FORM_LOWER FORM_DIGITS "_-",
	NULL,
};

const struct form form_member = {
	"a member's name",
	NULL,
	FORM_LETTERS FORM_DIGITS "_-",
	NULL,
};

/* No segment of a path with dots is empty. */
bool path_is_dotted(const char *text)
{
	return text[0] != '.' && strstr(text, "..") == NULL && text[strlen(text) - 1] != '.';
}

const struct form form_members = {
	.what = "a path of members, A.B.C",
	.rest = FORM_LETTERS FORM_DIGITS "_-.",
	.also = path_is_dotted,
};

/* What a catalog has to say is different from cloud to cloud; a new provider needs a row here. */
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

void ttl_default(int *field, int otherwise)
{
	if (*field < 0)
		*field = otherwise;
}
