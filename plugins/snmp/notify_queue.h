/* SPDX-License-Identifier: MIT */
/*
 * Notifications that wait to be sent: while the master agent is away, or since a storm of them is spread out.
 * The queue and the rate are bounded; what doesn't fit is dropped, and counted.
 */
#ifndef OWAMP_SNMP_NOTIFY_QUEUE_H
#define OWAMP_SNMP_NOTIFY_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peers.h"

enum { NOTIFY_QUEUE = 1024, NOTIFY_BURST = 50, NOTIFY_RATE = 10, NOTIFY_RATE_MOST = 1000 };

struct notify_queue {
  struct notice *notices; /* NOTIFY_QUEUE of them */
  size_t first;
  size_t count;
  uint8_t enabled;   /* bit `kind` */
  uint32_t rate;     /* a second, after a burst */
  int64_t tokens;    /* in billionths of a notice */
  int64_t filled_at; /* monotonic ns */
  uint64_t dropped;
};

/** All kinds enabled, at the default rate. False without memory. */
bool notify_queue_init(struct notify_queue *queue, int64_t now);
void notify_queue_clear(struct notify_queue *queue);
/** A kind that is switched off is passed over; the oldest is dropped for a new one when the queue is full. */
void notify_queue_put(struct notify_queue *queue, const struct notice *notice);
/** The next one that may be sent at `now` (monotonic ns); false: none. */
bool notify_queue_take(struct notify_queue *queue, int64_t now, struct notice *notice);

/** BITS of owampNotificationsEnabled, and back. */
uint8_t notify_bits(uint8_t enabled);
uint8_t notify_from_bits(uint8_t bits);
/** "all", "none", or some of raised, cleared, peerDown, peerUp and peerServer: one word. False: no such word.
 */
bool notify_word(const char *word, uint8_t *enabled);

#endif
