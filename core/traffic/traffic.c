/* SPDX-License-Identifier: MIT */
/* The buffers are made and freed here. */
#include "traffic/traffic.h"

#include <string.h>

enum ow_status ow_traffic_open(struct ow_traffic *traffic, struct ow_loop *loop)
{
  *traffic = (struct ow_traffic){.loop = loop, .batch = ow_udp_batch_create()};
  return traffic->batch ? OW_OK : OW_MEMORY;
}

void ow_traffic_close(struct ow_traffic *traffic)
{
  ow_udp_batch_free(traffic->batch);
  traffic->batch = NULL;
}
