/* SPDX-License-Identifier: MIT */
/*
 * Members of JSON objects, written and read. Reading is as with a cursor: the first member that is missing or
 * wrong is named in the failure, and from there on every read yields zero, so that an object is read in one
 * run and checked once, at the end.
 */
#ifndef OWAMP_REPORT_MEMBERS_H
#define OWAMP_REPORT_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "time/timestamp.h"

/* ---- writing; a NULL value or object marks the writer as failed, and so does a lack of memory ---- */

struct ow_members {
  json_t *object;
  bool failed;
};

struct ow_members ow_members_begin(void);
/** The object, or NULL if anything failed. */
json_t *ow_members_end(struct ow_members *members) OW_MUST_CHECK;
/** Takes `value` over. */
void ow_put(struct ow_members *members, const char *name, json_t *value);
/** Up to 2^63 - 1; what is more is written as that. */
void ow_put_count(struct ow_members *members, const char *name, uint64_t value);
/** A text; nothing for "" and NULL. What isn't printable ASCII becomes '?'. */
void ow_put_text(struct ow_members *members, const char *name, const char *text);
/** Seconds. Where they can't tell the nanosecond, NAME_ns tells it too: from 10^15 ns (11 days) on. */
void ow_put_time(struct ow_members *members, const char *name, int64_t nanoseconds);
/** The same of a clock's error; nothing for OW_ERROR_UNKNOWN. */
void ow_put_clock_error(struct ow_members *members, const char *name, int64_t nanoseconds);
/** ISO 8601; nothing for zero. */
void ow_put_stamp(struct ow_members *members, const char *name, struct ow_timestamp stamp);
/** {"address", "port"} of "192.0.2.1 port 861", as addresses are printed; nothing for "". */
void ow_put_endpoint(struct ow_members *members, const char *name, const char *endpoint);

/* ---- reading ---- */

struct ow_reading {
  const char *within; /* put before a member's name: "delay."; "" at the top */
  enum ow_status status;
  struct ow_failure *failure; /* may be NULL */
};

/** Name a member as missing or wrong: "delay.p95 is missing", "begin must be a time in UTC". */
void ow_reading_fail(struct ow_reading *reading, const char *name, const char *complaint);
/** False: it is no object, and the reading fails under `name`. */
bool ow_reading_object(struct ow_reading *reading, const json_t *object, const char *name);

/** The member, NULL if it is missing or null. */
const json_t *ow_get_optional(const json_t *object, const char *name);
uint64_t ow_get_count(struct ow_reading *reading, const json_t *object, const char *name, uint64_t most);
bool ow_get_bool(struct ow_reading *reading, const json_t *object, const char *name);
int64_t ow_get_time(struct ow_reading *reading, const json_t *object, const char *name);
/** Null or missing is OW_ERROR_UNKNOWN. */
int64_t ow_get_clock_error(struct ow_reading *reading, const json_t *object, const char *name);
/** Null or missing is zero. */
struct ow_timestamp ow_get_stamp(struct ow_reading *reading, const json_t *object, const char *name);
/** Printable ASCII of up to `size` - 1 octets; null or missing is "". */
void ow_get_text(struct ow_reading *reading, const json_t *object, const char *name, char *out, size_t size);
/** "192.0.2.1 port 861"; null or missing is "". */
void ow_get_endpoint(struct ow_reading *reading, const json_t *object, const char *name, char *out,
                     size_t size);
/** The place of the text among `names`; null or missing is `none`, an error if that is negative. */
int ow_get_word(struct ow_reading *reading, const json_t *object, const char *name, const char *const *names,
                int count, int none);

#endif
