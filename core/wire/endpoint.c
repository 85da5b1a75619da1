/* SPDX-License-Identifier: MIT */
/* Reading an address; whether two hosts are the same, whether an address is all zeros, and IPv4 in IPv6's
 * clothes. */
#include "wire/endpoint.h"

#include <string.h>

void ow_endpoint_read_address(struct ow_reader *reader, struct ow_endpoint *endpoint)
{
  ow_read_octets(reader, endpoint->address, sizeof endpoint->address);
  if (endpoint->version == 4)
    memset(endpoint->address + 4, 0, sizeof endpoint->address - 4);
}

bool ow_endpoint_same_host(const struct ow_endpoint *a, const struct ow_endpoint *b)
{
  return a->version == b->version && memcmp(a->address, b->address, sizeof a->address) == 0;
}

bool ow_endpoint_is_any(const struct ow_endpoint *endpoint)
{
  static const uint8_t zero[sizeof endpoint->address];
  return memcmp(endpoint->address, zero, sizeof zero) == 0;
}

struct ow_endpoint ow_endpoint_unmapped(const struct ow_endpoint *endpoint)
{
  static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  struct ow_endpoint plain = *endpoint;
  if (endpoint->version == 6 && memcmp(endpoint->address, mapped, sizeof mapped) == 0) {
    plain = (struct ow_endpoint){.version = 4, .port = endpoint->port};
    memcpy(plain.address, endpoint->address + sizeof mapped, 4);
  }
  return plain;
}
