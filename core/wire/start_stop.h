/* SPDX-License-Identifier: MIT */
/* Start-Sessions, Start-Ack (RFC 4656, 3.7) and Stop-Sessions (RFC 4656, 3.8), without their HMACs. */
#ifndef OWAMP_WIRE_START_STOP_H
#define OWAMP_WIRE_START_STOP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/keys.h"
#include "time/sample.h"
#include "wire/command.h"
#include "wire/mode.h"

enum {
  OW_START_SESSIONS = 16,
  OW_START_ACK = 16,
  OW_STOP_SESSIONS = 16,      /* the fixed part */
  OW_STOP_DESCRIPTION = 24,   /* of one session, before its skip ranges */
  OW_MAX_SKIP_RANGES = 16384, /* of one session, that are sent or read */
  OW_SKIP_RANGE = 8,
};

void ow_start_sessions_encode(uint8_t out[OW_START_SESSIONS]);
void ow_start_ack_encode(enum ow_accept accept, uint8_t out[OW_START_ACK]);
enum ow_accept ow_start_ack_decode(const uint8_t in[OW_START_ACK]);

struct ow_stop_sessions {
  enum ow_accept accept;
  uint32_t sessions; /* descriptions that follow: those that this side was sending */
};

void ow_stop_sessions_encode(const struct ow_stop_sessions *stop, uint8_t out[OW_STOP_SESSIONS]);
void ow_stop_sessions_decode(const uint8_t in[OW_STOP_SESSIONS], struct ow_stop_sessions *stop);

/** How far a session got that this side was sending. */
struct ow_session_end {
  struct ow_sid sid;
  uint32_t next_sequence; /* the number of packets, if it was completed */
  uint32_t skip_ranges;
  const struct ow_skip_range *skipped; /* rising, disjoint */
};

/** Octets of a description with that many skip ranges, padded to whole blocks. */
size_t ow_session_end_octets(uint32_t skip_ranges);
/** `out` has ow_session_end_octets(end->skip_ranges) octets. */
void ow_session_end_encode(const struct ow_session_end *end, uint8_t *out);
/** The first OW_STOP_DESCRIPTION octets; `skipped` becomes NULL. */
void ow_session_end_decode(const uint8_t in[OW_STOP_DESCRIPTION], struct ow_session_end *end);

void ow_skip_ranges_encode(const struct ow_skip_range *ranges, uint32_t count, uint8_t *out);
/**
 * `count` ranges from `in`. OW_PROTOCOL unless they rise without overlap and lie below `next_sequence`.
 */
enum ow_status ow_skip_ranges_decode(const uint8_t *in, uint32_t count, uint32_t next_sequence,
                                     struct ow_skip_range *ranges, struct ow_failure *failure) OW_MUST_CHECK;

#endif
