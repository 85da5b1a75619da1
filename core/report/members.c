/* SPDX-License-Identifier: MIT */
/* Each kind of member is put and got here: counts, times, stamps, texts and words. */
#include "report/members.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/stamp_text.h"
#include "text/number.h"
#include "time/error_estimate.h"

/* A double's 15 digits tell every nanosecond of less than this. */
#define EXACT INT64_C(1000000000000000)

enum { MEMBER_NAME = 48, TEXT_MOST = OW_FAILURE_TEXT };

struct ow_members ow_members_begin(void)
{
  struct ow_members members = {.object = json_object()};
  members.failed = !members.object;
  return members;
}

json_t *ow_members_end(struct ow_members *members)
{
  if (members->failed) {
    json_decref(members->object);
    members->object = NULL;
  }
  return members->object;
}

void ow_put(struct ow_members *members, const char *name, json_t *value)
{
  if (!value || json_object_set_new(members->object, name, value) != 0)
    members->failed = true;
}

void ow_put_count(struct ow_members *members, const char *name, uint64_t value)
{
  ow_put(members, name, json_integer(value < INT64_MAX ? (json_int_t)value : INT64_MAX));
}

void ow_put_text(struct ow_members *members, const char *name, const char *text)
{
  char clean[TEXT_MOST];
  if (text && text[0])
    ow_put(members, name, json_string(ow_printable(clean, sizeof clean, text, strlen(text))));
}

static const char *name_of_ns(char out[MEMBER_NAME], const char *name)
{
  snprintf(out, MEMBER_NAME, "%s_ns", name);
  return out;
}

void ow_put_time(struct ow_members *members, const char *name, int64_t nanoseconds)
{
  char longer[MEMBER_NAME];
  ow_put(members, name, json_real((double)nanoseconds / (double)OW_NS_PER_S));
  if (nanoseconds >= EXACT || nanoseconds <= -EXACT)
    ow_put(members, name_of_ns(longer, name), json_integer(nanoseconds));
}

void ow_put_clock_error(struct ow_members *members, const char *name, int64_t nanoseconds)
{
  if (nanoseconds != OW_ERROR_UNKNOWN)
    ow_put_time(members, name, nanoseconds);
}

void ow_put_stamp(struct ow_members *members, const char *name, struct ow_timestamp stamp)
{
  char text[OW_STAMP_TEXT];
  ow_put_text(members, name, ow_timestamp_is_zero(stamp) ? NULL : ow_stamp_print(text, stamp));
}

static const char before_port[] = " port ";

void ow_put_endpoint(struct ow_members *members, const char *name, const char *endpoint)
{
  char address[TEXT_MOST];
  uint64_t port = 0;
  const char *at = strstr(endpoint, before_port); /* no address has blanks */
  bool has_port = at && ow_whole_parse(at + strlen(before_port), &port);
  int length = (int)(has_port ? at - endpoint : (ptrdiff_t)strlen(endpoint));
  if (endpoint[0]) {
    struct ow_members parts = ow_members_begin();
    snprintf(address, sizeof address, "%.*s", length, endpoint);
    ow_put_text(&parts, "address", address);
    if (has_port)
      ow_put_count(&parts, "port", port);
    ow_put(members, name, ow_members_end(&parts));
  }
}

void ow_reading_fail(struct ow_reading *reading, const char *name, const char *complaint)
{
  if (reading->status == OW_OK)
    reading->status = ow_fail(reading->failure, OW_INVALID, "%s%s %s", reading->within, name, complaint);
}

bool ow_reading_object(struct ow_reading *reading, const json_t *object, const char *name)
{
  if (!json_is_object(object))
    ow_reading_fail(reading, name, object ? "must be an object" : "is missing");
  return json_is_object(object);
}

const json_t *ow_get_optional(const json_t *object, const char *name)
{
  const json_t *value = json_object_get(object, name);
  return json_is_null(value) ? NULL : value;
}

/* A member that must be there; `fits` says whether it is of the kind that is wanted. */
static void complain_of_member(struct ow_reading *reading, const json_t *value, const char *name,
                               const char *wanted)
{
  ow_reading_fail(reading, name, value ? wanted : "is missing");
}

uint64_t ow_get_count(struct ow_reading *reading, const json_t *object, const char *name, uint64_t most)
{
  const json_t *value = json_object_get(object, name);
  json_int_t number = json_integer_value(value);
  bool good = json_is_integer(value) && number >= 0 && (uint64_t)number <= most;
  if (!good)
    complain_of_member(reading, value, name, "must be a whole number within its bounds");
  return good ? (uint64_t)number : 0;
}

bool ow_get_bool(struct ow_reading *reading, const json_t *object, const char *name)
{
  const json_t *value = json_object_get(object, name);
  if (!json_is_boolean(value))
    complain_of_member(reading, value, name, "must be true or false");
  return json_is_true(value);
}

int64_t ow_get_time(struct ow_reading *reading, const json_t *object, const char *name)
{
  char longer[MEMBER_NAME];
  const json_t *value = json_object_get(object, name);
  const json_t *exact = ow_get_optional(object, name_of_ns(longer, name));
  double nanoseconds = json_number_value(value) * (double)OW_NS_PER_S;
  bool good = json_is_number(value) && (!exact || json_is_integer(exact)) &&
              (exact || fabs(nanoseconds) <= (double)EXACT);
  if (!good)
    complain_of_member(reading, value, name,
                       "must be a time in seconds; from 10^15 ns on with its nanoseconds");
  return !good ? 0 : exact ? (int64_t)json_integer_value(exact) : llround(nanoseconds);
}

int64_t ow_get_clock_error(struct ow_reading *reading, const json_t *object, const char *name)
{
  return ow_get_optional(object, name) ? ow_get_time(reading, object, name) : OW_ERROR_UNKNOWN;
}

struct ow_timestamp ow_get_stamp(struct ow_reading *reading, const json_t *object, const char *name)
{
  struct ow_timestamp stamp = {0};
  const json_t *value = ow_get_optional(object, name);
  if (value && (!json_is_string(value) || !ow_stamp_parse(json_string_value(value), &stamp))) {
    ow_reading_fail(reading, name, "must be a time in UTC: 2026-11-24T12:00:00.000000000Z");
    stamp = (struct ow_timestamp){0};
  }
  return stamp;
}

/* A NUL within is not printable, so that no text is taken for a shorter one. */
static bool printable(const json_t *value)
{
  const char *text = json_string_value(value);
  bool good = text != NULL;
  for (size_t i = 0; good && i < json_string_length(value); i++)
    good = text[i] >= ' ' && text[i] <= '~';
  return good;
}

void ow_get_text(struct ow_reading *reading, const json_t *object, const char *name, char *out, size_t size)
{
  const json_t *value = ow_get_optional(object, name);
  bool good = printable(value) && json_string_length(value) < size;
  if (value && !good)
    ow_reading_fail(reading, name, "must be a short text of printable ASCII");
  snprintf(out, size, "%s", good ? json_string_value(value) : "");
}

void ow_get_endpoint(struct ow_reading *reading, const json_t *object, const char *name, char *out,
                     size_t size)
{
  enum { MOST_PORT = 65535 };
  char within[MEMBER_NAME];
  const char *outside = reading->within;
  const json_t *value = ow_get_optional(object, name);
  out[0] = '\0';
  if (value && ow_reading_object(reading, value, name)) {
    snprintf(within, sizeof within, "%s%s.", outside, name);
    reading->within = within;
    ow_get_text(reading, value, "address", out, size);
    size_t length = strlen(out);
    if (ow_get_optional(value, "port"))
      snprintf(out + length, size - length, "%s%u", before_port,
               (unsigned)ow_get_count(reading, value, "port", MOST_PORT));
    reading->within = outside;
  }
}

int ow_get_word(struct ow_reading *reading, const json_t *object, const char *name, const char *const *names,
                int count, int none)
{
  const json_t *value = ow_get_optional(object, name);
  int found = value ? -1 : none;
  for (int i = 0; i < count && found < 0 && printable(value); i++)
    if (names[i] && strcmp(names[i], json_string_value(value)) == 0)
      found = i;
  if (found < 0)
    complain_of_member(reading, value, name, "must be one of the words for it");
  return found < 0 ? 0 : found;
}
