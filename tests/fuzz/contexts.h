/* SPDX-License-Identifier: MIT */
/* libcrypto's contexts, of which a target has one, as a loop has. */
#ifndef OWAMP_FUZZ_CONTEXTS_H
#define OWAMP_FUZZ_CONTEXTS_H

#include <string.h>

#include "crypto/contexts.h"
#include "target.h"

static inline void fuzz_no_random(void *context, void *out, size_t octets)
{
  (void)context;
  memset(out, 0, octets);
}

static inline struct ow_contexts *fuzz_contexts(void)
{
  static struct ow_contexts contexts;
  const struct ow_random random = {NULL, fuzz_no_random};
  if (!contexts.hmac)
    FUZZ_CHECK(ow_contexts_open(&contexts, &random) == OW_OK);
  return &contexts;
}

#endif
