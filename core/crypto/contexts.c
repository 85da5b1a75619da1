/* SPDX-License-Identifier: MIT */
/* A key of zeros takes the place of the one that is given up. */
#include "crypto/contexts.h"

#include "base/secret.h"

static const uint8_t nobody[OW_HMAC_KEY];

enum ow_status ow_contexts_open(struct ow_contexts *contexts, const struct ow_random *random)
{
  uint8_t key[16];
  ow_random_fill(random, key, sizeof key);
  *contexts = (struct ow_contexts){
      .encrypt = ow_cipher_create(OW_CBC_ENCRYPT, nobody, NULL),
      .decrypt = ow_cipher_create(OW_CBC_DECRYPT, nobody, NULL),
      .hmac = ow_hmac_create(nobody),
      .padding = ow_cipher_create(OW_KEYSTREAM, key, NULL),
  };
  ow_wipe(key, sizeof key);
  if (contexts->encrypt && contexts->decrypt && contexts->hmac && contexts->padding)
    return OW_OK;
  ow_contexts_close(contexts);
  return OW_MEMORY;
}

void ow_contexts_close(struct ow_contexts *contexts)
{
  ow_cipher_free(contexts->encrypt);
  ow_cipher_free(contexts->decrypt);
  ow_hmac_free(contexts->hmac);
  ow_cipher_free(contexts->padding);
  *contexts = (struct ow_contexts){0};
}

/* Should the library fail the next user finds out. */
void ow_contexts_forget(struct ow_contexts *contexts)
{
  (void)!ow_cipher_rekey(contexts->encrypt, nobody, NULL);
  (void)!ow_cipher_rekey(contexts->decrypt, nobody, NULL);
  (void)!ow_hmac_rekey(contexts->hmac, nobody);
}
