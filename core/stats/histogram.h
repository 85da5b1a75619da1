/* SPDX-License-Identifier: MIT */
/*
 * How many packets of an interval took how much longer than its fastest one: what percentiles over many
 * intervals are made of. The least delay itself is kept elsewhere, exactly; distances from it are never
 * negative, whatever the clocks say.
 *
 * A histogram never changes. It is shared: each who keeps it is one of its users, and the last one to drop it
 * frees it. Any thread may share and drop.
 *
 * Buckets are those of stats/bucket.h with 7 bits: exact below 256 ns, from there on at most 1/128 wide. Only
 * those that hold packets take room, an octet or two each; a gap and a count, as 7-bit groups.
 */
#ifndef OWAMP_STATS_HISTOGRAM_H
#define OWAMP_STATS_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  OW_HISTOGRAM_BITS = 7,
  OW_HISTOGRAM_BUCKETS = (64 - OW_HISTOGRAM_BITS + 1) << OW_HISTOGRAM_BITS, /* of any distance in 64 bits */
};

struct ow_histogram;

struct ow_histogram_entry {
  uint32_t bucket;
  uint32_t count; /* 1 at least */
};

/** Of `count` delays in ns, rising, 1 at least. NULL without memory. The caller drops it. */
struct ow_histogram *ow_histogram_of(const int64_t *sorted, uint32_t count);
/** Of entries, whose buckets rise and are below OW_HISTOGRAM_BUCKETS. NULL without memory. */
struct ow_histogram *ow_histogram_make(const struct ow_histogram_entry *entries, size_t count);
/** One user more. Returns it; NULL stays NULL. */
struct ow_histogram *ow_histogram_share(struct ow_histogram *histogram);
/** One user less. NULL: nothing. */
void ow_histogram_drop(struct ow_histogram *histogram);

/** How many buckets hold packets. */
size_t ow_histogram_entries(const struct ow_histogram *histogram);
/** Octets of memory that it takes. */
size_t ow_histogram_memory(const struct ow_histogram *histogram);

/** Goes over the entries, from the least distance on. Open with ow_histogram_walk(). */
struct ow_histogram_walk {
  const uint8_t *at;
  const uint8_t *end;
  uint32_t next;
};

struct ow_histogram_walk ow_histogram_walk(const struct ow_histogram *histogram);
/** False at the end. */
bool ow_histogram_next(struct ow_histogram_walk *walk, struct ow_histogram_entry *entry);

#endif
