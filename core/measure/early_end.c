/* SPDX-License-Identifier: MIT */
/* The packets that were planned are counted once more, for a person to see how much is missing. */
#include "measure/early_end.h"

#include <stdio.h>
#include <string.h>

#include "schedule/schedule.h"

enum { PART = 64 };

/* Of a session until a moment more packets were agreed on than are due: the schedule tells how many are. */
static uint32_t planned(const struct ow_session_ends *ends, enum ow_direction direction)
{
  const struct ow_session_request *request = &ends->requests[direction];
  uint32_t packets = request->packets;
  if (!ow_timestamp_is_zero(ends->until) &&
      ow_schedule_count(&request->sid, request->start, ends->peer->slots, ends->peer->slot_count, ends->until,
                        request->packets, &ends->traffic->contexts, &packets) != OW_OK)
    packets = request->packets;
  return packets;
}

static bool is_incomplete(const struct ow_early_end *end, const struct ow_result *results,
                          enum ow_direction direction)
{
  return end->directions[direction] && results[direction].completeness != OW_RESULT_COMPLETE;
}

bool ow_early_end_explain(const struct ow_early_end *end, const struct ow_session_ends *ends,
                          const struct ow_result results[OW_DIRECTIONS], char remark[OW_FAILURE_TEXT])
{
  char parts[OW_DIRECTIONS][PART] = {"", ""};
  bool incomplete = false;
  bool early = false;
  remark[0] = '\0';
  for (int i = 0; i < OW_DIRECTIONS; i++) {
    enum ow_direction direction = (enum ow_direction)i;
    uint32_t most = end->directions[i] ? planned(ends, direction) : 0;
    incomplete = incomplete || is_incomplete(end, results, direction);
    early = early || end->reached[i] < most;
    if (end->directions[i])
      snprintf(parts[i], PART, "%u of %u %s", end->reached[i], most, ow_direction_name(direction));
  }
  if (incomplete && early)
    snprintf(remark, OW_FAILURE_TEXT, "server %.79s ended the sessions early, after %s%s%s packets%s",
             end->server, parts[OW_FORWARD], parts[OW_FORWARD][0] && parts[OW_REVERSE][0] ? " and " : "",
             parts[OW_REVERSE],
             end->records_lost && results[OW_FORWARD].completeness == OW_RESULT_ABSENT
                 ? ", and was gone before the forward records were fetched"
                 : "");
  else if (incomplete && end->server_first)
    snprintf(remark, OW_FAILURE_TEXT,
             "server %.100s ended the sessions before the loss timeout of the last packets", end->server);
  return remark[0] != '\0';
}
