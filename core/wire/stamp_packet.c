/* SPDX-License-Identifier: MIT */
/* The layout is that of wire/reflected_packet; here are lengths and the HMAC. */
#include "wire/stamp_packet.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/secret.h"
#include "crypto/hmac.h"

enum { COVERED = 96, STAMP_AT_OPEN = 4, STAMP_AT_KEYED = 16, SSID_AT_OPEN = 14, SSID_AT_KEYED = 26 };
enum { ZEROS_AT_OPEN = 16 }; /* of a question, up to its end */
_Static_assert(COVERED + OW_HMAC == OW_STAMP_AUTHENTICATED, "the HMAC is all that isn't covered");

struct ow_stamp_codec {
  enum ow_mode mode;
  struct ow_hmac *hmac; /* NULL: there is no key */
  bool broken;          /* the library failed: its context is not to be used any more */
};

static bool keyed(const struct ow_stamp_codec *codec)
{
  return codec->mode == OW_MODE_AUTHENTICATED;
}

size_t ow_stamp_least(enum ow_mode mode)
{
  return mode == OW_MODE_AUTHENTICATED ? OW_STAMP_AUTHENTICATED : OW_STAMP_OPEN;
}

struct ow_stamp_codec *ow_stamp_codec_create(enum ow_mode mode, const void *key, size_t octets)
{
  struct ow_stamp_codec *codec = calloc(1, sizeof *codec);
  if (codec) {
    codec->mode = mode;
    if (key)
      codec->hmac = ow_hmac_create_sha256(key, octets);
    if (!codec->hmac && (key || keyed(codec))) {
      free(codec);
      codec = NULL;
    }
  }
  return codec;
}

void ow_stamp_codec_free(struct ow_stamp_codec *codec)
{
  if (codec)
    ow_hmac_free(codec->hmac);
  free(codec);
}

enum ow_mode ow_stamp_codec_mode(const struct ow_stamp_codec *codec)
{
  return codec->mode;
}

bool ow_stamp_codec_has_key(const struct ow_stamp_codec *codec)
{
  return codec->hmac != NULL;
}

/* ---- HMAC ---- */

/* Of two pieces, the second of which may be empty. */
static enum ow_status sum_up(struct ow_stamp_codec *codec, const uint8_t *first, size_t first_octets,
                             const uint8_t *second, size_t second_octets, uint8_t sum[OW_HMAC])
{
  enum ow_status status = codec->hmac && !codec->broken ? OW_OK : OW_CRYPTO;
  if (status == OW_OK)
    status = ow_hmac_update(codec->hmac, first, first_octets);
  if (status == OW_OK && second_octets)
    status = ow_hmac_update(codec->hmac, second, second_octets);
  if (status == OW_OK)
    status = ow_hmac_finish(codec->hmac, sum);
  codec->broken |= status != OW_OK;
  return status;
}

static enum ow_status seal(struct ow_stamp_codec *codec, uint8_t *packet)
{
  return keyed(codec) ? sum_up(codec, packet, COVERED, NULL, 0, packet + COVERED) : OW_OK;
}

static enum ow_status verify(struct ow_stamp_codec *codec, const uint8_t *packet)
{
  uint8_t sum[OW_HMAC];
  enum ow_status status = OW_OK;
  if (keyed(codec)) {
    status = sum_up(codec, packet, COVERED, NULL, 0, sum);
    if (status == OW_OK && !ow_secret_equal(sum, packet + COVERED, sizeof sum))
      status = OW_AUTH;
  }
  return status;
}

enum ow_status ow_stamp_codec_sum(struct ow_stamp_codec *codec, const uint8_t sequence[4],
                                  const uint8_t *tlvs, size_t octets, uint8_t sum[16])
{
  return sum_up(codec, sequence, 4, tlvs, octets, sum);
}

/* ---- the question ---- */

void ow_stamp_question_prepare(const struct ow_stamp_codec *codec, uint32_t sequence, uint16_t ssid,
                               uint8_t *out)
{
  struct ow_writer writer = ow_writer(out, ow_stamp_least(codec->mode));
  size_t ssid_at = keyed(codec) ? SSID_AT_KEYED : SSID_AT_OPEN;
  ow_write_u32(&writer, sequence);
  ow_write_zeros(&writer, ssid_at - 4);
  ow_write_u16(&writer, ssid);
  ow_write_zeros(&writer, ow_stamp_least(codec->mode) - ssid_at - 2);
}

/* The sender's stamp and the reflector's are at the same place. */
static enum ow_status stamp_and_seal(struct ow_stamp_codec *codec, struct ow_timestamp sent,
                                     struct ow_error_estimate error, uint8_t *out)
{
  struct ow_writer writer = ow_writer(out + (keyed(codec) ? STAMP_AT_KEYED : STAMP_AT_OPEN), 10);
  ow_write_u64(&writer, sent.ntp);
  ow_write_u16(&writer, error.bits);
  return seal(codec, out);
}

enum ow_status ow_stamp_question_stamp(struct ow_stamp_codec *codec, struct ow_timestamp sent,
                                       struct ow_error_estimate error, uint8_t *out)
{
  return stamp_and_seal(codec, sent, error, out);
}

/* TWAMP Light's padding begins where STAMP has its SSID and zeros, and is random with most senders. */
static bool has_ssid(enum ow_mode mode, const uint8_t *in, size_t octets)
{
  static const uint8_t zeros[OW_STAMP_OPEN - ZEROS_AT_OPEN] = {0};
  return octets >= ow_stamp_least(mode) &&
         (mode == OW_MODE_AUTHENTICATED || memcmp(in + ZEROS_AT_OPEN, zeros, sizeof zeros) == 0);
}

uint16_t ow_stamp_question_ssid(enum ow_mode mode, const uint8_t *in, size_t octets)
{
  uint16_t ssid = 0;
  if (has_ssid(mode, in, octets)) {
    struct ow_reader reader =
        ow_reader(in + (mode == OW_MODE_AUTHENTICATED ? SSID_AT_KEYED : SSID_AT_OPEN), 2);
    ssid = ow_read_u16(&reader);
  }
  return ssid;
}

enum ow_status ow_stamp_question_decode(struct ow_stamp_codec *codec, const uint8_t *in, size_t octets,
                                        struct ow_stamp_question *question)
{
  if (octets < (size_t)(keyed(codec) ? OW_STAMP_AUTHENTICATED : OW_STAMP_SHORTEST))
    return OW_INVALID;
  struct ow_reader reader = ow_reader(in, octets);
  question->sequence = ow_read_u32(&reader);
  ow_read_skip(&reader, keyed(codec) ? STAMP_AT_KEYED - 4 : STAMP_AT_OPEN - 4);
  question->sent.ntp = ow_read_u64(&reader);
  question->error.bits = ow_read_u16(&reader);
  question->ssid = ow_stamp_question_ssid(codec->mode, in, octets);
  return verify(codec, in);
}

/* ---- the answer ---- */

static enum ow_reflected_layout layout(const struct ow_stamp_codec *codec)
{
  return keyed(codec) ? OW_REFLECTED_KEYED : OW_REFLECTED_OPEN;
}

void ow_stamp_answer_prepare(const struct ow_stamp_codec *codec, const struct ow_reflection *answer,
                             uint8_t *out)
{
  memset(out, 0, ow_stamp_least(codec->mode));
  ow_reflection_write(layout(codec), answer, out);
}

enum ow_status ow_stamp_answer_stamp(struct ow_stamp_codec *codec, struct ow_timestamp sent,
                                     struct ow_error_estimate error, uint8_t *out)
{
  return stamp_and_seal(codec, sent, error, out);
}

enum ow_status ow_stamp_answer_encode(struct ow_stamp_codec *codec, const struct ow_reflection *answer,
                                      uint8_t *out)
{
  ow_stamp_answer_prepare(codec, answer, out);
  return seal(codec, out);
}

enum ow_status ow_stamp_answer_decode(struct ow_stamp_codec *codec, const uint8_t *in, size_t octets,
                                      struct ow_reflection *answer)
{
  if (octets < (size_t)(keyed(codec) ? OW_STAMP_AUTHENTICATED : OW_REFLECTED_OPEN_OCTETS))
    return OW_INVALID;
  ow_reflection_read(layout(codec), in, answer);
  return verify(codec, in);
}
