/* SPDX-License-Identifier: MIT */
/* libcrypto's contexts, of which a program's tests have one, as a loop has; with the same padding each time.
 */
#ifndef OWAMP_TESTS_CONTEXTS_H
#define OWAMP_TESTS_CONTEXTS_H

#include <stdlib.h>

#include "crypto/contexts.h"
#include "support/seed.h"

static inline struct ow_contexts *test_contexts(void)
{
  static struct ow_contexts contexts;
  if (!contexts.hmac) {
    struct test_prng prng = test_prng(1);
    struct ow_random random = test_random(&prng);
    if (ow_contexts_open(&contexts, &random) != OW_OK)
      abort(); /* also before any test runs */
  }
  return &contexts;
}

#endif
