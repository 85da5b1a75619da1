/* SPDX-License-Identifier: MIT */
/* A client's key is derived off the loop: in turn with those of other hosts, and so many may wait. */
#ifndef OWAMP_SERVER_CLIENT_KEY_H
#define OWAMP_SERVER_CLIENT_KEY_H

#include "derive/derivation.h"
#include "server/common.h"
#include "server/policy_questions.h"

enum {
  OW_SERVE_KEYS_MOST = 64,   /* derivations that wait, over all clients of a Server */
  OW_SERVE_BEHIND_MOST = 64, /* rounds that others go first, where keys have failed */
};

/**
 * As ow_derivation_begin(). Hosts, told apart as accounts are, take turns; whose keys have failed lately lets
 * others go first, once for each failure, and gives way when too many wait, and next whoever asks most.
 */
struct ow_derivation *ow_serve_derive_key(const struct ow_serve_common *common,
                                          const struct ow_serve_client *client,
                                          const struct ow_key_source *source, ow_derived *done, void *context,
                                          struct ow_failure *failure) OW_MUST_CHECK;

#endif
