/*
 * hash.c - 64-bit hashes: FNV-1a with a final mix, four lanes for long texts, and SipHash-2-4.
 */
#include "base/hash.h"

#include <string.h>

/* The little-endian word of eight bytes. */
static uint64_t read_word(const unsigned char *at)
{
	uint64_t word = 0;
	for (size_t i = 0; i < 8; i++) /* compiles to one load */
		word |= (uint64_t)at[i] << (8 * i);
	return word;
}

enum { LANES = 4, STRIDE = 8 * LANES };

/* Hashes the whole strides of a long text into one number. */
static uint64_t hash_lanes(uint64_t seed, const unsigned char *at, size_t strides)
{
	uint64_t lanes[LANES], hash = seed;
	for (size_t lane = 0; lane < LANES; lane++)
		lanes[lane] = hash_mix(seed + lane);
	for (; strides > 0; strides--)
		for (size_t lane = 0; lane < LANES; lane++, at += 8) {
			uint64_t word = (lanes[lane] ^ read_word(at)) * UINT64_C(0xff51afd7ed558ccd);
			lanes[lane] = word ^ word >> 32;
		}
	for (size_t lane = 0; lane < LANES; lane++)
		hash = hash_mix(hash ^ lanes[lane]);
	return hash;
}

/* The final mix is needed: FNV-1a alone leaves the high bits of short texts nearly equal. */
uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len)
{
	const unsigned char *at = bytes, *end = at + len;
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ hash_mix(seed);
	if (len >= HASH_LANES_MIN) {
		hash = hash_lanes(hash, at, len / STRIDE);
		at += len / STRIDE * STRIDE;
	}
	for (; at < end; at++)
		hash = (hash ^ *at) * UINT64_C(0x100000001b3);
	return hash_mix(hash);
}

uint64_t hash_text(uint64_t seed, const char *text)
{
	return hash_bytes(seed, text, strlen(text));
}

/* SipHash-2-4, as published by Aumasson and Bernstein. */

static uint64_t rotate_left(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static void sip_rounds(uint64_t v[4], int n)
{
	for (; n > 0; n--) {
		v[0] += v[1];
		v[1] = rotate_left(v[1], 13) ^ v[0];
		v[0] = rotate_left(v[0], 32);
		v[2] += v[3];
		v[3] = rotate_left(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate_left(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate_left(v[1], 17) ^ v[2];
		v[2] = rotate_left(v[2], 32);
	}
}

/* SipHash's last word: the at most seven bytes left, little-endian, and the length's lowest byte. */
static uint64_t sip_last_word(const unsigned char *at, size_t left, size_t len)
{
	uint64_t word = (uint64_t)len << 56;
	for (size_t i = 0; i < left; i++)
		word |= (uint64_t)at[i] << (8 * i);
	return word;
}

uint64_t hash_keyed(const uint64_t key[2], const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint64_t v[4] = { key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573) };
	for (size_t left = len;; left -= 8, at += 8) {
		uint64_t word = left < 8 ? sip_last_word(at, left, len) : read_word(at);
		v[3] ^= word;
		sip_rounds(v, 2);
		v[0] ^= word;
		if (left < 8)
			break;
	}
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
