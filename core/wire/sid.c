/* SPDX-License-Identifier: MIT */
/* Four octets of address, eight of time, four of randomness. */
#include "wire/sid.h"

#include "base/cursor.h"

struct ow_sid ow_sid_make(const struct ow_endpoint *maker, struct ow_timestamp now,
                          const struct ow_random *random)
{
  struct ow_sid sid = {0};
  struct ow_writer writer = ow_writer(sid.octets, sizeof sid.octets);
  uint8_t octets[4];
  ow_random_fill(random, octets, sizeof octets);
  ow_write_octets(&writer, maker->address + (maker->version == 4 ? 0 : 12), 4);
  ow_write_u64(&writer, now.ntp);
  ow_write_octets(&writer, octets, sizeof octets);
  return sid;
}
