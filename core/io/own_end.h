/* SPDX-License-Identifier: MIT */
/* Why an address, a port or an interface of this host can't be used: its own doing, and not a peer's. */
#ifndef OWAMP_IO_OWN_END_H
#define OWAMP_IO_OWN_END_H

#include "base/status.h"
#include "io/address.h"

/**
 * bind(2) of a `protocol` socket ("TCP", "UDP") to `address` failed with errno `error`: OW_INVALID if this
 * host has no such address or may not use it, OW_LIMIT if it is taken, else OW_NETWORK.
 */
enum ow_status ow_fail_bind(struct ow_failure *failure, const char *protocol, const union ow_address *address,
                            int error);
/** A socket could not be tied to that interface: OW_INVALID if there is none, or for want of a capability. */
enum ow_status ow_fail_interface(struct ow_failure *failure, const char *interface, int error);

#endif
