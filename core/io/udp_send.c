/* SPDX-License-Identifier: MIT */
/* Sending one datagram, with or without asking when it departs. */
#include <errno.h>
#include <sys/socket.h>

#include "io/kernel_stamps.h"
#include "io/udp.h"

int ow_udp_send(int descriptor, const void *packet, size_t octets, bool want_stamp)
{
  int error = 0;
  if (want_stamp)
    error = ow_stamps_send(descriptor, packet, octets);
  if (want_stamp && error)
    ow_stamps_restart(descriptor);
  /* EINVAL: this kernel can't be asked packet by packet; then there are no stamps. */
  if (!want_stamp || error == EINVAL)
    error = send(descriptor, packet, octets, 0) < 0 ? errno : 0;
  return error;
}
