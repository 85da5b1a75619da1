/* SPDX-License-Identifier: MIT */
/* IPv6 in brackets if a port follows; what is left out stays as it was, or is every address. */
#include "policy/listen_address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "text/link_local.h"
#include "text/number.h"

const struct ow_listen_address ow_listen_default = {.address = "", .port = "861"};
const struct ow_listen_address ow_listen_twamp = {.port = "862"};

/* With or without a zone behind it. */
static bool is_ipv6(const char *text)
{
  char plain[INET6_ADDRSTRLEN];
  struct in6_addr address;
  size_t length = strcspn(text, "%");
  bool fits = length < sizeof plain;
  if (fits) {
    memcpy(plain, text, length);
    plain[length] = '\0';
  }
  return fits && inet_pton(AF_INET6, plain, &address) == 1;
}

/* Copy if it fits; false otherwise. */
static bool copy(char *out, size_t size, const char *from, size_t length)
{
  bool fits = length < size;
  if (fits) {
    memcpy(out, from, length);
    out[length] = '\0';
  }
  return fits;
}

static enum ow_status take_port(const char *text, struct ow_listen_address *listen,
                                struct ow_failure *failure)
{
  uint64_t number;
  bool numeric = ow_whole_parse(text, &number);
  bool begins_with_digit = ow_is_digit(*text);
  if (*text == '\0' || (begins_with_digit && (!numeric || number > UINT16_MAX)) ||
      !copy(listen->port, sizeof listen->port, text, strlen(text)))
    return ow_fail(failure, OW_INVALID, "\"%.40s\" is not a port; 0 to 65535, or the name of a service",
                   text);
  return OW_OK;
}

static enum ow_status take_bracketed(const char *text, struct ow_listen_address *listen,
                                     struct ow_failure *failure)
{
  struct ow_listen_address found = *listen;
  const char *end = strchr(text, ']');
  if (!end || (end[1] != '\0' && end[1] != ':') ||
      !copy(found.address, sizeof found.address, text + 1, (size_t)(end - text) - 1) ||
      found.address[0] == '\0')
    return ow_fail(failure, OW_INVALID, "\"%.60s\" is not an address; write [2001:db8::1]:861", text);
  *listen = found;
  return end[1] == ':' ? take_port(end + 2, listen, failure) : OW_OK;
}

static bool is_any_ipv6(const char *text)
{
  struct in6_addr address;
  return inet_pton(AF_INET6, text, &address) == 1 && IN6_IS_ADDR_UNSPECIFIED(&address);
}

/*
 * What the system's resolver would take for an IPv4 address, though it isn't one in full: "861" is 0.0.3.93
 * to it.
 */
static bool is_short_ipv4(const char *text)
{
  struct in_addr address;
  return *text != '\0' && text[strspn(text, "0123456789.")] == '\0' &&
         inet_pton(AF_INET, text, &address) != 1;
}

static enum ow_status take_whole(const char *text, struct ow_listen_address *listen,
                                 struct ow_failure *failure)
{
  const char *colon = strchr(text, ':');
  size_t length = colon ? (size_t)(colon - text) : strlen(text);
  if (*text == '[')
    return take_bracketed(text, listen, failure);
  if (is_ipv6(text)) {
    colon = NULL;
    length = strlen(text);
  } else if (colon && strchr(colon + 1, ':')) {
    return ow_fail(failure, OW_INVALID, "\"%.60s\" is not an address; write IPv6 as [2001:db8::1]:861", text);
  }
  if (*text == '\0' || !copy(listen->address, sizeof listen->address, text, length))
    return ow_fail(failure, OW_INVALID, "\"%.60s\" is not an address; write 192.0.2.1:861, :861 or 192.0.2.1",
                   text);
  return colon ? take_port(colon + 1, listen, failure) : OW_OK;
}

enum ow_status ow_listen_address_parse(const char *text, struct ow_listen_address *listen,
                                       struct ow_failure *failure)
{
  enum ow_status status;
  if (*text != '\0' && ow_all_digits(text))
    status = take_port(text, listen, failure);
  else
    status = take_whole(text, listen, failure);
  if (status == OW_OK && is_short_ipv4(listen->address))
    status =
        ow_fail(failure, OW_INVALID,
                "\"%.60s\" is not an address; an IPv4 address has four numbers, as in 192.0.2.1:861", text);
  if (status == OW_OK && ow_lacks_zone(listen->address))
    status = ow_fail(failure, OW_INVALID,
                     "\"%.60s\": a link-local address needs a zone, the interface that it belongs to: "
                     "[fe80::1%%eth0]:861",
                     text);
  if (status == OW_OK && is_any_ipv6(listen->address))
    listen->address[0] = '\0';
  return status;
}
