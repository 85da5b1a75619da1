/* SPDX-License-Identifier: MIT */
/* The peer's options as those of a UDP socket. */
#include "measure/test_socket.h"

#include "io/udp.h"
#include "traffic/session_receiver.h"

enum ow_status ow_test_socket_open(const struct ow_peer *peer, enum ow_test_socket_use use,
                                   union ow_address *own, int *opened, struct ow_failure *failure)
{
  union ow_address bound;
  struct ow_udp_options options = {.local = *own,
                                   .port_low = peer->test_port_low,
                                   .port_high = peer->test_port_high,
                                   .interface = peer->interface,
                                   .dscp = peer->dscp,
                                   .transmit_stamps = use & OW_SOCKET_SENDS};
  if (use & OW_SOCKET_RECEIVES)
    options.receive_buffer = ow_test_receiver_buffer(peer->slots, peer->slot_count, peer->padding);
  enum ow_status status = ow_udp_open(&options, opened, &bound, failure);
  if (status == OW_OK)
    ow_address_set_port(own, ow_address_port(&bound));
  return status;
}
