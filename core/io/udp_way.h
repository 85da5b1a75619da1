/* SPDX-License-Identifier: MIT */
/* The way of a session's packets out of a socket that isn't theirs alone. */
#ifndef OWAMP_IO_UDP_WAY_H
#define OWAMP_IO_UDP_WAY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "io/address.h"

enum { OW_UDP_WAY_CONTROL = 96 };

/** Where packets of a session go, by which address of ours, and how marked: made once, used for each. */
struct ow_udp_way {
  union ow_address to;
  uint8_t control[OW_UDP_WAY_CONTROL]; /* messages for sendmsg(2) */
  size_t control_octets;               /* used; a question for the stamp fits behind them */
};

/** `from`: an address of this host; its port is ignored. */
void ow_udp_way_make(struct ow_udp_way *way, const union ow_address *to, const union ow_address *from,
                     uint8_t dscp);

#endif
