/* SPDX-License-Identifier: MIT */
/* Slots taken in turn; an exponential one multiplies its parameter by the next variate. */
#include "schedule/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/exponential.h"

struct ow_schedule {
  struct ow_exponential generator;
  struct ow_timestamp last;
  uint32_t next_slot;
  uint32_t slot_count;
  struct ow_slot slots[];
};

struct ow_schedule *ow_schedule_create(const struct ow_sid *sid, struct ow_timestamp start,
                                       const struct ow_slot *slots, uint32_t slot_count,
                                       struct ow_contexts *contexts)
{
  struct ow_schedule *schedule = NULL;
  if (slot_count >= 1 && slot_count <= OW_SLOTS_MOST)
    schedule = calloc(1, sizeof *schedule + slot_count * sizeof *slots);
  if (schedule) {
    schedule->last = start;
    schedule->slot_count = slot_count;
    memcpy(schedule->slots, slots, slot_count * sizeof *slots);
    schedule->generator = ow_exponential(sid, contexts);
  }
  return schedule;
}

void ow_schedule_free(struct ow_schedule *schedule)
{
  free(schedule);
}

/* The product of two 32.32 numbers, cut to 32.32; modulo 2^32 seconds, as the peer does. */
static uint64_t multiply(uint64_t a, uint64_t b)
{
  return (uint64_t)((unsigned __int128)a * b >> 32);
}

enum ow_status ow_schedule_next(struct ow_schedule *schedule, struct ow_timestamp *when)
{
  const struct ow_slot *slot = &schedule->slots[schedule->next_slot];
  struct ow_span delta = slot->parameter;
  enum ow_status status = OW_OK;
  if (slot->kind == OW_SLOT_EXPONENTIAL) {
    uint64_t variate = 0;
    status = ow_exponential_next(&schedule->generator, &variate);
    delta.ntp = multiply(slot->parameter.ntp, variate);
  }
  if (status == OW_OK) {
    schedule->last = ow_timestamp_plus_span(schedule->last, delta);
    schedule->next_slot = (schedule->next_slot + 1) % schedule->slot_count;
    *when = schedule->last;
  }
  return status;
}

int64_t ow_slots_mean_ns(const struct ow_slot *slots, uint32_t slot_count)
{
  unsigned __int128 sum = 0;
  for (uint32_t i = 0; i < slot_count; i++)
    sum += slots[i].parameter.ntp;
  int64_t mean = slot_count ? ow_span_to_ns((struct ow_span){(uint64_t)(sum / slot_count)}) : 0;
  return mean > 0 ? mean : 1;
}

enum ow_status ow_schedule_count(const struct ow_sid *sid, struct ow_timestamp start,
                                 const struct ow_slot *slots, uint32_t slot_count, struct ow_timestamp until,
                                 uint32_t most, struct ow_contexts *contexts, uint32_t *count)
{
  struct ow_schedule *schedule = ow_schedule_create(sid, start, slots, slot_count, contexts);
  struct ow_timestamp due = start;
  enum ow_status status = schedule ? OW_OK : OW_MEMORY;
  *count = 0;
  while (status == OW_OK && *count < most) {
    status = ow_schedule_next(schedule, &due);
    if (status != OW_OK || ow_timestamp_after(due, until))
      break;
    ++*count;
  }
  ow_schedule_free(schedule);
  return status;
}

/* The number within a time is at most as scattered as a Poisson process': eight times its deviation. */
uint32_t ow_slots_most_packets(const struct ow_slot *slots, uint32_t slot_count, int64_t nanoseconds)
{
  int64_t time = nanoseconds > 0 ? nanoseconds : 0;
  double mean = (double)time / (double)ow_slots_mean_ns(slots, slot_count);
  double most = mean + 8 * sqrt(mean) + 32 + slot_count;
  return most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
}

/* The sum is about gamma-distributed, and so its cube root about normally (Wilson and Hilferty). */
double ow_slots_longest_ns(const struct ow_slot *slots, uint32_t slot_count, uint32_t packets)
{
  static const double deviations = 6;
  double mean = (double)ow_slots_mean_ns(slots, slot_count) * packets;
  double variance = 0;
  for (uint32_t i = 0; i < slot_count; i++)
    if (slots[i].kind == OW_SLOT_EXPONENTIAL) {
      double parameter = (double)ow_span_to_ns(slots[i].parameter);
      variance += parameter * parameter / slot_count * packets;
    }
  double shape = mean * mean / variance;
  double root = 1 - 1 / (9 * shape) + deviations / (3 * sqrt(shape));
  return variance > 0 ? mean * root * root * root : mean;
}
