/* SPDX-License-Identifier: MIT */
/* From a passphrase to session keys, and from session keys to test keys. */
#ifndef OWAMP_CRYPTO_KEYS_H
#define OWAMP_CRYPTO_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/hmac.h"

enum { OW_TOKEN = 64, OW_CHALLENGE = 16, OW_SALT = 16, OW_SID = 16 };

/** Session identifier (RFC 4656, 3.5). */
struct ow_sid {
  uint8_t octets[OW_SID];
};

/** The AES and HMAC keys of a control connection, or of one test session. Wipe after use. */
struct ow_keys {
  uint8_t aes[16];
  uint8_t hmac[OW_HMAC_KEY];
};

/** What the greeting says of key derivation. */
struct ow_challenge {
  uint8_t challenge[OW_CHALLENGE];
  uint8_t salt[OW_SALT];
  uint32_t count;
};

/** What the key of a Token is derived from: the passphrase stays its owner's. */
struct ow_key_source {
  const void *passphrase;
  size_t octets;
  uint8_t salt[OW_SALT];
  uint32_t count;
};

/** The key that seals and opens a Token. Wipe after use. */
struct ow_token_key {
  uint8_t octets[16];
};

/**
 * PBKDF2-HMAC-SHA1 (RFC 4656, 3.1): the one thing in here that takes long, in proportion to `count`, which
 * the caller has bounded. So it is asked for by the machines, and done by no loop. Knows nothing but its
 * arguments: on any thread. OW_CRYPTO if the library fails; `key` is then wiped.
 */
enum ow_status ow_token_key_derive(const struct ow_key_source *source,
                                   struct ow_token_key *key) OW_MUST_CHECK;

/**
 * Token = AES-CBC(key, IV 0, challenge || keys) (RFC 4656, 3.1). OW_CRYPTO if the library fails.
 */
enum ow_status ow_token_seal(const struct ow_token_key *key, const struct ow_challenge *challenge,
                             const struct ow_keys *keys, uint8_t token[OW_TOKEN]) OW_MUST_CHECK;

/**
 * Decrypt a Token. OW_AUTH if it does not hold the challenge (wrong passphrase; `keys` is then wiped),
 * OW_CRYPTO if the library fails. Takes the same time in either case.
 */
enum ow_status ow_token_open(const struct ow_token_key *key, const struct ow_challenge *challenge,
                             const uint8_t token[OW_TOKEN], struct ow_keys *keys) OW_MUST_CHECK;

/** The keys of the test session `sid` (RFC 4656, 4.1.2). OW_CRYPTO if the library fails. */
enum ow_status ow_test_keys_derive(const struct ow_keys *session, const struct ow_sid *sid,
                                   struct ow_keys *test) OW_MUST_CHECK;

#endif
