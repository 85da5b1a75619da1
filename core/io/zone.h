/* SPDX-License-Identifier: MIT */
/* Which interface a link-local address belongs to (RFC 4007); a zone is the interface's index. */
#ifndef OWAMP_IO_ZONE_H
#define OWAMP_IO_ZONE_H

#include <stdint.h>

#include "base/status.h"
#include "io/address.h"

/** How many of this host's interfaces have the address, whatever its zone; `zone` is that of the first. */
unsigned ow_zone_of_own(const union ow_address *address, uint32_t *zone);
/**
 * Give a server's address and our own, `source` (may be NULL), the zones that they lack: each the other's, or
 * that of `interface` ("": none). OW_INVALID if one lacks it still.
 */
enum ow_status ow_zone_settle(union ow_address *server, union ow_address *source, const char *interface,
                              struct ow_failure *failure) OW_MUST_CHECK;

#endif
