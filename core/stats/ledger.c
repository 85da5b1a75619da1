/* SPDX-License-Identifier: MIT */
/* An array of fates and one of delays; runs, counts and IPDV are read from them. */
#include "stats/ledger.h"

#include <stdlib.h>

#include "stats/delay.h"

enum ow_status ow_ledger_open(struct ow_ledger *ledger, uint32_t packets)
{
  /* One slot at least: calloc(0) may yield NULL. */
  size_t slots = packets ? packets : 1;
  ledger->packets = packets;
  ledger->fate = calloc(slots, sizeof *ledger->fate);
  ledger->delay = calloc(slots, sizeof *ledger->delay);
  return ledger->fate && ledger->delay ? OW_OK : OW_MEMORY;
}

void ow_ledger_close(struct ow_ledger *ledger)
{
  free(ledger->fate);
  free(ledger->delay);
  *ledger = (struct ow_ledger){0};
}

void ow_ledger_skip(struct ow_ledger *ledger, struct ow_skip_range range)
{
  uint64_t end = (uint64_t)range.last + 1;
  for (uint64_t i = range.first; i < end && i < ledger->packets; i++)
    ledger->fate[i] = OW_FATE_SKIPPED;
}

void ow_ledger_lose_unknown(struct ow_ledger *ledger)
{
  for (uint32_t i = 0; i < ledger->packets; i++)
    if (ledger->fate[i] == OW_FATE_UNKNOWN)
      ledger->fate[i] = OW_FATE_LOST;
}

uint32_t ow_ledger_count(const struct ow_ledger *ledger, enum ow_fate fate)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < ledger->packets; i++)
    count += ledger->fate[i] == fate;
  return count;
}

uint32_t ow_ledger_longest_loss_run(const struct ow_ledger *ledger)
{
  uint32_t longest = 0;
  uint32_t run = 0;
  for (uint32_t i = 0; i < ledger->packets; i++) {
    if (ledger->fate[i] == OW_FATE_LOST)
      run++;
    else if (ledger->fate[i] != OW_FATE_SKIPPED)
      run = 0;
    if (run > longest)
      longest = run;
  }
  return longest;
}

uint32_t ow_ledger_ipdv(const struct ow_ledger *ledger, int64_t *mean)
{
  uint32_t pairs = 0;
  __int128 sum = 0;
  for (uint32_t i = 1; i < ledger->packets; i++) {
    if (ledger->fate[i - 1] != OW_FATE_ARRIVED || ledger->fate[i] != OW_FATE_ARRIVED)
      continue;
    __int128 difference = (__int128)ledger->delay[i] - ledger->delay[i - 1];
    sum += difference < 0 ? -difference : difference;
    pairs++;
  }
  *mean = pairs ? ow_mean(sum, pairs) : 0;
  return pairs;
}

void ow_ledger_gather(struct ow_ledger *ledger)
{
  uint32_t kept = 0;
  for (uint32_t i = 0; i < ledger->packets; i++)
    if (ledger->fate[i] == OW_FATE_ARRIVED)
      ledger->delay[kept++] = ledger->delay[i];
}
