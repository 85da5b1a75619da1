/* SPDX-License-Identifier: MIT */
/* A NAT in front of a Session-Receiver lets in only what answers to something. */
#ifndef OWAMP_TRAFFIC_NAT_OPENING_H
#define OWAMP_TRAFFIC_NAT_OPENING_H

#include "io/address.h"

/**
 * Send an empty datagram from the receiver's `socket` to where test packets will come from, which ignores it.
 * It works with a NAT that keeps the port, which is the usual case. A failure shows as packets that don't
 * arrive.
 */
void ow_nat_open(int socket, const union ow_address *sender);

#endif
