/* SPDX-License-Identifier: MIT */
/* From slots to send times: Start Time plus the running sum of the slots' deltas (RFC 4656, 3.6). */
#ifndef OWAMP_SCHEDULE_SCHEDULE_H
#define OWAMP_SCHEDULE_SCHEDULE_H

#include <stdint.h>

#include "base/status.h"
#include "crypto/contexts.h"
#include "crypto/keys.h"
#include "schedule/slot.h"

struct ow_schedule;

/**
 * A schedule for the session `sid`. Copies the slots; `contexts` outlive it. NULL if there are none or more
 * than OW_SLOTS_MOST, or if memory is short. The caller frees.
 */
struct ow_schedule *ow_schedule_create(const struct ow_sid *sid, struct ow_timestamp start,
                                       const struct ow_slot *slots, uint32_t slot_count,
                                       struct ow_contexts *contexts) OW_MUST_CHECK;
void ow_schedule_free(struct ow_schedule *schedule);

/** The send time of the next packet, in order from packet 0. OW_CRYPTO if the library fails. */
enum ow_status ow_schedule_next(struct ow_schedule *schedule, struct ow_timestamp *when) OW_MUST_CHECK;

/**
 * How many packets of this schedule are due not later than `until`: a new schedule of the session is counted
 * through, up to `most`. OW_MEMORY or OW_CRYPTO if it can't be made.
 */
enum ow_status ow_schedule_count(const struct ow_sid *sid, struct ow_timestamp start,
                                 const struct ow_slot *slots, uint32_t slot_count, struct ow_timestamp until,
                                 uint32_t most, struct ow_contexts *contexts, uint32_t *count) OW_MUST_CHECK;
/**
 * A number of packets that hardly any session's schedule reaches within `nanoseconds` (once in 10^15): what
 * to ask for before the SID is known. A negative time is none.
 */
uint32_t ow_slots_most_packets(const struct ow_slot *slots, uint32_t slot_count, int64_t nanoseconds);

/**
 * How long so many packets take with hardly any session's schedule (once in 10^9), in nanoseconds; all slots
 * are taken to be used alike.
 */
double ow_slots_longest_ns(const struct ow_slot *slots, uint32_t slot_count, uint32_t packets);

/** The mean distance of packets in nanoseconds, 1 at least; saturates. */
int64_t ow_slots_mean_ns(const struct ow_slot *slots, uint32_t slot_count);

#endif
