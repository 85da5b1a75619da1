/* SPDX-License-Identifier: MIT */
/*
 * Answers of a query socket: what is accepted is within bounds, and comes out the same when it is written
 * again.
 */
#include <string.h>

#include "report/answer.h"
#include "target.h"

enum { MOST = 4 };

static void drop(struct ow_interval *intervals, size_t count)
{
  for (size_t i = 0; i < count; i++)
    ow_interval_drop(&intervals[i]);
}

static void check_stream(const uint8_t *input, size_t octets)
{
  struct ow_failure failure = {.text = ""};
  struct ow_stream_view view;
  struct ow_stream_view view_again;
  struct ow_interval intervals[MOST];
  struct ow_interval again[MOST];
  size_t got;
  size_t got_again;
  size_t length;
  enum ow_status status =
      ow_answer_read_stream((const char *)input, octets, &view, intervals, MOST, &got, &failure);
  FUZZ_CHECK(status == OW_OK || (failure.status == status && *failure.text && got == 0));
  if (status == OW_OK) {
    char *text = ow_answer_stream(&view, intervals, got, &length);
    FUZZ_CHECK(text);
    FUZZ_CHECK(ow_stream_name_valid(view.name));
    FUZZ_CHECK(ow_answer_read_stream(text, length, &view_again, again, MOST, &got_again, NULL) == OW_OK);
    FUZZ_CHECK(got == got_again && view.version == view_again.version &&
               view.since.ntp == view_again.since.ntp);
    for (size_t i = 0; i < got; i++)
      FUZZ_CHECK(intervals[i].end.ntp == again[i].end.ntp &&
                 intervals[i].results[0].delay.p95 == again[i].results[0].delay.p95 &&
                 !intervals[i].results[0].histogram == !again[i].results[0].histogram);
    free(text);
    drop(again, got_again);
    drop(intervals, got);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  struct ow_listed *listed;
  bool histograms = false;
  size_t count;
  check_stream(input, octets);
  if (ow_answer_read_list((const char *)input, octets, &listed, &count, &histograms, NULL) == OW_OK)
    for (size_t i = 0; i < count; i++)
      FUZZ_CHECK(ow_stream_name_valid(listed[i].name));
  free(listed);
  return 0;
}
