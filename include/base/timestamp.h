/*
 * timestamp.h - parses the timestamps of the clouds and of HTTP, and formats RFC 3339.
 *
 * Accepted: 2025-05-28T18:18:33+08 | 2025-11-21 00:00:00 (without a zone: China time, UTC+8) |
 * 2022-09-06T08:34:13Z | 2021-11-30T16:22:09+08:00 | 2022-01-11T04:14:36.348499491Z. T and Z may be lower
 * case. A leap second (:60 at the end of a UTC day) is the following second. "", null, 0000-00-00... and
 * every time before 1980 are no timestamp: APIs use them for a time that was never set.
 *
 * Pure; reads no clock. Times are Unix seconds.
 */
#ifndef DESCRIBEFS_TIMESTAMP_H
#define DESCRIBEFS_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

/* Whether the time is in 1980 or later. For timestamps that an API sends as numbers. */
bool timestamp_is_time(int64_t seconds);
/* False, with *seconds unchanged: the text is no timestamp. */
bool timestamp_parse(const char *text, int64_t *seconds);
/* The same for an HTTP Date header (RFC 9110, IMF-fixdate). */
bool timestamp_parse_http(const char *text, int64_t *seconds);
/*
 * Learns the local clock's error from a response that refused a signature because of its time. `date` is its
 * Date header, and `used_s` the offset that the signature was made with. True: *offset_s is the new offset to
 * add to the local clock. False: the header is invalid, or does not differ enough to explain the refusal.
 */
bool timestamp_learn_offset(const char *date, int64_t now_s, int64_t used_s, int64_t *offset_s);
/* Appends 2025-05-28T10:18:33Z. */
bool timestamp_format(struct buf *out, int64_t seconds);
/* Appends 2025-05-28, the date in UTC. */
bool timestamp_format_date(struct buf *out, int64_t seconds);

#endif
