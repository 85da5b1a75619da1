/* SPDX-License-Identifier: MIT */
/* Entries are counted first, so that their code is allocated as long as it is. */
#include "stats/histogram.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "stats/bucket.h"

struct ow_histogram {
  atomic_uint users;
  uint32_t entries;
  uint32_t octets;
  uint8_t code[];
};

/* ---- the code ---- */

enum { GROUP = 7, MORE = 1U << GROUP };

static size_t put_number(uint8_t *to, uint32_t number)
{
  size_t octets = 0;
  for (; number >= MORE; number >>= GROUP)
    to[octets++] = (uint8_t)(number | MORE);
  to[octets++] = (uint8_t)number;
  return octets;
}

static uint32_t get_number(struct ow_histogram_walk *walk)
{
  uint32_t number = 0;
  unsigned shift = 0;
  for (; *walk->at & MORE; shift += GROUP)
    number |= (uint32_t)(*walk->at++ & (MORE - 1)) << shift;
  return number | (uint32_t)*walk->at++ << shift;
}

enum { ENTRY_MOST = 10 }; /* octets */

/* The buckets passed over, twice, and whether there are several packets; then how many beyond two. */
static size_t put_entry(uint8_t to[ENTRY_MOST], uint32_t gap, uint32_t count)
{
  size_t octets = put_number(to, gap << 1 | (count > 1));
  return count > 1 ? octets + put_number(to + octets, count - 2) : octets;
}

bool ow_histogram_next(struct ow_histogram_walk *walk, struct ow_histogram_entry *entry)
{
  bool any = walk->at < walk->end;
  if (any) {
    uint32_t number = get_number(walk);
    entry->bucket = walk->next + (number >> 1);
    entry->count = number & 1 ? get_number(walk) + 2 : 1;
    walk->next = entry->bucket + 1;
  }
  return any;
}

struct ow_histogram_walk ow_histogram_walk(const struct ow_histogram *histogram)
{
  return (struct ow_histogram_walk){.at = histogram->code, .end = histogram->code + histogram->octets};
}

/* ---- making ---- */

/* `code` may be NULL: its length is all that is wanted. */
static size_t encode(const struct ow_histogram_entry *entries, size_t count, uint8_t *code)
{
  uint8_t aside[ENTRY_MOST] = {0};
  size_t octets = 0;
  uint32_t next = 0;
  for (size_t i = 0; i < count; i++) {
    octets += put_entry(code ? code + octets : aside, entries[i].bucket - next, entries[i].count);
    next = entries[i].bucket + 1;
  }
  return octets;
}

struct ow_histogram *ow_histogram_make(const struct ow_histogram_entry *entries, size_t count)
{
  size_t octets = encode(entries, count, NULL);
  struct ow_histogram *histogram = malloc(sizeof *histogram + octets);
  if (histogram) {
    atomic_init(&histogram->users, 1);
    histogram->entries = (uint32_t)count;
    histogram->octets = (uint32_t)octets;
    encode(entries, count, histogram->code);
  }
  return histogram;
}

/* Delays may lie further apart than a signed number tells. */
static uint64_t distance_of(int64_t delay, int64_t least)
{
  return (uint64_t)delay - (uint64_t)least;
}

struct ow_histogram *ow_histogram_of(const int64_t *sorted, uint32_t count)
{
  size_t most = count < OW_HISTOGRAM_BUCKETS ? count : OW_HISTOGRAM_BUCKETS;
  struct ow_histogram_entry *entries = calloc(most, sizeof *entries);
  struct ow_histogram *histogram = NULL;
  size_t used = 0;
  if (entries) {
    for (uint32_t i = 0; i < count; i++) {
      uint32_t bucket = ow_bucket_of(distance_of(sorted[i], sorted[0]), OW_HISTOGRAM_BITS);
      if (used == 0 || entries[used - 1].bucket != bucket)
        entries[used++] = (struct ow_histogram_entry){bucket, 0};
      entries[used - 1].count++;
    }
    histogram = ow_histogram_make(entries, used);
  }
  free(entries);
  return histogram;
}

/* ---- users ---- */

struct ow_histogram *ow_histogram_share(struct ow_histogram *histogram)
{
  if (histogram)
    atomic_fetch_add_explicit(&histogram->users, 1, memory_order_relaxed);
  return histogram;
}

void ow_histogram_drop(struct ow_histogram *histogram)
{
  if (histogram && atomic_fetch_sub(&histogram->users, 1) == 1)
    free(histogram);
}

size_t ow_histogram_entries(const struct ow_histogram *histogram)
{
  return histogram->entries;
}

size_t ow_histogram_memory(const struct ow_histogram *histogram)
{
  return sizeof *histogram + histogram->octets;
}
