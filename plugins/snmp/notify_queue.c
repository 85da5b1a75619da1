/* SPDX-License-Identifier: MIT */
/* A ring that drops its oldest when full, and a bucket of tokens that time fills. */
#include "notify_queue.h"

#include <stdlib.h>
#include <string.h>

bool notify_queue_init(struct notify_queue *queue, int64_t now)
{
  *queue = (struct notify_queue){.enabled = (1U << NOTICE_KINDS) - 1,
                                 .rate = NOTIFY_RATE,
                                 .tokens = NOTIFY_BURST * OW_NS_PER_S,
                                 .filled_at = now};
  queue->notices = calloc(NOTIFY_QUEUE, sizeof *queue->notices);
  return queue->notices != NULL;
}

void notify_queue_clear(struct notify_queue *queue)
{
  free(queue->notices);
  queue->notices = NULL;
  queue->count = 0;
}

void notify_queue_put(struct notify_queue *queue, const struct notice *notice)
{
  if (!(queue->enabled >> notice->kind & 1))
    return;
  if (queue->count == NOTIFY_QUEUE) {
    queue->first = (queue->first + 1) % NOTIFY_QUEUE;
    queue->count--;
    queue->dropped++;
  }
  queue->notices[(queue->first + queue->count) % NOTIFY_QUEUE] = *notice;
  queue->count++;
}

static void refill(struct notify_queue *queue, int64_t now)
{
  int64_t most = NOTIFY_BURST * OW_NS_PER_S;
  int64_t passed = now - queue->filled_at;
  /* More than a burst can't be saved up, so no more time counts. */
  if (passed > most)
    passed = most;
  if (passed > 0)
    queue->tokens += passed * queue->rate;
  if (queue->tokens > most)
    queue->tokens = most;
  queue->filled_at = now;
}

bool notify_queue_take(struct notify_queue *queue, int64_t now, struct notice *notice)
{
  refill(queue, now);
  bool may = queue->count > 0 && queue->tokens >= OW_NS_PER_S;
  if (may) {
    *notice = queue->notices[queue->first];
    queue->first = (queue->first + 1) % NOTIFY_QUEUE;
    queue->count--;
    queue->tokens -= OW_NS_PER_S;
  }
  return may;
}

static uint8_t turn(uint8_t octet)
{
  uint8_t turned = 0;
  for (unsigned i = 0; i < 8; i++)
    if (octet >> i & 1)
      turned |= (uint8_t)(0x80U >> i);
  return turned;
}

uint8_t notify_bits(uint8_t enabled)
{
  return turn(enabled);
}

uint8_t notify_from_bits(uint8_t bits)
{
  return turn(bits);
}

bool notify_word(const char *word, uint8_t *enabled)
{
  static const char *const words[] = {"raised", "cleared", "peerDown", "peerUp", "peerServer"};
  bool known = true;
  if (strcmp(word, "all") == 0) {
    *enabled = (1U << NOTICE_KINDS) - 1;
  } else if (strcmp(word, "none") == 0) {
    *enabled = 0;
  } else {
    known = false;
    for (unsigned i = 0; i < NOTICE_KINDS && !known; i++) {
      known = strcmp(word, words[i]) == 0;
      if (known)
        *enabled = (uint8_t)(*enabled | 1U << i);
    }
  }
  return known;
}
