/* SPDX-License-Identifier: MIT */
/* An offset is kept as its distance from INT32_MIN, so that fresh memory knows nothing. */
#include "session/departures.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 64 };

void ow_departures_begin(struct ow_departures *departures, uint32_t packets)
{
  ow_departures_clear(departures);
  departures->packets = packets;
}

size_t ow_departures_memory(uint32_t packets)
{
  return (size_t)packets * sizeof(uint32_t);
}

static void resize(struct ow_departures *departures, uint32_t slots)
{
  uint32_t *offsets = slots ? reallocarray(departures->offsets, slots, sizeof *offsets) : NULL;
  if (offsets) {
    if (slots > departures->slots)
      memset(offsets + departures->slots, 0, (slots - departures->slots) * sizeof *offsets);
    departures->offsets = offsets;
    departures->slots = slots;
  }
}

void ow_departures_trim(struct ow_departures *departures)
{
  uint32_t used = departures->slots;
  while (used > 0 && departures->offsets[used - 1] == 0)
    used--;
  departures->packets = used;
  if (used == 0)
    ow_departures_clear(departures);
  else if (used < departures->slots)
    resize(departures, used);
}

void ow_departures_clear(struct ow_departures *departures)
{
  free(departures->offsets);
  *departures = (struct ow_departures){0};
}

/* ---- noting ---- */

/* Half as much again each time, so that no packet's turn is a long one. */
static bool has_room(struct ow_departures *departures, uint32_t sequence)
{
  if (sequence >= departures->slots && sequence < departures->packets) {
    uint64_t slots = departures->slots ? departures->slots : SLOTS_FIRST;
    while (slots <= sequence)
      slots += slots / 2;
    resize(departures, slots < departures->packets ? (uint32_t)slots : departures->packets);
  }
  return sequence < departures->slots;
}

void ow_departures_note_offset(struct ow_departures *departures, uint32_t sequence, int64_t offset)
{
  if (llabs(offset) <= OW_DEPARTURE_FARTHEST && has_room(departures, sequence) &&
      departures->offsets[sequence] == 0) {
    departures->offsets[sequence] = (uint32_t)(offset - INT32_MIN);
    departures->known++;
  }
}

void ow_departures_note(struct ow_departures *departures, uint32_t sequence, struct ow_timestamp reading,
                        int64_t correction, struct ow_timestamp departed)
{
  int64_t late = ow_timestamp_difference(departed, reading);
  if (late >= 0 && late <= OW_DEPARTURE_FARTHEST)
    ow_departures_note_offset(departures, sequence, late - correction);
}

bool ow_departures_offset(const struct ow_departures *departures, uint32_t sequence, int64_t *offset)
{
  bool known = sequence < departures->slots && departures->offsets[sequence] != 0;
  *offset = known ? (int64_t)departures->offsets[sequence] + INT32_MIN : 0;
  return known;
}

/* ---- the samples ---- */

static bool is_absurd(const struct ow_sample *sample, int64_t offset)
{
  return offset < 0 && -offset > OW_NS_PER_MS && -offset - OW_NS_PER_MS > ow_error_ns(sample->send_error);
}

void ow_departures_weigh(struct ow_departures *departures, const struct ow_samples *samples)
{
  int64_t offset;
  for (size_t i = 0; departures->known > 0 && i < samples->count; i++) {
    const struct ow_sample sample = ow_samples_at(samples, i);
    if (ow_departures_offset(departures, sample.sequence, &offset) && is_absurd(&sample, offset)) {
      departures->offsets[sample.sequence] = 0;
      departures->known--;
    }
  }
}

void ow_departures_put_into(const struct ow_departures *departures, const struct ow_samples *samples,
                            struct ow_error_estimate estimate)
{
  int64_t error = ow_error_ns(estimate);
  int64_t offset;
  for (size_t i = 0; departures->known > 0 && i < samples->count; i++) {
    struct ow_sample sample = ow_samples_at(samples, i);
    if (!ow_sample_lost(&sample) && sample.departed == OW_DEPARTED_CORRECTED &&
        ow_departures_offset(departures, sample.sequence, &offset)) {
      bool synchronized = ow_error_synchronized(estimate) && ow_error_synchronized(sample.send_error);
      sample.sent = ow_timestamp_plus(sample.sent, offset);
      sample.stamped_before = (int32_t)offset;
      sample.send_error = ow_error_estimate(synchronized, error);
      sample.departed = OW_DEPARTED_KERNEL;
      ow_samples_put(samples, i, &sample);
    }
  }
}
