/*
 * front_reply.c - what the kernel is told: the tree's entries as libfuse wants them.
 *
 * What is handed to the kernel with an id is held in the tree, until the kernel forgets it.
 */
#include "front_notify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BLOCK_BYTES = 512, THROUGH_S = 1 };

/* ---- entries and attributes ---- */

static double seconds(int64_t ms)
{
	return ms == TREE_FOR_EVER ? 365 * 86400.0 : (double)ms / 1000;
}

static void fill_stat(const struct front *front, fuse_ino_t id, const struct attr *attr, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_ino = attr->ino ^ sources_salt(front->sources, id);
	st->st_mode = S_ISLNK(attr->mode) ? attr->mode : attr->mode & ~front->umask;
	st->st_nlink = 1;
	st->st_uid = front->uid;
	st->st_gid = front->gid;
	st->st_size = (off_t)attr->size;
	st->st_blksize = 4096;
	st->st_blocks = (blkcnt_t)((attr->size + BLOCK_BYTES - 1) / BLOCK_BYTES);
	st->st_mtim.tv_sec = attr->mtime_s;
	st->st_mtim.tv_nsec = attr->mtime_ns;
	st->st_atim = st->st_ctim = st->st_mtim;
	if (attr->changed_s > attr->mtime_s)
		st->st_ctim = (struct timespec){ .tv_sec = attr->changed_s };
}

static void fill_entry(const struct front *front, const struct entry *entry, struct fuse_entry_param *param)
{
	memset(param, 0, sizeof(*param));
	param->ino = entry->id;
	param->attr_timeout = seconds(entry->attr_ms);
	param->entry_timeout = seconds(entry->entry_ms);
	fill_stat(front, entry->id, &entry->attr, &param->attr);
}

/* ---- answers ---- */

/*
 * The way to KIND/ID/.wait leads through ID, and no outage may end a wait.  So the kernel is told of a
 * directory that may not be there.  It relies on that for no time: a stat of it asks for attributes next, and
 * fails, as does all that is in it but .wait and .events.
 */
bool reply_leads_through(const struct parked *parked, const struct reply *reply)
{
	return reply->outcome == RESULT_FAILED && reply->entry.id && parked->reply == reply_lookup;
}

void reply_lookup(struct parked *parked, const struct reply *reply)
{
	struct fuse_entry_param param;

	if (reply->outcome == RESULT_ABSENT) {
		memset(&param, 0, sizeof(param)); /* a name that is known not to be: kept for a while */
		param.entry_timeout = seconds(reply->absent_ms);
		if (reply->absent_ms > 0)
			fuse_reply_entry(parked->request, &param);
		else
			fuse_reply_err(parked->request, ENOENT);
		return;
	}
	fill_entry(parked->front, &reply->entry, &param);
	if (reply->outcome == RESULT_FAILED && parked->front->checks_modes)
		param.attr_timeout = THROUGH_S; /* else the kernel asks for the modes on its way */
	sources_hold(parked->front->sources, param.ino, 1);
	if (fuse_reply_entry(parked->request, &param))
		sources_forget(parked->front->sources, param.ino, 1);
}

void reply_getattr(struct parked *parked, const struct reply *reply)
{
	struct stat st;

	/* before its pass goes on */
	bool told = !reply->entry.reread || notify_directory(parked->front, parked->id);
	if (notify_holds_back(parked))
		return;
	fill_stat(parked->front, parked->id, &reply->entry.attr, &st);
	if (!told) /* there can be no child */
		st.st_mtim.tv_nsec ^= 1;
	fuse_reply_attr(parked->request, &st, seconds(reply->entry.attr_ms));
}

/* "." and ".." have the cookies 1 and 2; the tree's are moved up by two. */
static size_t add_dots(const struct parked *parked, char *buffer, size_t used, uint64_t *at)
{
	static const char *const names[] = { ".", ".." };

	while (*at < 2) {
		struct fuse_entry_param param = { .attr = { .st_mode = S_IFDIR } };
		param.attr.st_ino = parked->id;
		size_t need = parked->plus ?
			fuse_add_direntry_plus(parked->request, buffer + used, parked->size - used,
				names[*at], &param, (off_t)*at + 1) :
			fuse_add_direntry(parked->request, buffer + used, parked->size - used, names[*at],
				&param.attr, (off_t)*at + 1);
		if (need > parked->size - used)
			return used;
		used += need;
		++*at;
	}
	return used;
}

void reply_readdir(struct parked *parked, const struct reply *reply)
{
	struct front *front = parked->front;
	struct query_time query = sources_now(front->sources);
	char *buffer = xmalloc(parked->size + 1);
	uint64_t at = (uint64_t)parked->offset, cookie;
	size_t used = add_dots(parked, buffer, 0, &at);
	struct entry entry;
	const char *name;

	/* what was just found fresh enough stays so to the end of this answer */
	query.since_ms = parked->walk ? TREE_KNOWN : 0;
	cookie = reply->cookie;
	while (at >= 2 && sources_next(front->sources, parked->id, &cookie, &name, &entry, query)) {
		struct fuse_entry_param param;
		fill_entry(front, &entry, &param);
		size_t need = parked->plus ?
			fuse_add_direntry_plus(parked->request, buffer + used, parked->size - used, name,
				&param, (off_t)cookie + 2) :
			fuse_add_direntry(parked->request, buffer + used, parked->size - used, name,
				&param.attr, (off_t)cookie + 2);
		if (need > parked->size - used)
			break;
		used += need;
		if (parked->plus && entry.id)
			sources_hold(front->sources, entry.id, 1);
	}
	sources_handed(front->sources, parked->id, !parked->offset, !used);
	fuse_reply_buf(parked->request, buffer, used);
	free(buffer);
}

void reply_sized(fuse_req_t request, const struct buf *value, size_t size)
{
	if (!size)
		fuse_reply_xattr(request, value->len);
	else if (value->len > size)
		fuse_reply_err(request, ERANGE);
	else
		fuse_reply_buf(request, value->data, value->len);
}
