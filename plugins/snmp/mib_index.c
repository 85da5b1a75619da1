/* SPDX-License-Identifier: MIT */
/* Strings to sub-identifiers and back, and the order of two identifiers. */
#include "mib_index.h"

#include <string.h>

static size_t put_string(const char *text, unsigned long *out)
{
  size_t length = strlen(text);
  out[0] = length;
  for (size_t i = 0; i < length; i++)
    out[1 + i] = (unsigned char)text[i];
  return 1 + length;
}

size_t mib_peer_index(const char *owner, const char *name, unsigned long *out)
{
  size_t count = put_string(owner, out);
  return count + put_string(name, out + count);
}

size_t mib_read_string(const unsigned long *at, size_t left, size_t least, size_t most, char *out)
{
  if (left == 0 || at[0] < least || at[0] > most || at[0] > left - 1)
    return 0;
  size_t length = at[0];
  for (size_t i = 0; i < length; i++) {
    if (at[1 + i] == 0 || at[1 + i] > 255)
      return 0;
    out[i] = (char)(unsigned char)at[1 + i];
  }
  out[length] = '\0';
  return 1 + length;
}

int mib_compare(const unsigned long *a, size_t a_count, const unsigned long *b, size_t b_count)
{
  size_t common = a_count < b_count ? a_count : b_count;
  size_t i = 0;
  while (i < common && a[i] == b[i])
    i++;
  if (i < common)
    return a[i] < b[i] ? -1 : 1;
  return (a_count > b_count) - (a_count < b_count);
}
