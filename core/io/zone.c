/* SPDX-License-Identifier: MIT */
/* The interfaces' addresses are looked through; what is missing is taken from what is there. */
#include "io/zone.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stddef.h>

unsigned ow_zone_of_own(const union ow_address *address, uint32_t *zone)
{
  struct ow_endpoint wanted = ow_address_to_endpoint(address);
  struct ifaddrs *all = NULL;
  unsigned found = 0;
  *zone = 0;
  if (getifaddrs(&all) != 0)
    return 0;
  for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
    struct ow_endpoint own = {0};
    if (at->ifa_addr)
      own = ow_address_to_endpoint((const union ow_address *)(const void *)at->ifa_addr);
    if (own.version && ow_endpoint_same_host(&own, &wanted) && found++ == 0)
      *zone = if_nametoindex(at->ifa_name);
  }
  freeifaddrs(all);
  return found;
}

static void take_zone(union ow_address *address, uint32_t zone)
{
  if (ow_address_lacks_zone(address))
    address->v6.sin6_scope_id = zone;
}

static enum ow_status check(const char *what, const union ow_address *address, struct ow_failure *failure)
{
  char text[OW_ADDRESS_TEXT];
  enum ow_status status = OW_OK;
  if (ow_address_lacks_zone(address)) {
    ow_address_print_host(text, sizeof text, address);
    status = ow_fail(failure, OW_INVALID,
                     "%s %s is link-local and needs a zone, the interface that leads to it: %s%%eth0", what,
                     text, text);
  }
  return status;
}

enum ow_status ow_zone_settle(union ow_address *server, union ow_address *source, const char *interface,
                              struct ow_failure *failure)
{
  uint32_t zone = interface[0] ? if_nametoindex(interface) : 0;
  if (source) {
    take_zone(server, ow_address_zone(source));
    take_zone(source, ow_address_zone(server));
    take_zone(source, zone);
  }
  take_zone(server, zone);
  enum ow_status status = check("the address", server, failure);
  if (status == OW_OK && source)
    status = check("the source address", source, failure);
  return status;
}
