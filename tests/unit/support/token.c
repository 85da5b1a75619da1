/* SPDX-License-Identifier: MIT */
/* The key is derived, and used. */
#include "support/token.h"

#include <string.h>

static enum ow_status derive(const void *passphrase, size_t octets, const struct ow_challenge *challenge,
                             struct ow_token_key *key)
{
  struct ow_key_source source = {passphrase, octets, {0}, challenge->count};
  memcpy(source.salt, challenge->salt, OW_SALT);
  return ow_token_key_derive(&source, key);
}

enum ow_status test_token_seal(const void *passphrase, size_t octets, const struct ow_challenge *challenge,
                               const struct ow_keys *keys, uint8_t token[OW_TOKEN])
{
  struct ow_token_key key;
  enum ow_status status = derive(passphrase, octets, challenge, &key);
  return status == OW_OK ? ow_token_seal(&key, challenge, keys, token) : status;
}

enum ow_status test_token_open(const void *passphrase, size_t octets, const struct ow_challenge *challenge,
                               const uint8_t token[OW_TOKEN], struct ow_keys *keys)
{
  struct ow_token_key key;
  enum ow_status status = derive(passphrase, octets, challenge, &key);
  if (status == OW_OK)
    status = ow_token_open(&key, challenge, token, keys);
  else
    memset(keys, 0, sizeof *keys);
  return status;
}
