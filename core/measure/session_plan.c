/* SPDX-License-Identifier: MIT */
/* Of a session whose SID is ours its packets can be counted. */
#include "measure/session_plan.h"

#include "io/system_clock.h"
#include "schedule/schedule.h"

enum { TRIES = 100 };

enum ow_status ow_session_plan_until(struct ow_session_request *request, const struct ow_peer *peer,
                                     const struct ow_endpoint *own, struct ow_timestamp until,
                                     struct ow_contexts *contexts, struct ow_failure *failure)
{
  int64_t length = ow_timestamp_difference(until, request->start);
  uint32_t most = ow_slots_most_packets(peer->slots, peer->slot_count, length);
  enum ow_status status = OW_OK;
  if (length <= 0) /* who asks for it, or this host, was held up */
    return ow_fail(failure, OW_TIMEOUT, "the time to measure was over before the session could be requested");
  request->packets = own ? 0 : most;
  for (int i = 0; i < TRIES && status == OW_OK && request->packets == 0; i++) {
    request->sid = ow_sid_make(own, ow_system_stamp(), &ow_system_random);
    status = ow_schedule_count(&request->sid, request->start, peer->slots, peer->slot_count, until, most,
                               contexts, &request->packets);
  }
  if (status != OW_OK)
    ow_fail(failure, status, "no memory to work out the schedule, or the crypto library fails");
  else if (request->packets == 0)
    status = ow_fail(failure, OW_INVALID, "no packet of the schedule falls into the time to measure");
  return status;
}
