/* SPDX-License-Identifier: MIT */
/*
 * A Session-Reflector's half of STAMP's TLVs (RFC 8972, 4): each comes back where it was and as long as it
 * was, filled in or flagged. Nothing that stands behind a malformed one is looked at.
 */
#ifndef OWAMP_WIRE_STAMP_REFLECT_H
#define OWAMP_WIRE_STAMP_REFLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/stamp_packet.h"
#include "wire/stamp_tlv.h"

/** What the reflector knows of a question and of its session, for whichever TLV asks. */
struct ow_tlv_facts {
  enum ow_sync_source sync_in, sync_out;
  enum ow_stamp_method method_in, method_out;
  uint8_t dscp, ecn;               /* as the question came */
  bool marked;                     /* they are known; else the class of service is unrecognised */
  uint32_t received, answered;     /* questions and answers of the session, these ones included */
  uint32_t follow_sequence;        /* an earlier answer of the session, */
  struct ow_timestamp follow_sent; /* and when it really left; zero: not known */
  enum ow_stamp_method follow_method;
};

/** What the TLVs ask for beyond being filled in. */
struct ow_tlv_wishes {
  bool dscp_asked; /* the answer should have */
  uint8_t dscp;    /* this one */
  bool follow_up;  /* true departures of answers are wanted */
  bool distrusted; /* their HMAC is wrong, misplaced or missing: all came back as they were, flagged */
};

/**
 * Answer the TLVs behind the prepared answer at `packet`, of `octets` in all, where those of the question
 * stand: its sequence number was `asked`. In authenticated mode there must be an HMAC among them, unless all
 * is padding; without a key the HMAC is unrecognised. OW_CRYPTO.
 */
enum ow_status ow_tlv_reflect(struct ow_stamp_codec *codec, uint32_t asked, const struct ow_tlv_facts *facts,
                              uint8_t *packet, size_t octets, struct ow_tlv_wishes *wishes) OW_MUST_CHECK;

#endif
