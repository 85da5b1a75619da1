/* SPDX-License-Identifier: MIT */
/* One sentence, with the reason or the time that it takes. */
#include "measure/time_words.h"

static int64_t seconds_needed(const struct ow_peer *peer, int64_t beside)
{
  int64_t needed = beside;
  if (__builtin_add_overflow(needed, ow_peer_longest_duration(peer), &needed))
    needed = INT64_MAX;
  return needed / OW_NS_PER_S + 1;
}

enum ow_status ow_explain_short_time(const struct ow_peer *peer, int64_t beside, bool clock_was_set,
                                     struct ow_failure *failure)
{
  return clock_was_set
             ? ow_fail(failure, OW_TIMEOUT,
                       "time ran out before the last packet's loss timeout, for this host's clock was set "
                       "back meanwhile")
             : ow_fail(failure, OW_TIMEOUT,
                       "time ran out before the last packet's loss timeout; raise the timeout to %lld s, or "
                       "send less",
                       (long long)seconds_needed(peer, beside));
}
