/*
 * reply.c - turns the answers of the sources into FUSE replies.
 *
 * Each id that is sent to the kernel is counted in the tree (sources_hold) until the kernel's FORGET.
 */
#include "reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "notify.h"

enum { BLOCK_BYTES = 512, OUTAGE_ATTR_S = 1 };

/* ---- entries and attributes ---- */

static double seconds(int64_t ms)
{
	return ms == TREE_FOR_EVER ? 365 * 86400.0 : (double)ms / 1000;
}

static void fill_stat(const struct front *front, fuse_ino_t id, const struct attr *attr, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_ino = attr->ino ^ sources_salt(front->sources, id);
	st->st_mode = S_ISLNK(attr->mode) ? attr->mode : attr->mode & ~front->ownership.umask;
	st->st_nlink = 1;
	st->st_uid = front->ownership.uid;
	st->st_gid = front->ownership.gid;
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

/* ---- replies ---- */

/*
 * During an outage KIND/ID/.wait must stay reachable, and the kernel's path to it is ID. So a LOOKUP of ID
 * that failed is answered with a directory that may not exist. The kernel may not cache it: a stat of ID
 * sends GETATTR next, which fails, as does everything in ID but .wait and .events.
 */
static bool is_way_to_wait_file(const struct pending_request *pending, const struct reply *reply)
{
	return reply->outcome == RESULT_FAILED && reply->entry.id && pending->reply == reply_lookup;
}

void reply_pending(void *arg, const struct reply *reply)
{
	struct pending_request *pending = arg;

	if (pending->wait)
		fuse_req_interrupt_func(pending->request, NULL, NULL);
	loop_timer_stop(pending->front->loop, pending->signal_check);
	if (is_way_to_wait_file(pending, reply))
		reply_lookup(pending, reply);
	else if (reply->outcome == RESULT_FAILED)
		fuse_reply_err(pending->request, error_errno(reply->error));
	else
		pending->reply(pending, reply);
	loop_busy(pending->front->loop);
	free(pending);
}

void reply_lookup(struct pending_request *pending, const struct reply *reply)
{
	struct fuse_entry_param param;

	if (reply->outcome == RESULT_ABSENT) {
		memset(&param, 0, sizeof(param)); /* ino 0: a negative entry, cached for absent_ms */
		param.entry_timeout = seconds(reply->absent_ms);
		if (reply->absent_ms > 0)
			fuse_reply_entry(pending->request, &param);
		else
			fuse_reply_err(pending->request, ENOENT);
		return;
	}
	fill_entry(pending->front, &reply->entry, &param);
	if (reply->outcome == RESULT_FAILED && pending->front->ownership.allow_other)
		/* or the kernel sends GETATTR for the modes, which fails */
		param.attr_timeout = OUTAGE_ATTR_S;
	sources_hold(pending->front->sources, param.ino, 1);
	if (fuse_reply_entry(pending->request, &param))
		sources_forget(pending->front->sources, param.ino, 1);
}

void reply_getattr(struct pending_request *pending, const struct reply *reply)
{
	struct stat st;

	/* an expired listing is invalidated before the reader's READDIR */
	bool notified = !reply->entry.reread || notify_directory(pending->front, pending->id);
	if (notify_delay(pending, reply_pending))
		return;
	fill_stat(pending->front, pending->id, &reply->entry.attr, &st);
	if (!notified) /* no child: another mtime makes the kernel drop the listing */
		st.st_mtim.tv_nsec ^= 1;
	fuse_reply_attr(pending->request, &st, seconds(reply->entry.attr_ms));
}

/* "." and ".." have the cookies 1 and 2; the tree's cookies are shifted by two. */
static size_t add_dots(const struct pending_request *pending, char *buffer, size_t used, uint64_t *at)
{
	static const char *const names[] = { ".", ".." };

	while (*at < 2) {
		struct fuse_entry_param param = { .attr = { .st_mode = S_IFDIR } };
		param.attr.st_ino = pending->id;
		size_t need = pending->plus ?
			fuse_add_direntry_plus(pending->request, buffer + used, pending->size - used,
				names[*at], &param, (off_t)*at + 1) :
			fuse_add_direntry(pending->request, buffer + used, pending->size - used, names[*at],
				&param.attr, (off_t)*at + 1);
		if (need > pending->size - used)
			return used;
		used += need;
		++*at;
	}
	return used;
}

void reply_readdir(struct pending_request *pending, const struct reply *reply)
{
	struct front *front = pending->front;
	struct query_time query = sources_now(front->sources);
	char *buffer = xmalloc(pending->size + 1);
	uint64_t at = (uint64_t)pending->offset, cookie;
	size_t used = add_dots(pending, buffer, 0, &at);
	struct entry entry;
	const char *name;

	/* data that was fresh for this READDIR stays fresh until its reply is complete */
	query.since_ms = pending->from_cache ? TREE_KNOWN : 0;
	cookie = reply->cookie;
	while (at >= 2 && sources_next(front->sources, pending->id, &cookie, &name, &entry, query)) {
		struct fuse_entry_param param;
		fill_entry(front, &entry, &param);
		size_t need = pending->plus ?
			fuse_add_direntry_plus(pending->request, buffer + used, pending->size - used, name,
				&param, (off_t)cookie + 2) :
			fuse_add_direntry(pending->request, buffer + used, pending->size - used, name,
				&param.attr, (off_t)cookie + 2);
		if (need > pending->size - used)
			break;
		used += need;
		if (pending->plus && entry.id)
			sources_hold(front->sources, entry.id, 1);
	}
	sources_handed(front->sources, pending->id, !pending->offset, !used);
	fuse_reply_buf(pending->request, buffer, used);
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
