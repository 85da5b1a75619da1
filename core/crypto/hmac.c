/* SPDX-License-Identifier: MIT */
/* An EVP_MAC_CTX of libcrypto, which begins anew with the same key after each sum. */
#include "crypto/hmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/secret.h"

static EVP_MAC_CTX *context(struct ow_hmac *hmac)
{
  return (EVP_MAC_CTX *)hmac;
}

static struct ow_hmac *create(char *digest, const void *key, size_t octets)
{
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *created = algorithm ? EVP_MAC_CTX_new(algorithm) : NULL;
  if (created && EVP_MAC_init(created, key, octets, parameters) != 1) {
    EVP_MAC_CTX_free(created);
    created = NULL;
  }
  EVP_MAC_free(algorithm);
  return (struct ow_hmac *)created;
}

struct ow_hmac *ow_hmac_create(const uint8_t key[OW_HMAC_KEY])
{
  char digest[] = "SHA1";
  return create(digest, key, OW_HMAC_KEY);
}

struct ow_hmac *ow_hmac_create_sha256(const void *key, size_t octets)
{
  char digest[] = "SHA256";
  return create(digest, key, octets);
}

void ow_hmac_free(struct ow_hmac *hmac)
{
  EVP_MAC_CTX_free(context(hmac));
}

enum ow_status ow_hmac_rekey(struct ow_hmac *hmac, const uint8_t key[OW_HMAC_KEY])
{
  return EVP_MAC_init(context(hmac), key, OW_HMAC_KEY, NULL) == 1 ? OW_OK : OW_CRYPTO;
}

enum ow_status ow_hmac_update(struct ow_hmac *hmac, const void *octets, size_t count)
{
  return EVP_MAC_update(context(hmac), octets, count) == 1 ? OW_OK : OW_CRYPTO;
}

enum ow_status ow_hmac_finish(struct ow_hmac *hmac, uint8_t out[OW_HMAC])
{
  uint8_t sum[EVP_MAX_MD_SIZE];
  size_t length = 0;
  enum ow_status status = OW_CRYPTO;
  if (EVP_MAC_final(context(hmac), sum, &length, sizeof sum) == 1 && length >= OW_HMAC &&
      EVP_MAC_init(context(hmac), NULL, 0, NULL) == 1) {
    memcpy(out, sum, OW_HMAC);
    status = OW_OK;
  }
  ow_wipe(sum, sizeof sum);
  return status;
}
