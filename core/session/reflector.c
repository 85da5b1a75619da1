/* SPDX-License-Identifier: MIT */
/* The base packet is written over a copy of the question; its TLVs are answered where they stand. */
#include "session/reflector.h"

#include <string.h>

enum { TTL_UNKNOWN = 255 }; /* RFC 8762, 4.3.1 */

size_t ow_reflector_octets(enum ow_mode mode, size_t question)
{
  size_t least = ow_stamp_least(mode);
  return question > least ? question : least;
}

static struct ow_reflection reflection_of(const struct ow_reflector *reflector,
                                          const struct ow_reflector_question *question)
{
  return (struct ow_reflection){
      .sequence = reflector->answered,
      .ssid = question->head.ssid,
      .received = question->received,
      .sender_sequence = question->head.sequence,
      .sender_sent = question->head.sent,
      .sender_error = question->head.error,
      .sender_ttl = question->ttl_known ? question->ttl : TTL_UNKNOWN,
  };
}

/* Who steers the clock the kernel doesn't say; nearly always it is NTP. */
static struct ow_tlv_facts facts_of(const struct ow_reflector *reflector,
                                    const struct ow_reflector_question *question)
{
  enum ow_sync_source source = question->synchronized ? OW_SYNC_NTP : OW_SYNC_FREE;
  return (struct ow_tlv_facts){
      .sync_in = source,
      .sync_out = source,
      .method_in = question->by_kernel ? OW_METHOD_SOFTWARE : OW_METHOD_CONTROL,
      .method_out = OW_METHOD_SOFTWARE,
      .dscp = question->dscp,
      .ecn = question->ecn,
      .marked = question->marked,
      .received = reflector->received,
      .answered = reflector->answered + 1,
      .follow_sequence = reflector->departed,
      .follow_sent = reflector->departed_at,
      .follow_method = OW_METHOD_SOFTWARE,
  };
}

enum ow_status ow_reflector_prepare(struct ow_reflector *reflector, struct ow_stamp_codec *codec,
                                    const struct ow_reflector_question *question, uint8_t *out,
                                    struct ow_reflector_answer *answer)
{
  size_t least = ow_stamp_least(ow_stamp_codec_mode(codec));
  struct ow_reflection reflection = reflection_of(reflector, question);
  struct ow_tlv_wishes wishes;
  reflector->received++;
  struct ow_tlv_facts facts = facts_of(reflector, question);
  *answer = (struct ow_reflector_answer){
      .octets = ow_reflector_octets(ow_stamp_codec_mode(codec), question->length),
      .dscp = question->marked ? question->dscp : 0,
  };
  ow_stamp_answer_prepare(codec, &reflection, out);
  if (question->length > least)
    memcpy(out + least, question->octets + least, question->length - least);
  enum ow_status status =
      ow_tlv_reflect(codec, question->head.sequence, &facts, out, answer->octets, &wishes);
  if (wishes.dscp_asked)
    answer->dscp = wishes.dscp;
  answer->follow_up = wishes.follow_up;
  return status;
}

void ow_reflector_sent(struct ow_reflector *reflector)
{
  reflector->answered++;
}

/* Stamps may come in another order than the packets left. */
void ow_reflector_departed(struct ow_reflector *reflector, uint32_t sequence, struct ow_timestamp at)
{
  bool first = ow_timestamp_is_zero(reflector->departed_at);
  if (first || (int32_t)(sequence - reflector->departed) > 0) {
    reflector->departed = sequence;
    reflector->departed_at = at;
  }
}
