/* SPDX-License-Identifier: MIT */
/*
 * OWAMP-Control, set-up: Server-Greeting, Set-Up-Response, Server-Start (RFC 4656, 3.1).
 * Encode and decode work on whole messages of fixed size; protection is not their business.
 */
#ifndef OWAMP_WIRE_SETUP_H
#define OWAMP_WIRE_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/keys.h"
#include "time/timestamp.h"
#include "wire/mode.h"

enum {
  OW_GREETING = 64,
  OW_SETUP_RESPONSE = 164,
  OW_SERVER_START = 48,
  OW_SERVER_START_CLEAR = 32, /* what follows is the first block of the server's encrypted stream */
  OW_KEY_ID = 80,
  OW_IV = 16,
  OW_COUNT_LEAST = 1024, /* RFC 4656, 3.1 */
};

struct ow_greeting {
  uint32_t modes; /* bit mask of enum ow_mode; other bits may be set and mean nothing to OWAMP */
  struct ow_challenge challenge;
};

void ow_greeting_encode(const struct ow_greeting *greeting, uint8_t out[OW_GREETING]);
void ow_greeting_decode(const uint8_t in[OW_GREETING], struct ow_greeting *greeting);
/** True if PBKDF2's Count is a power of 2, at least 1024, and at most `most`. */
bool ow_count_valid(uint32_t count, uint32_t most);

struct ow_setup_response {
  uint32_t mode;
  char key_id[OW_KEY_ID + 1]; /* terminated; empty in open mode */
  uint8_t token[OW_TOKEN];
  uint8_t client_iv[OW_IV];
};

void ow_setup_response_encode(const struct ow_setup_response *response, uint8_t out[OW_SETUP_RESPONSE]);
void ow_setup_response_decode(const uint8_t in[OW_SETUP_RESPONSE], struct ow_setup_response *response);

struct ow_server_start {
  enum ow_accept accept;
  uint8_t server_iv[OW_IV];
  struct ow_timestamp start_time;
};

void ow_server_start_encode(const struct ow_server_start *start, uint8_t out[OW_SERVER_START]);
/** Decodes what stands in clear: accept and server_iv. */
void ow_server_start_decode_clear(const uint8_t in[OW_SERVER_START_CLEAR], struct ow_server_start *start);
/** Decodes the last block, decrypted. */
void ow_server_start_decode_rest(const uint8_t in[OW_SERVER_START - OW_SERVER_START_CLEAR],
                                 struct ow_server_start *start);

#endif
