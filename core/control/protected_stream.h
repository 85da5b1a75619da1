/* SPDX-License-Identifier: MIT */
/*
 * The control connection's protection in modes 2 and 4 (RFC 4656, 3.1): each direction is one AES-CBC stream
 * that runs on from message to message; each HMAC covers all plaintext of its direction since the HMAC
 * before. Before a direction is started, and in open mode, octets pass as they are and HMACs are zero.
 */
#ifndef OWAMP_CONTROL_PROTECTED_STREAM_H
#define OWAMP_CONTROL_PROTECTED_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/cipher.h"
#include "crypto/hmac.h"
#include "crypto/keys.h"
#include "wire/setup.h"

/**
 * One direction. Zero-initialised: not protected. Cipher and HMAC take much memory, and a connection says
 * nothing for most of its time: they are there from a message's first octet to its HMAC.
 */
struct ow_protection {
  const struct ow_keys *keys; /* NULL: not protected */
  enum ow_cipher_kind kind;
  struct ow_cipher *cipher; /* NULL between two messages */
  struct ow_hmac *hmac;
  uint8_t iv[OW_AES_BLOCK]; /* the last block of the last message, which the next one goes on from */
};

/** Protect what we send, or open what we receive, from the next octet on. `keys` outlive it. */
void ow_protection_seal_from(struct ow_protection *sending, const struct ow_keys *keys,
                             const uint8_t iv[OW_IV]);
void ow_protection_open_from(struct ow_protection *receiving, const struct ow_keys *keys,
                             const uint8_t iv[OW_IV]);
void ow_protection_end(struct ow_protection *protection);

/** Encrypt whole blocks in place; they count for the next HMAC. OW_MEMORY, OW_CRYPTO. */
enum ow_status ow_protection_seal(struct ow_protection *sending, uint8_t *octets, size_t count) OW_MUST_CHECK;
/** Write the HMAC of all since the last one, encrypted; zeros without protection. OW_MEMORY, OW_CRYPTO. */
enum ow_status ow_protection_seal_hmac(struct ow_protection *sending, uint8_t out[OW_HMAC]) OW_MUST_CHECK;

/** Decrypt whole blocks in place. OW_MEMORY, OW_CRYPTO. */
enum ow_status ow_protection_open(struct ow_protection *receiving, uint8_t *octets,
                                  size_t count) OW_MUST_CHECK;
/** Decrypt and compare an HMAC: OW_AUTH if it is wrong. Without protection it is ignored. */
enum ow_status ow_protection_check_hmac(struct ow_protection *receiving, uint8_t in[OW_HMAC]) OW_MUST_CHECK;

#endif
