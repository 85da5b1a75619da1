/* SPDX-License-Identifier: MIT */
/* An empty datagram is sent the way that the packets will come. */
#include "traffic/nat_opening.h"

#include <sys/socket.h>

void ow_nat_open(int socket, const union ow_address *sender)
{
  (void)!sendto(socket, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL, &sender->any, ow_address_length(sender));
}
