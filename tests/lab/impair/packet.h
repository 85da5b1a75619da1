/* SPDX-License-Identifier: MIT */
/* Frames as the kernel hands them over, and what may be read from them and changed in them. */
#ifndef IMPAIR_PACKET_H
#define IMPAIR_PACKET_H

#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scenario.h"

/* A veth end hands over frames whose checksum is still to be worked out, and TCP segments still to be cut. */
enum { MOST_FRAME = 14 + 65535 + 4 };

/* A view: the octets are another's. */
struct frame {
  struct virtio_net_hdr *offload;
  uint8_t *octets;
  size_t length;
};

struct flow_name {
  uint8_t version; /* 4, 6; 0: no IP */
  uint8_t protocol;
  uint16_t source_port, target_port; /* host order; 0 for fragments and other protocols */
  uint8_t source[16], target[16];
};

/** Where things are; offsets from the frame's begin. */
struct layout {
  struct flow_name flow;
  size_t ip;
  size_t transport;
  size_t payload; /* of UDP; 0: it is no whole UDP datagram */
  size_t end;     /* of the IP packet: short frames are padded */
};

/** Read the headers. Anything odd is "no IP", so it passes untouched. */
struct layout packet_layout(const struct frame *frame);
/** Work out the checksum that the sender left to its interface, so that octets can be changed. */
void packet_finish_checksum(const struct frame *frame, const struct layout *layout);
void packet_set_dscp(const struct frame *frame, const struct layout *layout, uint8_t dscp);
uint8_t packet_ttl(const struct frame *frame, const struct layout *layout);
/** False if the TTL is used up: a router would drop it. */
bool packet_take_hops(const struct frame *frame, const struct layout *layout, uint8_t hops);
/** Flip a bit of the payload. The checksum then tells, unless it is to be mended. */
void packet_corrupt(const struct frame *frame, const struct layout *layout, size_t bit, bool mend);
/** Translate A's addresses: the source of what goes forward, the target of what comes back; in ARP too. */
bool packet_translate(const struct frame *frame, const struct layout *layout, const struct scenario *scenario,
                      int way);

#endif
