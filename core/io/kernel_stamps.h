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

#include "base/status.h"
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
 * Send on a connected socket and ask for the stamp of departure. 0, or errno; EINVAL: it can't be asked for.
 */
int ow_stamps_send(int descriptor, const void *packet, size_t octets);
/**
 * When a send that asked for a stamp fails, kernels before 6.9 may or may not have counted it: begin the
 * count again at 0. What was stamped before and not read is dropped.
 */
void ow_stamps_restart(int descriptor);
/**
 * The next transmit stamp from the error queue: `order` counts the packets that were sent with a stamp asked
 * for, from 0. Some may never come. Waiting stamps raise EPOLLERR (never masked): watch the descriptor and
 * then read until false, which means that none waits, and also swallows an ICMP error, so that EPOLLERR is
 * down afterwards: its errno is then in `error`, else 0.
 */
bool ow_stamps_next_departure(int descriptor, uint32_t *order, struct ow_timestamp *departed,
                              int *error) OW_MUST_CHECK;

#endif
