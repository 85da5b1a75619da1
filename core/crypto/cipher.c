/* SPDX-License-Identifier: MIT */
/* Each kind is an AES-128 of libcrypto in CBC, ECB or CTR mode, without padding. */
#include "crypto/cipher.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

/* An EVP_CIPHER_CTX carries all the state there is; the kind is asked for once, at creation. */
static const EVP_CIPHER *algorithm(enum ow_cipher_kind kind, bool *encrypt)
{
  const EVP_CIPHER *cipher = NULL;
  *encrypt = true;
  switch (kind) {
  case OW_CBC_DECRYPT:
    *encrypt = false;
    cipher = EVP_aes_128_cbc();
    break;
  case OW_CBC_ENCRYPT: cipher = EVP_aes_128_cbc(); break;
  case OW_ECB_DECRYPT:
    *encrypt = false;
    cipher = EVP_aes_128_ecb();
    break;
  case OW_ECB_ENCRYPT: cipher = EVP_aes_128_ecb(); break;
  case OW_KEYSTREAM: cipher = EVP_aes_128_ctr(); break;
  }
  return cipher;
}

static EVP_CIPHER_CTX *context(struct ow_cipher *cipher)
{
  return (EVP_CIPHER_CTX *)cipher;
}

static const uint8_t zero[OW_AES_BLOCK];

struct ow_cipher *ow_cipher_create(enum ow_cipher_kind kind, const uint8_t key[16], const uint8_t iv[16])
{
  bool encrypt;
  const EVP_CIPHER *type = algorithm(kind, &encrypt);
  EVP_CIPHER_CTX *created = EVP_CIPHER_CTX_new();
  if (!created || EVP_CipherInit_ex(created, type, NULL, key, iv ? iv : zero, encrypt) != 1 ||
      EVP_CIPHER_CTX_set_padding(created, 0) != 1) {
    EVP_CIPHER_CTX_free(created);
    created = NULL;
  }
  return (struct ow_cipher *)created;
}

void ow_cipher_free(struct ow_cipher *cipher)
{
  EVP_CIPHER_CTX_free(context(cipher)); /* wipes the key schedule */
}

enum ow_status ow_cipher_rekey(struct ow_cipher *cipher, const uint8_t key[16], const uint8_t iv[16])
{
  return EVP_CipherInit_ex(context(cipher), NULL, NULL, key, iv ? iv : zero, -1) == 1 ? OW_OK : OW_CRYPTO;
}

enum ow_status ow_cipher_run(struct ow_cipher *cipher, const uint8_t *in, uint8_t *out, size_t octets)
{
  int written = 0;
  if (octets > INT_MAX || EVP_CipherUpdate(context(cipher), out, &written, in, (int)octets) != 1 ||
      (size_t)written != octets)
    return OW_CRYPTO;
  return OW_OK;
}
