/* SPDX-License-Identifier: MIT */
/*
 * STAMP's TLVs (RFC 8972, 4), as a Session-Sender puts them behind its question and finds them behind the
 * answer: flags, type, length, value. The HMAC's comes after all others but padding, which is the last.
 */
#ifndef OWAMP_WIRE_STAMP_TLV_H
#define OWAMP_WIRE_STAMP_TLV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "time/timestamp.h"
#include "wire/stamp_packet.h"

enum ow_tlv {
  OW_TLV_PADDING = 1,
  OW_TLV_TIMESTAMPS = 3,
  OW_TLV_CLASS_OF_SERVICE = 4,
  OW_TLV_COUNTERS = 5, /* direct measurement */
  OW_TLV_FOLLOW_UP = 7,
  OW_TLV_HMAC = 8,
};
enum {
  OW_TLV_HEADER = 4,
  OW_TLV_CHOICES = 1 << OW_TLV_TIMESTAMPS | 1 << OW_TLV_CLASS_OF_SERVICE | 1 << OW_TLV_COUNTERS |
                   1 << OW_TLV_FOLLOW_UP, /* those that a person may choose, a bit for each type */
};

/** A TLV's first octet (RFC 8972, 4). */
enum ow_tlv_flag { OW_TLV_UNRECOGNISED = 0x80, OW_TLV_MALFORMED = 0x40, OW_TLV_INTEGRITY = 0x20 };
enum { OW_TLV_SUM = 16 }; /* octets of the HMAC's value */

/** True for the types above; then `octets` is what their value has, 0: any number. */
bool ow_tlv_is_known(uint8_t type, uint8_t *octets);

/** "timestamps", "class-of-service", "counters", "follow-up", "padding", "hmac"; "" for any other. */
const char *ow_tlv_name(enum ow_tlv tlv);
/** The TLV of that name; 0: none that may be chosen. */
enum ow_tlv ow_tlv_from_name(const char *name);

/** What a Session-Sender puts behind its questions. */
struct ow_tlv_plan {
  uint32_t choices; /* of OW_TLV_CHOICES */
  uint8_t dscp;     /* wanted of the answers, in the class of service's */
  bool hmac;        /* an HMAC TLV, if there is any that it would protect */
  uint16_t padding; /* octets of padding, its header included; 0: none, else OW_TLV_HEADER at least */
};

/** Octets of all of them; the last ow_tlv_fill() octets are padding's, to be filled with what one likes. */
size_t ow_tlv_octets(const struct ow_tlv_plan *plan);
size_t ow_tlv_fill(const struct ow_tlv_plan *plan);
/**
 * Write them behind the prepared question at `packet`; padding's value is left as it is. `sent` is how many
 * packets of the session were sent so far, this one included. OW_CRYPTO.
 */
enum ow_status ow_tlv_write(struct ow_stamp_codec *codec, const struct ow_tlv_plan *plan, uint32_t sent,
                            uint8_t *packet) OW_MUST_CHECK;

/** Where a stamp comes from (RFC 8972, 4.3): as on the wire, 0: not told. */
enum ow_sync_source { OW_SYNC_NTP = 1, OW_SYNC_PTP, OW_SYNC_SSU, OW_SYNC_GNSS, OW_SYNC_FREE };
enum ow_stamp_method { OW_METHOD_HARDWARE = 1, OW_METHOD_SOFTWARE, OW_METHOD_CONTROL };

/** What a reflector answered to them. */
struct ow_tlv_answer {
  uint32_t known;   /* a bit for each type that it recognised, and that can be believed */
  uint32_t unknown; /* a bit for each type that it flagged as unrecognised, or never looked at: U */
  bool malformed;   /* it flagged one as malformed (M), or one is longer than the packet: what follows counts
                       for nothing */
  bool distrusted;  /* it flagged them with I, or their HMAC is wrong or missing: none counts for anything */

  /* Of those that are `known`: */
  uint8_t sync_in, method_in, sync_out, method_out; /* timestamps */
  uint8_t dscp_in, ecn_in;                          /* class of service: as the question came there, */
  bool dscp_refused;                                /* and the DSCP that was wanted is not the answer's */
  uint32_t counter_sent, counter_received, counter_answered; /* counters: S_TxC, R_RxC, R_TxC */
  uint32_t follow_sequence;        /* follow-up: of the reflector's previous answer, */
  struct ow_timestamp follow_sent; /* its true departure; zero: not known */
  uint8_t follow_method;
};

/**
 * Read what lies behind the answer at `packet`, of `octets` octets in all. `plan` tells whether they must
 * have an HMAC. OW_CRYPTO.
 */
enum ow_status ow_tlv_read(struct ow_stamp_codec *codec, const struct ow_tlv_plan *plan,
                           const uint8_t *packet, size_t octets, struct ow_tlv_answer *answer) OW_MUST_CHECK;

#endif
