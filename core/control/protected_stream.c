/* SPDX-License-Identifier: MIT */
/* Sending, octets are summed and then encrypted; receiving, decrypted and then summed. */
#include "control/protected_stream.h"

#include <string.h>

#include "base/secret.h"

static void protect_from(struct ow_protection *protection, enum ow_cipher_kind kind,
                         const struct ow_keys *keys, const uint8_t iv[OW_IV])
{
  protection->keys = keys;
  protection->kind = kind;
  memcpy(protection->iv, iv, sizeof protection->iv);
}

void ow_protection_seal_from(struct ow_protection *sending, const struct ow_keys *keys,
                             const uint8_t iv[OW_IV])
{
  protect_from(sending, OW_CBC_ENCRYPT, keys, iv);
}

void ow_protection_open_from(struct ow_protection *receiving, const struct ow_keys *keys,
                             const uint8_t iv[OW_IV])
{
  protect_from(receiving, OW_CBC_DECRYPT, keys, iv);
}

/* ---- a message ---- */

static enum ow_status begin(struct ow_protection *protection)
{
  if (!protection->cipher)
    protection->cipher = ow_cipher_create(protection->kind, protection->keys->aes, protection->iv);
  if (!protection->hmac)
    protection->hmac = ow_hmac_create(protection->keys->hmac);
  return protection->cipher && protection->hmac ? OW_OK : OW_MEMORY;
}

static void end(struct ow_protection *protection)
{
  ow_cipher_free(protection->cipher);
  ow_hmac_free(protection->hmac);
  protection->cipher = NULL;
  protection->hmac = NULL;
}

void ow_protection_end(struct ow_protection *protection)
{
  end(protection);
  *protection = (struct ow_protection){0};
}

enum ow_status ow_protection_seal(struct ow_protection *sending, uint8_t *octets, size_t count)
{
  enum ow_status status = OW_OK;
  if (sending->keys) {
    status = begin(sending);
    if (status == OW_OK)
      status = ow_hmac_update(sending->hmac, octets, count);
    if (status == OW_OK)
      status = ow_cipher_run(sending->cipher, octets, octets, count);
  }
  return status;
}

enum ow_status ow_protection_seal_hmac(struct ow_protection *sending, uint8_t out[OW_HMAC])
{
  enum ow_status status = OW_OK;
  memset(out, 0, OW_HMAC);
  if (sending->keys) {
    status = begin(sending);
    if (status == OW_OK)
      status = ow_hmac_finish(sending->hmac, out);
    if (status == OW_OK)
      status = ow_cipher_run(sending->cipher, out, out, OW_HMAC);
    memcpy(sending->iv, out, sizeof sending->iv);
    end(sending);
  }
  return status;
}

enum ow_status ow_protection_open(struct ow_protection *receiving, uint8_t *octets, size_t count)
{
  enum ow_status status = OW_OK;
  if (receiving->keys) {
    status = begin(receiving);
    if (status == OW_OK)
      status = ow_cipher_run(receiving->cipher, octets, octets, count);
    if (status == OW_OK)
      status = ow_hmac_update(receiving->hmac, octets, count);
  }
  return status;
}

enum ow_status ow_protection_check_hmac(struct ow_protection *receiving, uint8_t in[OW_HMAC])
{
  uint8_t sum[OW_HMAC];
  enum ow_status status = OW_OK;
  if (receiving->keys) {
    status = begin(receiving);
    memcpy(receiving->iv, in, sizeof receiving->iv);
    if (status == OW_OK)
      status = ow_cipher_run(receiving->cipher, in, in, OW_HMAC);
    if (status == OW_OK)
      status = ow_hmac_finish(receiving->hmac, sum);
    if (status == OW_OK && !ow_secret_equal(sum, in, OW_HMAC))
      status = OW_AUTH;
    end(receiving);
  }
  return status;
}
