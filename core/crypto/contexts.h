/* SPDX-License-Identifier: MIT */
/*
 * What libcrypto keeps for a key under way takes much memory, so the sessions of a loop keep their keys alone
 * and take turns with these: who uses one keys it first (ow_cipher_rekey(), ow_hmac_rekey()), and finds
 * nothing in it later. For one thread.
 */
#ifndef OWAMP_CRYPTO_CONTEXTS_H
#define OWAMP_CRYPTO_CONTEXTS_H

#include "base/random.h"
#include "base/status.h"
#include "crypto/cipher.h"
#include "crypto/hmac.h"

/** Embed it. Zero-initialised: closed. */
struct ow_contexts {
  struct ow_cipher *encrypt; /* CBC; of a single block that is ECB, with an IV of zeros */
  struct ow_cipher *decrypt;
  struct ow_hmac *hmac;
  struct ow_cipher *padding; /* a stream of pseudo-random octets, of which each packet has its part */
};

/** Its owner outlives all who use it. OW_MEMORY. */
enum ow_status ow_contexts_open(struct ow_contexts *contexts, const struct ow_random *random) OW_MUST_CHECK;
void ow_contexts_close(struct ow_contexts *contexts);
/** A key is given up that they were keyed with: nothing of it stays behind. */
void ow_contexts_forget(struct ow_contexts *contexts);

#endif
