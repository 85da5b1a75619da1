/* SPDX-License-Identifier: MIT */
/* Networks compared octet by octet under a mask; mapped IPv6 ones are IPv4. */
#include "policy/net_match.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "text/number.h"

enum { MAPPED_BITS = 96 };
static const uint8_t mapped[MAPPED_BITS / 8] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* As inet_aton(3) reads it, and so owampd: fewer than four numbers, or octal ones. */
static bool read_short(const char *text, uint8_t address[4])
{
  struct in_addr found;
  bool right = strspn(text, "0123456789.") == strlen(text) && inet_aton(text, &found) != 0;
  if (right)
    memcpy(address, &found, sizeof found);
  return right;
}

static bool read_address(const char *text, size_t length, struct ow_net *net)
{
  char address[INET6_ADDRSTRLEN];
  bool found = false;
  if (length < sizeof address) {
    memcpy(address, text, length);
    address[length] = '\0';
    if (inet_pton(AF_INET, address, net->address) == 1 || read_short(address, net->address))
      net->version = 4;
    else if (inet_pton(AF_INET6, address, net->address) == 1)
      net->version = 6;
    found = net->version != 0;
  }
  return found;
}

static void unmap(struct ow_net *net)
{
  if (net->version == 6 && net->prefix >= MAPPED_BITS && memcmp(net->address, mapped, sizeof mapped) == 0) {
    net->version = 4;
    net->prefix = (uint8_t)(net->prefix - MAPPED_BITS);
    memmove(net->address, net->address + sizeof mapped, 4);
    memset(net->address + 4, 0, sizeof net->address - 4);
  }
}

/* The bits of octet `index` that count. */
static uint8_t mask(const struct ow_net *net, unsigned index)
{
  unsigned before = index * 8;
  unsigned bits = net->prefix <= before ? 0 : net->prefix - before;
  return (uint8_t)(bits >= 8 ? 0xffU : 0xff00U >> bits);
}

static bool has_stray_bits(const struct ow_net *net)
{
  unsigned stray = 0;
  for (unsigned i = 0; i < sizeof net->address; i++)
    stray |= net->address[i] & (unsigned)(uint8_t)~mask(net, i);
  return stray != 0;
}

enum ow_status ow_net_parse(const char *text, struct ow_net *net, struct ow_failure *failure)
{
  const char *slash = strchr(text, '/');
  uint64_t prefix;
  *net = (struct ow_net){0};
  if (strchr(text, '%'))
    return ow_fail(failure, OW_INVALID,
                   "\"%.60s\": networks are matched without a zone; leave out what follows the %%", text);
  if (!read_address(text, slash ? (size_t)(slash - text) : strlen(text), net))
    return ow_fail(failure, OW_INVALID, "\"%.60s\" is not a network; write 192.0.2.0/24 or 2001:db8::/32",
                   text);
  unsigned most = net->version == 4 ? 32 : 128;
  net->prefix = (uint8_t)most;
  if (slash && (!ow_whole_parse(slash + 1, &prefix) || prefix > most))
    return ow_fail(failure, OW_INVALID, "\"%.60s\": the prefix is a number from 0 to %u", text, most);
  if (slash)
    net->prefix = (uint8_t)prefix;
  if (has_stray_bits(net))
    return ow_fail(failure, OW_INVALID, "\"%.60s\": bits behind the prefix are set; is the prefix too short?",
                   text);
  unmap(net);
  return OW_OK;
}

bool ow_net_is_plain(const char *text)
{
  char address[INET_ADDRSTRLEN] = "";
  struct in_addr found;
  size_t length = strcspn(text, "/");
  if (length < sizeof address)
    memcpy(address, text, length);
  return strchr(text, ':') || inet_pton(AF_INET, address, &found) == 1;
}

const char *ow_net_print(char out[OW_NET_TEXT], const struct ow_net *net)
{
  char address[INET6_ADDRSTRLEN] = "?";
  inet_ntop(net->version == 4 ? AF_INET : AF_INET6, net->address, address, sizeof address);
  snprintf(out, OW_NET_TEXT, "%s/%u", address, net->prefix);
  return out;
}

bool ow_net_contains(const struct ow_net *net, const struct ow_endpoint *address)
{
  unsigned differ = net->version != address->version;
  for (unsigned i = 0; i < sizeof net->address; i++)
    differ |= (unsigned)(net->address[i] ^ address->address[i]) & mask(net, i);
  return differ == 0;
}

int ow_net_compare(const struct ow_net *a, const struct ow_net *b)
{
  int order = b->prefix - a->prefix;
  if (order == 0)
    order = a->version - b->version;
  if (order == 0)
    order = memcmp(a->address, b->address, sizeof a->address);
  return order;
}
