/* SPDX-License-Identifier: MIT */
/* A stream, its intervals and its totals as JSON, and back. */
#include <string.h>

#include "report/json.h"
#include "report/members.h"

static const char *const direction_names[] = {
    [OW_FORWARD] = "forward", [OW_REVERSE] = "reverse", [OW_ROUND_TRIP] = "round-trip"};

/* The first three are of the intervals whose losses are known. */
static const struct {
  const char *name;
  size_t offset;
} totals[] = {
    {"sent", offsetof(struct ow_totals, sent)},
    {"received", offsetof(struct ow_totals, received)},
    {"lost", offsetof(struct ow_totals, lost)},
    {"skipped", offsetof(struct ow_totals, skipped)},
    {"duplicates", offsetof(struct ow_totals, duplicates)},
    {"reordered", offsetof(struct ow_totals, reordered)},
    {"discarded", offsetof(struct ow_totals, discarded)},
};

enum {
  TOTALS = sizeof totals / sizeof *totals,
  LOSS_TOTALS = 3,
  STATUSES = OW_STATE + 1,
  STATES = OW_STREAM_DOWN + 1,
  PROTOCOLS = OW_PROTOCOL_TWAMP + 1
};

/* ---- what intervals and streams share ---- */

static void put_mode(struct ow_members *members, enum ow_mode mode)
{
  ow_put_text(members, "mode", mode == OW_MODE_NONE ? NULL : ow_mode_name(mode));
}

static enum ow_mode get_mode(struct ow_reading *reading, const json_t *object)
{
  char name[16];
  ow_get_text(reading, object, "mode", name, sizeof name);
  enum ow_mode mode = ow_mode_from_name(name);
  if (name[0] && mode == OW_MODE_NONE)
    ow_reading_fail(reading, "mode", "must be open, authenticated, encrypted or mixed");
  return mode;
}

static enum ow_status get_status(struct ow_reading *reading, const json_t *object)
{
  const char *names[STATUSES];
  for (int i = 0; i < STATUSES; i++)
    names[i] = ow_status_name((enum ow_status)i);
  return (enum ow_status)ow_get_word(reading, object, "status", names, STATUSES, -1);
}

/* The direction that a member of a list has, each one once. */
static enum ow_direction get_direction(struct ow_reading *reading, const char *name, bool seen[],
                                       enum ow_direction direction)
{
  if (seen[direction])
    ow_reading_fail(reading, name, "has a direction twice");
  seen[direction] = true;
  return direction;
}

static const json_t *get_list(struct ow_reading *reading, const json_t *object, const char *name, size_t most)
{
  const json_t *list = json_object_get(object, name);
  if (!json_is_array(list))
    ow_reading_fail(reading, name, list ? "must be a list" : "is missing");
  else if (json_array_size(list) > most)
    ow_reading_fail(reading, name, "has more than both directions");
  return reading->status == OW_OK ? list : NULL;
}

static void append_to_list(struct ow_members *members, json_t *list, json_t *value)
{
  if (!value || json_array_append_new(list, value) != 0)
    members->failed = true;
}

/* ---- intervals ---- */

static bool anything_known(const struct ow_result *result)
{
  return result->completeness != OW_RESULT_ABSENT || result->discarded || result->clock.stepped;
}

static json_t *results_json(struct ow_members *members, const struct ow_interval *interval)
{
  json_t *list = json_array();
  for (int d = 0; d < OW_RESULTS; d++)
    if (anything_known(&interval->results[d]))
      append_to_list(members, list, ow_result_to_json(&interval->results[d], (enum ow_direction)d));
  return list;
}

json_t *ow_interval_to_json(const struct ow_interval *interval)
{
  struct ow_members members = ow_members_begin();
  ow_put_count(&members, "number", interval->number);
  ow_put_stamp(&members, "begin", interval->begin);
  ow_put_stamp(&members, "end", interval->end);
  ow_put_text(&members, "status", ow_status_name(interval->status));
  ow_put_text(&members, "reason", interval->reason);
  put_mode(&members, interval->mode);
  ow_put(&members, "results", results_json(&members, interval));
  return ow_members_end(&members);
}

/* A direction that stands there twice is refused, and what was first is dropped. */
static void take_result(struct ow_result *place, const struct ow_result *result)
{
  ow_result_drop(place);
  *place = *result;
}

static void get_results(struct ow_reading *reading, const json_t *object, struct ow_interval *interval)
{
  bool seen[OW_RESULTS] = {false};
  const json_t *list = get_list(reading, object, "results", OW_RESULTS);
  for (size_t i = 0; i < json_array_size(list) && reading->status == OW_OK; i++) {
    struct ow_result result;
    enum ow_direction direction;
    reading->status = ow_result_from_json(json_array_get(list, i), &result, &direction, reading->failure);
    if (reading->status == OW_OK)
      take_result(&interval->results[get_direction(reading, "results", seen, direction)], &result);
    else if (reading->failure)
      ow_fail_within(reading->failure, "results");
  }
}

enum ow_status ow_interval_from_json(const json_t *object, struct ow_interval *interval,
                                     struct ow_failure *failure)
{
  struct ow_reading reading = {.within = "", .failure = failure};
  *interval = (struct ow_interval){0};
  if (ow_reading_object(&reading, object, "interval")) {
    interval->number = ow_get_count(&reading, object, "number", INT64_MAX);
    interval->begin = ow_get_stamp(&reading, object, "begin");
    interval->end = ow_get_stamp(&reading, object, "end");
    interval->status = get_status(&reading, object);
    ow_get_text(&reading, object, "reason", interval->reason, sizeof interval->reason);
    interval->mode = get_mode(&reading, object);
    get_results(&reading, object, interval);
  }
  if (reading.status != OW_OK) {
    ow_interval_drop(interval);
    *interval = (struct ow_interval){0};
  }
  return reading.status;
}

/* ---- streams ---- */

static json_t *totals_json(const struct ow_totals *from, enum ow_direction direction)
{
  struct ow_members members = ow_members_begin();
  ow_put_text(&members, "direction", direction_names[direction]);
  if (from->loss_unknown)
    ow_put_count(&members, "loss_unknown", from->loss_unknown);
  for (size_t i = ow_totals_losses_known(from) ? 0 : LOSS_TOTALS; i < TOTALS; i++)
    ow_put_count(&members, totals[i].name,
                 *(const uint64_t *)(const void *)((const char *)from + totals[i].offset));
  return ow_members_end(&members);
}

static void put_directions(struct ow_members *members, const struct ow_stream_view *view)
{
  json_t *list = json_array();
  for (int d = 0; d < OW_DIRECTIONS; d++)
    if (view->directions[d])
      append_to_list(members, list, json_string(direction_names[d]));
  ow_put(members, "directions", list);
}

static void put_totals(struct ow_members *members, const struct ow_stream_view *view)
{
  json_t *list = json_array();
  for (int d = 0; d < OW_RESULTS; d++)
    if (d == OW_ROUND_TRIP ? ow_protocol_reflects(view->protocol) : view->directions[d])
      append_to_list(members, list, totals_json(&view->totals[d], (enum ow_direction)d));
  ow_put(members, "totals", list);
}

json_t *ow_stream_to_json(const struct ow_stream_view *view)
{
  struct ow_members members = ow_members_begin();
  ow_put_text(&members, "name", view->name);
  ow_put_text(&members, "host", view->host);
  ow_put_text(&members, "port", view->port);
  ow_put_text(&members, "protocol", ow_protocol_word(view->protocol));
  put_directions(&members, view);
  ow_put_time(&members, "interval", view->interval);
  ow_put_text(&members, "state", ow_stream_state_name(view->state));
  ow_put_stamp(&members, "since", view->since);
  ow_put_text(&members, "status", ow_status_name(view->status));
  ow_put_text(&members, "reason", view->reason);
  put_mode(&members, view->mode);
  ow_put_endpoint(&members, "connection", view->server);
  ow_put_count(&members, "newest", view->newest);
  ow_put_count(&members, "intervals", view->intervals);
  ow_put_count(&members, "failed", view->failed);
  put_totals(&members, view);
  ow_put(&members, "single_connection", json_boolean(view->single_connection));
  ow_put_count(&members, "version", view->version);
  return ow_members_end(&members);
}

static void get_directions(struct ow_reading *reading, const json_t *object, struct ow_stream_view *view)
{
  const json_t *list = get_list(reading, object, "directions", OW_DIRECTIONS);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *name = json_string_value(json_array_get(list, i));
    int direction = 0;
    while (direction < OW_DIRECTIONS && (!name || strcmp(name, direction_names[direction]) != 0))
      direction++;
    if (direction == OW_DIRECTIONS)
      ow_reading_fail(reading, "directions", "must be forward or reverse");
    else
      get_direction(reading, "directions", view->directions, (enum ow_direction)direction);
  }
}

static void get_sums(struct ow_reading *reading, const json_t *from, struct ow_totals *to)
{
  if (ow_get_optional(from, "loss_unknown"))
    to->loss_unknown = ow_get_count(reading, from, "loss_unknown", INT64_MAX);
  for (size_t i = 0; i < TOTALS; i++)
    if (i >= LOSS_TOTALS || !to->loss_unknown || ow_get_optional(from, totals[i].name))
      *(uint64_t *)(void *)((char *)to + totals[i].offset) =
          ow_get_count(reading, from, totals[i].name, INT64_MAX);
}

static void get_totals(struct ow_reading *reading, const json_t *object, struct ow_stream_view *view)
{
  bool seen[OW_RESULTS] = {false};
  const json_t *list = get_list(reading, object, "totals", OW_RESULTS);
  reading->within = "totals.";
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *from = json_array_get(list, i);
    if (!ow_reading_object(reading, from, "direction"))
      break;
    int word = ow_get_word(reading, from, "direction", direction_names, OW_RESULTS, -1);
    get_sums(reading, from,
             &view->totals[get_direction(reading, "direction", seen, (enum ow_direction)word)]);
  }
  reading->within = "";
}

/* Before there were others it had no member. */
static enum ow_protocol get_protocol(struct ow_reading *reading, const json_t *object)
{
  const char *words[PROTOCOLS];
  for (int i = 0; i < PROTOCOLS; i++)
    words[i] = ow_protocol_word((enum ow_protocol)i);
  return ow_get_optional(object, "protocol")
             ? (enum ow_protocol)ow_get_word(reading, object, "protocol", words, PROTOCOLS, OW_PROTOCOL_OWAMP)
             : OW_PROTOCOL_OWAMP;
}

/* As text in a member of its own until schema 1. */
static void get_connection(struct ow_reading *reading, const json_t *object, struct ow_stream_view *view)
{
  if (ow_get_optional(object, "connection"))
    ow_get_endpoint(reading, object, "connection", view->server, sizeof view->server);
  else
    ow_get_text(reading, object, "server", view->server, sizeof view->server);
}

static void get_stream(struct ow_reading *reading, const json_t *object, struct ow_stream_view *view)
{
  const char *states[STATES];
  for (int i = 0; i < STATES; i++)
    states[i] = ow_stream_state_name((enum ow_stream_state)i);
  ow_get_text(reading, object, "name", view->name, sizeof view->name);
  if (!ow_stream_name_valid(view->name))
    ow_reading_fail(reading, "name", "must be a stream's name");
  ow_get_text(reading, object, "host", view->host, sizeof view->host);
  ow_get_text(reading, object, "port", view->port, sizeof view->port);
  get_directions(reading, object, view);
  view->interval = ow_get_time(reading, object, "interval");
  view->state = (enum ow_stream_state)ow_get_word(reading, object, "state", states, STATES, -1);
  view->since = ow_get_stamp(reading, object, "since");
  view->status = get_status(reading, object);
  ow_get_text(reading, object, "reason", view->reason, sizeof view->reason);
  view->mode = get_mode(reading, object);
  get_connection(reading, object, view);
  view->newest = ow_get_count(reading, object, "newest", INT64_MAX);
  view->intervals = ow_get_count(reading, object, "intervals", INT64_MAX);
  view->failed = ow_get_count(reading, object, "failed", INT64_MAX);
  get_totals(reading, object, view);
  view->protocol = get_protocol(reading, object);
  if (ow_get_optional(object, "single_connection"))
    view->single_connection = ow_get_bool(reading, object, "single_connection");
  view->version = ow_get_count(reading, object, "version", INT64_MAX);
}

enum ow_status ow_stream_from_json(const json_t *object, struct ow_stream_view *view,
                                   struct ow_failure *failure)
{
  struct ow_reading reading = {.within = "", .failure = failure};
  *view = (struct ow_stream_view){0};
  if (ow_reading_object(&reading, object, "stream"))
    get_stream(&reading, object, view);
  if (reading.status != OW_OK)
    *view = (struct ow_stream_view){0};
  return reading.status;
}
