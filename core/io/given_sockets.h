/* SPDX-License-Identifier: MIT */
/* Sockets that a service manager has opened for this process, one behind the other, in an order of its own.
 */
#ifndef OWAMP_IO_GIVEN_SOCKETS_H
#define OWAMP_IO_GIVEN_SOCKETS_H

#include "io/udp_shared.h"

/** `count` descriptors from `first` on that aren't for datagrams, and OW_UDP_GIVEN at most that are. */
struct ow_given_sockets {
  int first;
  int count;
  struct ow_udp_given datagrams;
};

/** Tell `count` descriptors from `first` on apart, each kind in its order: some get other numbers. */
struct ow_given_sockets ow_given_sockets_sort(int first, int count);
/**
 * Those among `count` descriptors from `first` on that are bound to `port` get the last numbers of these, and
 * all keep their order; returns how many they are. At most OW_UDP_GIVEN.
 */
int ow_given_sockets_last(int first, int count, uint16_t port);
/** Take those out of `from` that are bound to `port`, in their order. */
struct ow_udp_given ow_udp_given_take(struct ow_udp_given *from, uint16_t port);

#endif
