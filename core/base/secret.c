/* SPDX-License-Identifier: MIT */
/* All octets are compared before the answer is known; wiping is explicit_bzero(3). */
#include "base/secret.h"

#include <stdint.h>
#include <string.h>

bool ow_secret_equal(const void *a, const void *b, size_t octets)
{
  const volatile uint8_t *left = a;
  const volatile uint8_t *right = b;
  uint8_t difference = 0;
  for (size_t i = 0; i < octets; i++)
    difference = (uint8_t)(difference | (left[i] ^ right[i]));
  return difference == 0;
}

void ow_wipe(void *area, size_t octets)
{
  if (area && octets)
    explicit_bzero(area, octets);
}
