/* SPDX-License-Identifier: MIT */
/* Lists, streams and complaints printed with Jansson, and read again with all of it checked. */
#include "report/answer.h"

#include <stdlib.h>
#include <string.h>

#include "report/answer_bounds.h"
#include "report/histogram_text.h"
#include "report/json.h"
#include "report/members.h"

/* See ow_result_to_json(). */
enum { DIGITS = 15 };

/* ---- writing ---- */

/* Takes the object over. Jansson's own allocator is malloc(), unless somebody in this process set another. */
static char *print(json_t *object, size_t *octets)
{
  const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(DIGITS);
  size_t size = object ? json_dumpb(object, NULL, 0, flags) : 0;
  char *text = size ? malloc(size) : NULL;
  *octets = text ? json_dumpb(object, text, size, flags) : 0;
  if (*octets != size) { /* it allocates, too */
    free(text);
    text = NULL;
  }
  json_decref(object);
  return text;
}

static json_t *listed_json(const struct ow_stream_view *view)
{
  struct ow_members members = ow_members_begin();
  ow_put_text(&members, "name", view->name);
  ow_put_text(&members, "host", view->host);
  ow_put_text(&members, "port", view->port);
  ow_put_text(&members, "state", ow_stream_state_name(view->state));
  ow_put_count(&members, "newest", view->newest);
  ow_put_count(&members, "version", view->version);
  return ow_members_end(&members);
}

static void append(struct ow_members *members, json_t *list, json_t *value)
{
  if (!value || json_array_append_new(list, value) != 0)
    members->failed = true;
}

static struct ow_members begin_answer(void)
{
  struct ow_members members = ow_members_begin();
  ow_put_count(&members, "schema", OW_JSON_SCHEMA);
  return members;
}

char *ow_answer_list(const struct ow_stream_view *views, size_t count, size_t *octets)
{
  struct ow_members members = begin_answer();
  json_t *list = json_array();
  ow_put(&members, "histograms", json_true());
  for (size_t i = 0; i < count && !members.failed; i++)
    append(&members, list, listed_json(&views[i]));
  ow_put(&members, "streams", list);
  return print(ow_members_end(&members), octets);
}

static size_t histogram_octets(const struct ow_interval *interval)
{
  size_t octets = 0;
  for (int d = 0; d < OW_RESULTS; d++)
    if (interval->results[d].histogram)
      octets += ow_histogram_text_octets(interval->results[d].histogram);
  return octets;
}

/* The first of the newest ones whose histograms there is room for. */
static size_t first_with_histograms(const struct ow_interval *intervals, size_t count)
{
  size_t octets = 0;
  size_t first = count;
  while (first > 0 && (octets += histogram_octets(&intervals[first - 1])) <= OW_ANSWER_HISTOGRAMS_MOST)
    first--;
  return first;
}

static json_t *interval_json(const struct ow_interval *interval, bool histograms)
{
  struct ow_interval shown = *interval;
  for (int d = 0; d < OW_RESULTS && !histograms; d++)
    shown.results[d].histogram = NULL;
  return ow_interval_to_json(&shown);
}

char *ow_answer_stream(const struct ow_stream_view *view, const struct ow_interval *intervals, size_t count,
                       size_t *octets)
{
  struct ow_members members = begin_answer();
  json_t *list = json_array();
  size_t first = first_with_histograms(intervals, count);
  for (size_t i = 0; i < count && !members.failed; i++)
    append(&members, list, interval_json(&intervals[i], i >= first));
  ow_put(&members, "stream", ow_stream_to_json(view));
  ow_put(&members, "intervals", list);
  return print(ow_members_end(&members), octets);
}

char *ow_answer_error(const char *sentence, size_t *octets)
{
  struct ow_members members = begin_answer();
  ow_put_text(&members, "error", sentence);
  return print(ow_members_end(&members), octets);
}

/* ---- reading ---- */

/* Jansson doesn't always say so: for all else that can be wrong it has a sentence. */
static bool is_lack_of_memory(const json_error_t *error)
{
  return json_error_code(error) == json_error_out_of_memory || error->text[0] == '\0';
}

static enum ow_status parse_answer(const char *line, size_t octets, struct ow_answer_bounds bounds,
                                   json_t **object, struct ow_failure *failure)
{
  json_error_t error;
  char clean[sizeof error.text];
  enum ow_status status = ow_answer_bounds_hold(&bounds, line, octets, failure);
  *object = NULL;
  if (status != OW_OK)
    return status;
  *object = json_loadb(line, octets, JSON_REJECT_DUPLICATES, &error);
  if (!*object && is_lack_of_memory(&error))
    status = ow_fail(failure, OW_MEMORY, "no memory for an answer of %zu octets", octets);
  else if (!*object)
    status = ow_fail(failure, OW_PROTOCOL, "the answer is no JSON: %s at octet %d",
                     ow_printable(clean, sizeof clean, error.text, strlen(error.text)), error.position);
  return status;
}

/* OW_REFUSED if it says that something is wrong. */
static enum ow_status check_error(const json_t *object, struct ow_failure *failure)
{
  struct ow_reading reading = {.within = "", .failure = failure};
  char sentence[OW_FAILURE_TEXT];
  if (!json_object_get(object, "error"))
    return OW_OK;
  ow_get_text(&reading, object, "error", sentence, sizeof sentence);
  return ow_fail(failure, OW_REFUSED, "%s", sentence[0] ? sentence : "an error that can't be read");
}

/* What has a newer schema may mean something else by the same members. */
static enum ow_status check_schema(const json_t *object, struct ow_failure *failure)
{
  const json_t *schema = ow_get_optional(object, "schema");
  json_int_t number = json_integer_value(schema);
  enum ow_status status = OW_OK;
  if (schema && (!json_is_integer(schema) || number < 0))
    status = ow_fail(failure, OW_PROTOCOL, "the answer's schema is no number");
  else if (number > OW_JSON_SCHEMA)
    status = ow_fail(failure, OW_PROTOCOL,
                     "the answer is of schema %" JSON_INTEGER_FORMAT
                     ", and %d is the newest that is known here: update this program",
                     number, OW_JSON_SCHEMA);
  return status;
}

static enum ow_status no_answer(struct ow_failure *failure)
{
  if (failure) {
    ow_fail_within(failure, "the answer is none of an OWAMP query socket");
    failure->status = OW_PROTOCOL;
  }
  return OW_PROTOCOL;
}

static const json_t *get_list(struct ow_reading *reading, const json_t *object, const char *name)
{
  const json_t *list = json_object_get(object, name);
  if (!json_is_array(list))
    ow_reading_fail(reading, name, list ? "must be a list" : "is missing");
  return list;
}

static void read_listed(struct ow_reading *reading, const json_t *object, struct ow_listed *listed)
{
  reading->within = "streams.";
  if (ow_reading_object(reading, object, "name")) {
    ow_get_text(reading, object, "name", listed->name, sizeof listed->name);
    if (!ow_stream_name_valid(listed->name))
      ow_reading_fail(reading, "name", "must be a stream's name");
    listed->newest = ow_get_count(reading, object, "newest", INT64_MAX);
    listed->version = ow_get_count(reading, object, "version", INT64_MAX);
  }
}

static enum ow_status read_list(const json_t *object, struct ow_listed **listed, size_t *count,
                                struct ow_failure *failure)
{
  struct ow_reading reading = {.within = "", .failure = failure};
  const json_t *list = get_list(&reading, object, "streams");
  size_t size = json_array_size(list);
  if (reading.status != OW_OK)
    return no_answer(failure);
  *listed = calloc(size ? size : 1, sizeof **listed);
  if (!*listed)
    return ow_fail(failure, OW_MEMORY, "no memory for a list of %zu streams", size);
  for (size_t i = 0; i < size && reading.status == OW_OK; i++)
    read_listed(&reading, json_array_get(list, i), &(*listed)[i]);
  *count = size;
  return reading.status == OW_OK ? OW_OK : no_answer(failure);
}

enum ow_status ow_answer_read_list(const char *line, size_t octets, struct ow_listed **listed, size_t *count,
                                   bool *histograms, struct ow_failure *failure)
{
  *listed = NULL;
  *count = 0;
  json_t *object;
  enum ow_status status = parse_answer(line, octets, ow_answer_bounds_of_list(), &object, failure);
  if (status == OW_OK)
    status = check_error(object, failure);
  if (status == OW_OK)
    status = check_schema(object, failure);
  if (status == OW_OK)
    status = read_list(object, listed, count, failure);
  *histograms = json_is_true(json_object_get(object, "histograms"));
  json_decref(object);
  if (status != OW_OK) {
    free(*listed);
    *listed = NULL;
    *count = 0;
  }
  return status;
}

static void read_intervals(struct ow_reading *reading, const json_t *list, struct ow_interval *intervals,
                           size_t most, size_t *got)
{
  size_t size = json_array_size(list);
  uint64_t number = 0;
  for (size_t i = size > most ? size - most : 0; i < size && reading->status == OW_OK; i++) {
    reading->status = ow_interval_from_json(json_array_get(list, i), &intervals[*got], reading->failure);
    if (reading->status == OW_OK && intervals[*got].number <= number)
      ow_reading_fail(reading, "intervals", "must have rising numbers from 1 on");
    number = intervals[*got].number;
    ++*got;
  }
}

enum ow_status ow_answer_read_stream(const char *line, size_t octets, struct ow_stream_view *view,
                                     struct ow_interval *intervals, size_t most, size_t *got,
                                     struct ow_failure *failure)
{
  struct ow_reading reading = {.within = "", .failure = failure};
  *got = 0;
  *view = (struct ow_stream_view){0};
  json_t *object;
  enum ow_status status =
      parse_answer(line, octets, ow_answer_bounds_of_stream(most, true), &object, failure);
  if (status == OW_OK)
    status = check_error(object, failure);
  if (status == OW_OK)
    status = check_schema(object, failure);
  if (status == OW_OK) {
    reading.status = ow_stream_from_json(json_object_get(object, "stream"), view, failure);
    if (reading.status == OW_OK)
      read_intervals(&reading, get_list(&reading, object, "intervals"), intervals, most, got);
    status = reading.status == OW_OK ? OW_OK : no_answer(failure);
  }
  json_decref(object);
  if (status != OW_OK) {
    for (size_t i = 0; i < *got; i++)
      ow_interval_drop(&intervals[i]);
    *got = 0;
  }
  return status;
}
