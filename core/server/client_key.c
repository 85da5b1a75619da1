/* SPDX-License-Identifier: MIT */
/* Whose turn it is goes by address: a KeyID is nobody's before it is proven. */
#include "server/client_key.h"

#include "server/failures.h"
#include "shares/account_key.h"

struct ow_derivation *ow_serve_derive_key(const struct ow_serve_common *common,
                                          const struct ow_serve_client *client,
                                          const struct ow_key_source *source, ow_derived *done, void *context,
                                          struct ow_failure *failure)
{
  struct ow_account_key key = ow_account_key_of("", &client->address);
  uint64_t failures = ow_serve_failures_of(common, client);
  unsigned behind = failures < OW_SERVE_BEHIND_MOST ? (unsigned)failures : OW_SERVE_BEHIND_MOST;
  return ow_derivation_begin(common->loop, source, ow_account_key_number(&key), behind, OW_SERVE_KEYS_MOST,
                             done, context, failure);
}
