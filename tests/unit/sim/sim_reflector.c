/* SPDX-License-Identifier: MIT */
/* Each question is answered after the dwell time. */
#include "sim/sim_reflector.h"

#include <stdlib.h>
#include <string.h>

#include "support/failing_memory.h"
#include "time/error_estimate.h"

/* An answer in the making. */
struct answer {
  struct sim_reflector *reflector;
  struct sim_question question;
  struct ow_timestamp arrived;
  uint8_t octets[4096];
};

/* Of each TLV the first flag, which said that it was unrecognised, is taken away. */
static void recognise(uint8_t *tlvs, size_t octets)
{
  for (size_t at = 0; at + 4 <= octets;) {
    size_t length = (size_t)tlvs[at + 2] << 8 | tlvs[at + 3];
    tlvs[at] = 0;
    at += 4 + length;
  }
}

static size_t fill(const struct answer *answer, struct ow_stamp_codec *codec,
                   const struct ow_stamp_question *question, unsigned time, uint8_t *packet)
{
  struct sim_reflector *reflector = answer->reflector;
  size_t head = ow_stamp_least(reflector->mode);
  size_t octets = answer->question.length;
  uint32_t *answered = &reflector->answered[ow_address_port(&answer->question.from)];
  struct ow_reflection reflection = {
      .sequence = reflector->stateless ? question->sequence : reflector->counter + *answered,
      .sent = ow_timestamp_plus(sim_wall(), reflector->ahead + 100 * (int64_t)time),
      .error = ow_error_estimate(true, 1000000).bits,
      .ssid = reflector->no_ssid ? 0 : question->ssid,
      .received = reflector->no_arrival ? (struct ow_timestamp){0} : answer->arrived,
      .sender_sequence = question->sequence,
      .sender_sent = question->sent,
      .sender_error = question->error,
      .sender_ttl = 254,
  };
  if (reflector->wrong_ssid)
    reflection.ssid = reflector->wrong_ssid;
  *answered += 1 + reflector->crowd;
  memcpy(packet, answer->octets, octets);
  if (octets < head || reflector->bare)
    octets = head;
  if (ow_stamp_answer_encode(codec, &reflection, packet) != OW_OK)
    abort();
  if (reflector->knows_tlvs)
    recognise(packet + head, octets - head);
  packet[head - 1] ^= reflector->wrong_hmac;
  return octets;
}

/* Its memory is never short: it is another host's. */
static void reply(void *context)
{
  bool scarce = test_memory_scarce(false);
  struct answer *answer = context;
  struct sim_reflector *reflector = answer->reflector;
  uint8_t packet[4096];
  struct ow_stamp_question question;
  struct ow_stamp_codec *codec =
      ow_stamp_codec_create(reflector->mode, reflector->key, reflector->key ? strlen(reflector->key) : 0);
  if (!codec)
    abort();
  if (reflector->loops)
    sim_answer(&answer->question, answer->octets, answer->question.length);
  else if (ow_stamp_question_decode(codec, answer->octets, answer->question.length, &question) == OW_OK)
    for (unsigned i = 0; i <= reflector->times; i++) {
      reflector->arrived[question.sequence % SIM_ASKED_MOST] = true;
      size_t octets = fill(answer, codec, &question, i, packet);
      sim_answer(&answer->question, packet, octets);
    }
  ow_stamp_codec_free(codec);
  free(answer);
  test_memory_scarce(scarce);
}

static void on_asked(void *context, const struct sim_question *question)
{
  struct sim_reflector *reflector = context;
  struct answer *answer = calloc(1, sizeof *answer);
  if (!answer || question->length > sizeof answer->octets)
    abort();
  answer->reflector = reflector;
  answer->question = *question;
  answer->arrived = ow_timestamp_plus(sim_wall(), reflector->ahead);
  memcpy(answer->octets, question->octets, question->length);
  sim_at(sim_monotonic() + reflector->dwell, reply, answer);
}

void sim_reflect(uint8_t host, struct sim_reflector *reflector)
{
  sim_when_asked(host, on_asked, reflector);
}
