/* SPDX-License-Identifier: MIT */
/* Where the headers stand, what they say, and how a packet is changed. */
#include "packet.h"

#include <net/ethernet.h>
#include <string.h>

enum {
  ETHERNET = 14,
  IP4_LEAST = 20,
  IP4_TOS = 1,
  IP4_LENGTH = 2,
  IP4_FRAGMENT = 6,
  IP4_TTL = 8,
  IP4_PROTOCOL = 9,
  IP4_SUM = 10,
  IP4_SOURCE = 12,
  IP4_TARGET = 16,
  IP6_HEADER = 40,
  IP6_LENGTH = 4,
  IP6_NEXT = 6,
  IP6_HOPS = 7,
  IP6_SOURCE = 8,
  IP6_TARGET = 24,
  UDP_HEADER = 8,
  UDP_SUM = 6,
  TCP_SUM = 16,
  ARP_SENDER = 14,
  ARP_TARGET = 24,
  ARP_LENGTH = 28,
};

static uint16_t get16(const uint8_t *at)
{
  return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint16_t value)
{
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

/* ---- checksums (RFC 1071, RFC 1624) ---- */

static uint16_t fold(uint64_t sum)
{
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)sum;
}

static uint64_t sum_of(const uint8_t *octets, size_t count)
{
  uint64_t sum = 0;
  for (size_t i = 0; i + 1 < count; i += 2)
    sum += get16(octets + i);
  if (count % 2)
    sum += (uint64_t)octets[count - 1] << 8;
  return sum;
}

/* Octets that the checksum at `at` covers change from `old` to `new`. */
static void mend(uint8_t *at, const uint8_t *old, const uint8_t *new, size_t count)
{
  uint64_t sum = (uint16_t)~get16(at);
  for (size_t i = 0; i < count; i += 2)
    sum += (uint64_t)(uint16_t)~get16(old + i) + get16(new + i);
  put16(at, (uint16_t)~fold(sum));
}

/* Where the sender left it to its interface, the field holds the pseudo header's sum, not inverted. */
static void mend_unfinished(uint8_t *at, const uint8_t *old, const uint8_t *new, size_t count)
{
  uint64_t sum = get16(at);
  for (size_t i = 0; i < count; i += 2)
    sum += (uint64_t)(uint16_t)~get16(old + i) + get16(new + i);
  put16(at, fold(sum));
}

void packet_finish_checksum(const struct frame *frame, const struct layout *layout)
{
  struct virtio_net_hdr *offload = frame->offload;
  size_t start = offload->csum_start;
  size_t field = start + offload->csum_offset;
  if ((offload->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) && start < layout->end && field + 2 <= layout->end) {
    uint16_t sum = (uint16_t)~fold(sum_of(frame->octets + start, layout->end - start));
    put16(frame->octets + field, sum ? sum : 0xffff);
    *offload = (struct virtio_net_hdr){0};
  }
}

/* ---- reading ---- */

static void read_ports(const struct frame *frame, struct layout *layout, bool fragment)
{
  const uint8_t *at = frame->octets + layout->transport;
  bool has_ports = layout->flow.protocol == IPPROTO_UDP || layout->flow.protocol == IPPROTO_TCP;
  if (!fragment && has_ports && layout->transport + UDP_HEADER <= layout->end) {
    layout->flow.source_port = get16(at);
    layout->flow.target_port = get16(at + 2);
    if (layout->flow.protocol == IPPROTO_UDP)
      layout->payload = layout->transport + UDP_HEADER;
  }
}

static void read_ip4(const struct frame *frame, struct layout *layout)
{
  const uint8_t *ip = frame->octets + ETHERNET;
  size_t header = (size_t)(ip[0] & 15) * 4;
  size_t length = get16(ip + IP4_LENGTH);
  if (length == 0) /* a segment longer than it can say */
    length = frame->length - ETHERNET;
  if (ip[0] >> 4 != 4 || header < IP4_LEAST || header > length || ETHERNET + length > frame->length)
    return;
  layout->flow.version = 4;
  layout->flow.protocol = ip[IP4_PROTOCOL];
  memcpy(layout->flow.source, ip + IP4_SOURCE, 4);
  memcpy(layout->flow.target, ip + IP4_TARGET, 4);
  layout->transport = ETHERNET + header;
  layout->end = ETHERNET + length;
  read_ports(frame, layout, (get16(ip + IP4_FRAGMENT) & 0x3fff) != 0);
}

static void read_ip6(const struct frame *frame, struct layout *layout)
{
  const uint8_t *ip = frame->octets + ETHERNET;
  size_t length = get16(ip + IP6_LENGTH);
  if (frame->length < ETHERNET + IP6_HEADER || ip[0] >> 4 != 6)
    return;
  if (length == 0)
    length = frame->length - ETHERNET - IP6_HEADER;
  if (ETHERNET + IP6_HEADER + length > frame->length)
    return;
  layout->flow.version = 6;
  layout->flow.protocol = ip[IP6_NEXT];
  memcpy(layout->flow.source, ip + IP6_SOURCE, 16);
  memcpy(layout->flow.target, ip + IP6_TARGET, 16);
  layout->transport = ETHERNET + IP6_HEADER;
  layout->end = ETHERNET + IP6_HEADER + length;
  if (layout->flow.protocol == IPPROTO_FRAGMENT && length >= 8) {
    layout->flow.protocol = ip[IP6_HEADER];
    layout->transport += 8;
    read_ports(frame, layout, true);
  } else {
    read_ports(frame, layout, false);
  }
}

struct layout packet_layout(const struct frame *frame)
{
  struct layout layout = {.ip = ETHERNET, .end = frame->length};
  uint16_t kind = frame->length >= ETHERNET + IP4_LEAST ? get16(frame->octets + 12) : 0;
  if (kind == ETHERTYPE_IP)
    read_ip4(frame, &layout);
  else if (kind == ETHERTYPE_IPV6)
    read_ip6(frame, &layout);
  return layout;
}

/* ---- changing ---- */

/* One 16-bit word of an IPv4 header, and the header's checksum with it. */
static void change_ip4_word(uint8_t *ip, size_t at, uint16_t value)
{
  uint8_t old[2] = {ip[at], ip[at + 1]};
  put16(ip + at, value);
  mend(ip + IP4_SUM, old, ip + at, 2);
}

void packet_set_dscp(const struct frame *frame, const struct layout *layout, uint8_t dscp)
{
  uint8_t *ip = frame->octets + layout->ip;
  uint16_t word = get16(ip);
  if (layout->flow.version == 4)
    change_ip4_word(ip, 0, (uint16_t)((word & 0xff03) | dscp << 2));
  else
    put16(ip, (uint16_t)((word & 0xf03f) | dscp << 6));
}

uint8_t packet_ttl(const struct frame *frame, const struct layout *layout)
{
  return frame->octets[layout->ip + (layout->flow.version == 4 ? IP4_TTL : IP6_HOPS)];
}

bool packet_take_hops(const struct frame *frame, const struct layout *layout, uint8_t hops)
{
  uint8_t *ip = frame->octets + layout->ip;
  uint8_t ttl = packet_ttl(frame, layout);
  if (ttl <= hops)
    return false;
  if (layout->flow.version == 4)
    change_ip4_word(ip, IP4_TTL, (uint16_t)((ttl - hops) << 8 | ip[IP4_PROTOCOL]));
  else
    ip[IP6_HOPS] = (uint8_t)(ttl - hops);
  return true;
}

void packet_corrupt(const struct frame *frame, const struct layout *layout, size_t bit, bool mended)
{
  uint8_t *at = frame->octets + layout->payload + bit / 8;
  uint8_t *sum = frame->octets + layout->transport + UDP_SUM;
  size_t word = layout->payload + (bit / 8 & ~(size_t)1);
  uint8_t old[2] = {frame->octets[word], word + 1 < layout->end ? frame->octets[word + 1] : 0};
  packet_finish_checksum(frame, layout);
  *at ^= (uint8_t)(1 << bit % 8);
  if (mended) {
    uint8_t new[2] = {frame->octets[word], word + 1 < layout->end ? frame->octets[word + 1] : 0};
    mend(sum, old, new, 2);
  }
}

/* ---- address translation ---- */

static uint8_t *transport_sum(const struct frame *frame, const struct layout *layout)
{
  size_t at = 0;
  if (layout->flow.protocol == IPPROTO_TCP)
    at = layout->transport + TCP_SUM;
  else if (layout->payload)
    at = layout->transport + UDP_SUM;
  return at && at + 2 <= layout->end ? frame->octets + at : NULL;
}

/* A UDP checksum of 0 says that there is none, and stays. */
static void mend_transport(const struct frame *frame, const struct layout *layout, const uint8_t *old,
                           const uint8_t *new)
{
  uint8_t *sum = transport_sum(frame, layout);
  if (sum && (frame->offload->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
    mend_unfinished(sum, old, new, 4);
  else if (sum && (layout->flow.protocol == IPPROTO_TCP || get16(sum) != 0))
    mend(sum, old, new, 4);
}

static bool replace_ip(const struct frame *frame, const struct layout *layout, size_t at, in_addr_t from,
                       in_addr_t to)
{
  uint8_t *address = frame->octets + layout->ip + at;
  uint8_t old[4];
  memcpy(old, address, 4);
  if (memcmp(old, &from, 4) != 0)
    return false;
  memcpy(address, &to, 4);
  mend(frame->octets + layout->ip + IP4_SUM, old, address, 4);
  mend_transport(frame, layout, old, address);
  return true;
}

static void replace_arp(uint8_t *address, in_addr_t from, in_addr_t to)
{
  if (memcmp(address, &from, 4) == 0)
    memcpy(address, &to, 4);
}

bool packet_translate(const struct frame *frame, const struct layout *layout, const struct scenario *scenario,
                      int way)
{
  bool done = false;
  bool arp = frame->length >= ETHERNET + ARP_LENGTH && get16(frame->octets + 12) == ETHERTYPE_ARP;
  for (size_t i = 0; i < scenario->nat_count && !done; i++) {
    const struct nat *nat = &scenario->nats[i];
    if (arp && way == FORWARD)
      replace_arp(frame->octets + ETHERNET + ARP_SENDER, nat->inside, nat->outside);
    else if (arp)
      replace_arp(frame->octets + ETHERNET + ARP_TARGET, nat->outside, nat->inside);
    else if (layout->flow.version == 4 && way == FORWARD)
      done = replace_ip(frame, layout, IP4_SOURCE, nat->inside, nat->outside);
    else if (layout->flow.version == 4)
      done = replace_ip(frame, layout, IP4_TARGET, nat->outside, nat->inside);
  }
  return done;
}
