/* SPDX-License-Identifier: MIT */
/* Exponential variates that both ends compute alike, bit for bit (RFC 4656, 5 and appendix A). */
#ifndef OWAMP_SCHEDULE_EXPONENTIAL_H
#define OWAMP_SCHEDULE_EXPONENTIAL_H

#include <stdint.h>

#include "base/status.h"
#include "crypto/contexts.h"
#include "crypto/keys.h"

/** A generator keyed with the SID, at its beginning; `contexts` outlive it. */
struct ow_exponential {
  struct ow_contexts *contexts;
  struct ow_sid sid;
  uint32_t words[OW_AES_BLOCK / 4]; /* drawn together, one after another is used */
  uint64_t counter;                 /* the low half of the 128 bits: more uniforms than a session can draw */
};

struct ow_exponential ow_exponential(const struct ow_sid *sid, struct ow_contexts *contexts);

/** The next variate of mean 1, 32.32, into `value`. OW_CRYPTO if the library fails. */
enum ow_status ow_exponential_next(struct ow_exponential *generator, uint64_t *value) OW_MUST_CHECK;

#endif
