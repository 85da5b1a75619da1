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

size_t ow_packet_least(enum ow_mode mode)
{
  return mode == OW_MODE_OPEN ? OW_PACKET_OPEN : OW_PACKET_SECURE;
}

enum ow_status ow_packet_codec_open(struct ow_packet_codec *codec, enum ow_mode mode,
                                    const struct ow_keys *keys, struct ow_contexts *contexts)
{
  *codec = (struct ow_packet_codec){.mode = mode, .contexts = contexts};
  if (mode != OW_MODE_OPEN) {
    codec->keys = malloc(sizeof *codec->keys);
    if (!codec->keys)
      return OW_MEMORY;
    *codec->keys = *keys;
  }
  return OW_OK;
}

void ow_packet_codec_close(struct ow_packet_codec *codec)
{
  if (codec->keys) {
    ow_wipe(codec->keys, sizeof *codec->keys);
    free(codec->keys);
    ow_contexts_forget(codec->contexts);
    codec->keys = NULL;
  }
}

/* Octets under the cipher and under the HMAC: one block in mode 2, two in mode 4 (RFC 4656, 4.1.2). */
static size_t covered_octets(const struct ow_packet_codec *codec)
{
  return codec->mode == OW_MODE_ENCRYPTED ? 32 : 16;
}

/*
 * Whole blocks: in mode 4 they are a chain that goes on after the block `before` (NULL: begins), in mode 2
 * each is on its own.
 */
static enum ow_status run(const struct ow_packet_codec *codec, struct ow_cipher *cipher,
                          const uint8_t *before, const uint8_t *in, uint8_t *out, size_t octets)
{
  size_t chain = codec->mode == OW_MODE_ENCRYPTED ? octets : OW_AES_BLOCK;
  enum ow_status status = OW_OK;
  for (size_t at = 0; status == OW_OK && at < octets; at += chain) {
    status = ow_cipher_rekey(cipher, codec->keys->aes, before);
    if (status == OW_OK)
      status = ow_cipher_run(cipher, in + at, out + at, chain);
  }
  return status;
}

/* Over plaintext. */
static enum ow_status sum_up(const struct ow_packet_codec *codec, const uint8_t *plain, size_t covered,
                             uint8_t sum[OW_HMAC])
{
  struct ow_hmac *hmac = codec->contexts->hmac;
  enum ow_status status = ow_hmac_rekey(hmac, codec->keys->hmac);
  if (status == OW_OK)
    status = ow_hmac_update(hmac, plain, covered);
  if (status == OW_OK)
    status = ow_hmac_finish(hmac, sum);
  return status;
}

enum ow_status ow_packet_seal(const struct ow_packet_codec *codec, uint8_t *octets, size_t covered,
                              size_t hmac_at)
{
  enum ow_status status = sum_up(codec, octets, covered, octets + hmac_at);
  if (status == OW_OK)
    status = run(codec, codec->contexts->encrypt, NULL, octets, octets, covered);
  return status;
}

enum ow_status ow_packet_open(const struct ow_packet_codec *codec, const uint8_t *in, uint8_t *plain,
                              size_t covered, size_t hmac_at)
{
  uint8_t sum[OW_HMAC];
  enum ow_status status = run(codec, codec->contexts->decrypt, NULL, in, plain, covered);
  if (status == OW_OK)
    status = sum_up(codec, plain, covered, sum);
  if (status == OW_OK && !ow_secret_equal(sum, in + hmac_at, OW_HMAC))
    status = OW_AUTH;
  return status;
}

/* All is known beforehand in mode 2, and the first block in mode 4. */
static enum ow_status prepare_secure(const struct ow_packet_codec *codec, uint8_t *out)
{
  uint8_t *block = out + FIRST_BLOCK;
  return codec->mode == OW_MODE_AUTHENTICATED
             ? ow_packet_seal(codec, block, OW_AES_BLOCK, HMAC_AT)
             : run(codec, codec->contexts->encrypt, NULL, block, block, OW_AES_BLOCK);
}

enum ow_status ow_packet_prepare(const struct ow_packet_codec *codec, uint32_t sequence, uint8_t *out)
{
  enum ow_status status = OW_OK;
  struct ow_writer writer = ow_writer(out, ow_packet_least(codec->mode));
  ow_write_u32(&writer, sequence);
  if (codec->mode != OW_MODE_OPEN) {
    ow_write_zeros(&writer, OW_PACKET_SECURE - 4);
    status = prepare_secure(codec, out);
  }
  return status;
}

/* The HMAC is over both blocks, of which the first is encrypted already. */
static enum ow_status stamp_encrypted(const struct ow_packet_codec *codec, uint32_t sequence, uint8_t *out)
{
  uint8_t plain[2 * OW_AES_BLOCK];
  struct ow_writer writer = ow_writer(plain, sizeof plain);
  ow_write_u32(&writer, sequence);
  ow_write_zeros(&writer, SECOND_BLOCK - 4);
  memcpy(plain + SECOND_BLOCK, out + SECOND_BLOCK, OW_AES_BLOCK);
  enum ow_status status = sum_up(codec, plain, sizeof plain, out + HMAC_AT);
  if (status == OW_OK)
    status = run(codec, codec->contexts->encrypt, out + FIRST_BLOCK, out + SECOND_BLOCK, out + SECOND_BLOCK,
                 OW_AES_BLOCK);
  return status;
}

enum ow_status ow_packet_stamp(const struct ow_packet_codec *codec, uint32_t sequence,
                               struct ow_timestamp sent, struct ow_error_estimate error, uint8_t *out)
{
  uint8_t *at = out + (codec->mode == OW_MODE_OPEN ? 4 : SECOND_BLOCK);
  struct ow_writer writer = ow_writer(at, 10);
  ow_write_u64(&writer, sent.ntp);
  ow_write_u16(&writer, error.bits);
  return codec->mode == OW_MODE_ENCRYPTED ? stamp_encrypted(codec, sequence, out) : OW_OK;
}

enum ow_status ow_packet_decode(const struct ow_packet_codec *codec, const uint8_t *in, size_t octets,
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
