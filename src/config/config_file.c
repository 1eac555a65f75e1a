/*
 * config_file.c - reads /etc/describefs and ~/.config/describefs: named mounts, and catalogs.
 *
 * A section's options are applied before those of the command line, which therefore win. A mistake in the
 * named section is refused with file and line; other sections are checked by doctor alone.
 */
#include "options.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/read_file.h"

enum { CATALOG_BYTES_MAX = 1 << 20, CONFIG_BYTES_MAX = 1 << 20, PATH_ROOM = 1 << 20 };

/* ---- named mounts ---- */

static bool read_file(struct config_file *file, const char *path, const struct config_places *places,
	struct buf *why)
{
	struct buf reason;
	size_t len;

	if (!path)
		return true;
	buf_init(&reason, PATH_ROOM);
	errno = 0;
	const struct file_trust trust = { places->invoker, FILE_DECIDES };
	char *text = file_read_trusted(NULL, path, CONFIG_BYTES_MAX, trust, &len, &reason);
	bool missing = !text && (errno == ENOENT || errno == ENOTDIR);
	if (!text && errno == EACCES)
		file_advise_home(NULL, places->home, path, &reason);
	bool good = text && ini_parse(&file->rows, text, len, &reason);
	if (good)
		file->path = path;
	else if (text)
		buf_printf(why, "%s:%s", path, reason.data);
	else if (!missing)
		buf_puts(why, reason.data);
	free(text);
	buf_release(&reason);
	return good || missing;
}

bool config_files_read(struct config_files *files, const struct config_places *places, struct buf *why)
{
	*files = (struct config_files){ .home = places->home };
	return read_file(&files->machine, places->machine, places, why) &&
		read_file(&files->user, places->user, places, why);
}

void config_files_release(struct config_files *files)
{
	ini_release(&files->machine.rows);
	ini_release(&files->user.rows);
}

static const struct config_file *file_of(const struct config_files *files, const char *section)
{
	if (!*section)
		return NULL;
	if (ini_has(&files->user.rows, section))
		return &files->user;
	return ini_has(&files->machine.rows, section) ? &files->machine : NULL;
}

bool config_files_have(const struct config_files *files, const char *section)
{
	return file_of(files, section);
}

void config_files_place(const struct config_files *files, const char *section, struct buf *out)
{
	const struct config_file *file = file_of(files, section);

	buf_printf(out, "%s:%u: [%s]", file->path, ini_line(&file->rows, section), section);
}

/* A section may occur several times in a file, and in both files. */
static bool is_first(const struct config_files *files, const struct config_file *file, size_t i)
{
	const char *section = file->rows.rows[i].section;

	if (file == &files->machine && ini_has(&files->user.rows, section))
		return false;
	for (size_t before = 0; before < i; before++)
		if (!strcmp(file->rows.rows[before].section, section))
			return false;
	return true;
}

void config_files_list(const struct config_files *files, struct texts *out)
{
	const struct config_file *const both[] = { &files->user, &files->machine };

	for (size_t n = 0; n < 2; n++)
		for (size_t i = 0; i < both[n]->rows.n; i++)
			if (!*both[n]->rows.rows[i].key && is_first(files, both[n], i))
				texts_add(out, xstrdup(both[n]->rows.rows[i].section));
}

/* Replaces ~ at the beginning of "~/x" by the user's home. The caller frees the result. */
static char *expand_home(const struct config_files *files, const char *value)
{
	struct buf whole;

	if (strncmp(value, "~/", 2) != 0 || !files->home)
		return xstrdup(value);
	buf_init(&whole, PATH_ROOM);
	buf_printf(&whole, "%s/%s", files->home, value + 2);
	return buf_take(&whole);
}

static bool take_sources(struct config *config, const char *value, struct buf *why)
{
	char *words = xstrdup(value), *state = NULL;
	bool good = true;

	for (char *word = strtok_r(words, " \t", &state); good && word; word = strtok_r(NULL, " \t", &state))
		good = config_add_source(config, word, why);
	free(words);
	return good;
}

static bool take_mountpoint(struct config *config, const struct config_files *files, const char *value,
	struct buf *why)
{
	char *path = expand_home(files, value);
	bool good = path[0] == '/';

	if (good) {
		free(config->mount.point);
		config->mount.point = path;
		return true;
	}
	buf_puts(why, "mountpoint: expected an absolute path, or one that begins with ~/");
	free(path);
	return false;
}

static bool is_of_sections(const char *word)
{
	return !strcmp(word, "source") || !strcmp(word, "mountpoint");
}

static bool refuse_unknown_key(const char *word, struct buf *why)
{
	static const char *const OF_SECTIONS[] = { "source", "mountpoint" }; /* in addition to the options */
	struct near_word near = { .word = word };

	if (is_of_sections(word)) {
		buf_printf(why, "%s belongs to a mount: put a line [NAME] above it", word);
		return false;
	}
	options_offer(&near, TAKES_MOUNT);
	for (size_t i = 0; i < 2; i++)
		near_offer(&near, OF_SECTIONS[i]);
	buf_printf(why, "unknown name %s", word);
	if (near.best)
		buf_printf(why, ": did you mean %s?", near.best);
	else
		buf_puts(why, ": describefs --help lists the options");
	return false;
}

/* source and pin may be repeated; any other key twice is a mistake. */
static bool is_again(const struct config_file *file, const struct ini_row *row)
{
	return *row->key && strcmp(row->key, "source") && strcmp(row->key, "pin") &&
		ini_again(&file->rows, row->section, row->key) == row;
}

static bool take_row(struct config *config, const struct config_files *files, const struct ini_row *row,
	struct buf *why)
{
	if (!*row->key) /* the line [SECTION] itself */
		return true;
	if (*row->section && !strcmp(row->key, "source"))
		return take_sources(config, row->value, why);
	if (*row->section && !strcmp(row->key, "mountpoint"))
		return take_mountpoint(config, files, row->value, why);
	if (options_is_unknown(row->key))
		return refuse_unknown_key(row->key, why);
	char *value = expand_home(files, row->value);
	bool good = options_take_row(config, row->key, value, why);
	free(value);
	return good;
}

static bool apply_section(const struct config_files *files, const struct config_file *file,
	const char *section, struct config *config, struct buf *why)
{
	struct buf reason;
	bool good = true;

	buf_init(&reason, PATH_ROOM);
	for (size_t i = 0; good && i < file->rows.n; i++) {
		const struct ini_row *row = &file->rows.rows[i];
		if (strcmp(row->section, section) != 0)
			continue;
		good = !is_again(file, row) && take_row(config, files, row, &reason);
		if (!good && !reason.len)
			buf_printf(&reason, "%s occurs twice: remove one", row->key);
		if (!good)
			buf_printf(why, "%s:%u: %s", file->path, row->line, reason.data);
	}
	buf_release(&reason);
	return good;
}

bool config_files_apply(const struct config_files *files, const char *section, struct config *config,
	struct buf *why)
{
	const struct config_file *file = section ? file_of(files, section) : NULL;

	if (!apply_section(files, &files->machine, "", config, why) ||
		!apply_section(files, &files->user, "", config, why))
		return false;
	if (!file)
		return true;
	if (!apply_section(files, file, section, config, why))
		return false;
	if (!config->n_sources) {
		config_files_place(files, section, why);
		buf_puts(why, " names no source: add a line such as source = tione:ap-shanghai");
	}
	return config->n_sources;
}

char *config_files_named(const struct config_files *files)
{
	const char *machine = files->machine.path, *user = files->user.path;
	struct buf text;

	if (!machine && !user)
		return NULL;
	buf_init(&text, PATH_ROOM);
	buf_printf(&text, "%s%s%s", machine ? machine : "", machine && user ? " " : "", user ? user : "");
	return buf_take(&text);
}

/* ---- the user's catalogs ---- */

static bool is_catalog_file(const char *name)
{
	size_t len = strlen(name);
	return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".json") == 0;
}

static bool list_catalogs(struct texts *names, const char *home, const char *directory, struct buf *why)
{
	DIR *open = opendir(directory);
	if (!open && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (!open) {
		int error = errno;
		buf_printf(why, "%s: %s", directory, strerror(error));
		if (error == EACCES)
			file_advise_home(NULL, home, directory, why);
		return false;
	}
	for (const struct dirent *entry; (entry = readdir(open));)
		if (is_catalog_file(entry->d_name))
			texts_add(names, xstrdup(entry->d_name));
	closedir(open);
	texts_sort(names);
	return true;
}

static bool load_catalog(struct catalogs *catalogs, const struct config_places *places, const char *directory,
	const char *name, struct buf *why)
{
	struct buf path;
	size_t len;
	buf_init(&path, PATH_ROOM);
	buf_printf(&path, "%s/%s", directory, name);
	const struct file_trust trust = { places->invoker, FILE_DECIDES };
	char *text = file_read_trusted(NULL, path.data, CATALOG_BYTES_MAX, trust, &len, why);
	if (!text && errno == EACCES)
		file_advise_home(NULL, places->home, path.data, why);
	bool good = text && catalogs_load(catalogs, path.data, text, len, why);
	free(text);
	buf_release(&path);
	return good;
}

void config_load_catalogs(struct catalogs *catalogs, const struct config_places *places,
	const char *directory, struct texts *mistakes)
{
	struct texts names = { 0 };
	struct buf why;

	buf_init(&why, PATH_ROOM);
	if (!list_catalogs(&names, places->home, directory, &why))
		texts_add(mistakes, buf_take(&why));
	if (names.n)
		catalogs_load_built_in(catalogs);
	for (size_t i = 0; i < names.n; i++)
		if (!load_catalog(catalogs, places, directory, names.v[i], &why))
			texts_add(mistakes, buf_take(&why));
	buf_release(&why);
	texts_release(&names);
}
