/* SPDX-License-Identifier: MIT */
/* An octet for each packet tells a first record from a further one. */
#include "measure/fetched_records.h"

#include <stdlib.h>

enum { KNOWN_ARRIVED = 1, KNOWN_LOST = 2 };
enum { DUPLICATES_LEAST = 64, DUPLICATES_MOST = 1 << 16 };

const char ow_contradiction[] =
    "the server's records tell of too many packets both that they were lost and that they arrived";

uint64_t ow_duplicates_kept(uint32_t packets)
{
  return (packets < DUPLICATES_MOST ? packets : (uint32_t)DUPLICATES_MOST) + (uint64_t)DUPLICATES_LEAST;
}

enum ow_status ow_fetched_records_expect(struct ow_fetched_records *records, uint32_t packets)
{
  ow_fetched_records_clear(records);
  records->known = calloc(packets ? packets : 1, sizeof *records->known);
  if (records->known) {
    records->packets = packets;
    records->surplus = ow_duplicates_kept(packets);
    records->contradictions = ow_duplicates_kept(packets);
  }
  return records->known ? OW_OK : OW_MEMORY;
}

/* A copy for which there is no room or memory is still one more. */
static void add_duplicate(struct ow_fetched_records *records, const struct ow_sample *sample)
{
  if (records->surplus > 0 && ow_samples_append(&records->samples, sample) == OW_OK)
    records->surplus--;
  else
    records->duplicates_unkept++;
}

/* Of a packet that arrived a loss says nothing; of one that was lost an arrival says all. */
static enum ow_status add_contradiction(struct ow_fetched_records *records, const struct ow_sample *sample)
{
  enum ow_status status = ow_sample_lost(sample) ? OW_OK : OW_LIMIT;
  if (records->contradictions > 0) {
    records->contradictions--;
    status = ow_samples_append(&records->samples, sample);
  }
  return status;
}

/* Loss is told once; one that is told again says nothing. */
static enum ow_status add_record(struct ow_fetched_records *records, const struct ow_sample *sample)
{
  bool lost = ow_sample_lost(sample);
  uint8_t kind = lost ? KNOWN_LOST : KNOWN_ARRIVED;
  uint8_t *known = &records->known[sample->sequence];
  enum ow_status status = OW_OK;
  if (!(*known & kind)) {
    status = *known ? add_contradiction(records, sample) : ow_samples_append(&records->samples, sample);
    if (status == OW_OK)
      *known |= kind;
  } else if (!lost) {
    add_duplicate(records, sample);
  }
  return status;
}

enum ow_status ow_fetched_records_add(struct ow_fetched_records *records, const struct ow_sample *samples,
                                      uint32_t count)
{
  enum ow_status status = OW_OK;
  for (uint32_t i = 0; i < count && status == OW_OK; i++)
    if (samples[i].sequence < records->packets)
      status = add_record(records, &samples[i]);
    else
      records->left_out++;
  return status;
}

bool ow_fetched_records_all_arrived(const struct ow_fetched_records *records,
                                    const struct ow_session_end *end)
{
  uint32_t range = 0;
  bool all = end->next_sequence <= records->packets;
  for (uint32_t i = 0; all && i < end->next_sequence; i++) {
    if (range < end->skip_ranges && i > end->skipped[range].last)
      range++;
    bool skipped = range < end->skip_ranges && i >= end->skipped[range].first;
    all = skipped || (records->known[i] & KNOWN_ARRIVED);
  }
  return all;
}

void ow_fetched_records_clear(struct ow_fetched_records *records)
{
  ow_samples_clear(&records->samples);
  free(records->known);
  *records = (struct ow_fetched_records){0};
}
