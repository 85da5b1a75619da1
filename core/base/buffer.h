/* SPDX-License-Identifier: MIT */
/* A queue of octets: appended at the tail, taken from the head, bounded by its limit. */
#ifndef OWAMP_BASE_BUFFER_H
#define OWAMP_BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/** Zero-initialised but for `limit` it is an empty queue of at most `limit` octets. */
struct ow_buffer {
  uint8_t *octets;
  size_t head;
  size_t tail;
  size_t capacity;
  size_t limit;
};

/** Free and wipe the contents; the buffer is empty afterwards. */
void ow_buffer_clear(struct ow_buffer *buffer);

/** Octets that wait, and where they begin (NULL before the first append). Valid until the next append. */
size_t ow_buffer_length(const struct ow_buffer *buffer);
uint8_t *ow_buffer_head(const struct ow_buffer *buffer);

/**
 * Make room for `octets` at the tail and return where they go; they count as appended at once.
 * NULL if the limit would be exceeded or memory is short.
 */
uint8_t *ow_buffer_extend(struct ow_buffer *buffer, size_t octets) OW_MUST_CHECK;

/** Append a copy. OW_LIMIT beyond the limit, OW_MEMORY without memory. */
enum ow_status ow_buffer_append(struct ow_buffer *buffer, const void *from, size_t octets) OW_MUST_CHECK;

/** Drop `octets` from the head; at most the length. */
void ow_buffer_consume(struct ow_buffer *buffer, size_t octets);
/** Give the memory of an empty buffer back, as nothing may come for long; it grows again when needed. */
void ow_buffer_shrink(struct ow_buffer *buffer);

#endif
