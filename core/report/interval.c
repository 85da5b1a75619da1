/* SPDX-License-Identifier: MIT */
/* Names of states and statuses, which names a stream can have, and how totals grow. */
#include "report/interval.h"

#include <string.h>

static const char *const state_names[] = {
    [OW_STREAM_STARTING] = "starting", [OW_STREAM_UP] = "up", [OW_STREAM_DOWN] = "down"};

const char *ow_stream_state_name(enum ow_stream_state state)
{
  return state_names[state];
}

bool ow_stream_state_find(const char *name, enum ow_stream_state *state)
{
  bool found = false;
  for (int i = OW_STREAM_STARTING; i <= OW_STREAM_DOWN && !found; i++) {
    found = strcmp(name, state_names[i]) == 0;
    if (found)
      *state = (enum ow_stream_state)i;
  }
  return found;
}

const char *ow_stream_down_words(enum ow_status status)
{
  return status == OW_INVALID ? "can't be measured from here" : "down";
}

const char *ow_status_name(enum ow_status status)
{
  static const char *const names[] = {
      [OW_OK] = "ok",           [OW_INVALID] = "invalid", [OW_PROTOCOL] = "protocol",
      [OW_AUTH] = "auth",       [OW_REFUSED] = "refused", [OW_LIMIT] = "limit",
      [OW_TIMEOUT] = "timeout", [OW_NETWORK] = "network", [OW_MEMORY] = "memory",
      [OW_CRYPTO] = "crypto",   [OW_STATE] = "state"};
  return names[status];
}

static bool fit_for_name(char octet)
{
  return octet > ' ' && octet <= '~' && !strchr("/\"\\", octet);
}

bool ow_stream_name_valid(const char *name)
{
  size_t length = 0;
  while (length < OW_STREAM_NAME && name[length] && fit_for_name(name[length]))
    length++;
  return length > 0 && length < OW_STREAM_NAME && !name[length];
}

void ow_interval_share(struct ow_interval *copy)
{
  for (int d = 0; d < OW_RESULTS; d++)
    ow_result_share(&copy->results[d]);
}

void ow_interval_drop(struct ow_interval *interval)
{
  for (int d = 0; d < OW_RESULTS; d++)
    ow_result_drop(&interval->results[d]);
}

void ow_totals_add(struct ow_totals *totals, const struct ow_result *result)
{
  if (result->loss_unknown) {
    totals->loss_unknown++;
  } else {
    totals->sent += result->sent;
    totals->received += result->received;
    totals->lost += result->lost;
  }
  totals->skipped += result->skipped;
  totals->duplicates += result->duplicates;
  totals->reordered += result->reordered;
  totals->discarded += result->discarded;
}

bool ow_totals_losses_known(const struct ow_totals *totals)
{
  return !totals->loss_unknown || totals->sent || totals->received || totals->lost;
}
