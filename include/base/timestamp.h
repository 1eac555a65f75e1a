/*
 * timestamp.h - the times that the clouds write, and RFC 3339.
 *
 * Read: 2025-05-28T18:18:33+08 | 2025-11-21 00:00:00 (no zone: China time, UTC+8) | 2022-09-06T08:34:13Z |
 * 2021-11-30T16:22:09+08:00 | 2022-01-11T04:14:36.348499491Z.  T and Z may be small letters, and a leap
 * second (:60 at the end of a day of UTC) is the next second.  "", null and 0000-00-00... are no time, and
 * neither is one before 1980: it was never set.
 *
 * Pure; reads no clock.
 */
#ifndef DESCRIBEFS_TIMESTAMP_H
#define DESCRIBEFS_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

/* From 1980 on; for those that travel as numbers. */
bool timestamp_is_time(int64_t seconds);
/* Unix seconds; false (and *seconds untouched) when the text is no time. */
bool timestamp_parse(const char *text, int64_t *seconds);
/* An HTTP Date header, RFC 9110 IMF-fixdate; false for anything else. */
bool timestamp_parse_http(const char *text, int64_t *seconds);
/*
 * A call that was signed `used_s` off our clock was refused because of its time: *offset_s becomes what the
 * answer's Date says that our clock is off.  False: the Date is none, or explains nothing.
 */
bool timestamp_learn_offset(const char *date, int64_t now_s, int64_t used_s, int64_t *offset_s);
/* 2025-05-28T10:18:33Z */
bool timestamp_format(struct buf *out, int64_t seconds);
/* 2025-05-28, in UTC */
bool timestamp_format_date(struct buf *out, int64_t seconds);

#endif
