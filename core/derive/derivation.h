/* SPDX-License-Identifier: MIT */
/* The key of a Token, derived off the loop's thread. */
#ifndef OWAMP_DERIVE_DERIVATION_H
#define OWAMP_DERIVE_DERIVATION_H

#include <stdint.h>

#include "base/status.h"
#include "crypto/keys.h"
#include "io/loop.h"

struct ow_derivation;

/**
 * OW_OK: the key, which is wiped after the call. OW_LIMIT: it had to give way to others that waited;
 * OW_CRYPTO. The derivation is no more.
 */
typedef void ow_derived(void *context, enum ow_status status, const struct ow_token_key *key);

/**
 * Derive; `done` is called once, later, on the loop's thread. The source is copied, its passphrase too, and
 * the copy wiped. `party`, `behind` and `most`: who asks, in how many rounds it lets others go first, and how
 * many derivations of this loop may wait; see io/work.h. NULL with a failure: OW_LIMIT if too many wait,
 * OW_MEMORY, OW_NETWORK.
 */
struct ow_derivation *ow_derivation_begin(struct ow_loop *loop, const struct ow_key_source *source,
                                          uint64_t party, unsigned behind, unsigned most, ow_derived *done,
                                          void *context, struct ow_failure *failure) OW_MUST_CHECK;
/** Call `done` with another context. */
void ow_derivation_redirect(struct ow_derivation *derivation, void *context);
/**
 * `done` will not be called. What is being derived just now goes on by itself, and is wiped. On the loop's
 * thread, not within `done`. NULL: nothing.
 */
void ow_derivation_cancel(struct ow_derivation *derivation);

#endif
