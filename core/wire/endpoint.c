/* SPDX-License-Identifier: MIT */
/* Whether two hosts are the same, and whether an address is all zeros. */
#include "wire/endpoint.h"

#include <string.h>

bool ow_endpoint_same_host(const struct ow_endpoint *a, const struct ow_endpoint *b)
{
  return a->version == b->version && memcmp(a->address, b->address, sizeof a->address) == 0;
}

bool ow_endpoint_is_any(const struct ow_endpoint *endpoint)
{
  static const uint8_t zero[sizeof endpoint->address];
  return memcmp(endpoint->address, zero, sizeof zero) == 0;
}
