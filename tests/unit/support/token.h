/* SPDX-License-Identifier: MIT */
/* A Token from a passphrase in one step. */
#ifndef OWAMP_TEST_TOKEN_H
#define OWAMP_TEST_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/keys.h"

enum ow_status test_token_seal(const void *passphrase, size_t octets, const struct ow_challenge *challenge,
                               const struct ow_keys *keys, uint8_t token[OW_TOKEN]);
enum ow_status test_token_open(const void *passphrase, size_t octets, const struct ow_challenge *challenge,
                               const uint8_t token[OW_TOKEN], struct ow_keys *keys);

#endif
