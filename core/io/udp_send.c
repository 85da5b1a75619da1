/* SPDX-License-Identifier: MIT */
/* Sending one datagram, with or without asking when it departs. */
#include <errno.h>
#include <sys/socket.h>

#include "io/kernel_stamps.h"
#include "io/udp.h"

/* EINVAL: this kernel can't be asked packet by packet; then there are no stamps (nor shared ports). */
int ow_udp_send_to(int descriptor, const struct ow_udp_way *way, const void *packet, size_t octets,
                   bool want_stamp)
{
  int error = ow_stamps_send(descriptor, way, packet, octets, want_stamp);
  if (error == EINVAL && !way)
    error = send(descriptor, packet, octets, 0) < 0 ? errno : 0;
  return error;
}
