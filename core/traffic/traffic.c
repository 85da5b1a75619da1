/* SPDX-License-Identifier: MIT */
/* The buffers are made and freed here. */
#include "traffic/traffic.h"

#include <string.h>

enum ow_status ow_traffic_open(struct ow_traffic *traffic, struct ow_loop *loop)
{
  *traffic = (struct ow_traffic){.loop = loop, .batch = ow_udp_batch_create()};
  return traffic->batch ? OW_OK : OW_MEMORY;
}

bool ow_traffic_overflows(struct ow_traffic *traffic, int64_t now, uint64_t *count)
{
  struct ow_overflow_cache *cache = &traffic->overflows;
  if (!cache->filled || now - cache->read_at >= OW_NS_PER_S) {
    cache->known = ow_udp_overflows(&cache->count);
    cache->read_at = now;
    cache->filled = true;
  }
  *count = cache->count;
  return cache->known;
}

void ow_traffic_close(struct ow_traffic *traffic)
{
  ow_udp_batch_free(traffic->batch);
  traffic->batch = NULL;
}
