/* SPDX-License-Identifier: MIT */
/* From a peer's settings to a stream, its defaults, and what can be wrong with it. */
#include "stream/stream_config.h"

#include <stdio.h>

#include "schedule/schedule.h"
#include "text/duration.h"

#define LEAST_BEYOND_TIMEOUT (3 * OW_NS_PER_S)

enum { LANES = 2 };         /* whose sessions overlap */
enum { LEAST_PACKETS = 4 }; /* of an interval, on average: with fewer, most percentiles are the same packet */

void ow_stream_of_settings(struct ow_stream_config *config, const char *name,
                           const struct ow_peer_settings *settings)
{
  *config = (struct ow_stream_config){.peer = settings->peer, .interval = settings->interval};
  snprintf(config->name, sizeof config->name, "%s", name);
}

void ow_stream_defaults(struct ow_stream_config *config)
{
  struct ow_peer_settings settings;
  ow_peer_settings_defaults(&settings, OW_USE_STREAM);
  ow_stream_of_settings(config, "", &settings);
}

static double seconds(int64_t nanoseconds)
{
  return (double)nanoseconds / (double)OW_NS_PER_S;
}

/* The names on a board are indices and paths elsewhere; a lane must be free again before its turn comes. */
enum ow_status ow_stream_check(const struct ow_stream_config *config, struct ow_failure *failure)
{
  const struct ow_peer *peer = &config->peer;
  int64_t least = peer->loss_timeout + LEAST_BEYOND_TIMEOUT;
  int64_t mean = ow_slots_mean_ns(peer->slots, peer->slot_count);
  enum ow_status status = ow_peer_check(peer, failure);
  if (status != OW_OK)
    return status;
  if (!ow_stream_name_valid(config->name))
    status =
        ow_fail(failure, OW_INVALID,
                "a stream's name has 1 to 63 printable ASCII characters, none of them a space, /, \" or \\");
  else if (config->interval > OW_LONGEST_DURATION)
    status = ow_fail(failure, OW_INVALID, "an interval of more than a day");
  else if (config->interval < least)
    status = ow_fail(failure, OW_INVALID,
                     "the interval of %g s is too short for a loss timeout of %g s: it must be %g s at least",
                     seconds(config->interval), seconds(peer->loss_timeout), seconds(least));
  else if (mean > config->interval / LEAST_PACKETS)
    status = ow_fail(failure, OW_INVALID,
                     "the schedule has a packet each %g s on average: too few for an interval of %g s",
                     seconds(mean), seconds(config->interval));
  else
    status = ow_peer_check_ports(peer, LANES * ow_peer_sessions(peer), failure);
  if (status == OW_OK)
    status = ow_peer_check_window(peer, UINT32_MAX, failure);
  return status;
}
