/* SPDX-License-Identifier: MIT */
/* The buffers are made and freed here. */
#include "traffic/traffic.h"

#include <string.h>

enum ow_status ow_traffic_open(struct ow_traffic *traffic, struct ow_loop *loop)
{
  *traffic = (struct ow_traffic){.loop = loop, .batch = ow_udp_batch_create()};
  enum ow_status status = traffic->batch ? OW_OK : OW_MEMORY;
  if (status == OW_OK)
    status = ow_contexts_open(&traffic->contexts, &ow_system_random);
  if (status != OW_OK)
    ow_traffic_close(traffic);
  return status;
}

enum { ASKING_MOST = 20000 };             /* packets a second that ask for their stamp */
#define ASKING_COUNTED (OW_NS_PER_S / 10) /* at least so long, before the ration is set */

bool ow_traffic_asks(struct ow_traffic *traffic, uint32_t sequence, int64_t now)
{
  struct ow_asking *asking = &traffic->asking;
  int64_t span = now - asking->since;
  if (asking->every == 0 || span >= ASKING_COUNTED) {
    double rate = asking->every ? (double)asking->sent * OW_NS_PER_S / (double)span : 0;
    *asking = (struct ow_asking){.since = now, .every = 1 + (uint32_t)(rate / ASKING_MOST)};
  }
  asking->sent++;
  return sequence % asking->every == 0;
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

void ow_traffic_tell_of_room(struct ow_traffic *traffic, const struct ow_log *log, uint16_t port,
                             uint64_t octets, const char *limits)
{
  if (!traffic->room_told)
    ow_log(log, OW_LOG_WARNING,
           "test packets may be dropped here when this host is busy: a buffer of %llu octets is wanted for "
           "UDP port %u, and net.core.%s allows less",
           (unsigned long long)octets, port, limits);
  traffic->room_told = true;
}

void ow_traffic_close(struct ow_traffic *traffic)
{
  ow_udp_batch_free(traffic->batch);
  ow_contexts_close(&traffic->contexts);
  traffic->batch = NULL;
}
