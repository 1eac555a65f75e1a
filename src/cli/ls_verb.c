/*
 * ls_verb.c - `describefs ls`.
 *
 * As ls(1): files first, then each directory, with a heading if there are several.
 */
#include "cli.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/shown.h"

enum { BLOCK_BYTES = 512, OWNER_MAX = 64 };

/* Owner and mode mask, as a mount would show them. */
struct owner {
	char user[OWNER_MAX], group[OWNER_MAX];
	mode_t umask;
};

struct listing {
	struct cli *cli;
	bool is_long;
	struct owner owner;
	struct buf text;
};

static void copy_name(char *field, const char *name, int64_t id)
{
	struct buf text;

	buf_init(&text, OWNER_MAX - 1);
	if (!name || !shown_add(&text, name, "")) {
		buf_clear(&text);
		buf_printf(&text, "%lld", (long long)id);
	}
	memcpy(field, text.data, text.len + 1);
	buf_release(&text);
}

static void find_owner(struct owner *owner, const struct config *config)
{
	int64_t uid = config->mount.uid >= 0 ? config->mount.uid : geteuid();
	int64_t gid = config->mount.gid >= 0 ? config->mount.gid : getegid();
	const struct passwd *user = getpwuid((uid_t)uid);

	copy_name(owner->user, user ? user->pw_name : NULL, uid);
	const struct group *group = getgrgid((gid_t)gid);
	copy_name(owner->group, group ? group->gr_name : NULL, gid);
	owner->umask = config->mount.umask > 0 ? (mode_t)config->mount.umask : 0;
}

static void listing_add_mode(struct buf *out, mode_t mode)
{
	static const char LETTERS[] = "rwxrwxrwx";

	buf_putc(out, S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : '-');
	for (unsigned i = 0; i < 9; i++)
		buf_putc(out, mode & (0400u >> i) ? LETTERS[i] : '-');
}

static void listing_add_time(struct buf *out, int64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm local;
	char text[32] = "?";

	if (localtime_r(&time, &local))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &local);
	buf_puts(out, text);
}

/* One line. */
static void listing_add_entry(struct listing *listing, const struct entry *entry, const char *name, int width)
{
	const struct attr *attr = &entry->attr;
	struct buf *out = &listing->text;

	if (listing->is_long) {
		listing_add_mode(out, S_ISLNK(attr->mode) ? attr->mode : attr->mode & ~listing->owner.umask);
		buf_printf(out, " 1 %s %s %*llu ", listing->owner.user, listing->owner.group, width,
			(unsigned long long)attr->size);
		listing_add_time(out, attr->mtime_s);
		buf_putc(out, ' ');
	}
	shown_add(out, name, "");
	const char *target = listing->is_long && S_ISLNK(attr->mode) ?
		sources_link(listing->cli->sources, entry->id) :
		NULL;
	if (target) {
		buf_puts(out, " -> ");
		shown_add(out, target, "");
	}
	buf_putc(out, '\n');
}

static int digits_of(uint64_t number)
{
	int width = 1;

	while (number /= 10)
		width++;
	return width;
}

/* Looks all names up first, because the column of sizes is aligned. */
static int print_long(struct listing *listing, const char *path, uint64_t id, const struct texts *names)
{
	struct entry *entries = xcalloc(names->n + 1, sizeof(*entries));
	uint64_t largest = 0, blocks = 0;
	int status = 0;

	for (size_t i = 0; i < names->n; i++) {
		struct reply reply = cli_ask(listing->cli, ASK_LOOKUP, id, names->v[i]);
		int error = cli_errno(&reply);
		if (error) {
			struct buf whole;
			buf_init(&whole, SIZE_MAX);
			buf_printf(&whole, "%s/%s", path, names->v[i]);
			status = cli_complain(listing->cli, whole.data, error);
			buf_release(&whole);
			continue;
		}
		sources_hold(listing->cli->sources, reply.entry.id, 1);
		entries[i] = reply.entry;
		blocks += (reply.entry.attr.size + BLOCK_BYTES - 1) / BLOCK_BYTES;
		largest = reply.entry.attr.size > largest ? reply.entry.attr.size : largest;
	}
	buf_printf(&listing->text, "total %llu\n", (unsigned long long)(blocks + 1) / 2);
	for (size_t i = 0; i < names->n; i++)
		if (entries[i].id)
			listing_add_entry(listing, &entries[i], names->v[i], digits_of(largest));
	free(entries);
	return status;
}

static int print_directory(struct listing *listing, const char *path, uint64_t id)
{
	const struct entry plain = { 0 };
	struct texts names;
	int status = 0, error = cli_names(listing->cli, id, &names);

	if (error)
		return cli_complain(listing->cli, path, error);
	if (listing->is_long)
		status = print_long(listing, path, id, &names);
	for (size_t i = 0; !listing->is_long && i < names.n; i++)
		listing_add_entry(listing, &plain, names.v[i], 0);
	texts_release(&names);
	output_take(&listing->cli->output, &listing->text);
	return status;
}

/* The heading of a directory, after an empty line. */
static void listing_add_heading(struct listing *listing, const char *path, bool is_first)
{
	if (!is_first)
		buf_putc(&listing->text, '\n');
	shown_add(&listing->text, path, "");
	buf_puts(&listing->text, ":\n");
}

static bool is_shown_as_directory(const struct entry *entry)
{
	return S_ISDIR(entry->attr.mode);
}

/* Resolves each path; prints an error for one that fails, and leaves its entry zero. */
static int look_up(struct cli *cli, const struct texts *paths, bool is_long, struct entry *entries)
{
	int status = 0;

	for (size_t i = 0; i < paths->n; i++) {
		int error = cli_walk(cli, paths->v[i], !is_long, &entries[i]);
		if (error) {
			status = cli_complain(cli, paths->v[i], error);
			entries[i] = (struct entry){ 0 };
		}
	}
	return status;
}

int cli_list(struct cli *cli, const struct texts *paths, bool is_long)
{
	struct listing listing = { .cli = cli, .is_long = is_long };
	struct entry *entries = xcalloc(paths->n, sizeof(*entries));
	uint64_t largest = 0;
	bool is_first = true;

	if (is_long)
		find_owner(&listing.owner, cli->sources->setting.config);
	buf_init(&listing.text, SIZE_MAX);
	int status = look_up(cli, paths, is_long, entries);
	for (size_t i = 0; i < paths->n; i++)
		if (!is_shown_as_directory(&entries[i]) && entries[i].attr.size > largest)
			largest = entries[i].attr.size;
	for (size_t i = 0; i < paths->n; i++) {
		if (!entries[i].attr.mode || is_shown_as_directory(&entries[i]))
			continue;
		listing_add_entry(&listing, &entries[i], paths->v[i], digits_of(largest));
		is_first = false;
	}
	for (size_t i = 0; i < paths->n && output_take(&cli->output, &listing.text); i++) {
		if (!is_shown_as_directory(&entries[i]))
			continue;
		if (paths->n > 1)
			listing_add_heading(&listing, paths->v[i], is_first);
		is_first = false;
		status |= print_directory(&listing, paths->v[i], entries[i].id);
	}
	output_take(&cli->output, &listing.text);
	buf_release(&listing.text);
	free(entries);
	return status;
}
