/* SPDX-License-Identifier: MIT */
/*
 * HMAC (RFC 2104) over libcrypto's SHA1: its own HMAC takes three times as much memory for as long as a
 * connection lasts, and half as much time again for each packet.
 */
#include "crypto/hmac.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum { SHA1_BLOCK = 64, SHA1_SUM = 20, INNER = 0x36, OUTER = 0x5c };

struct ow_hmac {
  EVP_MD_CTX *sum;
  bool begun; /* the inner sum has the key */
  uint8_t key[OW_HMAC_KEY];
};

/* The inner or the outer sum, which begins with the key. */
static bool begin(struct ow_hmac *hmac, uint8_t pad)
{
  uint8_t block[SHA1_BLOCK];
  memset(block, pad, sizeof block);
  for (size_t i = 0; i < sizeof hmac->key; i++)
    block[i] ^= hmac->key[i];
  bool begun =
      EVP_DigestInit_ex(hmac->sum, NULL, NULL) == 1 && EVP_DigestUpdate(hmac->sum, block, sizeof block) == 1;
  ow_wipe(block, sizeof block);
  return begun;
}

struct ow_hmac *ow_hmac_create(const uint8_t key[OW_HMAC_KEY])
{
  struct ow_hmac *hmac = calloc(1, sizeof *hmac);
  if (hmac) {
    hmac->sum = EVP_MD_CTX_new();
    if (!hmac->sum || EVP_DigestInit_ex(hmac->sum, EVP_sha1(), NULL) != 1 ||
        ow_hmac_rekey(hmac, key) != OW_OK) {
      ow_hmac_free(hmac);
      hmac = NULL;
    }
  }
  return hmac;
}

void ow_hmac_free(struct ow_hmac *hmac)
{
  if (hmac) {
    EVP_MD_CTX_free(hmac->sum); /* wipes it */
    ow_wipe(hmac, sizeof *hmac);
  }
  free(hmac);
}

enum ow_status ow_hmac_rekey(struct ow_hmac *hmac, const uint8_t key[OW_HMAC_KEY])
{
  memcpy(hmac->key, key, sizeof hmac->key);
  hmac->begun = begin(hmac, INNER);
  return hmac->begun ? OW_OK : OW_CRYPTO;
}

enum ow_status ow_hmac_update(struct ow_hmac *hmac, const void *octets, size_t count)
{
  hmac->begun = hmac->begun || begin(hmac, INNER);
  return hmac->begun && EVP_DigestUpdate(hmac->sum, octets, count) == 1 ? OW_OK : OW_CRYPTO;
}

enum ow_status ow_hmac_finish(struct ow_hmac *hmac, uint8_t out[OW_HMAC])
{
  uint8_t sum[EVP_MAX_MD_SIZE];
  enum ow_status status = ow_hmac_update(hmac, NULL, 0);
  hmac->begun = false;
  if (status == OW_OK && EVP_DigestFinal_ex(hmac->sum, sum, NULL) == 1 && begin(hmac, OUTER) &&
      EVP_DigestUpdate(hmac->sum, sum, SHA1_SUM) == 1 && EVP_DigestFinal_ex(hmac->sum, sum, NULL) == 1)
    memcpy(out, sum, OW_HMAC);
  else
    status = OW_CRYPTO;
  ow_wipe(sum, sizeof sum);
  return status;
}
