/* SPDX-License-Identifier: MIT */
/*
 * Whose questions a Session-Reflector answers (`assign stamp`): each line of the limits file with the codec
 * that its packets need. Nobody else is ever answered.
 */
#ifndef OWAMP_POLICY_LISTED_H
#define OWAMP_POLICY_LISTED_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "config/key_file.h"
#include "policy/limits.h"
#include "wire/endpoint.h"
#include "wire/stamp_packet.h"

struct ow_listed_peer {
  struct ow_stamp_rule rule;
  struct ow_stamp_codec *codec; /* its own, or that of all without a key */
};

/** In the order of the limits: the first that fits is it. Zero-initialised: nobody. */
struct ow_listed {
  struct ow_listed_peer *peers;
  size_t count;
  struct ow_stamp_codec *open;
};

/** Of a packet at most so many keys are tried. */
enum { OW_LISTED_KEYS_MOST = 8 };

/**
 * Those of `limits` into an empty `listed`. A peer whose key isn't among `keys` is left out. OW_MEMORY:
 * `listed` is empty.
 */
enum ow_status ow_listed_open(struct ow_listed *listed, const struct ow_limits *limits,
                              const struct ow_keys_file *keys) OW_MUST_CHECK;
void ow_listed_clear(struct ow_listed *listed);

/**
 * Who of them sent this packet from there: by net, SSID and HMAC. OW_OK: `peer` is valid until `listed` is
 * cleared, and `question` is decoded. OW_REFUSED: nobody is listed with that address and SSID; OW_AUTH: those
 * who are have another key; OW_INVALID: it is too short.
 */
enum ow_status ow_listed_find(const struct ow_listed *listed, const struct ow_endpoint *from,
                              const uint8_t *octets, size_t length, const struct ow_listed_peer **peer,
                              struct ow_stamp_question *question) OW_MUST_CHECK;

#endif
