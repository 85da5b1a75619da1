/* SPDX-License-Identifier: MIT */
/* The address of who said it stands behind the error (ip(7), IP_RECVERR). */
#include "io/icmp_error.h"

#include <time.h> /* first: <linux/errqueue.h> needs it and doesn't say so */

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>

static bool is_error(const struct cmsghdr *header)
{
  return (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR) ||
         (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR);
}

static bool said_by(const struct cmsghdr *header, const union ow_address *host)
{
  union ow_address who = {.any.sa_family = AF_UNSPEC};
  size_t from = CMSG_LEN(sizeof(struct sock_extended_err));
  size_t octets = header->cmsg_len - from;
  memcpy(&who, (const unsigned char *)header + from, octets < sizeof who ? octets : sizeof who);
  if (who.any.sa_family != host->any.sa_family)
    return false;
  struct ow_endpoint speaker = ow_address_to_endpoint(&who);
  struct ow_endpoint meant = ow_address_to_endpoint(host);
  return ow_endpoint_same_host(&speaker, &meant);
}

int ow_icmp_error(const struct cmsghdr *header, const union ow_address *to)
{
  struct sock_extended_err error;
  int found = 0;
  if (!is_error(header) || header->cmsg_len < CMSG_LEN(sizeof error))
    return 0;
  memcpy(&error, CMSG_DATA(header), sizeof error);
  if (error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6)
    found = (int)error.ee_errno;
  return found == ECONNREFUSED && !said_by(header, to) ? EHOSTUNREACH : found;
}
