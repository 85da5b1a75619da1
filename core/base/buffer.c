/* SPDX-License-Identifier: MIT */
/* It grows by doubling into fresh memory, so that the old octets can be wiped. */
#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

void ow_buffer_clear(struct ow_buffer *buffer)
{
  ow_wipe(buffer->octets, buffer->capacity);
  free(buffer->octets);
  *buffer = (struct ow_buffer){.limit = buffer->limit};
}

size_t ow_buffer_length(const struct ow_buffer *buffer)
{
  return buffer->tail - buffer->head;
}

uint8_t *ow_buffer_head(const struct ow_buffer *buffer)
{
  return buffer->octets ? buffer->octets + buffer->head : NULL;
}

static void close_gap(struct ow_buffer *buffer)
{
  size_t length = ow_buffer_length(buffer);
  if (buffer->head && length)
    memmove(buffer->octets, buffer->octets + buffer->head, length);
  buffer->head = 0;
  buffer->tail = length;
}

/* Never realloc(): what is left behind must be wiped. */
static enum ow_status grow(struct ow_buffer *buffer, size_t needed)
{
  size_t capacity = buffer->capacity ? buffer->capacity : 256;
  while (capacity < needed && capacity <= SIZE_MAX / 2)
    capacity *= 2;
  uint8_t *octets = capacity >= needed ? malloc(capacity) : NULL;
  if (!octets)
    return OW_MEMORY;
  size_t length = ow_buffer_length(buffer);
  if (length)
    memcpy(octets, ow_buffer_head(buffer), length);
  size_t limit = buffer->limit;
  ow_buffer_clear(buffer);
  *buffer = (struct ow_buffer){.octets = octets, .tail = length, .capacity = capacity, .limit = limit};
  return OW_OK;
}

uint8_t *ow_buffer_extend(struct ow_buffer *buffer, size_t octets)
{
  size_t length = ow_buffer_length(buffer);
  uint8_t *at = NULL;
  if (octets > buffer->limit || length > buffer->limit - octets)
    return NULL;
  if (!buffer->octets || buffer->capacity - buffer->tail < octets) {
    if (buffer->octets && buffer->capacity >= length + octets && buffer->head >= length)
      close_gap(buffer);
    else if (grow(buffer, length + octets) != OW_OK)
      return NULL;
  }
  at = buffer->octets + buffer->tail;
  buffer->tail += octets;
  return at;
}

enum ow_status ow_buffer_append(struct ow_buffer *buffer, const void *from, size_t octets)
{
  if (octets == 0)
    return OW_OK;
  uint8_t *at = ow_buffer_extend(buffer, octets);
  if (!at)
    return octets > buffer->limit || ow_buffer_length(buffer) > buffer->limit - octets ? OW_LIMIT : OW_MEMORY;
  memcpy(at, from, octets);
  return OW_OK;
}

void ow_buffer_consume(struct ow_buffer *buffer, size_t octets)
{
  buffer->head += octets;
  if (buffer->head >= buffer->tail)
    buffer->head = buffer->tail = 0;
}

void ow_buffer_shrink(struct ow_buffer *buffer)
{
  if (ow_buffer_length(buffer) == 0)
    ow_buffer_clear(buffer);
}
