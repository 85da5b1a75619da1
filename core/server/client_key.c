/* SPDX-License-Identifier: MIT */
/* Whose turn it is goes by address: a KeyID is nobody's before it is proven. */
#include "server/client_key.h"

#include <string.h>

/* An IPv6 host has the second half of its address for itself. */
static uint64_t party_of(const struct ow_endpoint *address)
{
  uint64_t party = 0;
  memcpy(&party, address->address, address->version == 6 ? sizeof party : 4);
  return party;
}

struct ow_derivation *ow_serve_derive_key(struct ow_loop *loop, const struct ow_serve_client *client,
                                          const struct ow_key_source *source, ow_derived *done, void *context,
                                          struct ow_failure *failure)
{
  return ow_derivation_begin(loop, source, party_of(&client->address), OW_SERVE_KEYS_MOST, done, context,
                             failure);
}
