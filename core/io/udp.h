/* SPDX-License-Identifier: MIT */
/* UDP sockets for test packets: TTL 255 out, TTL in, DSCP, and the kernel's stamps (io/kernel_stamps.h). */
#ifndef OWAMP_IO_UDP_H
#define OWAMP_IO_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "io/address.h"
#include "io/udp_way.h"
#include "time/sample.h"

struct ow_udp_options {
  union ow_address local;       /* address to bind; its port is ignored */
  uint16_t port_low, port_high; /* 0: ephemeral */
  const char *interface;        /* NULL or "": any (SO_BINDTODEVICE) */
  uint8_t dscp;
  uint32_t receive_buffer; /* octets for what is to come, as ow_udp_buffer_for() says; 0: the usual room */
  bool transmit_stamps;    /* be ready for ow_udp_send_to(.., want_stamp) */
  bool beside;             /* another socket of this port that allows it (SO_REUSEPORT) */
};

/**
 * The receive buffer for so many datagrams of so many octets, which nobody reads for a moment: within bounds,
 * so that no session takes more than 32 MB of the kernel's memory.
 */
uint32_t ow_udp_buffer_for(uint32_t datagrams, uint32_t octets);
/** The same without bounds, for who adds up. */
uint64_t ow_udp_room_for(uint32_t datagrams, uint32_t octets);
/**
 * For how long (ns) nobody need look at a socket whose receive buffer has `room`, where so many octets as
 * ow_udp_room_for() counts may come in a tenth of a second: a quarter of it is full then at most. No more
 * than that tenth.
 */
static inline int64_t ow_udp_pause(size_t room, uint64_t octets)
{
  const uint64_t tenth = 100 * OW_NS_PER_MS;
  uint64_t quarter = (uint64_t)room / 4;
  return (int64_t)(octets > quarter ? quarter * tenth / octets : tenth);
}

/**
 * Open a non-blocking socket and bind it. Ports of a range are tried from a random one on. On success the
 * descriptor is the caller's, `bound` its address; else the descriptor is -1. OW_LIMIT if no port of the
 * range is free; OW_INVALID for a range or DSCP that can't be, and for an address or interface that this
 * host lacks or may not use; OW_NETWORK. `failure->error` says what the operating system said.
 */
enum ow_status ow_udp_open(const struct ow_udp_options *options, int *descriptor, union ow_address *bound,
                           struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Let a socket be as ow_udp_open() would have made it that somebody else has opened and bound; its buffers
 * stay as they are. Of `options` the family, DSCP and stamps count. OW_NETWORK.
 */
enum ow_status ow_udp_adopt(const struct ow_udp_options *options, int descriptor,
                            struct ow_failure *failure) OW_MUST_CHECK;
/** True if this host has the address: a UDP socket can be bound to it. Its port is ignored. */
bool ow_udp_can_bind(const union ow_address *address);
/** Fix the peer, so that the kernel drops strangers and routes once. */
enum ow_status ow_udp_connect(int descriptor, const union ow_address *peer,
                              struct ow_failure *failure) OW_MUST_CHECK;

/**
 * Let the kernel drop whatever comes, so that it takes no memory: for a socket that only sends, or that isn't
 * read yet. ICMP errors still come. The datagrams count in ow_udp_dropped().
 */
void ow_udp_keep_out(int descriptor);
/** From now on let come what comes. */
void ow_udp_let_in(int descriptor);

/**
 * Send one datagram by `way`, or where the socket is connected to (NULL). `want_stamp`: ask the kernel for
 * its transmit stamp. Returns 0, or errno (EAGAIN, ENOBUFS, ECONNREFUSED from an earlier ICMP, ...). A
 * pending ICMP error is reported once, and that datagram was not sent; retry sends. A failed send that asked
 * for a stamp makes the count of stamps uncertain: ow_stamps_restart().
 */
int ow_udp_send_to(int descriptor, const struct ow_udp_way *way, const void *packet, size_t octets,
                   bool want_stamp);

/** The address that a connected socket sends from. */
union ow_address ow_udp_local(int descriptor);
/**
 * The errno of an ICMP error that waits at a connected socket, which is told once; 0: none does. For a socket
 * that is read, before ow_udp_receive(), which swallows it.
 */
int ow_udp_pending_error(int descriptor);

/**
 * Datagrams that the kernel took off the wire for this socket and dropped, since it was opened: for want of
 * buffer, or as their checksum was wrong (sk_drops, which SO_RXQ_OVFL tells, too; modulo 2^32).
 */
uint32_t ow_udp_dropped(int descriptor);
/**
 * Datagrams that it dropped for want of buffer at any UDP socket of this network namespace. False if it
 * doesn't tell.
 */
bool ow_udp_overflows(uint64_t *count);
/**
 * A wrong checksum counts among a socket's drops, and is the path's doing. Of so many drops: those that can
 * be our own, as no more lacked buffer meanwhile, here or at another socket; ow_udp_overflows() was `before`
 * and is `now`.
 */
static inline uint32_t ow_udp_own_drops(uint32_t drops, uint64_t before, uint64_t now)
{
  return now - before < drops ? (uint32_t)(now - before) : drops;
}
/** Octets, as the kernel counts them, that may wait in a socket: a small datagram counts some 800 to 2300. */
size_t ow_udp_receive_buffer(int descriptor);

/** One received datagram. */
struct ow_datagram {
  const uint8_t *octets;
  size_t length;
  struct ow_timestamp received;
  enum ow_stamp_source source;
  uint8_t ttl;
  bool ttl_known;
  uint8_t dscp;
  uint8_t ecn;
  bool dscp_known; /* and with it the ECN */
  bool cut;        /* it is longer: these are its first octets */
  union ow_address from;
  union ow_address to; /* without a port; family 0: not known. Of a shared port (io/udp_shared.h) */
};

enum {
  OW_UDP_BATCH = 32,
  OW_UDP_OCTETS = 9216, /* of a datagram that are kept: all of a jumbo frame's */
};

/**
 * Buffers for ow_udp_receive(); one for a whole loop. NULL without memory. While there is one the kernel
 * stamps all that arrives, from a moment later on: make it well before the first test packet is due.
 */
struct ow_udp_batch;
struct ow_udp_batch *ow_udp_batch_create(void) OW_MUST_CHECK;
void ow_udp_batch_free(struct ow_udp_batch *batch);

/**
 * Up to OW_UDP_BATCH datagrams that wait, into `datagrams`, valid until the next call with this batch.
 * Returns how many; 0: none wait. Datagrams longer than OW_UDP_OCTETS are cut (a test packet's tail is only
 * padding). Pending socket errors (ICMP) are swallowed.
 */
size_t ow_udp_receive(int descriptor, struct ow_udp_batch *batch, struct ow_datagram datagrams[OW_UDP_BATCH]);

#endif
