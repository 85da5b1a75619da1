/* SPDX-License-Identifier: MIT */
/* Numbers or counts that fell, or an interval with another beginning: it is another stream. */
#include "results/mark.h"

void ow_stream_mark_counts(struct ow_stream_mark *mark, const struct ow_stream_view *view)
{
  mark->intervals = view->intervals;
  for (int i = 0; i < OW_RESULTS; i++) {
    mark->sent[i] = view->totals[i].sent;
    mark->received[i] = view->totals[i].received;
  }
}

void ow_stream_mark_interval(struct ow_stream_mark *mark, const struct ow_interval *interval)
{
  mark->number = interval->number;
  mark->begin = interval->begin;
}

static bool counts_fell(const struct ow_stream_mark *mark, const struct ow_stream_view *view)
{
  bool fell = view->intervals < mark->intervals;
  for (int i = 0; i < OW_RESULTS; i++)
    fell = fell || view->totals[i].sent < mark->sent[i] || view->totals[i].received < mark->received[i];
  return fell;
}

static bool is_another(const struct ow_stream_mark *mark, const struct ow_interval *interval)
{
  return interval->number == mark->number && interval->begin.ntp != mark->begin.ntp;
}

bool ow_stream_began_anew(const struct ow_stream_mark *mark, const struct ow_stream_view *view,
                          const struct ow_interval *kept, size_t count)
{
  bool anew = view->newest < mark->number || counts_fell(mark, view);
  for (size_t i = 0; i < count && !anew; i++)
    anew = is_another(mark, &kept[i]);
  return anew;
}
