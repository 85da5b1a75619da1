/* SPDX-License-Identifier: MIT */
/* What ICMP said about a packet, from the error queue of a socket that isn't connected. */
#ifndef OWAMP_IO_ICMP_ERROR_H
#define OWAMP_IO_ICMP_ERROR_H

#include <sys/socket.h>

#include "io/address.h"

/**
 * ICMP's errno about a packet to `to`, of a control message of the error queue; 0: it is none. That nobody
 * listens there (ECONNREFUSED) is believed of that host alone: of a shared port a stranger knows our end, and
 * could end others' sessions. Said by anybody else it is EHOSTUNREACH.
 */
int ow_icmp_error(const struct cmsghdr *header, const union ow_address *to);

#endif
