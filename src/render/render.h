/*
 * render.h - one API object into the entries of a snapshot: names, shapes and bytes, no hashes yet.
 *
 * Only snapshot.c includes this.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_RENDER_H
#define DESCRIBEFS_RENDER_H

#include "render/snapshot.h"

/* A snapshot that still grows.  It has the same invariants; only the hashes are missing. */
struct rendering {
	struct buf entries; /* struct snapshot_entry */
	struct buf by_name; /* uint32_t */
	struct buf text;
	uint64_t content; /* hash of describe.json, whether it is among the entries or not */
};

void rendering_init(struct rendering *rendering);
void rendering_release(struct rendering *rendering);
/* Something did not fit. */
bool rendering_full(const struct rendering *rendering);
/* Adds the text and a NUL; its offset. */
uint32_t rendering_put(struct rendering *rendering, const char *text);

/* Into an empty rendering; what did not fit makes it full. */
void render_object(struct rendering *out, const struct kind *kind, const struct json *object,
	const struct snapshot_style *style);
/* Of the bytes of a file: a secret one's depends on the key and on its path, of which `path` is a hash. */
uint64_t render_hash(const void *bytes, size_t size, bool secret, const unsigned char *key, uint64_t path);

#endif
