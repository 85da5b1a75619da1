/* SPDX-License-Identifier: MIT */
/* AES-128 in the three ways that OWAMP uses it. */
#ifndef OWAMP_CRYPTO_CIPHER_H
#define OWAMP_CRYPTO_CIPHER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { OW_AES_BLOCK = 16 };

enum ow_cipher_kind {
  OW_CBC_ENCRYPT, /* one stream that runs on from call to call (RFC 4656, 3.1) */
  OW_CBC_DECRYPT,
  OW_ECB_ENCRYPT, /* blocks on their own (test packets in mode 2, schedules) */
  OW_ECB_DECRYPT,
  OW_KEYSTREAM, /* CTR: pseudo-random padding (RFC 4656, 4.1.2) */
};

struct ow_cipher;

/** `iv` may be NULL (zero). NULL if the library fails. The caller frees. */
struct ow_cipher *ow_cipher_create(enum ow_cipher_kind kind, const uint8_t key[16],
                                   const uint8_t iv[16]) OW_MUST_CHECK;
void ow_cipher_free(struct ow_cipher *cipher);

/** Begin a new stream under another key; `iv` may be NULL (zero). OW_CRYPTO if the library fails. */
enum ow_status ow_cipher_rekey(struct ow_cipher *cipher, const uint8_t key[16],
                               const uint8_t iv[16]) OW_MUST_CHECK;

/**
 * `octets` from `in` to `out`, which may be the same place; a whole number of blocks, but for
 * OW_KEYSTREAM. OW_CRYPTO if the library fails.
 */
enum ow_status ow_cipher_run(struct ow_cipher *cipher, const uint8_t *in, uint8_t *out,
                             size_t octets) OW_MUST_CHECK;

#endif
