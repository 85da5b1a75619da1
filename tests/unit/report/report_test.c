/* SPDX-License-Identifier: MIT */
/* core/report: results, intervals and streams to JSON and back, and what hostile JSON comes to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/answer.h"
#include "report/answer_bounds.h"
#include "report/histogram_text.h"
#include "report/json.h"
#include "report/stamp_text.h"
#include "support/main.h"
#include "support/seed.h"

static struct test_prng prng;

/* Small and large alike: as many bits as chance wants. */
static uint64_t number(unsigned bits)
{
  return test_prng_next(&prng) >> (64 - bits) >> test_prng_below(&prng, bits);
}

static int64_t any_time(void)
{
  return (int64_t)(test_prng_below(&prng, 2) ? number(64) : ~number(64));
}

/* A stamp as text tells it: to the nanosecond. */
static struct ow_timestamp any_stamp(void)
{
  char text[OW_STAMP_TEXT];
  struct ow_timestamp stamp = {number(64)};
  if (!ow_timestamp_is_zero(stamp))
    ck_assert(ow_stamp_parse(ow_stamp_print(text, stamp), &stamp));
  return stamp;
}

static bool coin(void)
{
  return test_prng_below(&prng, 2);
}

static int compare(const void *a, const void *b)
{
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

/* Of `received` delays, some of which are the same. */
static void add_histogram(struct ow_result *result)
{
  enum { MOST = 200 };
  int64_t delays[MOST];
  result->received = 1 + (uint32_t)test_prng_below(&prng, MOST);
  result->sent = result->received + result->lost;
  for (uint32_t i = 0; i < result->received; i++)
    delays[i] = i && coin() ? delays[i - 1] : any_time() / 4;
  qsort(delays, result->received, sizeof *delays, compare);
  result->delay.min = delays[0];
  result->delay.max = delays[result->received - 1];
  result->histogram = ow_histogram_of(delays, result->received);
  ck_assert_ptr_nonnull(result->histogram);
}

static void add_distribution(struct ow_result *result)
{
  result->quantiles = (enum ow_quantile_source)test_prng_below(&prng, 3);
  for (uint32_t p = 1; result->percentiles.count < test_prng_below(&prng, OW_PERCENTILES_MOST + 1); p++) {
    result->percentiles.list[result->percentiles.count] = p * 12345 % 100000 + 1;
    result->percentile_delays[result->percentiles.count++] = any_time();
  }
  if (result->has_ipdv)
    result->ipdv_pairs = (uint32_t)number(32);
  if (coin())
    add_histogram(result);
}

/* Any that can be: what has no meaning is zero. Drop it. */
static struct ow_result any_result(void)
{
  struct ow_result result = {.completeness = (enum ow_completeness)test_prng_below(&prng, 3)};
  result.discarded = (uint32_t)number(32);
  result.clock.stepped = coin();
  if (result.completeness == OW_RESULT_ABSENT)
    return result;
  result.begin = any_stamp();
  result.end = any_stamp();
  result.received = coin() ? (uint32_t)number(31) : 0;
  result.lost = (uint32_t)number(31);
  result.sent = result.received + result.lost;
  result.skipped = (uint32_t)number(32);
  result.refused = coin() ? (uint32_t)number(32) : 0;
  if (result.refused > 0)
    result.refusal = coin() ? EPERM : coin() ? ENETUNREACH : 0;
  result.longest_loss_run = (uint32_t)number(32);
  result.duplicates = (uint32_t)number(32);
  result.reordered = (uint32_t)number(32);
  result.refused = coin() ? (uint32_t)number(31) : 0;
  result.refusal = result.refused && coin() ? ENETUNREACH : 0;
  result.dropped = coin() ? (uint32_t)number(31) : 0;
  result.incomplete = coin();
  if (result.received > 0) {
    result.hops_min = (uint8_t)number(8);
    result.hops_max = (uint8_t)number(8);
    result.clock.sender_synchronized = coin();
    result.clock.receiver_synchronized = coin();
    result.clock.error_ns = any_time();
    result.clock.receive_stamp = (enum ow_stamp_source)test_prng_below(&prng, 3);
    result.clock.departed = (enum ow_departed_by)test_prng_below(&prng, 3);
  }
  if (result.received > 0 && !result.clock.stepped) {
    result.delay = (struct ow_delays){any_time(), any_time(), any_time(), any_time(), any_time(), any_time()};
    result.jitter = any_time();
    result.pdv = any_time();
    result.has_ipdv = coin();
    result.ipdv = result.has_ipdv ? any_time() : 0;
    add_distribution(&result);
  }
  return result;
}

static void assert_same_histogram(const struct ow_histogram *a, const struct ow_histogram *b)
{
  struct ow_histogram_walk walk_a = ow_histogram_walk(a);
  struct ow_histogram_walk walk_b = ow_histogram_walk(b);
  struct ow_histogram_entry entry_a;
  struct ow_histogram_entry entry_b;
  while (ow_histogram_next(&walk_a, &entry_a)) {
    ck_assert(ow_histogram_next(&walk_b, &entry_b));
    ck_assert(entry_a.bucket == entry_b.bucket && entry_a.count == entry_b.count);
  }
  ck_assert(!ow_histogram_next(&walk_b, &entry_b));
}

static void assert_same_distribution(const struct ow_result *a, const struct ow_result *b)
{
  ck_assert_int_eq(a->quantiles, b->quantiles);
  ck_assert_uint_eq(a->ipdv_pairs, b->ipdv_pairs);
  ck_assert_uint_eq(a->percentiles.count, b->percentiles.count);
  for (uint32_t i = 0; i < a->percentiles.count; i++) {
    ck_assert_uint_eq(a->percentiles.list[i], b->percentiles.list[i]);
    ck_assert_int_eq(a->percentile_delays[i], b->percentile_delays[i]);
  }
  ck_assert(!a->histogram == !b->histogram);
  if (a->histogram)
    assert_same_histogram(a->histogram, b->histogram);
}

static void assert_same_result(const struct ow_result *a, const struct ow_result *b)
{
  ck_assert_int_eq(a->completeness, b->completeness);
  ck_assert_uint_eq(a->begin.ntp, b->begin.ntp);
  ck_assert_uint_eq(a->end.ntp, b->end.ntp);
  ck_assert_uint_eq(a->sent, b->sent);
  ck_assert_uint_eq(a->received, b->received);
  ck_assert_uint_eq(a->lost, b->lost);
  ck_assert_uint_eq(a->skipped, b->skipped);
  ck_assert_uint_eq(a->refused, b->refused);
  ck_assert_int_eq(a->refusal, b->refusal);
  ck_assert_uint_eq(a->longest_loss_run, b->longest_loss_run);
  ck_assert_uint_eq(a->duplicates, b->duplicates);
  ck_assert_uint_eq(a->reordered, b->reordered);
  ck_assert_uint_eq(a->discarded, b->discarded);
  ck_assert_uint_eq(a->refused, b->refused);
  ck_assert_int_eq(a->refusal, b->refusal);
  ck_assert_uint_eq(a->dropped, b->dropped);
  ck_assert_int_eq(a->incomplete, b->incomplete);
  ck_assert_int_eq(a->loss_unknown, b->loss_unknown);
  ck_assert_int_eq(a->run_unknown, b->run_unknown);
  ck_assert_int_eq(a->has_dwell, b->has_dwell);
  ck_assert_int_eq(a->dwell.min, b->dwell.min);
  ck_assert_int_eq(a->dwell.p95, b->dwell.p95);
  ck_assert_int_eq(a->dwell.max, b->dwell.max);
  ck_assert_int_eq(a->delay.min, b->delay.min);
  ck_assert_int_eq(a->delay.mean, b->delay.mean);
  ck_assert_int_eq(a->delay.median, b->delay.median);
  ck_assert_int_eq(a->delay.p95, b->delay.p95);
  ck_assert_int_eq(a->delay.p99, b->delay.p99);
  ck_assert_int_eq(a->delay.max, b->delay.max);
  ck_assert_int_eq(a->jitter, b->jitter);
  ck_assert_int_eq(a->pdv, b->pdv);
  ck_assert_int_eq(a->has_ipdv, b->has_ipdv);
  ck_assert_int_eq(a->ipdv, b->ipdv);
  ck_assert_uint_eq(a->hops_min, b->hops_min);
  ck_assert_uint_eq(a->hops_max, b->hops_max);
  ck_assert_int_eq(a->clock.sender_synchronized, b->clock.sender_synchronized);
  ck_assert_int_eq(a->clock.receiver_synchronized, b->clock.receiver_synchronized);
  ck_assert_int_eq(a->clock.error_ns, b->clock.error_ns);
  ck_assert_int_eq(a->clock.receive_stamp, b->clock.receive_stamp);
  ck_assert_int_eq(a->clock.departed, b->clock.departed);
  ck_assert_int_eq(a->clock.stepped, b->clock.stepped);
  assert_same_distribution(a, b);
}

/* Losses may be known by direction or not; a round trip has a dwell time, and neither hops nor clocks. */
static void make_reflected(struct ow_interval *interval)
{
  struct ow_result *forward = &interval->results[OW_FORWARD];
  struct ow_result *round_trip = &interval->results[OW_ROUND_TRIP];
  *round_trip = any_result();
  bool stepped = round_trip->clock.stepped;
  round_trip->hops_min = round_trip->hops_max = 0;
  round_trip->clock = (struct ow_clock_trust){.stepped = stepped};
  round_trip->has_dwell = round_trip->received > 0 && !stepped && coin();
  if (round_trip->has_dwell)
    round_trip->dwell =
        (struct ow_delays){any_time(), any_time(), any_time(), any_time(), any_time(), any_time()};
  if (forward->completeness != OW_RESULT_ABSENT && coin()) {
    forward->loss_unknown = coin();
    forward->run_unknown = !forward->loss_unknown;
    forward->longest_loss_run = 0;
    forward->lost = forward->loss_unknown ? 0 : forward->lost;
    forward->sent = forward->received + forward->lost;
  }
}

static struct ow_interval any_interval(uint64_t serial)
{
  struct ow_interval interval = {.number = serial, .begin = any_stamp(), .end = any_stamp()};
  interval.status = (enum ow_status)test_prng_below(&prng, OW_STATE + 1);
  if (coin())
    memset(interval.reason, 'r', number(8) + 1);
  interval.mode = coin() ? (enum ow_mode)(1U << test_prng_below(&prng, 3)) : OW_MODE_NONE;
  interval.results[OW_FORWARD] = any_result();
  interval.results[OW_REVERSE] = any_result();
  if (coin())
    make_reflected(&interval);
  return interval;
}

static void assert_same_interval(const struct ow_interval *a, const struct ow_interval *b)
{
  ck_assert_uint_eq(a->number, b->number);
  ck_assert_uint_eq(a->begin.ntp, b->begin.ntp);
  ck_assert_uint_eq(a->end.ntp, b->end.ntp);
  ck_assert_int_eq(a->status, b->status);
  ck_assert_str_eq(a->reason, b->reason);
  ck_assert_int_eq(a->mode, b->mode);
  for (int d = 0; d < OW_RESULTS; d++)
    assert_same_result(&a->results[d], &b->results[d]);
}

static struct ow_totals any_totals(void)
{
  return (struct ow_totals){number(63), number(63), number(63), number(63),
                            number(63), number(63), number(63), coin() ? number(63) : 0};
}

static struct ow_stream_view any_view(void)
{
  struct ow_stream_view view = {.name = "far", .host = "far.example.net", .port = "861"};
  view.interval = any_time();
  view.state = (enum ow_stream_state)test_prng_below(&prng, 3);
  view.since = any_stamp();
  view.status = (enum ow_status)test_prng_below(&prng, OW_STATE + 1);
  if (coin())
    strcpy(view.reason, "no answer: \"timeout\" \\ 100 %");
  view.mode = coin() ? OW_MODE_ENCRYPTED : OW_MODE_NONE;
  strcpy(view.server, coin() ? coin() ? "192.0.2.1 port 861" : "fe80::1%eth0 port 65535" : "");
  view.newest = number(63);
  view.intervals = number(63);
  view.failed = number(63);
  view.version = number(63);
  view.single_connection = coin();
  view.protocol = (enum ow_protocol)test_prng_below(&prng, 3);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    view.directions[d] = coin();
    if (view.directions[d])
      view.totals[d] = any_totals();
  }
  if (view.protocol == OW_PROTOCOL_STAMP)
    view.totals[OW_ROUND_TRIP] = any_totals();
  return view;
}

static void assert_same_view(const struct ow_stream_view *a, const struct ow_stream_view *b)
{
  ck_assert_str_eq(a->name, b->name);
  ck_assert_str_eq(a->host, b->host);
  ck_assert_str_eq(a->port, b->port);
  ck_assert_int_eq(a->protocol, b->protocol);
  ck_assert_int_eq(a->interval, b->interval);
  ck_assert_int_eq(a->state, b->state);
  ck_assert_uint_eq(a->since.ntp, b->since.ntp);
  ck_assert_int_eq(a->status, b->status);
  ck_assert_str_eq(a->reason, b->reason);
  ck_assert_int_eq(a->mode, b->mode);
  ck_assert_str_eq(a->server, b->server);
  ck_assert_uint_eq(a->newest, b->newest);
  ck_assert_uint_eq(a->intervals, b->intervals);
  ck_assert_uint_eq(a->failed, b->failed);
  ck_assert_uint_eq(a->version, b->version);
  ck_assert_int_eq(a->single_connection, b->single_connection);
  ck_assert_mem_eq(a->directions, b->directions, sizeof a->directions);
  ck_assert_mem_eq(a->totals, b->totals, sizeof a->totals);
}

START_TEST(streams_and_intervals_come_back_as_they_were)
{
  prng = test_prng(test_seed());
  for (int round = 0; round < 3000; round++) {
    struct ow_interval intervals[3] = {any_interval(1), any_interval(2), any_interval(INT64_MAX)};
    struct ow_interval back[3];
    struct ow_stream_view view = any_view();
    struct ow_stream_view view_back;
    struct ow_failure failure = {.text = ""};
    size_t octets;
    size_t got;
    char *text = ow_answer_stream(&view, intervals, 3, &octets);
    ck_assert_ptr_nonnull(text);
    ck_assert_ptr_null(memchr(text, '\n', octets));
    ck_assert_msg(ow_answer_read_stream(text, octets, &view_back, back, 3, &got, &failure) == OW_OK,
                  "%s: %.*s", failure.text, (int)octets, text);
    ck_assert_uint_eq(got, 3);
    assert_same_view(&view, &view_back);
    for (int i = 0; i < 3; i++) {
      assert_same_interval(&intervals[i], &back[i]);
      ow_interval_drop(&back[i]);
    }
    ck_assert_int_eq(ow_answer_read_stream(text, octets, &view_back, back, 1, &got, NULL), OW_OK);
    ck_assert_uint_eq(got, 1);
    assert_same_interval(&intervals[2], &back[0]);
    ow_interval_drop(&back[0]);
    for (int i = 0; i < 3; i++)
      ow_interval_drop(&intervals[i]);
    free(text);
  }
}
END_TEST

START_TEST(times_at_their_bounds_come_back)
{
  static const int64_t times[] = {0,
                                  1,
                                  -1,
                                  999999999,
                                  -999999999999999,
                                  999999999999999,
                                  1000000000000000,
                                  -1000000000000000,
                                  INT64_MAX,
                                  INT64_MIN};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    struct ow_result back;
    enum ow_direction direction;
    struct ow_result result = {.completeness = OW_RESULT_PARTIAL, .received = 1, .sent = 1};
    result.delay.min = result.pdv = result.clock.error_ns = times[i];
    json_t *object = ow_result_to_json(&result, OW_REVERSE);
    ck_assert_int_eq(ow_result_from_json(object, &back, &direction, NULL), OW_OK);
    ck_assert(!json_object_get(json_object_get(object, "clock"), "error") == (times[i] == OW_ERROR_UNKNOWN));
    json_decref(object);
    ck_assert_int_eq(direction, OW_REVERSE);
    assert_same_result(&result, &back);
  }
}
END_TEST

/* ---- histograms ---- */

/* Of three packets, 0, 5 and 300 ns after the first: "0 4 272". */
static struct ow_result three_packets(void)
{
  const int64_t delays[] = {-100, -95, 200};
  struct ow_result result = {.completeness = OW_RESULT_COMPLETE, .sent = 3, .received = 3};
  result.delay = (struct ow_delays){-100, 2, -95, 200, 200, 200};
  result.histogram = ow_histogram_of(delays, 3);
  return result;
}

START_TEST(a_histogram_as_text)
{
  const struct ow_histogram_entry entries[] = {{0, 3}, {3, 1}, {13, 2}};
  char text[32] = "";
  struct ow_histogram *histogram = ow_histogram_make(entries, 3);
  ck_assert_uint_eq(ow_histogram_text_octets(histogram), strlen("0x3 2 9x2"));
  ow_histogram_print(text, histogram);
  ck_assert_str_eq(text, "0x3 2 9x2");
  ow_histogram_drop(histogram);
}
END_TEST

START_TEST(a_histogram_that_cannot_be_is_refused)
{
  static const char *const wrong[] = {
      "",
      " ",
      "0",
      "0 4",
      "0 4 271",
      "0 4 273",
      "1 3 272",
      "0 4 272 ",
      " 0 4 272",
      "0  4 272",
      "0x1 4 272",
      "0x 4 272",
      "0x2 4 267",
      "x3",
      "0 4 272x2",
      "0,4,272",
      "0 4 2 72",
      "-0 4 272",
      "0 4 +272",
      "0 4 0x110",
      "0 4 272\t",
      "0 4 99999",
      "0 4 4294967568",
      "0x4294967297 4 272",
      "0x18446744073709551617 4 272",
  };
  struct ow_result result = three_packets();
  json_t *object = ow_result_to_json(&result, OW_FORWARD);
  struct ow_result back;
  enum ow_direction direction;
  struct ow_failure failure = {.text = ""};
  ck_assert_str_eq(json_string_value(json_object_get(object, "histogram")), "0 4 272");
  ck_assert_int_eq(ow_result_from_json(object, &back, &direction, NULL), OW_OK);
  assert_same_result(&result, &back);
  ow_result_drop(&back);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    json_object_set_new(object, "histogram", json_string(wrong[i]));
    ck_assert_msg(ow_result_from_json(object, &back, &direction, &failure) == OW_INVALID, "%s", wrong[i]);
    ck_assert_ptr_nonnull(strstr(failure.text, "histogram must"));
    ck_assert_ptr_null(back.histogram);
  }
  json_object_set_new(object, "histogram", json_integer(7));
  ck_assert_int_eq(ow_result_from_json(object, &back, &direction, &failure), OW_INVALID);
  json_decref(object);
  ow_result_drop(&result);
}
END_TEST

START_TEST(percentiles_that_cannot_be_are_refused)
{
  static const char *const wrong[] = {"0", "-1", "101", "p99", "", "99.9999", "1e1", "99."};
  struct ow_result result = three_packets();
  struct ow_result back;
  enum ow_direction direction;
  struct ow_failure failure = {.text = ""};
  json_t *object = ow_result_to_json(&result, OW_FORWARD);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    json_object_set_new(object, "percentiles", json_pack("{s:f}", wrong[i], 0.1));
    ck_assert_int_eq(ow_result_from_json(object, &back, &direction, &failure), OW_INVALID);
    ck_assert_ptr_nonnull(strstr(failure.text, "percentiles must"));
  }
  json_object_set_new(object, "percentiles", json_pack("{s:s}", "99.9", "0.1"));
  ck_assert_int_eq(ow_result_from_json(object, &back, &direction, &failure), OW_INVALID);
  ck_assert_ptr_nonnull(strstr(failure.text, "percentiles.99.9 must"));
  json_t *many = json_object();
  for (int i = 1; i <= OW_PERCENTILES_MOST + 1; i++)
    json_object_set_new(many, (const char[]){(char)('0' + i), '\0'}, json_real(0.1));
  json_object_set_new(object, "percentiles", many);
  ck_assert_int_eq(ow_result_from_json(object, &back, &direction, &failure), OW_INVALID);
  json_decref(object);
  ow_result_drop(&result);
}
END_TEST

/* The newest ones' are told as far as they fit, and the answer stays within what is read. */
START_TEST(histograms_beyond_an_answers_bounds_stay_away)
{
  enum { COUNT = 400, ENTRIES = 7424 };
  static struct ow_histogram_entry entries[ENTRIES];
  static struct ow_interval intervals[COUNT];
  static struct ow_interval back[COUNT];
  struct ow_stream_view view = {.name = "far", .host = "far.example.net", .port = "861"};
  struct ow_stream_view view_back;
  struct ow_failure failure = {.text = ""};
  struct ow_result result = {.completeness = OW_RESULT_COMPLETE};
  size_t octets;
  size_t got;
  for (uint32_t i = 0; i < ENTRIES; i++) {
    entries[i] = (struct ow_histogram_entry){i, 2};
    result.received += 2;
  }
  result.sent = result.received;
  result.delay = (struct ow_delays){INT64_MIN, 0, 0, 0, 0, INT64_MAX};
  result.histogram = ow_histogram_make(entries, ENTRIES);
  for (int i = 0; i < COUNT; i++)
    intervals[i] = (struct ow_interval){.number = (uint64_t)i + 1, .results = {result}};
  char *text = ow_answer_stream(&view, intervals, COUNT, &octets);
  ck_assert_msg(ow_answer_read_stream(text, octets, &view_back, back, COUNT, &got, &failure) == OW_OK, "%s",
                failure.text);
  size_t each = ow_histogram_text_octets(result.histogram);
  for (size_t i = 0; i < COUNT; i++) {
    bool fits = (COUNT - i) * each <= OW_ANSWER_HISTOGRAMS_MOST;
    ck_assert_int_eq(back[i].results[OW_FORWARD].histogram != NULL, fits);
    ow_interval_drop(&back[i]);
  }
  ck_assert_uint_lt((size_t)OW_ANSWER_HISTOGRAMS_MOST, COUNT * each);
  ow_histogram_drop(result.histogram);
  free(text);
}
END_TEST

/* What a clock that was stepped spoils is absent, though the numbers were worked out. */
START_TEST(what_means_nothing_is_not_told)
{
  struct ow_result back;
  enum ow_direction direction;
  struct ow_result result = {
      .completeness = OW_RESULT_COMPLETE, .sent = 2, .received = 2, .jitter = 5, .clock.stepped = true};
  json_t *object = ow_result_to_json(&result, OW_FORWARD);
  ck_assert_ptr_null(json_object_get(object, "delay"));
  ck_assert_ptr_null(json_object_get(object, "jitter"));
  ck_assert_int_eq(ow_result_from_json(object, &back, &direction, NULL), OW_OK);
  ck_assert_int_eq(back.jitter, 0);
  ck_assert(back.clock.stepped);
  json_decref(object);
  result = (struct ow_result){0};
  object = ow_result_to_json(&result, OW_FORWARD);
  ck_assert_ptr_null(json_object_get(object, "sent"));
  ck_assert_ptr_null(json_object_get(object, "clock"));
  json_decref(object);
}
END_TEST

START_TEST(stamps_are_text)
{
  static const struct {
    uint64_t ntp;
    const char *text;
  } rows[] = {
      {UINT64_C(0x83aa7e80) << 32, "1970-01-01T00:00:00.000000000Z"},
      {UINT64_C(0x80000000) << 32, "1968-01-20T03:14:08.000000000Z"},
      {UINT64_MAX, "2036-02-07T06:28:15.999999999Z"},
      {1, "2036-02-07T06:28:16.000000000Z"},
      {UINT64_C(0x7fffffff) << 32, "2104-02-26T09:42:23.000000000Z"},
      {(UINT64_C(3913056000) << 32) + (UINT64_C(1) << 31), "2024-01-01T00:00:00.500000000Z"},
      {(UINT64_C(3913056000) + 59 * 86400) << 32, "2024-02-29T00:00:00.000000000Z"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[OW_STAMP_TEXT];
    struct ow_timestamp stamp;
    ck_assert_str_eq(ow_stamp_print(text, (struct ow_timestamp){rows[i].ntp}), rows[i].text);
    ck_assert(ow_stamp_parse(text, &stamp));
    ck_assert_uint_le(stamp.ntp - rows[i].ntp + 4, 8);
  }
}
END_TEST

START_TEST(other_text_is_no_stamp)
{
  static const char *const rows[] = {"",
                                     "2024-01-01",
                                     "2023-02-29T00:00:00.000000000Z",
                                     "2024-13-01T00:00:00.000000000Z",
                                     "2024-00-01T00:00:00.000000000Z",
                                     "2024-01-01T24:00:00.000000000Z",
                                     "2024-01-01T00:60:00.000000000Z",
                                     "1900-01-01T00:00:00.000000000Z",
                                     "9999-12-31T23:59:59.999999999Z",
                                     "2024-01-01T00:00:00.000000000z",
                                     "2024-01-01T00:00:00.00000000:Z"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ow_timestamp stamp;
    ck_assert_msg(!ow_stamp_parse(rows[i], &stamp), "%s", rows[i]);
  }
}
END_TEST

/* A sound answer in which one thing is replaced; the sentence names it. */
START_TEST(hostile_members_are_named)
{
  static const struct {
    const char *from, *to, *named;
  } rows[] = {
      {"\"sent\":2", "\"sent\":3", "sent"},
      {"\"sent\":2", "\"sent\":-2", "sent"},
      {"\"lost\":1", "\"lost\":4294967296", "lost"},
      {"\"lost\":1", "\"lost\":\"1\"", "lost"},
      {"\"lost\":1,", "", "lost is missing"},
      {"\"min\":0.5", "\"min\":1e300", "delay.min"},
      {"\"min\":0.5", "\"min\":1e7", "delay.min"},
      {"\"min\":0.5", "\"min\":null", "delay.min"},
      {"\"min\":0.5", "\"min\":0.5,\"min_ns\":0.5", "delay.min"},
      {"\"hops\":{\"min\":3", "\"hops\":{\"min\":256", "hops.min"},
      {"\"hops\":{\"min\":3", "\"hops\":{\"mun\":3", "hops.min is missing"},
      {"\"receive_stamp\":\"kernel\"", "\"receive_stamp\":\"moon\"", "clock.receive_stamp"},
      {"\"departed\":\"corrected\"", "\"departed\":\"moon\"", "clock.departed"},
      {"\"stepped\":false", "\"stepped\":0", "clock.stepped"},
      {"\"direction\":\"reverse\"", "\"direction\":\"back\"", "direction"},
      {"\"direction\":\"reverse\"", "\"direction\":\"forward\"", "results"},
      {"\"number\":7", "\"number\":0", "intervals"},
      {"\"number\":7", "\"number\":1e3", "number"},
      {"\"status\":\"ok\",\"results\":[", "\"status\":\"ok\",\"mode\":\"x\",\"results\":[[],", "mode"},
      {"\"results\":[", "\"results\":[{},{},", "results"},
      {"\"results\":[", "\"results\":[[[[[", "JSON"},
      {"\"intervals\":[{", "\"intervals\":[7,{", "interval must be an object"},
      {"\"name\":\"far\"", "\"name\":\"a/b\"", "name"},
      {"\"name\":\"far\"", "\"name\":\"far\\u0000x\"", "JSON"},
      {"\"name\":\"far\"", "\"name\":\"far\",\"name\":\"far\"", "JSON"},
      {"\"state\":\"up\"", "\"state\":\"up \"", "state"},
      {"\"version\":9", "\"version\":9223372036854775808", "JSON"},
      {"\"schema\":1", "\"schema\":2", "schema 2"},
      {"\"schema\":1", "\"schema\":\"1\"", "schema is no number"},
      {"\"port\":861}", "\"port\":65536}", "connection.port"},
      {"\"connection\":{", "\"connection\":7,\"x\":{", "connection must be an object"},
      {"\"totals\":[]", "\"totals\":[{}]", "totals.direction is missing"},
      {"\"totals\":[]", "\"totals\":{}", "totals must be a list"},
      {"\"directions\":[]", "\"directions\":[null]", "directions"},
  };
  struct ow_stream_view view = {.name = "far", .host = "h", .port = "1", .state = OW_STREAM_UP, .version = 9};
  struct ow_interval interval = {.number = 7};
  strcpy(view.server, "::1 port 861");
  for (int d = 0; d < OW_DIRECTIONS; d++)
    interval.results[d] = (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                                             .sent = 2,
                                             .received = 1,
                                             .lost = 1,
                                             .delay.min = OW_NS_PER_S / 2,
                                             .hops_min = 3,
                                             .hops_max = 3,
                                             .clock.receive_stamp = OW_STAMP_KERNEL};
  size_t octets;
  char *sound = ow_answer_stream(&view, &interval, 1, &octets);
  ck_assert_ptr_nonnull(sound);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char wrong[8192];
    struct ow_failure failure = {.text = ""};
    struct ow_interval back[2];
    struct ow_stream_view view_back;
    size_t got;
    const char *at = memmem(sound, octets, rows[i].from, strlen(rows[i].from));
    ck_assert_msg(at != NULL, "%s is not in %.*s", rows[i].from, (int)octets, sound);
    int length =
        snprintf(wrong, sizeof wrong, "%.*s%s%.*s", (int)(at - sound), sound, rows[i].to,
                 (int)(octets - (size_t)(at - sound) - strlen(rows[i].from)), at + strlen(rows[i].from));
    ck_assert_int_lt(length, (int)sizeof wrong);
    ck_assert_msg(ow_answer_read_stream(wrong, (size_t)length, &view_back, back, 2, &got, &failure) ==
                      OW_PROTOCOL,
                  "%s", rows[i].to);
    ck_assert_int_eq(failure.status, OW_PROTOCOL);
    ck_assert_msg(strstr(failure.text, rows[i].named) != NULL, "%s: %s", rows[i].to, failure.text);
    ck_assert_uint_eq(got, 0);
  }
  free(sound);
}
END_TEST

/* As version 0.1.0 and those before wrote it: no schema, null for what isn't known, the server as a text. */
static const char older[] =
    "{\"stream\":{\"name\":\"far\",\"host\":\"h\",\"port\":\"861\",\"directions\":[\"forward\"],\"interval\":"
    "60.0,"
    "\"state\":\"up\",\"since\":null,\"status\":\"ok\",\"reason\":null,\"mode\":null,\"server\":\"192.0.2.1 "
    "port 861\","
    "\"newest\":5,\"intervals\":5,\"failed\":0,\"totals\":[{\"direction\":\"forward\",\"sent\":300,"
    "\"received\":0,"
    "\"lost\":300,\"skipped\":0,\"duplicates\":0,\"reordered\":0,\"discarded\":0}],\"version\":7},"
    "\"intervals\":["
    "{\"number\":5,\"begin\":\"2026-11-26T09:04:42.639646707Z\",\"end\":null,\"status\":\"ok\",\"reason\":"
    "null,"
    "\"mode\":\"open\",\"results\":[{\"direction\":\"forward\",\"completeness\":\"complete\",\"begin\":null,"
    "\"end\":null,"
    "\"sent\":60,\"received\":0,\"lost\":60,\"loss_percent\":100.0,\"longest_loss_run\":60,\"skipped\":0,"
    "\"duplicates\":0,\"reordered\":0,\"discarded\":0,\"delay\":null,\"jitter\":null,\"ipdv\":null,\"pdv\":"
    "null,"
    "\"hops\":null,\"clock\":null}]}]}";

START_TEST(older_answers_are_read)
{
  struct ow_stream_view view;
  struct ow_interval interval;
  struct ow_failure failure = {.text = ""};
  size_t got;
  ck_assert_msg(ow_answer_read_stream(older, strlen(older), &view, &interval, 1, &got, &failure) == OW_OK,
                "%s", failure.text);
  ck_assert_uint_eq(got, 1);
  ck_assert_str_eq(view.server, "192.0.2.1 port 861");
  ck_assert_uint_eq(view.totals[OW_FORWARD].lost, 300);
  ck_assert_uint_eq(interval.results[OW_FORWARD].lost, 60);
  ck_assert(!interval.results[OW_FORWARD].has_ipdv);
}
END_TEST

/* A member that nobody knows yet changes nothing. */
START_TEST(members_that_were_added_are_passed_over)
{
  struct ow_stream_view view = {.name = "far", .state = OW_STREAM_UP};
  struct ow_stream_view back;
  struct ow_interval interval;
  size_t octets;
  size_t got;
  char later[2048];
  char *text = ow_answer_stream(&view, NULL, 0, &octets);
  snprintf(later, sizeof later, "{\"news\":null,\"more\":{\"of\":[1]},%.*s", (int)octets - 1, text + 1);
  ck_assert_int_eq(ow_answer_read_stream(later, strlen(later), &back, &interval, 1, &got, NULL), OW_OK);
  assert_same_view(&view, &back);
  free(text);
}
END_TEST

START_TEST(lists_and_errors_are_read)
{
  struct ow_stream_view views[2] = {{.name = "a", .newest = 3, .version = 8}, {.name = "b"}};
  struct ow_failure failure = {.text = ""};
  struct ow_listed *listed;
  bool histograms = false;
  size_t octets;
  size_t count;
  char *text = ow_answer_list(views, 2, &octets);
  ck_assert_int_eq(ow_answer_read_list(text, octets, &listed, &count, &histograms, &failure), OW_OK);
  ck_assert_uint_eq(count, 2);
  ck_assert_str_eq(listed[0].name, "a");
  ck_assert_uint_eq(listed[0].newest, 3);
  ck_assert_uint_eq(listed[0].version, 8);
  ck_assert_str_eq(listed[1].name, "b");
  free(listed);
  free(text);
  text = ow_answer_error("no stream \"x\"", &octets);
  ck_assert_int_eq(ow_answer_read_list(text, octets, &listed, &count, &histograms, &failure), OW_REFUSED);
  ck_assert_str_eq(failure.text, "no stream \"x\"");
  ck_assert_ptr_null(listed);
  free(text);
  ck_assert_int_eq(ow_answer_read_list("{}", 2, &listed, &count, &histograms, &failure), OW_PROTOCOL);
  ck_assert_int_eq(ow_answer_read_list("[]", 2, &listed, &count, &histograms, &failure), OW_PROTOCOL);
  ck_assert_int_eq(ow_answer_read_list("", 0, &listed, &count, &histograms, NULL), OW_PROTOCOL);
  ck_assert_int_eq(
      ow_answer_read_list("{\"streams\":[{\"name\":5}]}", 24, &listed, &count, &histograms, &failure),
      OW_PROTOCOL);
  ck_assert_ptr_null(listed);
  char *deep = malloc(100000);
  ck_assert_ptr_nonnull(deep);
  memset(deep, '[', 100000);
  ck_assert_int_eq(ow_answer_read_list(deep, 100000, &listed, &count, &histograms, &failure), OW_PROTOCOL);
  free(deep);
}
END_TEST

START_TEST(names_are_checked)
{
  char longest[OW_STREAM_NAME + 1] = "";
  enum ow_stream_state state;
  memset(longest, 'x', OW_STREAM_NAME);
  ck_assert(!ow_stream_name_valid(longest));
  longest[OW_STREAM_NAME - 1] = '\0';
  ck_assert(ow_stream_name_valid(longest));
  ck_assert(ow_stream_name_valid("far.example.net:861"));
  static const char *const bad[] = {"", "a b", "a/b", "a\"", "a\\", "a\n", "\x7f", "\xc3\xa4"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ck_assert_msg(!ow_stream_name_valid(bad[i]), "%s", bad[i]);
  ck_assert(ow_stream_state_find("down", &state));
  ck_assert_int_eq(state, OW_STREAM_DOWN);
  ck_assert(!ow_stream_state_find("Down", &state));
}
END_TEST

START_TEST(totals_add_up)
{
  struct ow_totals totals = {.sent = UINT32_MAX};
  struct ow_result result = {
      .sent = 7, .received = 5, .lost = 2, .skipped = 1, .duplicates = 3, .reordered = 4, .discarded = 6};
  ow_totals_add(&totals, &result);
  ow_totals_add(&totals, &result);
  ck_assert_uint_eq(totals.sent, (uint64_t)UINT32_MAX + 14);
  ck_assert_uint_eq(totals.received, 10);
  ck_assert_uint_eq(totals.lost, 4);
  ck_assert_uint_eq(totals.skipped, 2);
  ck_assert_uint_eq(totals.duplicates, 6);
  ck_assert_uint_eq(totals.reordered, 8);
  ck_assert_uint_eq(totals.discarded, 12);
}
END_TEST

/* Nothing of them is taken for a loss, nor for none. */
START_TEST(totals_are_of_known_losses)
{
  struct ow_totals totals = {0};
  struct ow_result result = {.sent = 5, .received = 5, .duplicates = 1, .loss_unknown = true};
  ck_assert(ow_totals_losses_known(&totals));
  ow_totals_add(&totals, &result);
  ck_assert(!ow_totals_losses_known(&totals));
  result = (struct ow_result){.sent = 7, .received = 5, .lost = 2};
  ow_totals_add(&totals, &result);
  ck_assert(ow_totals_losses_known(&totals));
  ck_assert_uint_eq(totals.sent, 7);
  ck_assert_uint_eq(totals.received, 5);
  ck_assert_uint_eq(totals.lost, 2);
  ck_assert_uint_eq(totals.duplicates, 1);
  ck_assert_uint_eq(totals.loss_unknown, 1);
}
END_TEST

START_TEST(unknown_totals_are_not_told)
{
  struct ow_stream_view view = {.name = "far", .protocol = OW_PROTOCOL_STAMP, .directions = {true, true}};
  struct ow_stream_view same;
  struct ow_failure failure = {0};
  view.totals[OW_FORWARD] = (struct ow_totals){.duplicates = 3, .loss_unknown = 2};
  view.totals[OW_ROUND_TRIP] = (struct ow_totals){.sent = 9, .received = 8, .lost = 1};
  json_t *json = ow_stream_to_json(&view);
  json_t *list = json_object_get(json, "totals");
  ck_assert_uint_eq(json_array_size(list), 3);
  json_t *forward = json_array_get(list, 0);
  ck_assert(!json_object_get(forward, "sent") && !json_object_get(forward, "received"));
  ck_assert(!json_object_get(forward, "lost") && json_object_get(forward, "duplicates"));
  ck_assert_int_eq(json_integer_value(json_object_get(forward, "loss_unknown")), 2);
  json_t *round_trip = json_array_get(list, 2);
  ck_assert_str_eq(json_string_value(json_object_get(round_trip, "direction")), "round-trip");
  ck_assert_int_eq(json_integer_value(json_object_get(round_trip, "lost")), 1);
  ck_assert(!json_object_get(round_trip, "loss_unknown"));
  ck_assert_msg(ow_stream_from_json(json, &same, &failure) == OW_OK, "%s", failure.text);
  ck_assert_mem_eq(same.totals, view.totals, sizeof view.totals);
  json_decref(json);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("report");
  test_seed();
  TEST_CASE(suite, "interval", names_are_checked, totals_add_up, totals_are_of_known_losses,
            unknown_totals_are_not_told);
  TEST_CASE(suite, "stamps", stamps_are_text, other_text_is_no_stamp);
  TEST_CASE(suite, "round trip", streams_and_intervals_come_back_as_they_were,
            times_at_their_bounds_come_back, what_means_nothing_is_not_told, older_answers_are_read,
            members_that_were_added_are_passed_over);
  TEST_CASE(suite, "histograms", a_histogram_as_text, a_histogram_that_cannot_be_is_refused,
            percentiles_that_cannot_be_are_refused, histograms_beyond_an_answers_bounds_stay_away);
  TEST_CASE(suite, "hostile", hostile_members_are_named, lists_and_errors_are_read);
  return test_run(suite);
}
