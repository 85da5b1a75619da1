/* SPDX-License-Identifier: MIT */
/* What the query socket answers, against owamp-json(5): every member stands there, and each of those is told.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/answer.h"
#include "support/json_members.h"
#include "support/main.h"

static struct ow_stream_view view_of(enum ow_stream_state state)
{
  struct ow_stream_view view = {.name = "far", .host = "far.example.net", .port = "861", .state = state};
  if (state != OW_STREAM_STARTING) {
    view.directions[OW_FORWARD] = view.directions[OW_REVERSE] = true;
    view.since.ntp = UINT64_MAX;
    view.mode = OW_MODE_ENCRYPTED;
    strcpy(view.server, "fe80::1%eth0 port 861");
  }
  view.protocol = OW_PROTOCOL_STAMP;
  view.totals[OW_ROUND_TRIP] = (struct ow_totals){.sent = 1, .lost = 1, .loss_unknown = 1};
  if (state == OW_STREAM_DOWN) {
    view.status = OW_TIMEOUT;
    strcpy(view.reason, "no answer");
  }
  return view;
}

static struct ow_result whole(void)
{
  static const int64_t delays[59];
  return (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                            .begin.ntp = 1,
                            .end.ntp = 2,
                            .sent = 60,
                            .received = 59,
                            .lost = 1,
                            .has_ipdv = true,
                            .ipdv_pairs = 58,
                            .percentiles = {1, {99900}},
                            .percentile_delays = {INT64_MAX},
                            .quantiles = OW_QUANTILES_SUMMARY,
                            .histogram = ow_histogram_of(delays, 59),
                            .delay.max = INT64_MAX,
                            .clock.receive_stamp = OW_STAMP_KERNEL};
}

/* Drop them. Intervals of all kinds: whole, cut short, of which little is known, and not measured. */
static void fill(struct ow_interval intervals[4])
{
  for (unsigned i = 0; i < 4; i++)
    intervals[i] = (struct ow_interval){.number = i + 1, .begin.ntp = 1, .end.ntp = 2};
  intervals[0].mode = OW_MODE_OPEN;
  intervals[0].results[OW_FORWARD] = whole();
  intervals[0].results[OW_REVERSE] = whole();
  intervals[1].results[OW_FORWARD] = (struct ow_result){.completeness = OW_RESULT_PARTIAL,
                                                        .begin.ntp = 1,
                                                        .skipped = 9,
                                                        .refused = 9,
                                                        .refusal = ENETUNREACH,
                                                        .dropped = 1,
                                                        .incomplete = true};
  for (int d = 0; d < OW_RESULTS; d++)
    intervals[3].results[d] = whole();
  intervals[3].results[OW_FORWARD].loss_unknown = true;
  intervals[3].results[OW_REVERSE].run_unknown = true;
  intervals[3].results[OW_ROUND_TRIP].has_dwell = true;
  intervals[2].results[OW_REVERSE] = (struct ow_result){.discarded = 7, .clock.stepped = true};
  intervals[3].status = OW_NETWORK;
  strcpy(intervals[3].reason, "Connection refused");
}

static void add_text(struct json_members *told, char *text, size_t octets)
{
  ck_assert_ptr_nonnull(text);
  json_t *object = json_loadb(text, octets, JSON_REJECT_DUPLICATES, NULL);
  json_members_add(told, object);
  json_decref(object);
  free(text);
}

static void expect_same(const struct json_members *told, const struct json_members *documented)
{
  json_members_expect_within(told, documented, "isn't in owamp-json(5)");
  json_members_expect_within(documented, told, "is in owamp-json(5), and never told");
}

START_TEST(a_stream_has_the_documented_members)
{
  static struct json_members told, documented;
  struct ow_interval intervals[4];
  size_t octets;
  fill(intervals);
  for (int state = OW_STREAM_STARTING; state <= OW_STREAM_DOWN; state++) {
    struct ow_stream_view view = view_of((enum ow_stream_state)state);
    char *text = ow_answer_stream(&view, intervals, state == OW_STREAM_STARTING ? 0 : 4, &octets);
    add_text(&told, text, octets);
  }
  for (int i = 0; i < 4; i++)
    ow_interval_drop(&intervals[i]);
  json_members_add_manual(&documented, "A stream and its intervals", "");
  json_members_add_manual(&documented, "A direction's result", "intervals.results.");
  expect_same(&told, &documented);
}
END_TEST

START_TEST(a_list_and_an_error_have_the_documented_members)
{
  static struct json_members list, documented_list, error, documented_error;
  struct ow_stream_view views[2] = {view_of(OW_STREAM_STARTING), view_of(OW_STREAM_UP)};
  size_t octets;
  char *text = ow_answer_list(views, 2, &octets);
  add_text(&list, text, octets);
  json_members_add_manual(&documented_list, "The list of streams", "");
  expect_same(&list, &documented_list);
  text = ow_answer_error("no such stream", &octets);
  add_text(&error, text, octets);
  json_members_add_manual(&documented_error, "An error", "");
  expect_same(&error, &documented_error);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("report/documents");
  TEST_CASE(suite, "owamp-json(5)", a_stream_has_the_documented_members,
            a_list_and_an_error_have_the_documented_members);
  return test_run(suite);
}
