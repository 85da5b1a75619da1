/* SPDX-License-Identifier: MIT */
/*
 * HMAC (RFC 2104) over libcrypto's hashes: its own HMAC allocates memory five times for each sum under
 * another key, and a packet allocates nothing here.
 */
#include "crypto/hmac.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum { BLOCK = 64 /* of SHA-1 and SHA-256 */, INNER = 0x36, OUTER = 0x5c };

struct ow_hmac {
  EVP_MD_CTX *sum;
  bool begun;         /* the inner sum has the key */
  uint8_t key[BLOCK]; /* with zeros behind it */
};

/* The inner or the outer sum, which begins with the key. */
static bool begin(struct ow_hmac *hmac, uint8_t pad)
{
  uint8_t block[BLOCK];
  for (size_t i = 0; i < sizeof block; i++)
    block[i] = hmac->key[i] ^ pad;
  bool begun =
      EVP_DigestInit_ex(hmac->sum, NULL, NULL) == 1 && EVP_DigestUpdate(hmac->sum, block, sizeof block) == 1;
  ow_wipe(block, sizeof block);
  return begun;
}

/* A key longer than a block is its hash. */
static bool use_key(struct ow_hmac *hmac, const void *key, size_t octets)
{
  bool used = true;
  memset(hmac->key, 0, sizeof hmac->key);
  if (octets > sizeof hmac->key)
    used = EVP_DigestInit_ex(hmac->sum, NULL, NULL) == 1 && EVP_DigestUpdate(hmac->sum, key, octets) == 1 &&
           EVP_DigestFinal_ex(hmac->sum, hmac->key, NULL) == 1;
  else
    memcpy(hmac->key, key, octets);
  hmac->begun = used && begin(hmac, INNER);
  return hmac->begun;
}

static struct ow_hmac *create(const EVP_MD *hash, const void *key, size_t octets)
{
  struct ow_hmac *hmac = calloc(1, sizeof *hmac);
  if (hmac) {
    hmac->sum = EVP_MD_CTX_new();
    if (!hmac->sum || EVP_DigestInit_ex(hmac->sum, hash, NULL) != 1 || !use_key(hmac, key, octets)) {
      ow_hmac_free(hmac);
      hmac = NULL;
    }
  }
  return hmac;
}

struct ow_hmac *ow_hmac_create(const uint8_t key[OW_HMAC_KEY])
{
  return create(EVP_sha1(), key, OW_HMAC_KEY);
}

struct ow_hmac *ow_hmac_create_sha256(const void *key, size_t octets)
{
  return create(EVP_sha256(), key, octets);
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
  return use_key(hmac, key, OW_HMAC_KEY) ? OW_OK : OW_CRYPTO;
}

enum ow_status ow_hmac_update(struct ow_hmac *hmac, const void *octets, size_t count)
{
  hmac->begun = hmac->begun || begin(hmac, INNER);
  return hmac->begun && EVP_DigestUpdate(hmac->sum, octets, count) == 1 ? OW_OK : OW_CRYPTO;
}

enum ow_status ow_hmac_finish(struct ow_hmac *hmac, uint8_t out[OW_HMAC])
{
  uint8_t sum[EVP_MAX_MD_SIZE];
  unsigned octets = 0;
  enum ow_status status = ow_hmac_update(hmac, NULL, 0);
  hmac->begun = false;
  if (status == OW_OK && EVP_DigestFinal_ex(hmac->sum, sum, &octets) == 1 && begin(hmac, OUTER) &&
      EVP_DigestUpdate(hmac->sum, sum, octets) == 1 && EVP_DigestFinal_ex(hmac->sum, sum, NULL) == 1)
    memcpy(out, sum, OW_HMAC);
  else
    status = OW_CRYPTO;
  ow_wipe(sum, sizeof sum);
  return status;
}
