/* SPDX-License-Identifier: MIT */
/* Sockets that a service manager has opened for this process, one behind the other, in an order of its own.
 */
#ifndef OWAMP_IO_GIVEN_SOCKETS_H
#define OWAMP_IO_GIVEN_SOCKETS_H

#include <stdbool.h>
#include <sys/types.h>

#include "io/listener.h"
#include "io/udp_shared.h"

/** OWAMP's listeners, TWAMP's, and pairs of UDP sockets: FileDescriptorStoreMax= of the unit is not less. */
enum { OW_SOCKETS_KEPT = 2 * OW_LISTENERS + OW_UDP_GIVEN };

/** Which were opened as our configuration says, not by a socket unit. */
struct ow_kept_sockets {
  ino_t inodes[OW_SOCKETS_KEPT];
  int count;
};

/** `count` descriptors from `first` on that aren't for datagrams, and OW_UDP_GIVEN at most that are. */
struct ow_given_sockets {
  int first;
  int count;
  struct ow_udp_given datagrams;
  struct ow_kept_sockets kept;
};

/** Tell `count` descriptors from `first` on apart, each kind in its order: some get other numbers. */
struct ow_given_sockets ow_given_sockets_sort(int first, int count);
/** Remember that `descriptor` is one of those; of more than OW_SOCKETS_KEPT the rest isn't. */
void ow_kept_sockets_add(struct ow_kept_sockets *kept, int descriptor);
/** Whether it is, whatever number it has got since. */
bool ow_given_sockets_kept(const struct ow_given_sockets *given, int descriptor);
/** Close those of them among `count` descriptors from `first` on; the others close up, and are so many. */
int ow_given_sockets_drop_kept(const struct ow_given_sockets *given, int first, int count);
/**
 * Those among `count` descriptors from `first` on that are bound to `port` get the last numbers of these, and
 * all keep their order; returns how many they are. At most OW_UDP_GIVEN.
 */
int ow_given_sockets_last(int first, int count, uint16_t port);
/** Take those out of `from` that are bound to `port`, in their order. */
struct ow_udp_given ow_udp_given_take(struct ow_udp_given *from, uint16_t port);

#endif
