/* SPDX-License-Identifier: MIT */
/* One codec or the other; TWAMP's answers have one of their own, as a prepared question holds its HMAC open.
 */
#include "wire/reflected_codec.h"

#include <stdlib.h>
#include <string.h>

struct ow_reflected_codec {
  struct ow_stamp_codec *stamp; /* NULL: TWAMP */
  struct ow_twamp_format format;
  struct ow_packet_codec packets;
  uint32_t sequence; /* of the question that was prepared last */
};

struct ow_reflected_codec *ow_reflected_codec_create(const struct ow_reflected_kind *kind)
{
  struct ow_reflected_codec *codec = calloc(1, sizeof *codec);
  bool complete = false;
  if (codec && kind->protocol == OW_PROTOCOL_STAMP) {
    codec->stamp = ow_stamp_codec_create(kind->mode, kind->key, kind->key_octets);
    complete = codec->stamp != NULL;
  } else if (codec) {
    codec->format = (struct ow_twamp_format){kind->mode, kind->features};
    complete = ow_packet_codec_open(&codec->packets, kind->mode, kind->keys, kind->contexts) == OW_OK;
  }
  if (!complete) {
    ow_reflected_codec_free(codec);
    codec = NULL;
  }
  return codec;
}

void ow_reflected_codec_free(struct ow_reflected_codec *codec)
{
  if (codec) {
    ow_stamp_codec_free(codec->stamp);
    ow_packet_codec_close(&codec->packets);
  }
  free(codec);
}

size_t ow_reflected_question_head(const struct ow_reflected_codec *codec)
{
  return codec->stamp ? ow_stamp_least(ow_stamp_codec_mode(codec->stamp))
                      : ow_twamp_question_least(codec->format);
}

size_t ow_reflected_question_least(const struct ow_reflected_codec *codec)
{
  return codec->stamp ? ow_reflected_question_head(codec) : ow_twamp_answer_least(codec->format);
}

enum ow_status ow_reflected_question_prepare(struct ow_reflected_codec *codec, uint32_t sequence,
                                             uint16_t ssid, uint8_t *out)
{
  enum ow_status status = OW_OK;
  if (codec->stamp) {
    ow_stamp_question_prepare(codec->stamp, sequence, ssid, out);
  } else {
    memset(out + ow_packet_least(codec->format.mode), 0, ow_twamp_question_zeros(codec->format));
    status = ow_packet_prepare(&codec->packets, sequence, out);
    codec->sequence = sequence;
  }
  return status;
}

enum ow_status ow_reflected_question_stamp(struct ow_reflected_codec *codec, struct ow_timestamp sent,
                                           struct ow_error_estimate error, uint8_t *out)
{
  return codec->stamp ? ow_stamp_question_stamp(codec->stamp, sent, error, out)
                      : ow_packet_stamp(&codec->packets, codec->sequence, sent, error, out);
}

enum ow_status ow_reflected_answer_decode(struct ow_reflected_codec *codec, const uint8_t *in, size_t octets,
                                          struct ow_reflection *answer)
{
  return codec->stamp ? ow_stamp_answer_decode(codec->stamp, in, octets, answer)
                      : ow_twamp_answer_decode(&codec->packets, codec->format, in, octets, answer);
}

bool ow_reflected_codec_tells_tos(const struct ow_reflected_codec *codec)
{
  return !codec->stamp && codec->format.features & OW_TWAMP_DSCP_ECN;
}

struct ow_stamp_codec *ow_reflected_codec_stamp(struct ow_reflected_codec *codec)
{
  return codec->stamp;
}
