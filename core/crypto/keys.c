/* SPDX-License-Identifier: MIT */
/* PBKDF2 makes the key that seals and opens a Token; the SID is the key that makes test keys. */
#include "crypto/keys.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/cipher.h"

_Static_assert(OW_TOKEN == OW_CHALLENGE + sizeof(struct ow_keys), "a Token is the challenge and both keys");

/* One run of a cipher that lives no longer. */
static enum ow_status run_once(enum ow_cipher_kind kind, const uint8_t key[16], const uint8_t *in,
                               uint8_t *out, size_t octets)
{
  enum ow_status status = OW_CRYPTO;
  struct ow_cipher *cipher = ow_cipher_create(kind, key, NULL);
  if (cipher)
    status = ow_cipher_run(cipher, in, out, octets);
  ow_cipher_free(cipher);
  return status;
}

enum ow_status ow_token_key_derive(const struct ow_key_source *source, struct ow_token_key *key)
{
  enum ow_status status = OW_OK;
  if (source->octets > INT_MAX || source->count > INT_MAX ||
      PKCS5_PBKDF2_HMAC(source->passphrase, (int)source->octets, source->salt, OW_SALT, (int)source->count,
                        EVP_sha1(), sizeof key->octets, key->octets) != 1) {
    ow_wipe(key, sizeof *key);
    status = OW_CRYPTO;
  }
  return status;
}

enum ow_status ow_token_seal(const struct ow_token_key *key, const struct ow_challenge *challenge,
                             const struct ow_keys *keys, uint8_t token[OW_TOKEN])
{
  uint8_t plain[OW_TOKEN];
  memcpy(plain, challenge->challenge, OW_CHALLENGE);
  memcpy(plain + OW_CHALLENGE, keys->aes, sizeof keys->aes);
  memcpy(plain + OW_CHALLENGE + sizeof keys->aes, keys->hmac, sizeof keys->hmac);
  enum ow_status status = run_once(OW_CBC_ENCRYPT, key->octets, plain, token, OW_TOKEN);
  ow_wipe(plain, sizeof plain);
  return status;
}

enum ow_status ow_token_open(const struct ow_token_key *key, const struct ow_challenge *challenge,
                             const uint8_t token[OW_TOKEN], struct ow_keys *keys)
{
  uint8_t plain[OW_TOKEN];
  enum ow_status status = run_once(OW_CBC_DECRYPT, key->octets, token, plain, OW_TOKEN);
  if (status == OW_OK && !ow_secret_equal(plain, challenge->challenge, OW_CHALLENGE))
    status = OW_AUTH;
  if (status == OW_OK) {
    memcpy(keys->aes, plain + OW_CHALLENGE, sizeof keys->aes);
    memcpy(keys->hmac, plain + OW_CHALLENGE + sizeof keys->aes, sizeof keys->hmac);
  } else {
    ow_wipe(keys, sizeof *keys);
  }
  ow_wipe(plain, sizeof plain);
  return status;
}

enum ow_status ow_test_keys_derive(const struct ow_keys *session, const struct ow_sid *sid,
                                   struct ow_keys *test)
{
  enum ow_status status = run_once(OW_ECB_ENCRYPT, sid->octets, session->aes, test->aes, sizeof test->aes);
  if (status == OW_OK)
    status = run_once(OW_CBC_ENCRYPT, sid->octets, session->hmac, test->hmac, sizeof test->hmac);
  return status;
}
