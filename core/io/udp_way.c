/* SPDX-License-Identifier: MIT */
/* Control messages of sendmsg(2): the source, and the DSCP. */
#include "io/udp_way.h"

#include <netinet/in.h>
#include <string.h>

static void add_control(struct ow_udp_way *way, int level, int type, const void *value, size_t octets)
{
  struct cmsghdr header = {.cmsg_len = CMSG_LEN(octets), .cmsg_level = level, .cmsg_type = type};
  uint8_t *at = way->control + way->control_octets;
  memcpy(at, &header, sizeof header);
  memcpy(at + CMSG_LEN(0), value, octets);
  way->control_octets += CMSG_SPACE(octets);
}

void ow_udp_way_make(struct ow_udp_way *way, const union ow_address *to, const union ow_address *from,
                     uint8_t dscp)
{
  const int class = dscp << 2;
  *way = (struct ow_udp_way){.to = *to};
  if (to->any.sa_family == AF_INET6) {
    const struct in6_pktinfo source = {.ipi6_addr = from->v6.sin6_addr,
                                       .ipi6_ifindex = ow_address_zone(from)};
    add_control(way, IPPROTO_IPV6, IPV6_PKTINFO, &source, sizeof source);
    add_control(way, IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof class);
  } else {
    const struct in_pktinfo source = {.ipi_spec_dst = from->v4.sin_addr};
    add_control(way, IPPROTO_IP, IP_PKTINFO, &source, sizeof source);
    add_control(way, IPPROTO_IP, IP_TOS, &class, sizeof class);
  }
}
