/* SPDX-License-Identifier: MIT */
/* Knuth's algorithm S over 32-bit words of AES, whose key is the SID. */
#include "schedule/exponential.h"

#include "base/cursor.h"
#include "crypto/cipher.h"

enum { WORDS = OW_AES_BLOCK / 4, QUANTILES = 12 };

/* Q[k] = sum of (ln 2)^i / i! for i = 1..k, 0.32 (RFC 4656, appendix A); Q[0] is not used. */
static const uint32_t Q[QUANTILES] = {
    0,          0xB17217F8, 0xEEF193F7, 0xFD271862, 0xFF9D6DD0, 0xFFF4CFD0,
    0xFFFEE819, 0xFFFFE7FF, 0xFFFFFE2B, 0xFFFFFFE0, 0xFFFFFFFE, 0xFFFFFFFF,
};

struct ow_exponential ow_exponential(const struct ow_sid *sid, struct ow_contexts *contexts)
{
  return (struct ow_exponential){.contexts = contexts, .sid = *sid};
}

/* AES(counter) under the SID. */
static enum ow_status draw(struct ow_exponential *generator)
{
  struct ow_cipher *cipher = generator->contexts->encrypt;
  uint8_t block[OW_AES_BLOCK] = {0};
  struct ow_writer writer = ow_writer(block + 8, 8);
  ow_write_u64(&writer, generator->counter);
  enum ow_status status = ow_cipher_rekey(cipher, generator->sid.octets, NULL);
  if (status == OW_OK)
    status = ow_cipher_run(cipher, block, block, sizeof block);
  struct ow_reader reader = ow_reader(block, sizeof block);
  for (unsigned i = 0; i < WORDS; i++)
    generator->words[i] = ow_read_u32(&reader);
  return status;
}

/* Unif of RFC 4656, section 5: the next 4 octets of AES(counter), a new block every fourth time. */
static enum ow_status uniform(struct ow_exponential *generator, uint32_t *value)
{
  unsigned index = generator->counter % WORDS;
  enum ow_status status = index == 0 ? draw(generator) : OW_OK;
  if (status == OW_OK) {
    *value = generator->words[index];
    generator->counter++;
  }
  return status;
}

/* S3 and S4 of Knuth's algorithm S: the least of k uniforms, where k is the least with u < Q[k]. */
static enum ow_status least_of_several(struct ow_exponential *generator, uint32_t u, uint32_t *least)
{
  uint32_t next;
  enum ow_status status = uniform(generator, least);
  for (unsigned k = 2; status == OW_OK && k < QUANTILES; k++) {
    status = uniform(generator, &next);
    if (status == OW_OK && next < *least)
      *least = next;
    if (u < Q[k])
      break;
  }
  return status;
}

enum ow_status ow_exponential_next(struct ow_exponential *generator, uint64_t *value)
{
  uint32_t u;
  uint32_t tail;
  enum ow_status status = uniform(generator, &u);
  if (status != OW_OK)
    return status;

  /* S1: j leading ones, then drop them and the zero behind them. */
  unsigned ones = 0;
  while (ones < 32 && u & UINT32_C(1) << (31 - ones))
    ones++;
  u = ones < 31 ? u << (ones + 1) : 0;

  uint64_t whole = (uint64_t)ones * Q[1];
  if (u < Q[1]) { /* S2 */
    *value = whole + u;
  } else {
    status = least_of_several(generator, u, &tail);
    if (status == OW_OK) /* (j + V) * ln 2 */
      *value = whole + ((uint64_t)tail * Q[1] >> 32);
  }
  return status;
}
