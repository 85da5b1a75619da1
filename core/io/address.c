/* SPDX-License-Identifier: MIT */
/* To and from endpoints, IPv4 out of a mapped IPv6 address; ports, kinds, and addresses as text. */
#include "io/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

socklen_t ow_address_length(const union ow_address *address)
{
  return address->any.sa_family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
}

static struct ow_endpoint from_v4(const struct sockaddr_in *v4)
{
  struct ow_endpoint endpoint = {.version = 4, .port = ntohs(v4->sin_port)};
  memcpy(endpoint.address, &v4->sin_addr, sizeof v4->sin_addr);
  return endpoint;
}

static struct ow_endpoint from_v6(const struct sockaddr_in6 *v6)
{
  struct ow_endpoint endpoint = {.version = 6, .port = ntohs(v6->sin6_port)};
  if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
    endpoint.version = 4;
    memcpy(endpoint.address, v6->sin6_addr.s6_addr + 12, sizeof(struct in_addr));
  } else {
    memcpy(endpoint.address, &v6->sin6_addr, sizeof v6->sin6_addr);
  }
  return endpoint;
}

struct ow_endpoint ow_address_to_endpoint(const union ow_address *address)
{
  struct ow_endpoint endpoint = {0};
  if (address->any.sa_family == AF_INET)
    endpoint = from_v4(&address->v4);
  else if (address->any.sa_family == AF_INET6)
    endpoint = from_v6(&address->v6);
  return endpoint;
}

static struct sockaddr_in6 to_v6(const struct ow_endpoint *endpoint, const union ow_address *like)
{
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(endpoint->port)};
  memcpy(&v6.sin6_addr, endpoint->address, sizeof v6.sin6_addr);
  if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) && like && like->any.sa_family == AF_INET6)
    v6.sin6_scope_id = like->v6.sin6_scope_id;
  return v6;
}

union ow_address ow_address_from_endpoint(const struct ow_endpoint *endpoint, const union ow_address *like)
{
  union ow_address address;
  memset(&address, 0, sizeof address);
  if (endpoint->version == 6) {
    address.v6 = to_v6(endpoint, like);
  } else {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(endpoint->port);
    memcpy(&address.v4.sin_addr, endpoint->address, sizeof address.v4.sin_addr);
  }
  return address;
}

bool ow_address_same(const union ow_address *a, const union ow_address *b)
{
  struct ow_endpoint one = ow_address_to_endpoint(a);
  struct ow_endpoint other = ow_address_to_endpoint(b);
  return ow_endpoint_same_host(&one, &other) && one.port == other.port &&
         ow_address_zone(a) == ow_address_zone(b);
}

void ow_address_unmap(union ow_address *address)
{
  struct ow_endpoint endpoint = ow_address_to_endpoint(address);
  if (endpoint.version == 4)
    *address = ow_address_from_endpoint(&endpoint, NULL);
}

bool ow_address_is_link_local(const union ow_address *address)
{
  return address->any.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&address->v6.sin6_addr);
}

uint32_t ow_address_zone(const union ow_address *address)
{
  return address->any.sa_family == AF_INET6 ? address->v6.sin6_scope_id : 0;
}

bool ow_address_lacks_zone(const union ow_address *address)
{
  return ow_address_is_link_local(address) && ow_address_zone(address) == 0;
}

uint16_t ow_address_port(const union ow_address *address)
{
  return ow_address_to_endpoint(address).port;
}

void ow_address_set_port(union ow_address *address, uint16_t port)
{
  if (address->any.sa_family == AF_INET6)
    address->v6.sin6_port = htons(port);
  else
    address->v4.sin_port = htons(port);
}

bool ow_address_is_loopback(const union ow_address *address)
{
  struct ow_endpoint endpoint = ow_address_to_endpoint(address);
  struct in6_addr v6;
  memcpy(&v6, endpoint.address, sizeof v6);
  return endpoint.version == 6 ? IN6_IS_ADDR_LOOPBACK(&v6) : endpoint.address[0] == IN_LOOPBACKNET;
}

bool ow_address_is_multicast(const union ow_address *address)
{
  struct ow_endpoint endpoint = ow_address_to_endpoint(address);
  return endpoint.address[0] == 0xff || (endpoint.version == 4 && endpoint.address[0] >= 224);
}

/* "%eth0", or "%3" if the interface is gone; nothing without a scope. */
static void print_scope(char *out, size_t size, const union ow_address *address)
{
  char name[IF_NAMESIZE];
  uint32_t scope = ow_address_zone(address);
  *out = '\0';
  if (scope && if_indextoname(scope, name))
    snprintf(out, size, "%%%s", name);
  else if (scope)
    snprintf(out, size, "%%%u", scope);
}

const char *ow_address_print_host(char *out, size_t size, const union ow_address *address)
{
  char text[INET6_ADDRSTRLEN] = "?";
  char scope[IF_NAMESIZE + 1];
  struct ow_endpoint endpoint = ow_address_to_endpoint(address);
  inet_ntop(endpoint.version == 6 ? AF_INET6 : AF_INET, endpoint.address, text, sizeof text);
  print_scope(scope, sizeof scope, address);
  snprintf(out, size, "%s%s", text, scope);
  return out;
}

const char *ow_address_print(char *out, size_t size, const union ow_address *address)
{
  char host[OW_ADDRESS_TEXT];
  ow_address_print_host(host, sizeof host, address);
  snprintf(out, size, "%.70s port %u", host, ow_address_port(address));
  return out;
}
