/* SPDX-License-Identifier: MIT */
/* A kind, and the octets that tell accounts of one kind apart. */
#include "shares/account_key.h"

#include <stdio.h>
#include <string.h>

#include "base/status.h"

enum kind { OF_KEY, OF_IPV4, OF_NETWORK, OF_LINK_LOCAL };

enum { IPV4 = 4, NETWORK = 8, IPV6 = 16 };

static enum kind kind_of(const struct ow_endpoint *address)
{
  bool link_local = address->address[0] == 0xfe && (address->address[1] & 0xc0) == 0x80;
  enum kind kind = OF_NETWORK;
  if (address->version == 4)
    kind = OF_IPV4;
  else if (link_local)
    kind = OF_LINK_LOCAL;
  return kind;
}

struct ow_account_key ow_account_key_of(const char *key_id, const struct ow_endpoint *address)
{
  static const size_t lengths[] = {[OF_IPV4] = IPV4, [OF_NETWORK] = NETWORK, [OF_LINK_LOCAL] = IPV6};
  struct ow_account_key key = {{0}};
  enum kind kind = key_id[0] != '\0' ? OF_KEY : kind_of(address);
  key.octets[0] = (uint8_t)kind;
  if (kind == OF_KEY)
    memcpy(key.octets + 1, key_id, strnlen(key_id, sizeof key.octets - 2));
  else
    memcpy(key.octets + 1, address->address, lengths[kind]);
  return key;
}

bool ow_account_key_is_known(const struct ow_account_key *key)
{
  return key->octets[0] == OF_KEY;
}

const char *ow_account_key_id(const struct ow_account_key *key)
{
  return ow_account_key_is_known(key) ? (const char *)key->octets + 1 : "";
}

/* FNV-1a. */
uint64_t ow_account_key_number(const struct ow_account_key *key)
{
  uint64_t number = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < sizeof key->octets; i++)
    number = (number ^ key->octets[i]) * UINT64_C(0x100000001b3);
  return number;
}

int ow_account_key_compare(const struct ow_account_key *a, const struct ow_account_key *b)
{
  return memcmp(a->octets, b->octets, sizeof a->octets);
}

static unsigned group(const uint8_t *octets, unsigned number)
{
  return (unsigned)octets[2 * number] << 8 | octets[2 * number + 1];
}

const char *ow_account_key_print(char *out, size_t size, const struct ow_account_key *key)
{
  const uint8_t *at = key->octets + 1;
  char name[OW_ACCOUNT_KEY];
  switch ((enum kind)key->octets[0]) {
  case OF_KEY:
    (void)ow_printable(name, sizeof name, at, strnlen((const char *)at, sizeof key->octets - 1));
    (void)snprintf(out, size, "key %s", name);
    break;
  case OF_IPV4: (void)snprintf(out, size, "%u.%u.%u.%u", at[0], at[1], at[2], at[3]); break;
  case OF_NETWORK:
    (void)snprintf(out, size, "%x:%x:%x:%x::/64", group(at, 0), group(at, 1), group(at, 2), group(at, 3));
    break;
  case OF_LINK_LOCAL:
    (void)snprintf(out, size, "%x::%x:%x:%x:%x", group(at, 0), group(at, 4), group(at, 5), group(at, 6),
                   group(at, 7));
    break;
  }
  return out;
}
