/*
 * render.h - renders one API object into the entries of a snapshot: names, types and bytes, without hashes.
 *
 * Only snapshot.c includes this. Pure.
 */
#ifndef DESCRIBEFS_RENDER_H
#define DESCRIBEFS_RENDER_H

#include "render/snapshot.h"

/* A snapshot while it is built. Its invariants are the snapshot's; only the hashes are missing. */
struct rendering {
	struct buf entries; /* struct snapshot_entry */
	struct buf by_name; /* uint32_t */
	struct buf text;
	uint64_t content; /* hash of describe.json, even if that is not among the entries */
};

void rendering_init(struct rendering *rendering);
void rendering_release(struct rendering *rendering);
/* A ceiling was reached or memory is out. */
bool rendering_full(const struct rendering *rendering);
/* Appends the text and a NUL. Returns its offset. */
uint32_t rendering_put(struct rendering *rendering, const char *text);

/* Renders into an empty rendering. It is full afterwards if something did not fit. */
void render_object(struct rendering *out, const struct kind *kind, const struct json *object,
	const struct snapshot_style *style);
/*
 * The hash of a file's bytes. A secret file's also depends on the key and on its path, whose hash is `path`.
 */
uint64_t render_hash(const void *bytes, size_t size, bool secret, const unsigned char *key, uint64_t path);

#endif
