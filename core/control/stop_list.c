/* SPDX-License-Identifier: MIT */
/* The head says how many descriptions follow, each of them how many skip ranges; then an HMAC. */
#include "control/stop_list.h"

#include <stdlib.h>

/* The least that a description takes on the wire: its fields and 8 octets of a range or of padding. */
enum { FIRST_PART = 32 };

void ow_stop_list_clear(struct ow_stop_list *list)
{
  for (uint32_t i = 0; list->ranges && i < list->expected; i++)
    free(list->ranges[i]);
  free(list->ranges);
  free(list->ends);
  *list = (struct ow_stop_list){0};
}

static enum ow_status read_head(struct ow_stop_list *list, const uint8_t *message, uint32_t most,
                                struct ow_failure *failure)
{
  struct ow_stop_sessions stop;
  ow_stop_sessions_decode(message, &stop);
  bool short_of_some = stop.accept == OW_ACCEPT_OK && stop.sessions < most;
  if (stop.sessions > most || short_of_some)
    return ow_fail(failure, OW_PROTOCOL, "Stop-Sessions describes %u sessions, but the peer was sending %u",
                   stop.sessions, most);
  ow_stop_list_clear(list);
  list->accept = stop.accept;
  list->expected = stop.sessions;
  list->ends = calloc(stop.sessions ? stop.sessions : 1, sizeof *list->ends);
  list->ranges = calloc(stop.sessions ? stop.sessions : 1, sizeof *list->ranges);
  return list->ends && list->ranges ? OW_OK
                                    : ow_fail(failure, OW_MEMORY, "no memory for a Stop-Sessions message");
}

static enum ow_status read_ranges(struct ow_stop_list *list, const uint8_t *in, struct ow_failure *failure)
{
  struct ow_session_end *end = &list->ends[list->count];
  if (end->skip_ranges) {
    struct ow_skip_range *ranges = calloc(end->skip_ranges, sizeof *ranges);
    if (!ranges)
      return ow_fail(failure, OW_MEMORY, "no memory for %u skip ranges", end->skip_ranges);
    list->ranges[list->count] = ranges;
    list->range_count += end->skip_ranges;
    end->skipped = ranges;
    enum ow_status status = ow_skip_ranges_decode(in, end->skip_ranges, end->next_sequence, ranges, failure);
    if (status != OW_OK)
      return status;
  }
  list->count++;
  return OW_OK;
}

/* A description: its head first; then, the number of ranges known, the rest of them. */
static enum ow_status read_description(struct ow_stop_list *list, struct ow_intake *intake,
                                       uint32_t most_ranges, bool *whole, struct ow_failure *failure)
{
  struct ow_session_end *end = &list->ends[list->count];
  const uint8_t *message = ow_intake_message(intake);
  ow_session_end_decode(message, end);
  if (end->skip_ranges > OW_MAX_SKIP_RANGES)
    return ow_fail(failure, OW_PROTOCOL,
                   "Stop-Sessions announces %u skip ranges for one session; %u are possible",
                   end->skip_ranges, (unsigned)OW_MAX_SKIP_RANGES);
  if (most_ranges > OW_SKIP_RANGES_IN_ALL)
    most_ranges = OW_SKIP_RANGES_IN_ALL;
  if (list->range_count + end->skip_ranges > most_ranges)
    return ow_fail(failure, OW_PROTOCOL, "Stop-Sessions announces more than %u skip ranges in all",
                   most_ranges);
  size_t octets = ow_session_end_octets(end->skip_ranges);
  *whole = intake->opened == octets;
  if (!*whole) {
    ow_intake_expect_more(intake, octets - intake->opened, false);
    return OW_OK;
  }
  return read_ranges(list, message + OW_STOP_DESCRIPTION, failure);
}

enum ow_status ow_stop_list_read(struct ow_stop_list *list, struct ow_intake *intake, uint32_t most,
                                 uint32_t most_ranges, bool *complete, struct ow_failure *failure)
{
  bool whole = true;
  enum ow_status status = OW_OK;
  *complete = list->ends && list->count == list->expected; /* this part was the HMAC */
  if (!*complete) {
    if (!list->ends)
      status = read_head(list, ow_intake_message(intake), most, failure);
    else
      status = read_description(list, intake, most_ranges, &whole, failure);
    if (status == OW_OK && whole) {
      bool last = list->count == list->expected;
      ow_intake_expect(intake, last ? OW_HMAC : FIRST_PART, last);
    }
  }
  return status;
}
