/* SPDX-License-Identifier: MIT */
/*
 * HMACs cut to 16 octets, of SHA-1 (RFC 4656, 3.1) and of SHA-256 (RFC 8762, 4.4): one running sum after
 * another under one key.
 */
#ifndef OWAMP_CRYPTO_HMAC_H
#define OWAMP_CRYPTO_HMAC_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { OW_HMAC_KEY = 32, OW_HMAC = 16 };

struct ow_hmac;

/** HMAC-SHA1. NULL if the library fails. The caller frees. */
struct ow_hmac *ow_hmac_create(const uint8_t key[OW_HMAC_KEY]) OW_MUST_CHECK;
/** HMAC-SHA-256, under a key of any length. Likewise. */
struct ow_hmac *ow_hmac_create_sha256(const void *key, size_t octets) OW_MUST_CHECK;
void ow_hmac_free(struct ow_hmac *hmac);

/** Begin anew under another key, of which alone it knows then. OW_CRYPTO if the library fails. */
enum ow_status ow_hmac_rekey(struct ow_hmac *hmac, const uint8_t key[OW_HMAC_KEY]) OW_MUST_CHECK;

/** Add octets to the running sum. OW_CRYPTO if the library fails. */
enum ow_status ow_hmac_update(struct ow_hmac *hmac, const void *octets, size_t count) OW_MUST_CHECK;

/** Write the sum of all octets since the last call, and begin anew. OW_CRYPTO if the library fails. */
enum ow_status ow_hmac_finish(struct ow_hmac *hmac, uint8_t out[OW_HMAC]) OW_MUST_CHECK;

#endif
