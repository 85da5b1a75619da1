/* SPDX-License-Identifier: MIT */
/* One end of a test session: family, address and UDP port, as the messages carry them. */
#ifndef OWAMP_WIRE_ENDPOINT_H
#define OWAMP_WIRE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"

struct ow_endpoint {
  uint8_t version; /* 4 or 6 */
  uint8_t
      address[16]; /* IPv4 in the first 4 octets, the rest zero; all zero: that of the control connection */
  uint16_t port;   /* 0: any */
};

/**
 * Read the 16 octets of an address whose `version` is there already. IPv4 addresses fill 4 of them; the rest
 * should be zero and means nothing.
 */
void ow_endpoint_read_address(struct ow_reader *reader, struct ow_endpoint *endpoint);
/** Same family and address; the port is not looked at. */
bool ow_endpoint_same_host(const struct ow_endpoint *a, const struct ow_endpoint *b);
/** True if the address is all zero. */
bool ow_endpoint_is_any(const struct ow_endpoint *endpoint);
/** An IPv4 address that is written as an IPv6 one (::ffff:192.0.2.1, RFC 4291, 2.5.5.2) as IPv4; others as
 * they are. */
struct ow_endpoint ow_endpoint_unmapped(const struct ow_endpoint *endpoint);

#endif
