/*
 * hash.h - 64-bit hashes of bytes and texts.
 *
 * hash_bytes gives the same number on every machine; a peer can choose bytes that collide. hash_keyed is for
 * texts that a peer or another user chooses: without the key they cannot find texts that collide.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_HASH_H
#define DESCRIBEFS_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The finalizer of MurmurHash3 (fmix64): every bit of the input changes about half of the output. */
static inline uint64_t hash_mix(uint64_t word)
{
	word = (word ^ word >> 33) * UINT64_C(0xff51afd7ed558ccd);
	word = (word ^ word >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return word ^ word >> 33;
}

/*
 * FNV-1a and hash_mix. From HASH_LANES_MIN bytes on it reads words of 8 bytes in four lanes instead, because
 * FNV-1a takes 11 ms for 8 MiB.
 */
enum { HASH_LANES_MIN = 64 << 10 };
uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len);
uint64_t hash_text(uint64_t seed, const char *text);
/* SipHash-2-4. */
uint64_t hash_keyed(const uint64_t key[2], const void *bytes, size_t len);

#endif
