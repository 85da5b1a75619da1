/* SPDX-License-Identifier: MIT */
/* The defaults, which a host changes as it needs. */
#include "server/config.h"

#include "time/clock.h"

void ow_serve_defaults(struct ow_serve_config *config)
{
  *config = (struct ow_serve_config){
      .port = "861",
      .pbkdf2_count = 2048,
      .control_timeout = 1800 * OW_NS_PER_S,
      .test_timeout = 5 * OW_NS_PER_S,
      .most_connections = 4000,
      .most_sessions = 10000,
      .most_records = UINT64_C(32) << 20,
      .most_sessions_kept = 10000,
      .most_reflections = 4096,
  };
}

bool ow_serve_shares_port(uint16_t low, uint16_t high)
{
  return low > 0 && low == high;
}
