/*
 * profiles.c - the names of the existing profiles, for the message about an unknown one.
 */
#include "lookup.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 20 };

static bool profiles_have(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

struct profiles {
	char *names[SHOWN_MAX];
	size_t n;
};

/* Takes ownership of `name`. */
static void profiles_add(struct profiles *profiles, char *name)
{
	for (char *at = name; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	if (!*name || profiles->n == SHOWN_MAX ||
		profiles_have((const char *const *)profiles->names, profiles->n, name))
		free(name);
	else
		profiles->names[profiles->n++] = name;
}

static void add_files(struct profiles *profiles, const struct credential_chain *chain, const char *directory)
{
	static const char END[] = ".credential";
	DIR *open = file_list(chain->cover, directory);
	for (const struct dirent *entry; open && (entry = readdir(open));) {
		size_t len = strlen(entry->d_name), end = sizeof END - 1;
		if (len > end && strcmp(entry->d_name + len - end, END) == 0)
			profiles_add(profiles, xstrndup(entry->d_name, len - end));
	}
	if (open)
		closedir(open);
}

static void add_sections(struct profiles *profiles, const struct credential_chain *chain, const char *path)
{
	struct buf ignored;
	struct ini ini = { 0 };
	size_t len;
	buf_init(&ignored, CREDENTIAL_PATH_MAX);
	char *text = lookup_read(chain, path, FILE_SECRET, &len, &ignored);
	if (text && ini_parse(&ini, text, len, &ignored))
		for (size_t i = 0; i < ini.n; i++)
			if (!*ini.rows[i].key)
				profiles_add(profiles, xstrdup(ini.rows[i].section));
	if (text)
		explicit_bzero(text, len);
	free(text);
	ini_release(&ini);
	buf_release(&ignored);
}

static int compare_profiles(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void profiles_list(const struct credential_chain *chain, const char *sdk_path, struct buf *out)
{
	struct profiles profiles = { .n = 0 };
	struct buf directory;
	buf_init(&directory, CREDENTIAL_PATH_MAX);
	if (chain->home && buf_printf(&directory, "%s/.tccli", chain->home))
		add_files(&profiles, chain, directory.data);
	buf_release(&directory);
	add_sections(&profiles, chain, sdk_path);
	qsort(profiles.names, profiles.n, sizeof *profiles.names, compare_profiles);
	for (size_t i = 0; i < profiles.n; i++) {
		buf_printf(out, "%s%s", i ? ", " : "", profiles.names[i]);
		free(profiles.names[i]);
	}
}
