/* SPDX-License-Identifier: MIT */
/* Intervals are fetched from a query socket and merged; what is too old is refused. */
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stats/merge.h"
#include "text.h"

_Static_assert((int)CHECK_MOST_LAST <= (int)OW_QUERY_INTERVALS, "one answer holds them");

#define LENIENCE (5 * OW_NS_PER_S) /* for what comes after an interval's end */

static int64_t oldest_allowed(const struct check_options *options, const struct ow_stream_view *view)
{
  return options->max_age > 0 ? options->max_age : 2 * view->interval + LENIENCE;
}

static enum ow_status merge_direction(const struct check_options *options,
                                      const struct ow_interval *intervals, size_t count,
                                      enum ow_direction direction, struct ow_probe_report *report)
{
  struct ow_result *results = calloc(count, sizeof *results);
  enum ow_status status = results ? OW_OK : OW_MEMORY;
  for (size_t i = 0; i < count && results; i++)
    results[i] = intervals[i].results[direction];
  if (results)
    status = ow_result_merge(results, count, &options->settings.peer.percentiles,
                             &report->directions[direction].result);
  free(results);
  return status == OW_OK ? OW_OK : ow_fail(&report->failure, status, "no memory for %zu intervals", count);
}

static enum ow_status merge_directions(const struct check_options *options,
                                       const struct ow_interval *intervals, size_t count,
                                       struct ow_probe_report *report)
{
  enum ow_status status = OW_OK;
  for (int d = 0; d < OW_RESULTS && count > 0 && status == OW_OK; d++)
    status = merge_direction(options, intervals, count, (enum ow_direction)d, report);
  return status;
}

static void describe(const struct check_options *options, const struct ow_stream_view *view,
                     const struct ow_interval *intervals, size_t count, struct ow_timestamp now,
                     struct check_stream *stream)
{
  *stream = (struct check_stream){.known = true,
                                  .state = view->state,
                                  .interval = view->interval,
                                  .intervals = (uint32_t)count,
                                  .asked = options->last,
                                  .begun = view->intervals <= count};
  snprintf(stream->name, sizeof stream->name, "%s", view->name);
  for (size_t i = 0; i < count; i++)
    stream->failed += intervals[i].status != OW_OK;
  if (count > 0)
    stream->age = ow_timestamp_difference(now, intervals[count - 1].end);
}

static enum ow_status too_old(const struct check_stream *stream, int64_t most, struct ow_failure *failure)
{
  char age[CHECK_NUMBER];
  char limit[CHECK_NUMBER];
  ow_seconds_print_apart(age, limit, check_seconds(stream->age), check_seconds(most));
  return ow_fail(
      failure, OW_STATE,
      "stream %s: the newest result is too old: it ended %s ago, and %s are allowed (--max-age); does its "
      "daemon still run?",
      stream->name, age, limit);
}

static enum ow_status fail_as(const struct ow_stream_view *view, enum ow_status status, const char *reason,
                              struct ow_probe_report *report)
{
  report->step = OW_STEP_CONNECT;
  report->silent = status == OW_TIMEOUT; /* a stream waits as long as a peer may take */
  return ow_fail(&report->failure, status, "stream %s: %s", view->name,
                 reason[0] ? reason : "no reason is known");
}

/* What came of a part of an interval is judged as a part, and is no failure of the peer, which is up. */
static bool has_failed(const struct ow_interval *interval)
{
  bool partial = false;
  for (int d = 0; d < OW_RESULTS; d++)
    partial = partial || interval->results[d].completeness == OW_RESULT_PARTIAL;
  return interval->status != OW_OK && (!partial || interval->status == OW_INVALID);
}

/* Why something is missing, unless the summary of the direction says so. */
static void explain_part(const struct check_options *options, const struct ow_interval *intervals,
                         size_t count, const struct check_stream *stream, struct ow_probe_report *report)
{
  char shortfall[OW_REMARK_TEXT];
  bool unexplained = false;
  size_t last = count;
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = &report->directions[d].result;
    bool partial = options->settings.peer.directions[d] && result->completeness == OW_RESULT_PARTIAL;
    unexplained = unexplained || (partial && !ow_result_shortfall(shortfall, result)[0]);
  }
  while (last > 0 && intervals[last - 1].status == OW_OK)
    last--;
  if (unexplained && last > 0 && count == 1)
    ow_fail(&report->failure, OW_OK, "stream %s: %s", stream->name, intervals[0].reason);
  else if (unexplained && last > 0)
    ow_fail(&report->failure, OW_OK, "stream %s: %u of %zu intervals not measured whole, the last one: %s",
            stream->name, stream->failed, count, intervals[last - 1].reason);
}

/* What the stream, or its newest interval, failed with. */
static enum ow_status judge_stream(const struct check_options *options, const struct ow_stream_view *view,
                                   const struct ow_interval *newest, struct ow_probe_report *report)
{
  enum ow_status status;
  if (view->state == OW_STREAM_DOWN)
    status = fail_as(view, view->status == OW_OK ? OW_STATE : view->status, view->reason, report);
  else if (!newest)
    status =
        fail_as(view, OW_STATE, "nothing has been measured yet; its first interval is still running", report);
  else if (has_failed(newest))
    status = fail_as(view, newest->status, newest->reason, report);
  else
    status = check_options_directions(options, &report->failure);
  return status;
}

enum ow_status check_stream_take(struct check_options *options, const struct ow_stream_view *view,
                                 const struct ow_interval *intervals, size_t count, struct ow_timestamp now,
                                 struct ow_probe_report *report, struct check_stream *stream)
{
  const struct ow_interval *newest = count > 0 ? &intervals[count - 1] : NULL;
  int64_t most = oldest_allowed(options, view);
  describe(options, view, intervals, count, now, stream);
  snprintf(report->server, sizeof report->server, "%.*s", (int)sizeof report->server - 1, view->server);
  report->mode = newest ? newest->mode : view->mode;
  report->step = OW_STEP_DONE;
  if (!ow_given_has(&options->given, OW_PEER_DIRECTION))
    memcpy(options->settings.peer.directions, view->directions, sizeof view->directions);
  options->settings.peer.protocol = view->protocol;
  if (newest && stream->age > most)
    return too_old(stream, most, &report->failure);
  enum ow_status status = merge_directions(options, intervals, count, report);
  if (status == OW_OK)
    status = judge_stream(options, view, newest, report);
  if (status == OW_OK)
    explain_part(options, intervals, count, stream, report);
  return status;
}

static struct ow_timestamp wall_clock(void)
{
  struct timespec now = {0};
  clock_gettime(CLOCK_REALTIME, &now);
  return ow_timestamp_from_unix(now);
}

enum ow_status check_stream_query(struct check_options *options, int64_t timeout,
                                  struct ow_probe_report *report, struct check_stream *stream)
{
  struct ow_stream_view view = {.name = ""};
  size_t got = 0;
  struct ow_interval *intervals = calloc(options->last, sizeof *intervals);
  enum ow_status status;
  report->step = OW_STEP_DONE;
  if (!intervals)
    status = ow_fail(&report->failure, OW_MEMORY, "no memory for %u intervals", options->last);
  else
    status = ow_query_get(options->query_socket, options->stream, timeout, &view, intervals, options->last,
                          &got, &report->failure);
  /* Whatever is wrong here is not the peer's fault. */
  if (status != OW_OK && status != OW_MEMORY)
    report->failure.status = status = OW_STATE;
  if (status == OW_OK)
    status = check_stream_take(options, &view, intervals, got, wall_clock(), report, stream);
  for (size_t i = 0; i < got; i++)
    ow_interval_drop(&intervals[i]);
  free(intervals);
  return status;
}
