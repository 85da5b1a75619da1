/* SPDX-License-Identifier: MIT */
/* Socket addresses, and the way to and from what the messages carry. */
#ifndef OWAMP_IO_ADDRESS_H
#define OWAMP_IO_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "wire/endpoint.h"

/** A socket address of either family. */
union ow_address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

socklen_t ow_address_length(const union ow_address *address);

/** IPv4-mapped IPv6 addresses become IPv4; a family that is neither gives version 0. */
struct ow_endpoint ow_address_to_endpoint(const union ow_address *address);
/** A link-local address gets the scope id of `like` (may be NULL): the messages carry none. */
union ow_address ow_address_from_endpoint(const struct ow_endpoint *endpoint, const union ow_address *like);

/** Same family, address, zone and port. */
bool ow_address_same(const union ow_address *a, const union ow_address *b);
/** An IPv4 address that is written as an IPv6 one (::ffff:192.0.2.1) becomes one; others stay. */
void ow_address_unmap(union ow_address *address);
/** True of an IPv6 link-local address: it means nothing without its zone, the index of an interface. */
bool ow_address_is_link_local(const union ow_address *address);
/** True of one that has none. */
bool ow_address_lacks_zone(const union ow_address *address);
/** The zone; 0: none, or IPv4. */
uint32_t ow_address_zone(const union ow_address *address);

/** In host order. */
uint16_t ow_address_port(const union ow_address *address);
void ow_address_set_port(union ow_address *address, uint16_t port);

bool ow_address_is_loopback(const union ow_address *address);
bool ow_address_is_multicast(const union ow_address *address);

enum { OW_ADDRESS_TEXT = 80 };

/** "192.0.2.1 port 861", "fe80::1%eth0 port 861"; returns `out`, for which OW_ADDRESS_TEXT octets suffice. */
const char *ow_address_print(char *out, size_t size, const union ow_address *address);
/** The same without the port. */
const char *ow_address_print_host(char *out, size_t size, const union ow_address *address);

#endif
