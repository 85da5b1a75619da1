/* SPDX-License-Identifier: MIT */
/* Packets that wait for their time, earliest first; equal ones in order of arrival. */
#ifndef IMPAIR_PENDING_H
#define IMPAIR_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"
#include "truth_log.h"

struct pending {
  int64_t release; /* monotonic ns */
  uint64_t order;
  struct record record;
  struct virtio_net_hdr offload;
  size_t length;
  uint8_t octets[];
};

enum { MOST_PENDING = 1 << 17 };

struct queue {
  struct pending *slots[MOST_PENDING];
  size_t count;
  uint64_t next_order;
};

/** A copy of the frame. NULL without memory. */
struct pending *pending_create(const struct frame *frame, const struct record *record);
struct frame pending_frame(struct pending *pending);
/** Takes it over; false if the queue is full. */
bool queue_put(struct queue *queue, struct pending *pending);
/** NULL: empty. */
struct pending *queue_first(const struct queue *queue);
struct pending *queue_take(struct queue *queue);

#endif
