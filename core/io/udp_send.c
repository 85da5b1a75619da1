/* SPDX-License-Identifier: MIT */
/* Sending one datagram, with or without asking when it departs. */
#include <errno.h>
#include <sys/socket.h>

#include "io/kernel_stamps.h"
#include "io/udp.h"

/* EINVAL: this kernel can't be asked packet by packet; then there are no stamps. */
int ow_udp_send_to(int descriptor, const union ow_address *to, const void *packet, size_t octets,
                   bool want_stamp)
{
  int error = ow_stamps_send(descriptor, to, packet, octets, want_stamp);
  if (error == EINVAL)
    error = sendto(descriptor, packet, octets, 0, to ? &to->any : NULL, to ? ow_address_length(to) : 0) < 0
                ? errno
                : 0;
  return error;
}
