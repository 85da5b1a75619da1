/* SPDX-License-Identifier: MIT */
/* The layout is that of wire/reflected_packet, the protection that of wire/test_packet; here are the lengths.
 */
#include "wire/twamp_packet.h"

#include <string.h>

/* Of a keyed answer: what each mode covers, and where the rest stands. */
enum { COVERED_AUTHENTICATED = 16, COVERED_ENCRYPTED = 96, HMAC_AT = 96 };
/* DSCP and ECN as they came (RFC 7750, 2.2.1): the octet behind the TTL. */
enum { TOS_AT_OPEN = OW_REFLECTED_OPEN_OCTETS, TOS_AT_KEYED = OW_REFLECTED_KEYED_OCTETS };

static bool keyed(struct ow_twamp_format format)
{
  return format.mode != OW_MODE_OPEN;
}

static size_t covered_octets(struct ow_twamp_format format)
{
  return format.mode == OW_MODE_ENCRYPTED ? COVERED_ENCRYPTED : COVERED_AUTHENTICATED;
}

size_t ow_twamp_answer_least(struct ow_twamp_format format)
{
  size_t open = format.features & OW_TWAMP_DSCP_ECN ? OW_TWAMP_OPEN_DSCP : OW_TWAMP_OPEN;
  return keyed(format) ? OW_TWAMP_SECURE : open;
}

size_t ow_twamp_question_least(struct ow_twamp_format format)
{
  return ow_packet_least(format.mode) + ow_twamp_question_zeros(format);
}

size_t ow_twamp_question_zeros(struct ow_twamp_format format)
{
  size_t zeros = ow_twamp_answer_least(format) - ow_packet_least(format.mode);
  return format.features & OW_TWAMP_SYMMETRICAL ? zeros : 0;
}

size_t ow_twamp_answer_octets(struct ow_twamp_format format, size_t question)
{
  size_t least = ow_twamp_answer_least(format);
  return question > least ? question : least;
}

enum ow_status ow_twamp_answer_encode(const struct ow_packet_codec *codec, struct ow_twamp_format format,
                                      const struct ow_reflection *answer, uint8_t *out)
{
  enum ow_status status = OW_OK;
  memset(out, 0, ow_twamp_answer_least(format));
  ow_reflection_write(keyed(format) ? OW_REFLECTED_KEYED : OW_REFLECTED_OPEN, answer, out);
  if (format.features & OW_TWAMP_DSCP_ECN)
    out[keyed(format) ? TOS_AT_KEYED : TOS_AT_OPEN] = answer->sender_tos;
  if (keyed(format))
    status = ow_packet_seal(codec, out, covered_octets(format), HMAC_AT);
  return status;
}

enum ow_status ow_twamp_answer_decode(const struct ow_packet_codec *codec, struct ow_twamp_format format,
                                      const uint8_t *in, size_t octets, struct ow_reflection *answer)
{
  uint8_t plain[COVERED_ENCRYPTED];
  const uint8_t *from = in;
  enum ow_status status = OW_OK;
  if (octets < ow_twamp_answer_least(format))
    return OW_INVALID;
  if (keyed(format)) {
    memcpy(plain, in, sizeof plain);
    status = ow_packet_open(codec, in, plain, covered_octets(format), HMAC_AT);
    from = plain;
  }
  if (status == OW_OK) {
    ow_reflection_read(keyed(format) ? OW_REFLECTED_KEYED : OW_REFLECTED_OPEN, from, answer);
    answer->sender_tos =
        format.features & OW_TWAMP_DSCP_ECN ? from[keyed(format) ? TOS_AT_KEYED : TOS_AT_OPEN] : 0;
  }
  return status;
}
