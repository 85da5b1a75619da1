/* SPDX-License-Identifier: MIT */
/* All reads go through take(), all writes through claim(): the only two that check bounds. */
#include "base/cursor.h"

#include <string.h>

struct ow_reader ow_reader(const void *start, size_t octets)
{
  const uint8_t *at = start;
  return (struct ow_reader){.at = at, .end = octets ? at + octets : at};
}

struct ow_writer ow_writer(void *start, size_t octets)
{
  uint8_t *at = start;
  return (struct ow_writer){.at = at, .end = octets ? at + octets : at};
}

static const uint8_t *take(struct ow_reader *reader, size_t octets)
{
  const uint8_t *at = NULL;
  if (!reader->overrun && octets <= ow_reader_left(reader)) {
    at = reader->at;
    reader->at = octets ? reader->at + octets : reader->at;
  } else {
    reader->overrun = true;
  }
  return at;
}

static uint64_t read_integer(struct ow_reader *reader, size_t octets)
{
  const uint8_t *at = take(reader, octets);
  uint64_t value = 0;
  for (size_t i = 0; at && i < octets; i++)
    value = value << 8 | at[i];
  return value;
}

uint8_t ow_read_u8(struct ow_reader *reader)
{
  return (uint8_t)read_integer(reader, 1);
}

uint16_t ow_read_u16(struct ow_reader *reader)
{
  return (uint16_t)read_integer(reader, 2);
}

uint32_t ow_read_u32(struct ow_reader *reader)
{
  return (uint32_t)read_integer(reader, 4);
}

uint64_t ow_read_u64(struct ow_reader *reader)
{
  return read_integer(reader, 8);
}

void ow_read_octets(struct ow_reader *reader, void *out, size_t octets)
{
  const uint8_t *at = take(reader, octets);
  if (at && octets)
    memcpy(out, at, octets);
  else if (octets)
    memset(out, 0, octets);
}

void ow_read_skip(struct ow_reader *reader, size_t octets)
{
  (void)take(reader, octets);
}

size_t ow_reader_left(const struct ow_reader *reader)
{
  return (size_t)(reader->end - reader->at);
}

bool ow_reader_done(const struct ow_reader *reader)
{
  return !reader->overrun && reader->at == reader->end;
}

static uint8_t *claim(struct ow_writer *writer, size_t octets)
{
  uint8_t *at = NULL;
  if (!writer->overrun && octets <= (size_t)(writer->end - writer->at)) {
    at = writer->at;
    writer->at = octets ? writer->at + octets : writer->at;
  } else {
    writer->overrun = true;
  }
  return at;
}

static void write_integer(struct ow_writer *writer, uint64_t value, size_t octets)
{
  uint8_t *at = claim(writer, octets);
  for (size_t i = 0; at && i < octets; i++)
    at[i] = (uint8_t)(value >> 8 * (octets - 1 - i));
}

void ow_write_u8(struct ow_writer *writer, uint8_t value)
{
  write_integer(writer, value, 1);
}

void ow_write_u16(struct ow_writer *writer, uint16_t value)
{
  write_integer(writer, value, 2);
}

void ow_write_u32(struct ow_writer *writer, uint32_t value)
{
  write_integer(writer, value, 4);
}

void ow_write_u64(struct ow_writer *writer, uint64_t value)
{
  write_integer(writer, value, 8);
}

void ow_write_octets(struct ow_writer *writer, const void *from, size_t octets)
{
  uint8_t *at = claim(writer, octets);
  if (at && octets)
    memcpy(at, from, octets);
}

void ow_write_zeros(struct ow_writer *writer, size_t octets)
{
  uint8_t *at = claim(writer, octets);
  if (at && octets)
    memset(at, 0, octets);
}

bool ow_writer_done(const struct ow_writer *writer)
{
  return !writer->overrun && writer->at == writer->end;
}
