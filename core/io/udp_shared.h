/* SPDX-License-Identifier: MIT */
/*
 * One UDP port of every address of a family, for test packets of many sessions: it receives by one socket and
 * sends by another, so that what the kernel says of departures takes no room from what arrives. Datagrams
 * tell which address of this host they came to, and each one leaves by the address that it is told to.
 */
#ifndef OWAMP_IO_UDP_SHARED_H
#define OWAMP_IO_UDP_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/status.h"
#include "io/address.h"

/** Both are the caller's, who closes them. */
struct ow_udp_shared {
  int receives;
  int sends;
};

enum { OW_UDP_GIVEN = 8 };

/**
 * Sockets that somebody else has bound: of a port two of each family, or none of one. The first was bound
 * first, but for a pair that ow_udp_shared_open() made elsewhere, which may come in any order.
 */
struct ow_udp_given {
  int sockets[OW_UDP_GIVEN];
  int count;
};

/**
 * Open both sockets of `port` (1 at least). Nobody else may have the port, of any address. On failure none is
 * open: OW_LIMIT if it is taken, OW_INVALID if this process may not use it or the host lacks the family,
 * OW_NETWORK.
 */
enum ow_status ow_udp_shared_open(sa_family_t family, uint16_t port, struct ow_udp_shared *shared,
                                  struct ow_failure *failure) OW_MUST_CHECK;

/**
 * Take those of a family from `given`, in place of opening them; the same of their address and port is asked
 * for. On failure they stay as they are: OW_INVALID if they are others, with EAFNOSUPPORT if there is none of
 * that family; OW_NETWORK.
 */
enum ow_status ow_udp_shared_adopt(const struct ow_udp_given *given, sa_family_t family, uint16_t port,
                                   struct ow_udp_shared *shared, struct ow_failure *failure) OW_MUST_CHECK;

/**
 * Let so many octets wait at a socket in each direction, as ow_udp_buffer_for() counts. Returns how many may,
 * where the system allows less.
 */
size_t ow_udp_make_room(int descriptor, uint32_t octets);

/** An ICMP message about a packet that was sent before. */
struct ow_udp_refusal {
  union ow_address to; /* where that packet went */
  int error;           /* errno: ECONNREFUSED, EHOSTUNREACH, ... */
};
/** The next that waits at a socket of a shared port, of which stamps are not asked for. False: none waits. */
bool ow_udp_next_refusal(int descriptor, struct ow_udp_refusal *refusal);

#endif
