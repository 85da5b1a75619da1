/* SPDX-License-Identifier: MIT */
/*
 * The kernel's stamps of packets: of arrival, which come with each datagram, and of departure, which come
 * back through the error queue and tell how late packets really leave.
 */
#ifndef OWAMP_IO_KERNEL_STAMPS_H
#define OWAMP_IO_KERNEL_STAMPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "io/udp_way.h"
#include "time/timestamp.h"

/**
 * The best stamps of arrival that this kernel has; without any, each datagram gets the time of its reading.
 * `departures`: be ready to be asked for those, packet by packet.
 */
void ow_stamps_enable(int descriptor, bool departures);
/**
 * The kernel stamps arriving packets while any socket asks for it, and begins only a moment after the first
 * one asks: the first packets would go without. So a socket that receives nothing asks early and all along.
 * Its descriptor, which the caller closes; -1 if there is none to be had.
 */
int ow_stamps_keep_on(void);
/** True if this control message carries the stamp of a datagram's arrival. */
bool ow_stamps_arrival(const struct cmsghdr *header, struct ow_timestamp *arrived);

/**
 * Send by `way`, or where the socket is connected to (NULL), and ask for the stamp of departure or not
 * (`ask`): both go the same way, so that both leave equally late. 0, or errno; EINVAL: this kernel can't be
 * asked packet by packet.
 */
int ow_stamps_send(int descriptor, const struct ow_udp_way *way, const void *packet, size_t octets, bool ask);
/**
 * When a send that asked for a stamp fails, the kernel may or may not have counted it (before 6.9 nearly
 * always, since then where a firewall refused it): begin the count again at 0. What was stamped before and
 * not read is dropped.
 */
void ow_stamps_restart(int descriptor);

/** A transmit stamp: `order` counts the packets that were sent with a stamp asked for, from 0. */
struct ow_departed {
  uint32_t order;
  struct ow_timestamp at;
  /** If it isn't 0 it is no stamp, but ICMP's errno about a packet to `to`, as ow_icmp_error() believes it:
   * of a shared port only. */
  int error;
  union ow_address to;
};
enum { OW_DEPARTED_BATCH = 16 };
/**
 * Transmit stamps from the error queue, with one system call. Returns how many; `more`: others may wait. Some
 * may never come. Waiting stamps raise EPOLLERR (never masked) where the descriptor is watched.
 */
size_t ow_stamps_departed(int descriptor, struct ow_departed departed[OW_DEPARTED_BATCH], bool *more);

#endif
