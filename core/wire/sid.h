/* SPDX-License-Identifier: MIT */
/* Making session identifiers (RFC 4656, 3.5). */
#ifndef OWAMP_WIRE_SID_H
#define OWAMP_WIRE_SID_H

#include "base/random.h"
#include "crypto/keys.h"
#include "time/timestamp.h"
#include "wire/endpoint.h"

/** A new SID: the maker's IPv4 address (of an IPv6 one the low 4 octets), the time, 4 random octets. */
struct ow_sid ow_sid_make(const struct ow_endpoint *maker, struct ow_timestamp now,
                          const struct ow_random *random);

#endif
