/* SPDX-License-Identifier: MIT */
/* Found by binary search; the room is a power of 2, so the count alone tells when it is full. */
#include "base/sorted_array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 16 }; /* a power of 2, as every later room is: so the count alone tells when it is full */

size_t ow_sorted_place(const void *array, size_t count, size_t size, const void *key,
                       int (*compare)(const void *key, const void *element), bool *found)
{
  size_t low = 0;
  size_t high = count;
  *found = false;
  while (low < high && !*found) {
    size_t middle = low + (high - low) / 2;
    int order = compare(key, (const uint8_t *)array + middle * size);
    *found = order == 0;
    if (order > 0)
      low = middle + 1;
    else
      high = middle;
  }
  return high;
}

static void *make_room(void *array, size_t count, size_t size)
{
  bool full = count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0);
  return full ? reallocarray(array, count ? count * 2 : FIRST_ROOM, size) : array;
}

void *ow_sorted_open(void *array, size_t *count, size_t size, size_t place)
{
  uint8_t *octets = make_room(array, *count, size);
  if (octets) {
    memmove(octets + (place + 1) * size, octets + place * size, (*count - place) * size);
    ++*count;
  }
  return octets;
}

void ow_sorted_close(void *array, size_t *count, size_t size, size_t place)
{
  uint8_t *octets = array;
  --*count;
  memmove(octets + place * size, octets + (place + 1) * size, (*count - place) * size);
}
