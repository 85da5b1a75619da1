/* SPDX-License-Identifier: MIT */
/* One block under the cipher in mode 2, two in mode 4; the HMAC first, then encryption. */
#include "wire/test_packet.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/secret.h"
#include "crypto/cipher.h"

/* Of a secure packet: two blocks that the mode may encrypt, and the HMAC, which stays in clear. */
enum { FIRST_BLOCK = 0, SECOND_BLOCK = 16, HMAC_AT = 32 };

struct ow_packet_codec {
  enum ow_mode mode;
  struct ow_cipher *encrypt; /* made when first needed: a session sends or receives */
  struct ow_cipher *decrypt;
  struct ow_hmac *hmac;
  struct ow_keys keys;
  bool broken; /* the library failed: its contexts are not to be used any more */
};

size_t ow_packet_least(enum ow_mode mode)
{
  return mode == OW_MODE_OPEN ? OW_PACKET_OPEN : OW_PACKET_SECURE;
}

struct ow_packet_codec *ow_packet_codec_create(enum ow_mode mode, const struct ow_keys *keys)
{
  struct ow_packet_codec *codec = calloc(1, sizeof *codec);
  if (codec)
    codec->mode = mode;
  if (codec && mode != OW_MODE_OPEN) {
    codec->keys = *keys;
    codec->hmac = ow_hmac_create(keys->hmac);
    if (!codec->hmac) {
      ow_packet_codec_free(codec);
      codec = NULL;
    }
  }
  return codec;
}

void ow_packet_codec_free(struct ow_packet_codec *codec)
{
  if (codec) {
    ow_cipher_free(codec->encrypt);
    ow_cipher_free(codec->decrypt);
    ow_hmac_free(codec->hmac);
    ow_wipe(codec, sizeof *codec);
  }
  free(codec);
}

/* Octets under the cipher and under the HMAC: one block in mode 2, two in mode 4 (RFC 4656, 4.1.2). */
static size_t covered_octets(const struct ow_packet_codec *codec)
{
  return codec->mode == OW_MODE_ENCRYPTED ? 32 : 16;
}

/* A cipher of the mode's kind at the start of its stream. */
static enum ow_status begin_packet(struct ow_packet_codec *codec, struct ow_cipher **cipher,
                                   enum ow_cipher_kind ecb, enum ow_cipher_kind cbc)
{
  static const uint8_t zero[OW_AES_BLOCK];
  enum ow_status status = OW_OK;
  if (codec->broken) {
    status = OW_CRYPTO;
  } else if (!*cipher) {
    *cipher = ow_cipher_create(codec->mode == OW_MODE_ENCRYPTED ? cbc : ecb, codec->keys.aes, NULL);
    status = *cipher ? OW_OK : OW_CRYPTO;
  } else if (codec->mode == OW_MODE_ENCRYPTED) {
    status = ow_cipher_restart(*cipher, zero);
  }
  return status;
}

/* HMAC over the plaintext first, then encryption. */
static enum ow_status seal(struct ow_packet_codec *codec, uint8_t *block)
{
  enum ow_status status = ow_hmac_update(codec->hmac, block, OW_AES_BLOCK);
  if (status == OW_OK)
    status = ow_cipher_run(codec->encrypt, block, block, OW_AES_BLOCK);
  return status;
}

static enum ow_status prepare_secure(struct ow_packet_codec *codec, uint8_t *out)
{
  enum ow_status status = begin_packet(codec, &codec->encrypt, OW_ECB_ENCRYPT, OW_CBC_ENCRYPT);
  if (status == OW_OK)
    status = seal(codec, out + FIRST_BLOCK);
  if (status == OW_OK && codec->mode == OW_MODE_AUTHENTICATED)
    status = ow_hmac_finish(codec->hmac, out + HMAC_AT);
  return status;
}

enum ow_status ow_packet_prepare(struct ow_packet_codec *codec, uint32_t sequence, uint8_t *out)
{
  enum ow_status status = OW_OK;
  struct ow_writer writer = ow_writer(out, ow_packet_least(codec->mode));
  ow_write_u32(&writer, sequence);
  if (codec->mode != OW_MODE_OPEN) {
    ow_write_zeros(&writer, OW_PACKET_SECURE - 4);
    status = prepare_secure(codec, out);
    codec->broken |= status != OW_OK;
  }
  return status;
}

enum ow_status ow_packet_stamp(struct ow_packet_codec *codec, struct ow_timestamp sent,
                               struct ow_error_estimate error, uint8_t *out)
{
  enum ow_status status = codec->broken ? OW_CRYPTO : OW_OK;
  uint8_t *at = out + (codec->mode == OW_MODE_OPEN ? 4 : SECOND_BLOCK);
  struct ow_writer writer = ow_writer(at, 10);
  ow_write_u64(&writer, sent.ntp);
  ow_write_u16(&writer, error.bits);
  if (codec->mode == OW_MODE_ENCRYPTED && status == OW_OK) {
    status = seal(codec, out + SECOND_BLOCK);
    if (status == OW_OK)
      status = ow_hmac_finish(codec->hmac, out + HMAC_AT);
    codec->broken |= status != OW_OK;
  }
  return status;
}

enum ow_status ow_packet_seal(struct ow_packet_codec *codec, uint8_t *octets, size_t covered, size_t hmac_at)
{
  enum ow_status status = begin_packet(codec, &codec->encrypt, OW_ECB_ENCRYPT, OW_CBC_ENCRYPT);
  if (status == OW_OK)
    status = ow_hmac_update(codec->hmac, octets, covered);
  if (status == OW_OK)
    status = ow_cipher_run(codec->encrypt, octets, octets, covered);
  if (status == OW_OK)
    status = ow_hmac_finish(codec->hmac, octets + hmac_at);
  codec->broken |= status != OW_OK;
  return status;
}

enum ow_status ow_packet_open(struct ow_packet_codec *codec, const uint8_t *in, uint8_t *plain,
                              size_t covered, size_t hmac_at)
{
  uint8_t sum[OW_HMAC];
  enum ow_status status = begin_packet(codec, &codec->decrypt, OW_ECB_DECRYPT, OW_CBC_DECRYPT);
  if (status == OW_OK)
    status = ow_cipher_run(codec->decrypt, in, plain, covered);
  if (status == OW_OK)
    status = ow_hmac_update(codec->hmac, plain, covered);
  if (status == OW_OK)
    status = ow_hmac_finish(codec->hmac, sum);
  codec->broken |= status != OW_OK;
  if (status == OW_OK && !ow_secret_equal(sum, in + hmac_at, OW_HMAC))
    status = OW_AUTH;
  return status;
}

enum ow_status ow_packet_decode(struct ow_packet_codec *codec, const uint8_t *in, size_t octets,
                                struct ow_packet *packet)
{
  uint8_t plain[32];
  enum ow_status status = OW_OK;
  if (octets < ow_packet_least(codec->mode))
    return OW_INVALID;
  struct ow_reader reader = ow_reader(in, octets);
  if (codec->mode != OW_MODE_OPEN) {
    memcpy(plain, in, sizeof plain);
    status = ow_packet_open(codec, in, plain, covered_octets(codec), HMAC_AT);
    reader = ow_reader(plain, sizeof plain);
  }
  if (status == OW_OK) {
    packet->sequence = ow_read_u32(&reader);
    if (codec->mode != OW_MODE_OPEN)
      ow_read_skip(&reader, SECOND_BLOCK - 4);
    packet->sent.ntp = ow_read_u64(&reader);
    packet->error.bits = ow_read_u16(&reader);
  }
  return status;
}
