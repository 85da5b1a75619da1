/* SPDX-License-Identifier: MIT */
/* What an answer may hold: every honest one with room to spare, and no text that costs more than 64 MB to
 * read. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/answer.h"
#include "report/answer_bounds.h"
#include "support/main.h"
#include "support/memory_held.h"

enum { MOST = 1000, ROOM = 64 << 20, TEXT = 16 << 20 };

/* Whatever has a number has its longest one. */
static struct ow_interval longest_interval(uint64_t number)
{
  struct ow_interval interval = {.number = number, .status = OW_INVALID, .mode = OW_MODE_AUTHENTICATED};
  const int64_t time = -INT64_C(1234567890123456789);
  interval.begin.ntp = interval.end.ntp = UINT64_C(0xedcba98765432101);
  memset(interval.reason, '"', sizeof interval.reason - 1);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    struct ow_result *result = &interval.results[d];
    *result = (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                                 .begin = interval.begin,
                                 .end = interval.end,
                                 .sent = UINT32_MAX,
                                 .received = UINT32_MAX / 2,
                                 .lost = UINT32_MAX - UINT32_MAX / 2,
                                 .longest_loss_run = UINT32_MAX / 2,
                                 .skipped = UINT32_MAX,
                                 .duplicates = UINT32_MAX,
                                 .reordered = UINT32_MAX,
                                 .discarded = UINT32_MAX,
                                 .refused = UINT32_MAX,
                                 .refusal = 101,
                                 .dropped = UINT32_MAX,
                                 .incomplete = true,
                                 .delay = {time, time, time, time, time, time},
                                 .jitter = time,
                                 .pdv = time,
                                 .has_ipdv = true,
                                 .ipdv = time,
                                 .hops_min = 255,
                                 .hops_max = 255,
                                 .clock = {.error_ns = INT64_MAX}};
  }
  return interval;
}

static enum ow_status hold(struct ow_answer_bounds bounds, const char *text, size_t octets)
{
  return ow_answer_bounds_hold(&bounds, text, octets, NULL);
}

START_TEST(the_longest_honest_answer_takes_less_than_three_quarters_of_what_it_may)
{
  static const size_t counts[] = {1, 10, MOST};
  struct ow_stream_view view = {.name = "s", .host = "h", .port = "861"};
  struct ow_interval *intervals = calloc(MOST, sizeof *intervals);
  ck_assert_ptr_nonnull(intervals);
  for (size_t i = 0; i < MOST; i++)
    intervals[i] = longest_interval(INT64_MAX - MOST + i);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    struct ow_answer_bounds bounds = ow_answer_bounds_of_stream(counts[i], true);
    size_t octets;
    char *text = ow_answer_stream(&view, intervals, counts[i], &octets);
    ck_assert_ptr_nonnull(text);
    bounds = (struct ow_answer_bounds){bounds.octets / 4 * 3, bounds.values / 4 * 3, bounds.nests / 4 * 3};
    ck_assert_int_eq(hold(bounds, text, octets), OW_OK);
    free(text);
  }
  free(intervals);
}
END_TEST

START_TEST(a_list_of_as_many_streams_as_there_may_be_is_read)
{
  struct ow_listed *listed = NULL;
  bool histograms = false;
  size_t count;
  size_t octets;
  struct ow_stream_view *views = calloc(OW_ANSWER_STREAMS_MOST, sizeof *views);
  ck_assert_ptr_nonnull(views);
  for (int i = 0; i < OW_ANSWER_STREAMS_MOST; i++) {
    snprintf(views[i].name, sizeof views[i].name, "the-stream-of-a-peer-with-a-long-name-number-%d", i);
    snprintf(views[i].host, sizeof views[i].host, "a-host-with-a-name-of-the-usual-length-%d.example.net", i);
    snprintf(views[i].port, sizeof views[i].port, "65535");
    views[i].version = INT64_MAX;
    views[i].newest = INT64_MAX;
  }
  char *text = ow_answer_list(views, OW_ANSWER_STREAMS_MOST, &octets);
  ck_assert_ptr_nonnull(text);
  free(views);
  ck_assert_int_eq(ow_answer_read_list(text, octets, &listed, &count, &histograms, NULL), OW_OK);
  ck_assert_uint_eq(count, OW_ANSWER_STREAMS_MOST);
  free(listed);
  free(text);
}
END_TEST

/* ---- what means no good ---- */

static const struct {
  const char *begin;
  const char *again; /* until the text is full */
} hostile[] = {
    {"[", "["},
    {"{\"streams\":[0", ",{}"},
    {"{\"streams\":[0", ",0"},
    {"[[]", ",[]"},
    {"[\"\\\"\"", ",1"},
    {"{\"error\":\"", "\\\"{[,"},
    {"", "\""},
    {"", " "},
};
enum { HOSTILE = sizeof hostile / sizeof *hostile };

static char *full_text(int which, size_t octets)
{
  size_t length = strlen(hostile[which].begin);
  size_t piece = strlen(hostile[which].again);
  char *text = malloc(octets + 8);
  ck_assert_ptr_nonnull(text);
  memcpy(text, hostile[which].begin, length);
  for (; length < octets; length += piece)
    memcpy(text + length, hostile[which].again, piece);
  return text;
}

START_TEST(hostile_text_of_any_length_costs_no_memory)
{
  static const size_t counts[] = {1, 120, MOST};
  struct ow_failure failure;
  struct ow_stream_view view;
  struct ow_listed *listed;
  bool histograms = false;
  size_t got;
  struct ow_interval *intervals = calloc(MOST, sizeof *intervals);
  ck_assert_ptr_nonnull(intervals);
  char *text = full_text(_i, TEXT);
  size_t before = test_memory_peak();
  for (size_t octets = 16; octets <= TEXT; octets *= 4) {
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
      ck_assert_int_ne(ow_answer_read_stream(text, octets, &view, intervals, counts[i], &got, &failure),
                       OW_OK);
      ck_assert_int_ne(failure.status, OW_MEMORY);
    }
    ck_assert_int_ne(ow_answer_read_list(text, octets, &listed, &got, &histograms, &failure), OW_OK);
    ck_assert_int_ne(failure.status, OW_MEMORY);
  }
  ck_assert_uint_le(test_memory_peak(), before + ROOM);
  free(text);
  free(intervals);
}
END_TEST

/* As much as is allowed, of what takes most memory: members of an object, each with a name of its own. */
START_TEST(the_worst_that_is_allowed_costs_less_than_64_mb)
{
  struct ow_stream_view view;
  size_t got;
  struct ow_answer_bounds bounds = ow_answer_bounds_of_stream(MOST, true);
  struct ow_interval *intervals = calloc(MOST, sizeof *intervals);
  char *text = malloc(bounds.octets);
  ck_assert_ptr_nonnull(intervals);
  ck_assert_ptr_nonnull(text);
  size_t length = 1;
  text[0] = '{';
  for (size_t i = 1; i < bounds.values; i++)
    length +=
        (size_t)sprintf(text + length, "%s\"%zx\":%s", i > 1 ? "," : "", i, i < bounds.nests ? "{}" : "1");
  text[length++] = '}';
  ck_assert_uint_le(length, bounds.octets);
  size_t before = test_memory_peak();
  ck_assert_int_eq(ow_answer_read_stream(text, length, &view, intervals, MOST, &got, NULL), OW_PROTOCOL);
  ck_assert_uint_le(test_memory_peak(), before + ROOM);
  free(text);
  free(intervals);
}
END_TEST

START_TEST(what_stands_in_a_string_is_no_list)
{
  static const char text[] = "{\"error\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[ \\\\\\\" ,,,,,,,,,{\"}";
  struct ow_answer_bounds bounds = {.octets = sizeof text - 1, .values = 1, .nests = 1};
  ck_assert_int_eq(hold(bounds, text, sizeof text - 1), OW_OK);
  bounds.octets--;
  ck_assert_int_eq(hold(bounds, text, sizeof text - 1), OW_PROTOCOL);
}
END_TEST

START_TEST(values_nests_and_depth_are_counted_each)
{
  static const struct ow_answer_bounds bounds = {.octets = 64, .values = 4, .nests = 3};
  static const char deep[] = "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"; /* 16 */
  struct ow_answer_bounds many = {.octets = 64, .values = 64, .nests = 64};
  ck_assert_int_eq(hold(bounds, "[1,2,[]]", 8), OW_OK);
  ck_assert_int_eq(hold(bounds, "[1,2,3,4,5]", 11), OW_PROTOCOL);
  ck_assert_int_eq(hold(bounds, "[[],{}]", 7), OW_OK);
  ck_assert_int_eq(hold(bounds, "[[[[]]]]", 8), OW_PROTOCOL);
  ck_assert_int_eq(hold(many, deep, sizeof deep - 1), OW_OK);
  ck_assert_int_eq(hold(many, "[[[[[[[[[[[[[[[[[", 17), OW_PROTOCOL);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("report/answer_bounds");
  TEST_CASE(suite, "honest", the_longest_honest_answer_takes_less_than_three_quarters_of_what_it_may,
            a_list_of_as_many_streams_as_there_may_be_is_read);
  TEST_LOOP(suite, "hostile", HOSTILE, hostile_text_of_any_length_costs_no_memory);
  TEST_CASE(suite, "counts", the_worst_that_is_allowed_costs_less_than_64_mb,
            what_stands_in_a_string_is_no_list, values_nests_and_depth_are_counted_each);
  return test_run(suite);
}
