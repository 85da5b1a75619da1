/* SPDX-License-Identifier: MIT */
/* Sockets for a peer's test packets, whichever protocol has them. */
#ifndef OWAMP_MEASURE_TEST_SOCKET_H
#define OWAMP_MEASURE_TEST_SOCKET_H

#include "base/status.h"
#include "config/peer.h"
#include "io/address.h"

/** What a test socket is for: either or both. */
enum ow_test_socket_use { OW_SOCKET_SENDS = 1, OW_SOCKET_RECEIVES = 2, OW_SOCKET_REFLECTED = 3 };

/**
 * Open one as the peer's options have it, with the kernel's transmit stamps if it sends, and with room for
 * its packets if it receives. `own` is the address to bind, and gets its port; the descriptor is the
 * caller's. Fails as ow_udp_open() does; the descriptor is -1 then.
 */
enum ow_status ow_test_socket_open(const struct ow_peer *peer, enum ow_test_socket_use use,
                                   union ow_address *own, int *opened,
                                   struct ow_failure *failure) OW_MUST_CHECK;

#endif
