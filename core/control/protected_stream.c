/* SPDX-License-Identifier: MIT */
/* Sending, octets are summed and then encrypted; receiving, decrypted and then summed. */
#include "control/protected_stream.h"

#include <string.h>

#include "base/secret.h"

static enum ow_status begin(struct ow_protection *protection, enum ow_cipher_kind kind,
                            const struct ow_keys *keys, const uint8_t iv[OW_IV])
{
  protection->cipher = ow_cipher_create(kind, keys->aes, iv);
  protection->hmac = ow_hmac_create(keys->hmac);
  return protection->cipher && protection->hmac ? OW_OK : OW_MEMORY;
}

enum ow_status ow_protection_seal_from(struct ow_protection *sending, const struct ow_keys *keys,
                                       const uint8_t iv[OW_IV])
{
  return begin(sending, OW_CBC_ENCRYPT, keys, iv);
}

enum ow_status ow_protection_open_from(struct ow_protection *receiving, const struct ow_keys *keys,
                                       const uint8_t iv[OW_IV])
{
  return begin(receiving, OW_CBC_DECRYPT, keys, iv);
}

void ow_protection_end(struct ow_protection *protection)
{
  ow_cipher_free(protection->cipher);
  ow_hmac_free(protection->hmac);
  *protection = (struct ow_protection){0};
}

enum ow_status ow_protection_seal(struct ow_protection *sending, uint8_t *octets, size_t count)
{
  enum ow_status status = OW_OK;
  if (sending->cipher) {
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
  if (sending->cipher) {
    status = ow_hmac_finish(sending->hmac, out);
    if (status == OW_OK)
      status = ow_cipher_run(sending->cipher, out, out, OW_HMAC);
  }
  return status;
}

enum ow_status ow_protection_open(struct ow_protection *receiving, uint8_t *octets, size_t count)
{
  enum ow_status status = OW_OK;
  if (receiving->cipher) {
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
  if (receiving->cipher) {
    status = ow_cipher_run(receiving->cipher, in, in, OW_HMAC);
    if (status == OW_OK)
      status = ow_hmac_finish(receiving->hmac, sum);
    if (status == OW_OK && !ow_secret_equal(sum, in, OW_HMAC))
      status = OW_AUTH;
  }
  return status;
}
