/* SPDX-License-Identifier: MIT */
/* Once over the headers to see whether they can be believed, and once more to answer them in place. */
#include "wire/stamp_reflect.h"

#include <string.h>

#include "base/cursor.h"
#include "base/secret.h"

/* One TLV, in place. */
struct tlv {
  uint8_t *at;
  uint8_t *value;
  size_t octets; /* of the value */
  uint8_t type;
  bool known; /* recognised here */
  bool whole; /* it ends within the packet, and is as long as its type is */
};

static struct tlv tlv_at(const struct ow_stamp_codec *codec, const struct ow_tlv_facts *facts, uint8_t *at,
                         const uint8_t *end)
{
  struct tlv tlv = {.at = at};
  size_t left = (size_t)(end - at);
  uint8_t fixed = 0;
  if (left >= OW_TLV_HEADER) {
    tlv.type = at[1];
    tlv.octets = (size_t)at[2] << 8 | at[3];
    tlv.value = at + OW_TLV_HEADER;
    tlv.known = ow_tlv_is_known(tlv.type, &fixed) &&
                (tlv.type != OW_TLV_HMAC || ow_stamp_codec_has_key(codec)) &&
                (tlv.type != OW_TLV_CLASS_OF_SERVICE || facts->marked);
    tlv.whole = tlv.octets <= left - OW_TLV_HEADER && (!tlv.known || fixed == 0 || fixed == tlv.octets);
  }
  return tlv;
}

/* ---- can they be believed? ---- */

/* What the headers say, up to a malformed one. */
struct survey {
  uint8_t *hmac; /* NULL: there is none */
  bool others;   /* there is something else than padding, before it, */
  bool behind;   /* or behind it */
};

static struct survey survey_all(const struct ow_stamp_codec *codec, const struct ow_tlv_facts *facts,
                                uint8_t *begin, const uint8_t *end)
{
  struct survey survey = {.others = false};
  bool more = true;
  for (uint8_t *at = begin; more && at < end;) {
    struct tlv tlv = tlv_at(codec, facts, at, end);
    more = tlv.whole;
    if (survey.hmac)
      survey.behind |= !tlv.whole || tlv.type != OW_TLV_PADDING;
    else if (tlv.whole && tlv.known && tlv.type == OW_TLV_HMAC)
      survey.hmac = tlv.at;
    else
      survey.others |= !tlv.whole || tlv.type != OW_TLV_PADDING;
    at = more ? tlv.value + tlv.octets : at;
  }
  return survey;
}

static enum ow_status verify(struct ow_stamp_codec *codec, uint32_t asked, const struct survey *survey,
                             const uint8_t *begin, bool *right)
{
  uint8_t sequence[4];
  uint8_t sum[OW_TLV_SUM];
  struct ow_writer writer = ow_writer(sequence, sizeof sequence);
  enum ow_status status = OW_OK;
  *right = !survey->behind;
  if (survey->hmac) {
    ow_write_u32(&writer, asked);
    status = ow_stamp_codec_sum(codec, sequence, begin, (size_t)(survey->hmac - begin), sum);
    *right &= status == OW_OK && ow_secret_equal(sum, survey->hmac + OW_TLV_HEADER, sizeof sum);
  } else if (ow_stamp_codec_mode(codec) == OW_MODE_AUTHENTICATED) {
    *right = !survey->others;
  }
  return status;
}

/* ---- answers ---- */

static void answer_timestamps(const struct ow_tlv_facts *facts, struct ow_writer *value)
{
  ow_write_u8(value, (uint8_t)facts->sync_in);
  ow_write_u8(value, (uint8_t)facts->method_in);
  ow_write_u8(value, (uint8_t)facts->sync_out);
  ow_write_u8(value, (uint8_t)facts->method_out);
}

/* DSCP1 stays; DSCP2 and ECN follow it; RP 0: it is taken. */
static void answer_class_of_service(const struct ow_tlv_facts *facts, struct ow_writer *value,
                                    struct ow_tlv_wishes *wishes)
{
  wishes->dscp_asked = true;
  wishes->dscp = *value->at >> 2;
  ow_write_u16(value, (uint16_t)(wishes->dscp << 10 | facts->dscp << 4 | facts->ecn << 2));
}

static void answer_counters(const struct ow_tlv_facts *facts, struct ow_writer *value)
{
  value->at += 4; /* S_TxC */
  ow_write_u32(value, facts->received);
  ow_write_u32(value, facts->answered);
}

static void answer_follow_up(const struct ow_tlv_facts *facts, struct ow_writer *value,
                             struct ow_tlv_wishes *wishes)
{
  bool known = !ow_timestamp_is_zero(facts->follow_sent);
  wishes->follow_up = true;
  ow_write_u32(value, facts->follow_sequence);
  ow_write_u64(value, facts->follow_sent.ntp);
  ow_write_u8(value, known ? (uint8_t)facts->follow_method : 0);
  ow_write_zeros(value, 3);
}

/* The answer's own sequence number, and the TLVs as they are answered. */
static enum ow_status answer_hmac(struct ow_stamp_codec *codec, const uint8_t *packet, const uint8_t *begin,
                                  const struct tlv *tlv)
{
  return ow_stamp_codec_sum(codec, packet, begin, (size_t)(tlv->at - begin), tlv->value);
}

static enum ow_status answer_one(struct ow_stamp_codec *codec, const struct ow_tlv_facts *facts,
                                 const uint8_t *packet, const struct tlv *tlv, struct ow_tlv_wishes *wishes)
{
  enum ow_status status = OW_OK;
  struct ow_writer value = ow_writer(tlv->value, tlv->octets);
  *tlv->at = 0;
  switch ((enum ow_tlv)tlv->type) {
  case OW_TLV_TIMESTAMPS: answer_timestamps(facts, &value); break;
  case OW_TLV_CLASS_OF_SERVICE: answer_class_of_service(facts, &value, wishes); break;
  case OW_TLV_COUNTERS: answer_counters(facts, &value); break;
  case OW_TLV_FOLLOW_UP: answer_follow_up(facts, &value, wishes); break;
  case OW_TLV_HMAC:
    status = answer_hmac(codec, packet, packet + ow_stamp_least(ow_stamp_codec_mode(codec)), tlv);
    break;
  case OW_TLV_PADDING: break;
  }
  return status;
}

/* Flags alone. A malformed one is the last. */
static void distrust_all(const struct ow_stamp_codec *codec, const struct ow_tlv_facts *facts, uint8_t *begin,
                         const uint8_t *end)
{
  bool more = true;
  for (uint8_t *at = begin; more && at < end;) {
    struct tlv tlv = tlv_at(codec, facts, at, end);
    *tlv.at |= OW_TLV_INTEGRITY;
    more = tlv.whole;
    at = more ? tlv.value + tlv.octets : at;
  }
}

static enum ow_status answer_all(struct ow_stamp_codec *codec, const struct ow_tlv_facts *facts,
                                 uint8_t *packet, size_t octets, struct ow_tlv_wishes *wishes)
{
  const uint8_t *end = packet + octets;
  enum ow_status status = OW_OK;
  bool more = true;
  for (uint8_t *at = packet + ow_stamp_least(ow_stamp_codec_mode(codec));
       more && at < end && status == OW_OK;) {
    struct tlv tlv = tlv_at(codec, facts, at, end);
    more = tlv.whole;
    if (!tlv.whole)
      *tlv.at = (uint8_t)(OW_TLV_MALFORMED | (tlv.known ? 0 : OW_TLV_UNRECOGNISED));
    else if (tlv.known)
      status = answer_one(codec, facts, packet, &tlv, wishes);
    else
      *tlv.at = OW_TLV_UNRECOGNISED;
    at = more ? tlv.value + tlv.octets : at;
  }
  return status;
}

enum ow_status ow_tlv_reflect(struct ow_stamp_codec *codec, uint32_t asked, const struct ow_tlv_facts *facts,
                              uint8_t *packet, size_t octets, struct ow_tlv_wishes *wishes)
{
  uint8_t *begin = packet + ow_stamp_least(ow_stamp_codec_mode(codec));
  const uint8_t *end = packet + octets;
  enum ow_status status = OW_OK;
  *wishes = (struct ow_tlv_wishes){0};
  if (begin >= end)
    return OW_OK;
  bool right = false;
  struct survey survey = survey_all(codec, facts, begin, end);
  status = verify(codec, asked, &survey, begin, &right);
  wishes->distrusted = status == OW_OK && !right;
  if (wishes->distrusted)
    distrust_all(codec, facts, begin, end);
  else if (status == OW_OK)
    status = answer_all(codec, facts, packet, octets, wishes);
  return status;
}
